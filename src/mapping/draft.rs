//! Mapping files before they are checked: each statement with its place, one file laid over another.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Kind;

use super::fault::{Place, Placed, did_you_mean, line, told};
use super::file::{
    AddressSpec, AlternativeSpec, BusySpec, FeedSpec, File, KindSpec, LimitationSpec, OperationSpec, ProfileSpec,
    RateSpec, RecordSpec, RowSpec, SettingSpec, SideEffectSpec, WordsSpec,
};
use super::{Mangled, MappingError, Powerless, Service};

/// One or two files, each statement with its place.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub connector: Option<String>,
    pub based_on: Option<String>,
    pub title: Option<String>,
    pub about: Option<String>,
    pub page_size: Option<u32>,
    pub address: Option<AddressSpec>,
    pub rate: Option<RateSpec>,
    pub api_key_header: Option<String>,
    pub http1_only: Option<bool>,
    pub window: Option<u32>,
    pub account_window: Option<u32>,
    pub administrators: BTreeMap<String, String>,
    pub settings: Vec<Placed<SettingSpec>>,
    pub feeds: Vec<Placed<FeedSpec>>,
    pub words: Vec<(String, Placed<WordsSpec>)>,
    pub kinds: Vec<(Kind, Placed<KindSpec>)>,
    pub rows: Vec<Placed<RowSpec>>,
    pub records: Vec<Placed<RecordSpec>>,
    pub operations: Vec<Placed<OperationSpec>>,
    pub side_effects: Vec<Placed<SideEffectSpec>>,
    pub limitations: Vec<Placed<LimitationSpec>>,
    pub profiles: Vec<(String, Placed<ProfileSpec>)>,
    pub busy: Vec<Placed<BusySpec>>,
    pub alternatives: Vec<(String, Placed<AlternativeSpec>, Vec<Placed<RowSpec>>)>,
    pub service: Option<Placed<Service>>,
    pub mangled: Option<Mangled>,
    pub powerless: Vec<Placed<Powerless>>,
    /// Its texts in English and Chinese.
    pub said: Vec<(String, String)>,
}

impl Draft {
    /// What a file says.
    pub fn read(text: &str, origin: &str) -> Result<Self, MappingError> {
        let file: File = toml::from_str(text).map_err(|error| told(text, origin, &error))?;
        let said = in_chinese(&file);
        let origin: Arc<str> = origin.into();
        let place = |start: usize| Place { origin: origin.clone(), line: line(text, start) };
        Ok(Self {
            connector: file.connector,
            based_on: file.based_on,
            title: file.title,
            about: file.about,
            page_size: file.page_size,
            address: file.address,
            rate: file.rate,
            api_key_header: file.api_key_header,
            http1_only: file.http1_only,
            window: file.window,
            account_window: file.account_window,
            administrators: file.administrators,
            settings: placed(file.setting, &place),
            feeds: placed(file.feed, &place),
            words: file.words.into_iter().map(|(name, words)| (name, one(words, &place))).collect(),
            kinds: file.kind.into_iter().map(|(kind, spec)| (kind, one(spec, &place))).collect(),
            rows: placed(file.row, &place),
            records: placed(file.record, &place),
            operations: placed(file.operation, &place),
            side_effects: placed(file.side_effect, &place),
            limitations: placed(file.limitation, &place),
            profiles: file.profile.into_iter().map(|(name, spec)| (name, one(spec, &place))).collect(),
            busy: placed(file.busy, &place),
            service: file.service.map(|spec| one(spec, &place)),
            mangled: file.mangled,
            powerless: placed(file.powerless, &place),
            said,
            alternatives: file
                .alternative
                .into_iter()
                .map(|(name, spanned)| {
                    let mut spec = one(spanned, &place);
                    let rows = placed(std::mem::take(&mut spec.it.row), &place);
                    (name, spec, rows)
                })
                .collect(),
        })
    }

    /// A row about an attribute that the lower file has says only what it changes: all else is as it stands there. One that is
    /// the operator's own is stated by their own file.
    pub fn amend(&mut self, lower: &str, upper: &str, origin: &str) -> Result<(), MappingError> {
        let rows = |text: &str| -> Vec<toml::Table> {
            let file: toml::Table = text.parse().unwrap_or_default();
            let rows = file.get("row").and_then(toml::Value::as_array).cloned().unwrap_or_default();
            rows.into_iter().filter_map(|row| row.try_into().ok()).collect()
        };
        let text =
            |row: &toml::Table, key: &str| row.get(key).and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        let below = rows(lower);
        for (row, own) in self.rows.iter_mut().zip(rows(upper)) {
            let (kind, attr) = (text(&own, "kind"), text(&own, "attr"));
            let base = below
                .iter()
                .find(|below| text(below, "kind") == kind && text(below, "attr").eq_ignore_ascii_case(&attr));
            if let Some(base) = base {
                let mut whole = base.clone();
                whole.extend(own);
                row.it = toml::Value::Table(whole).try_into().map_err(|fault| row.at.error(fault))?;
            } else if row.it.cite.is_empty() {
                origin.clone_into(&mut row.it.cite);
            }
        }
        Ok(())
    }

    /// Lays another file over this one: what has the same name is replaced where it stands, the rest is added.
    ///
    /// # Errors
    /// When it takes away what is not there.
    pub fn lay_over(&mut self, over: Self) -> Result<(), MappingError> {
        for (kind, spec) in &over.kinds {
            if spec.it.none && over.rows.iter().any(|row| row.it.kind == *kind) {
                return Err(spec
                    .at
                    .error(format_args!("`none`: {kind} is said not to be there, and rows are about it")));
            }
            self.take_away(*kind, spec)?;
        }
        self.connector = over.connector.or(self.connector.take());
        self.based_on = over.based_on.or(self.based_on.take());
        self.title = over.title.or(self.title.take());
        self.about = over.about.or(self.about.take());
        self.page_size = over.page_size.or(self.page_size);
        self.address = over.address.or(self.address);
        self.rate = over.rate.or(self.rate);
        self.api_key_header = over.api_key_header.or(self.api_key_header.take());
        self.http1_only = over.http1_only.or(self.http1_only);
        self.window = over.window.or(self.window);
        self.account_window = over.account_window.or(self.account_window);
        self.administrators.extend(over.administrators);
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
        lay(&mut self.side_effects, over.side_effects, |have, new| {
            have.kind == new.kind && have.op == new.op && have.when == new.when
        });
        lay(&mut self.limitations, over.limitations, |have, new| have.id == new.id);
        for (name, spec) in over.profiles {
            self.profiles.retain(|(have, _)| *have != name);
            self.profiles.push((name, spec));
        }
        lay(&mut self.busy, over.busy, |have, new| have.status == new.status && have.when == new.when);
        self.service = over.service.or(self.service.take());
        self.mangled = over.mangled.or(self.mangled.take());
        lay(&mut self.powerless, over.powerless, |have, new| {
            have.kind == new.kind && have.attr == new.attr && have.is == new.is
        });
        self.said.extend(over.said);
        for alternative in over.alternatives {
            self.alternatives.retain(|(name, ..)| *name != alternative.0);
            self.alternatives.push(alternative);
        }
        Ok(())
    }

    /// Rows of a kind that the file above says are not there; what stands in their place with a setting goes along.
    fn take_away(&mut self, kind: Kind, Placed { at, it }: &Placed<KindSpec>) -> Result<(), MappingError> {
        let of_kind = || self.rows.iter().filter(|row| row.it.kind == kind).map(|row| row.it.attr.as_str());
        for attr in &it.drops {
            if !of_kind().any(|have| have.eq_ignore_ascii_case(attr)) {
                let hint = did_you_mean(attr, of_kind());
                return Err(at.error(format_args!("`drops`: {kind} has no attribute `{attr}`{hint}")));
            }
        }
        // A record without an id is none.
        let gone = |attr: &str| {
            it.drops.iter().any(|drop| drop.eq_ignore_ascii_case(attr)) || (it.only && !attr.eq_ignore_ascii_case("id"))
        };
        if it.none {
            self.feeds.retain(|feed| feed.it.kind != kind);
        }
        let gone = |attr: &str| it.none || gone(attr);
        self.rows.retain(|row| row.it.kind != kind || !gone(&row.it.attr));
        for (.., rows) in &mut self.alternatives {
            rows.retain(|row| row.it.kind != kind || !gone(&row.it.attr));
        }
        Ok(())
    }
}

/// The texts of a file that stand in it in Chinese too, with the English before each.
fn in_chinese(file: &File) -> Vec<(String, String)> {
    let mut said: Vec<(&str, &Option<String>)> = Vec::new();
    for setting in file.setting.iter().map(toml::Spanned::get_ref) {
        said.push((&setting.help, &setting.help_zh));
    }
    for limitation in file.limitation.iter().map(toml::Spanned::get_ref) {
        said.push((&limitation.sentence, &limitation.sentence_zh));
        said.push((&limitation.here, &limitation.here_zh));
    }
    said.extend(file.side_effect.iter().map(toml::Spanned::get_ref).map(|effect| (&*effect.text, &effect.text_zh)));
    said.extend(file.busy.iter().map(toml::Spanned::get_ref).map(|busy| (&*busy.text, &busy.text_zh)));
    said.extend(file.powerless.iter().map(toml::Spanned::get_ref).map(|rule| (&*rule.text, &rule.text_zh)));
    said.extend(file.mangled.iter().map(|mangled| (&*mangled.text, &mangled.text_zh)));
    let alternatives = || file.alternative.values().map(toml::Spanned::get_ref);
    said.extend(alternatives().map(|other| (&*other.help, &other.help_zh)));
    let rows = file.row.iter().chain(alternatives().flat_map(|other| &other.row)).map(toml::Spanned::get_ref);
    said.extend(rows.filter_map(|row| Some((row.note.as_deref()?, &row.note_zh))));
    let pairs = said.into_iter().filter_map(|(english, chinese)| Some((english.to_owned(), chinese.clone()?)));
    let kinds = file.kind.values().map(toml::Spanned::get_ref);
    let cannot = kinds.flat_map(|kind| {
        kind.cannot.iter().filter_map(|(op, why)| Some((why.clone(), kind.cannot_zh.get(op)?.clone())))
    });
    pairs.chain(cannot).collect()
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
