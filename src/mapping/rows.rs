//! One row, part or vocabulary of a mapping file, checked and in its final form.

use std::sync::Arc;

use crate::model::{AttrPath, Fold, Unlisted};

use super::fault::{Place, Placed, did_you_mean};
use super::file::{
    AbsentSpec, AccessSpec, DateSpec, FieldsSpec, JsonSpec, OneOrMany, PartSpec, PolicySpec, RowSpec, Step, WordsSpec,
};
use super::path;
use super::transform::{DateForm, Word, Words};
use super::{Access, Feed, Fields, JsonType, ListMap, MapRow, MappingError, Part, Policy, Transform};

impl MapRow {
    /// Where the row is read in a feed; `None` where that feed does not bring it.
    pub fn fields(&self, feed: &Feed) -> Option<Fields> {
        if self.secret || self.access == Access::WriteOnly || self.not_in.iter().any(|name| **name == *feed.name) {
            return None;
        }
        let within = self.within.iter().find(|(name, _)| **name == *feed.name);
        let mut fields = within.map_or_else(
            || {
                let read = match (feed.single, feed.detail_of.is_some()) {
                    (true, true) => self.detail.clone(),
                    (true, false) if !self.detail.is_empty() => self.detail.clone(),
                    (_, false) => self.read.clone(),
                    // Many records about one owner: each is an entry of a list, which names the feed.
                    (false, true) => Vec::new(),
                };
                Fields { read, ..Fields::default() }
            },
            |(_, fields)| fields.clone(),
        );
        if fields.read.is_empty() {
            return None;
        }
        if let Some(list) = &self.list {
            if fields.key.is_empty() {
                fields.key = list.key.iter().map(|part| part.read.clone()).collect();
            }
            if fields.value.is_empty() {
                fields.value = list.value.as_ref().map(|part| part.read.clone()).unwrap_or_default();
            }
        }
        Some(fields)
    }
}

/// The vocabularies by name.
pub(super) fn vocabularies(specs: &[(String, Placed<WordsSpec>)]) -> Result<Vec<(String, Arc<Words>)>, MappingError> {
    let mut all = Vec::new();
    for (name, Placed { at, it }) in specs {
        for token in &it.read_only {
            if !it.read.contains_key(token) {
                let hint = did_you_mean(token, it.read.keys().map(String::as_str));
                return Err(at.error(format_args!("`read_only`: words `{name}` have no `{token}`{hint}")));
            }
        }
        let mut seen: Vec<&str> = Vec::new();
        let mut words = Vec::new();
        for (token, OneOrMany(native)) in &it.read {
            if native.is_empty() {
                return Err(at.error(format_args!("words `{name}`: `{token}` has no native text")));
            }
            for text in native {
                if seen.iter().any(|have| have.eq_ignore_ascii_case(text)) {
                    return Err(at.error(format_args!("words `{name}`: `{text}` means two things")));
                }
                seen.push(text);
            }
            words.push(Word { is: token.clone(), native: native.clone(), writable: !it.read_only.contains(token) });
        }
        let words = Words { name: name.clone(), words, unknown_number: it.unknown_number.clone(), open: it.open };
        all.push((name.clone(), Arc::new(words)));
    }
    Ok(all)
}

/// A row. `feeds`: the names of all feeds.
pub(super) fn row(
    at: &Place,
    spec: &RowSpec,
    words: &[(String, Arc<Words>)],
    feeds: &[&str],
) -> Result<MapRow, MappingError> {
    let of = format!("{} `{}`", spec.kind, spec.attr);
    let fail = |message: String| at.error(format_args!("{of}: {message}"));
    if spec.cite.trim().is_empty() {
        return Err(fail("`cite` is empty: say where this is stated".into()));
    }
    for name in spec.within.keys().chain(&spec.not_in) {
        if !feeds.contains(&name.as_str()) {
            let hint = did_you_mean(name, feeds.iter().copied());
            return Err(fail(format!("there is no feed `{name}`{hint}")));
        }
    }
    let list = match &spec.list {
        None => None,
        Some(list) => {
            if list.key.is_empty() || list.key.len() > 2 {
                return Err(fail("a list's key has one or two parts".into()));
            }
            let part = |spec: &PartSpec| part(spec, words).map_err(&fail);
            Some(ListMap {
                key: list.key.iter().map(part).collect::<Result<_, _>>()?,
                value: list.value.as_ref().map(part).transpose()?,
                shown: list.shown.iter().map(|(name, read)| (name.clone(), read.clone())).collect(),
                void: list.void.clone(),
                also: list.also.clone(),
                unlisted: list
                    .unlisted
                    .as_ref()
                    .map(|of| Unlisted { attr: of.attr.as_str().into(), is: of.is.clone() }),
            })
        }
    };
    let via = steps(&spec.via, words).map_err(&fail)?;
    if via.iter().skip(1).any(|step| matches!(step, Transform::Join(_))) {
        return Err(fail("`join` stands first in `via`".into()));
    }
    for path in spec.read.0.iter().chain(&spec.detail.0).chain(&spec.write) {
        path::parse(path).map_err(&fail)?;
    }
    for fields in spec.within.values() {
        for path in fields.read.0.iter().chain(&fields.value.0).chain(fields.key.iter().flat_map(|part| &part.0)) {
            path::parse(path).map_err(&fail)?;
        }
    }
    let reads = !(spec.read.0.is_empty() && spec.detail.0.is_empty() && spec.within.is_empty());
    let access = match (spec.access, reads, spec.write.is_some()) {
        (Some(AccessSpec::ReadWrite), ..) => Access::ReadWrite,
        (Some(AccessSpec::ReadOnly), _, true) => return Err(fail("it is read-only and has a `write`".into())),
        (Some(AccessSpec::ReadOnly), ..) => Access::ReadOnly,
        (Some(AccessSpec::WriteOnly), ..) => Access::WriteOnly,
        (Some(AccessSpec::Create), ..) => Access::Create,
        (None, true, true) => Access::ReadWrite,
        (None, true, false) => Access::ReadOnly,
        (None, false, true) => Access::WriteOnly,
        (None, false, false) => return Err(fail("it is neither read nor written".into())),
    };
    if access != Access::WriteOnly && !reads {
        return Err(fail("`read` is missing: the native field that it is read from".into()));
    }
    if spec.absent == AbsentSpec::Unread && (list.is_some() || spec.default.is_some()) {
        return Err(fail("`absent` is for a text without a `default`".into()));
    }
    if spec.reset.is_some() && !(spec.secret && spec.write.is_some()) {
        return Err(fail("`reset` is for a secret that is written".into()));
    }
    let compare = spec.compare.unwrap_or(access != Access::WriteOnly && !spec.secret);
    let invertible = match &list {
        Some(list) => list.key.iter().chain(&list.value).all(Part::invertible),
        None => via.iter().all(Transform::invertible) && spec.default.is_none(),
    } && !matches!(access, Access::ReadOnly | Access::WriteOnly);
    Ok(MapRow {
        attr: AttrPath::new(spec.attr.as_str()),
        read: spec.read.0.clone(),
        detail: spec.detail.0.clone(),
        within: spec.within.iter().map(|(name, fields)| (name.clone(), fields_of(fields))).collect(),
        not_in: spec.not_in.clone(),
        list,
        write: spec.write.clone(),
        via,
        null: spec.null.0.clone(),
        absent_unread: spec.absent == AbsentSpec::Unread,
        clear: spec.clear.clone(),
        default: spec.default.clone(),
        json: json(spec.json),
        access,
        fold: if compare { spec.fold.unwrap_or_default() } else { Fold::Never },
        policy: match spec.policy {
            None | Some(PolicySpec::Force) => Policy::Force,
            Some(PolicySpec::Keep) => Policy::Keep,
            Some(PolicySpec::SkipEmpty) => Policy::SkipEmpty,
        },
        refers: spec.refers,
        unique: spec.unique,
        later: spec.later,
        compare,
        invertible,
        secret: spec.secret,
        sensitive: spec.sensitive,
        reset: spec.reset.clone(),
        key: spec.key,
        shows_in: spec.shows_in.as_deref().map(AttrPath::new),
        cite: spec.cite.clone(),
        note: spec.note.clone(),
        lost: None,
    })
}

fn fields_of(spec: &FieldsSpec) -> Fields {
    Fields {
        read: spec.read.0.clone(),
        key: spec.key.iter().map(|part| part.0.clone()).collect(),
        value: spec.value.0.clone(),
    }
}

fn part(spec: &PartSpec, words: &[(String, Arc<Words>)]) -> Result<Part, String> {
    for path in spec.read.0.iter().chain(&spec.write) {
        path::parse(path)?;
    }
    Ok(Part {
        name: spec.name.clone(),
        read: spec.read.0.clone(),
        write: spec.write.clone(),
        via: steps(&spec.via, words)?,
        refers: spec.refers,
        json: json(spec.json),
    })
}

fn json(spec: JsonSpec) -> JsonType {
    match spec {
        JsonSpec::String => JsonType::String,
        JsonSpec::Boolean => JsonType::Boolean,
        JsonSpec::Integer => JsonType::Integer,
        JsonSpec::Number => JsonType::Number,
    }
}

fn steps(specs: &[Step], words: &[(String, Arc<Words>)]) -> Result<Vec<Transform>, String> {
    specs
        .iter()
        .map(|step| {
            Ok(match step {
                Step::Trim => Transform::Trim,
                Step::Collapse => Transform::Collapse,
                Step::Lower => Transform::Lower,
                Step::Not => Transform::Not,
                Step::Flag => Transform::Bool {
                    yes: ["true", "yes", "y", "1"].map(Into::into).into(),
                    no: ["false", "no", "n", "0"].map(Into::into).into(),
                },
                Step::Bool(flag) => {
                    if flag.yes.0.is_empty() || flag.no.0.is_empty() {
                        return Err("`bool` wants a text for `yes` and one for `no`".into());
                    }
                    Transform::Bool { yes: flag.yes.0.clone(), no: flag.no.0.clone() }
                }
                Step::Words(name) => {
                    let found = words.iter().find(|(have, _)| have == name).ok_or_else(|| {
                        let hint = did_you_mean(name, words.iter().map(|(have, _)| have.as_str()));
                        format!("there are no words `{name}`{hint}")
                    })?;
                    Transform::Words(found.1.clone())
                }
                Step::Join(by) => Transform::Join(by.clone()),
                Step::Split(split) => {
                    if split.at.is_empty() || split.part >= split.of {
                        return Err("`split` wants a separator, and a part that is less than `of`".into());
                    }
                    Transform::Split { at: split.at.clone(), part: split.part, of: split.of }
                }
                Step::StripPrefix(prefix) => Transform::StripPrefix(prefix.clone()),
                Step::StripSuffix(suffix) => Transform::StripSuffix(suffix.clone()),
                Step::AddPrefix(prefix) => Transform::AddPrefix(prefix.clone()),
                Step::Date(form) => Transform::Date(match form {
                    DateSpec::Iso => DateForm::Iso,
                    DateSpec::DotNet => DateForm::DotNet,
                    DateSpec::Unix => DateForm::Unix,
                    DateSpec::UnixMs => DateForm::UnixMs,
                    DateSpec::MonthDayYear => DateForm::MonthDayYear,
                    DateSpec::DayMonthYear => DateForm::DayMonthYear,
                }),
                Step::Zone => Transform::Zone,
                Step::Const(text) => Transform::Const(text.clone()),
            })
        })
        .collect()
}
