//! From mapping files to a compiled [`Mapping`]: laying one file over another, checking, compiling.

use std::sync::Arc;

use crate::model::{AttrDef, AttrPath, Fold, Form, Kind, ListDef, Schema};

use super::fault::{Place, Placed, did_you_mean, line, told};
use super::file::{
    AccessSpec, AddressSpec, DateSpec, FeedSpec, FieldsSpec, File, JsonSpec, KindSpec, LimitationSpec, OneOrMany,
    OpName, OperationSpec, PartSpec, PolicySpec, RateSpec, RecordSpec, RowSpec, SettingSpec, SideEffectSpec, Step,
    ViaSpec, WordsSpec,
};
use super::transform::{DateForm, Word, Words};
use super::{
    Access, Address, Capability, Feed, Fields, JsonType, KindMap, Limitation, ListMap, Mandatory, MapRow, Mapping,
    MappingError, Operation, Part, Policy, Rate, Reader, Setting, SideEffect, Transform, Via, Writer,
};

/// The built-in mapping files by connector.
const BUILT_IN: &[(&str, &str)] = &[
    ("aha", include_str!("../../assets/connectors/aha.toml")),
    ("scim", include_str!("../../assets/connectors/scim.toml")),
];

/// One or two files, each statement with its place.
#[derive(Clone, Debug, Default)]
struct Draft {
    connector: Option<String>,
    title: Option<String>,
    page_size: Option<u32>,
    address: Option<AddressSpec>,
    rate: Option<RateSpec>,
    settings: Vec<Placed<SettingSpec>>,
    feeds: Vec<Placed<FeedSpec>>,
    words: Vec<(String, Placed<WordsSpec>)>,
    kinds: Vec<(Kind, Placed<KindSpec>)>,
    rows: Vec<Placed<RowSpec>>,
    records: Vec<Placed<RecordSpec>>,
    operations: Vec<Placed<OperationSpec>>,
    side_effects: Vec<Placed<SideEffectSpec>>,
    limitations: Vec<Placed<LimitationSpec>>,
}

impl Draft {
    fn read(text: &str, origin: &str) -> Result<Self, MappingError> {
        let file: File = toml::from_str(text).map_err(|error| told(text, origin, &error))?;
        let origin: Arc<str> = origin.into();
        let place = |start: usize| Place { origin: origin.clone(), line: line(text, start) };
        Ok(Self {
            connector: file.connector,
            title: file.title,
            page_size: file.page_size,
            address: file.address,
            rate: file.rate,
            settings: placed(file.setting, &place),
            feeds: placed(file.feed, &place),
            words: file.words.into_iter().map(|(name, words)| (name, one(words, &place))).collect(),
            kinds: file.kind.into_iter().map(|(kind, spec)| (kind, one(spec, &place))).collect(),
            rows: placed(file.row, &place),
            records: placed(file.record, &place),
            operations: placed(file.operation, &place),
            side_effects: placed(file.side_effect, &place),
            limitations: placed(file.limitation, &place),
        })
    }

    /// Lays another file over this one: what has the same name is replaced where it stands, the rest is added.
    fn lay_over(&mut self, over: Self) {
        self.connector = over.connector.or(self.connector.take());
        self.title = over.title.or(self.title.take());
        self.page_size = over.page_size.or(self.page_size);
        self.address = over.address.or(self.address);
        self.rate = over.rate.or(self.rate);
        lay(&mut self.settings, over.settings, |have, new| have.name == new.name);
        lay(&mut self.feeds, over.feeds, |have, new| have.name == new.name);
        for (name, words) in over.words {
            self.words.retain(|(have, _)| *have != name);
            self.words.push((name, words));
        }
        for (kind, spec) in over.kinds {
            self.kinds.retain(|(have, _)| *have != kind);
            self.kinds.push((kind, spec));
        }
        lay(&mut self.rows, over.rows, |have, new| have.kind == new.kind && have.attr.eq_ignore_ascii_case(&new.attr));
        lay(&mut self.records, over.records, |have, new| {
            have.kind == new.kind && have.fields.get("id") == new.fields.get("id")
        });
        lay(&mut self.operations, over.operations, |have, new| have.kind == new.kind && have.name == new.name);
        lay(&mut self.side_effects, over.side_effects, |have, new| have.kind == new.kind && have.op == new.op);
        lay(&mut self.limitations, over.limitations, |have, new| have.id == new.id);
    }
}

fn one<T>(spanned: toml::Spanned<T>, place: &impl Fn(usize) -> Place) -> Placed<T> {
    Placed { at: place(spanned.span().start), it: spanned.into_inner() }
}

fn placed<T>(all: Vec<toml::Spanned<T>>, place: &impl Fn(usize) -> Place) -> Vec<Placed<T>> {
    all.into_iter().map(|spanned| one(spanned, place)).collect()
}

fn lay<T>(base: &mut Vec<Placed<T>>, over: Vec<Placed<T>>, same: impl Fn(&T, &T) -> bool) {
    for new in over {
        match base.iter_mut().find(|have| same(&have.it, &new.it)) {
            Some(have) => *have = new,
            None => base.push(new),
        }
    }
}

impl Mapping {
    /// The text of a built-in mapping file.
    pub fn builtin_text(name: &str) -> Option<&'static str> {
        BUILT_IN.iter().find(|(have, _)| *have == name).map(|(_, text)| *text)
    }

    /// The names of the built-in mappings.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The mapping that comes with the program.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn builtin(name: &str) -> Result<Self, MappingError> {
        let origin = format!("built-in {name}");
        if let Some(text) = Self::builtin_text(name) {
            return Self::parse(text, &origin);
        }
        let hint = did_you_mean(name, Self::builtin_names());
        let known: Vec<&str> = Self::builtin_names().collect();
        let message = format!("there is no such connector, expected one of {}{hint}", known.join(", "));
        Err(MappingError { origin, message })
    }

    /// A mapping from the text of its file. `origin`: the file's name, for errors.
    ///
    /// # Errors
    /// What is wrong in it, with file and line.
    pub fn parse(text: &str, origin: &str) -> Result<Self, MappingError> {
        build(Draft::read(text, origin)?, origin)
    }

    /// A mapping from one file laid over another: rows by kind and attribute, everything else by its name, scalars as a
    /// whole. `origin`: the upper file's name; the lower one is the built-in.
    ///
    /// # Errors
    /// What is wrong in either, with file and line.
    pub fn overlaid(base: &str, overlay: &str, origin: &str) -> Result<Self, MappingError> {
        let mut draft = Draft::read(base, "built-in")?;
        draft.lay_over(Draft::read(overlay, origin)?);
        build(draft, origin)
    }

    /// The same mapping with attributes that a service was found to have: generic texts, read and written as they are.
    ///
    /// An attribute that the mapping already has stays as it is. One whose local name a row with `urn:*` waits for pins
    /// that row's written path to the URN that was found.
    pub fn with_discovered(&self, found: Vec<(Kind, AttrPath)>) -> Self {
        let mut grown = self.clone();
        for (kind, path) in found {
            let Some(map) = grown.kinds.iter_mut().find(|map| map.kind == kind) else { continue };
            let local = path.local(&[]).to_owned();
            let waits = |row: &MapRow| {
                row.write.as_deref().and_then(|write| write.strip_prefix("urn:*:")).is_some_and(|name| {
                    let name = name.split(['[', '.']).next().unwrap_or_default();
                    name.eq_ignore_ascii_case(local.split(['[', '.']).next().unwrap_or_default())
                })
            };
            if let Some(row) = map.rows.iter_mut().find(|row| waits(row)) {
                if let (Some(write), Some(colon)) = (row.write.as_mut(), path.as_str().rfind(':')) {
                    *write = write.replacen("urn:*", &path.as_str()[..colon], 1);
                }
                continue;
            }
            let known = map.rows.iter().any(|row| {
                row.attr == path
                    || row.read.iter().chain(&row.detail).any(|read| {
                        let read = read.as_bytes();
                        let path = path.as_str().as_bytes();
                        read.len() >= path.len()
                            && read[..path.len()].eq_ignore_ascii_case(path)
                            && matches!(read.get(path.len()), None | Some(b'.' | b'['))
                    })
            });
            // A path that cannot be expressed (a discovered name with a bracket) is left out rather than guessed at.
            if known || super::path::parse(path.as_str()).is_err() {
                continue;
            }
            map.rows.push(MapRow {
                attr: path.clone(),
                read: vec![path.as_str().to_owned()],
                detail: Vec::new(),
                within: Vec::new(),
                not_in: Vec::new(),
                list: None,
                write: Some(path.as_str().to_owned()),
                via: Vec::new(),
                null: Vec::new(),
                clear: None,
                default: None,
                json: JsonType::String,
                access: Access::ReadWrite,
                fold: Fold::Caseless,
                policy: Policy::Force,
                refers: None,
                unique: false,
                later: false,
                compare: true,
                invertible: true,
                secret: false,
                key: None,
                shows_in: None,
                cite: "found in the service's own schemas (RFC 7643 7)".into(),
                note: None,
            });
        }
        match grown.compile() {
            Ok(()) => grown,
            // Every path was parsed above, so this is not reached; the mapping without the finds is right in any case.
            Err(_) => self.clone(),
        }
    }

    /// Builds schemas, writers and readers from rows and feeds.
    fn compile(&mut self) -> Result<(), String> {
        for map in &mut self.kinds {
            let feeds: Vec<&Feed> = self.feeds.iter().filter(|feed| feed.kind == map.kind).collect();
            for row in &mut map.rows {
                row.later = row.later || brought_later(row, &feeds);
            }
            map.schema = Schema::new(map.kind, map.rows.iter().map(attr_def).collect());
            map.writer = Arc::new(Writer::new(&map.rows, self.address)?);
        }
        let mut readers = Vec::with_capacity(self.feeds.len());
        for feed in &self.feeds {
            let map = self.kinds.iter().find(|map| map.kind == feed.kind).ok_or_else(|| {
                format!("feed `{}` brings {} records, and no row is about them", feed.name, feed.kind)
            })?;
            readers.push(Arc::new(Reader::new(feed, &map.rows, map.schema.clone())?));
        }
        self.readers = readers;
        Ok(())
    }
}

/// Whether only a second feed brings it.
fn brought_later(row: &MapRow, feeds: &[&Feed]) -> bool {
    let served = |detail: bool| {
        feeds
            .iter()
            .any(|feed| feed.detail_of.is_some() == detail && (detail || !feed.single) && row.fields(feed).is_some())
    };
    served(true) && !served(false)
}

fn attr_def(row: &MapRow) -> AttrDef {
    let form = match &row.list {
        None => Form::Text,
        Some(list) => Form::List(ListDef {
            key: [list.key.first().and_then(|part| part.refers), list.key.get(1).and_then(|part| part.refers)],
            two: list.key.len() > 1,
            value: list.value.as_ref().map(|part| part.refers),
        }),
    };
    AttrDef {
        path: row.attr.clone(),
        form,
        fold: row.fold,
        refers: row.refers,
        unreadable: row.access == Access::WriteOnly || row.secret,
        unique: row.unique,
        later: row.later,
        slot: 0,
    }
}

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

fn build(draft: Draft, origin: &str) -> Result<Mapping, MappingError> {
    let fault = |message: &str| MappingError { origin: origin.to_owned(), message: message.to_owned() };
    let words = vocabularies(&draft.words)?;
    let mut kinds: Vec<KindMap> = Vec::new();
    for Placed { at, it } in &draft.rows {
        let row = row(at, it, &words, &draft)?;
        let known = kinds.iter().position(|map| map.kind == it.kind).unwrap_or_else(|| {
            kinds.push(KindMap {
                kind: it.kind,
                schema: Schema::new(it.kind, Vec::new()),
                rows: Vec::new(),
                mandatory: Vec::new(),
                reference: false,
                writer: Arc::new(Writer::default()),
            });
            kinds.len() - 1
        });
        let map = &mut kinds[known];
        if map.rows.iter().any(|have| have.attr == row.attr) {
            return Err(at.error(format_args!("`{}` of {} is mapped twice", row.attr, it.kind)));
        }
        map.rows.push(row);
    }
    kinds.sort_by_key(|map| map.kind);
    for map in &kinds {
        check_shows_in(map, &draft)?;
    }
    let capabilities = kinds_of(&draft, &mut kinds)?;
    let mut mapping = Mapping {
        connector: draft.connector.ok_or_else(|| fault("`connector` is missing: the connector's short name"))?,
        title: draft.title.ok_or_else(|| fault("`title` is missing: what people call the product"))?,
        settings: draft.settings.into_iter().map(|placed| setting(placed.it)).collect(),
        kinds,
        feeds: feeds(&draft.feeds)?,
        readers: Vec::new(),
        records: draft.records.into_iter().map(|placed| record(placed.it)).collect(),
        operations: draft.operations.into_iter().map(|placed| operation(placed.it)).collect(),
        capabilities,
        side_effects: draft.side_effects.into_iter().map(|placed| side_effect(placed.it)).collect(),
        limitations: limitations(draft.limitations)?,
        address: match draft.address {
            None | Some(AddressSpec::Pointer) => Address::Pointer,
            Some(AddressSpec::Scim) => Address::Scim,
        },
        rate: match draft.rate {
            Some(RateSpec { per_second, burst, parallel }) if per_second > 0.0 && burst > 0 && parallel > 0 => {
                Rate { per_second, burst, parallel }
            }
            Some(_) => return Err(fault("`rate`: per_second, burst and parallel must be above 0")),
            None => return Err(fault("`rate` is missing: { per_second, burst, parallel }")),
        },
        page_size: draft.page_size.ok_or_else(|| fault("`page_size` is missing: records asked for a page"))?,
    };
    mapping.compile().map_err(|message| fault(&message))?;
    Ok(mapping)
}

fn check_shows_in(map: &KindMap, draft: &Draft) -> Result<(), MappingError> {
    for row in &map.rows {
        let Some(shown) = &row.shows_in else { continue };
        if map.rows.iter().any(|have| have.attr == *shown) {
            continue;
        }
        let hint = did_you_mean(shown.as_str(), map.rows.iter().map(|have| have.attr.as_str()));
        if let Some(placed) =
            draft.rows.iter().find(|placed| placed.it.kind == map.kind && row.attr == AttrPath::from(&*placed.it.attr))
        {
            return Err(placed.at.error(format_args!("`shows_in`: {} has no attribute `{shown}`{hint}", map.kind)));
        }
    }
    Ok(())
}

fn vocabularies(specs: &[(String, Placed<WordsSpec>)]) -> Result<Vec<(String, Arc<Words>)>, MappingError> {
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

fn row(at: &Place, spec: &RowSpec, words: &[(String, Arc<Words>)], draft: &Draft) -> Result<MapRow, MappingError> {
    let of = format!("{} `{}`", spec.kind, spec.attr);
    let fail = |message: String| at.error(format_args!("{of}: {message}"));
    if spec.cite.trim().is_empty() {
        return Err(fail("`cite` is empty: say where this is stated".into()));
    }
    for name in spec.within.keys().chain(&spec.not_in) {
        if !draft.feeds.iter().any(|feed| feed.it.name == *name) {
            let hint = did_you_mean(name, draft.feeds.iter().map(|feed| feed.it.name.as_str()));
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
            })
        }
    };
    let via = steps(&spec.via, words).map_err(&fail)?;
    if via.iter().skip(1).any(|step| matches!(step, Transform::Join(_))) {
        return Err(fail("`join` stands first in `via`".into()));
    }
    for path in spec.read.0.iter().chain(&spec.detail.0).chain(&spec.write) {
        super::path::parse(path).map_err(&fail)?;
    }
    for fields in spec.within.values() {
        for path in fields.read.0.iter().chain(&fields.value.0).chain(fields.key.iter().flat_map(|part| &part.0)) {
            super::path::parse(path).map_err(&fail)?;
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
        key: spec.key,
        shows_in: spec.shows_in.as_deref().map(AttrPath::new),
        cite: spec.cite.clone(),
        note: spec.note.clone(),
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
        super::path::parse(path)?;
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
                Step::Flag => Transform::Bool { yes: vec!["true".into()], no: vec!["false".into()] },
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
                Step::Date(form) => Transform::Date(match form {
                    DateSpec::Iso => DateForm::Iso,
                    DateSpec::DotNet => DateForm::DotNet,
                    DateSpec::Unix => DateForm::Unix,
                    DateSpec::UnixMs => DateForm::UnixMs,
                }),
                Step::Const(text) => Transform::Const(text.clone()),
            })
        })
        .collect()
}

fn kinds_of(draft: &Draft, kinds: &mut [KindMap]) -> Result<Vec<(Kind, crate::model::Op, Capability)>, MappingError> {
    let mut capabilities = Vec::new();
    for (kind, Placed { at, it }) in &draft.kinds {
        for &OpName(op) in &it.can {
            if it.cannot.contains_key(&OpName(op)) {
                return Err(at.error(format_args!("{kind}: `{}` is in both `can` and `cannot`", op.name())));
            }
            capabilities.push((*kind, op, Capability::Yes));
        }
        for (OpName(op), why) in &it.cannot {
            capabilities.push((*kind, *op, Capability::No(why.clone())));
        }
        // A kind that only has words about what cannot be done (Aha!'s groups) has no rows.
        let Some(map) = kinds.iter_mut().find(|map| map.kind == *kind) else {
            if it.can.is_empty() && it.mandatory.is_empty() {
                continue;
            }
            return Err(at.error(format_args!("no row is about {kind}")));
        };
        map.reference = it.reference;
        for mandatory in &it.mandatory {
            let attr = AttrPath::new(mandatory.attr.as_str());
            if !map.rows.iter().any(|row| row.attr == attr) {
                let hint = did_you_mean(&mandatory.attr, map.rows.iter().map(|row| row.attr.as_str()));
                return Err(at.error(format_args!("`mandatory`: {kind} has no attribute `{attr}`{hint}")));
            }
            map.mandatory.push(Mandatory { attr, cite: mandatory.cite.clone() });
        }
    }
    Ok(capabilities)
}

fn feeds(specs: &[Placed<FeedSpec>]) -> Result<Vec<Feed>, MappingError> {
    let mut feeds: Vec<Feed> = Vec::new();
    for Placed { at, it } in specs {
        if feeds.iter().any(|feed| *feed.name == *it.name) {
            return Err(at.error(format_args!("there are two feeds `{}`", it.name)));
        }
        if let Some(of) = &it.detail_of {
            let known = specs.iter().any(|feed| feed.it.name == *of && feed.it.kind == it.kind);
            if !known {
                let hint = did_you_mean(of, specs.iter().map(|feed| feed.it.name.as_str()));
                return Err(at.error(format_args!("`detail_of`: there is no feed `{of}` of {}{hint}", it.kind)));
            }
        } else if it.id.is_empty() {
            return Err(at.error(format_args!("feed `{}`: `id` is missing: the records' id field", it.name)));
        }
        if it.whole && it.detail_of.is_none() {
            return Err(at.error(format_args!("feed `{}`: only a feed with `detail_of` can be `whole`", it.name)));
        }
        feeds.push(Feed {
            name: it.name.as_str().into(),
            kind: it.kind,
            path: it.path.clone(),
            records: it.records.clone(),
            id: it.id.clone(),
            single: it.single,
            detail_of: it.detail_of.as_deref().map(Arc::from),
            whole: it.whole,
            total: it.total.clone(),
            cite: it.cite.clone(),
        });
    }
    Ok(feeds)
}

fn limitations(specs: Vec<Placed<LimitationSpec>>) -> Result<Vec<Limitation>, MappingError> {
    specs
        .into_iter()
        .map(|Placed { at, it }| {
            if it.sentence.trim().is_empty() || it.here.trim().is_empty() || it.cite.trim().is_empty() {
                return Err(at.error(format_args!("limitation `{}`: `sentence`, `here` and `cite` are wanted", it.id)));
            }
            Ok(Limitation {
                id: it.id,
                via: match it.via {
                    ViaSpec::Starling => Via::Starling,
                    ViaSpec::Direct => Via::Direct,
                    ViaSpec::Both => Via::Both,
                },
                sentence: it.sentence,
                here: it.here,
                cite: it.cite,
            })
        })
        .collect()
}

fn setting(spec: SettingSpec) -> Setting {
    Setting { name: spec.name, required: spec.required, secret: spec.secret, help: spec.help, one_of: spec.one_of }
}

fn record(spec: RecordSpec) -> (Kind, serde_json::Map<String, serde_json::Value>) {
    (spec.kind, spec.fields.into_iter().map(|(name, text)| (name, text.into())).collect())
}

fn operation(spec: OperationSpec) -> Operation {
    Operation { kind: spec.kind, name: spec.name, verb: spec.verb, here: spec.here, cite: spec.cite }
}

fn side_effect(spec: SideEffectSpec) -> SideEffect {
    SideEffect { kind: spec.kind, op: spec.op.0, text: spec.text, cite: spec.cite }
}
