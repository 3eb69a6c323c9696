//! From mapping files to a compiled [`Mapping`]: checking what they say together, and compiling it.

use std::sync::Arc;

use crate::model::filter::Filter;
use crate::model::{AttrDef, AttrPath, Form, Kind, ListDef, Schema};

use super::choice::{alternatives, check_when};
use super::draft::Draft;
use super::fault::{Placed, did_you_mean};
use super::feeds::feeds;
use super::file::{
    AddressSpec, BusySpec, LimitationSpec, OpName, OperationSpec, ProfileSpec, RateSpec, RecordSpec, SettingSpec,
    SideEffectSpec, ViaSpec,
};
use super::findings::powerless;
use super::rows::{row, vocabularies};
use super::service::service;
use super::{
    Access, Address, Busy, Capability, Feed, KindMap, Limitation, Mandatory, MapRow, Mapping, MappingError, Operation,
    Profile, Rate, Reader, Setting, SideEffect, Via, Writer,
};

/// The built-in mapping files by connector.
const BUILT_IN: &[(&str, &str)] = &[
    ("aha", include_str!("../../assets/connectors/aha.toml")),
    ("file", include_str!("../../assets/connectors/file.toml")),
    ("litmos", include_str!("../../assets/connectors/litmos.toml")),
    ("kingdee", include_str!("../../assets/connectors/kingdee.toml")),
    ("idaas", include_str!("../../assets/connectors/idaas.toml")),
    ("scim", include_str!("../../assets/connectors/scim.toml")),
];

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

    /// The texts of a built-in connector's file in English and Chinese.
    pub fn builtin_said(name: &str) -> Vec<(String, String)> {
        let draft = Self::builtin_text(name).and_then(|text| Draft::read(text, name).ok());
        draft.map(|draft| draft.said).unwrap_or_default()
    }

    /// A mapping from the text of its file. `origin`: the file's name, for errors.
    ///
    /// # Errors
    /// What is wrong in it, with file and line.
    pub fn parse(text: &str, origin: &str) -> Result<Self, MappingError> {
        build(Draft::read(text, origin)?, origin)
    }

    /// A connector of the operator's own: a file that names the built-in one that it is laid over (`based_on`). Rows,
    /// feeds, limitations and the rest go as in [`Mapping::overlaid`].
    ///
    /// # Errors
    /// What is wrong in it, with file and line; a name that a built-in connector has already.
    pub fn own(text: &str, origin: &str) -> Result<Self, MappingError> {
        let fault = |message: String| MappingError { origin: origin.to_owned(), message };
        let over = Draft::read(text, origin)?;
        let known = Self::builtin_names().collect::<Vec<_>>().join(", ");
        let Some(name) = over.connector.as_deref() else {
            return Err(fault(
                "`connector` is missing: the name that `connector = \"...\"` in trueup.toml gives".into(),
            ));
        };
        if Self::builtin_text(name).is_some() {
            let advice = "; choose another name, or lay single rows over it with `mapping` in the system's section";
            return Err(fault(format!("`connector`: `{name}` is built in{advice}")));
        }
        let Some(base) = over.based_on.as_deref() else {
            return Err(fault(format!("`based_on` is missing: the connector whose wire is spoken, one of {known}")));
        };
        let Some(below) = Self::builtin_text(base) else {
            let hint = did_you_mean(base, Self::builtin_names());
            return Err(fault(format!("`based_on`: there is no connector `{base}`, expected one of {known}{hint}")));
        };
        let mut draft = Draft::read(below, &format!("built-in {base}"))?;
        draft.lay_over(over)?;
        build(draft, origin)
    }

    /// A mapping from one file laid over another: rows by kind and attribute, key by key, everything else by its name and as a
    /// whole. `origin`: the upper file's name; the lower one is the built-in.
    ///
    /// # Errors
    /// What is wrong in either, with file and line.
    pub fn overlaid(base: &str, overlay: &str, origin: &str) -> Result<Self, MappingError> {
        let mut draft = Draft::read(base, "built-in")?;
        let mut over = Draft::read(overlay, origin)?;
        if over.based_on.is_some() {
            let message = "`based_on` makes a connector of its own: put the file into the folder `connectors` instead";
            return Err(MappingError { origin: origin.to_owned(), message: message.to_owned() });
        }
        over.amend(base, overlay, origin)?;
        draft.lay_over(over)?;
        build(draft, origin)
    }

    /// Builds schemas, writers and readers from rows and feeds.
    pub(super) fn compile(&mut self) -> Result<(), String> {
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
            unlisted: list.unlisted.clone(),
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

fn build(draft: Draft, origin: &str) -> Result<Mapping, MappingError> {
    let fault = |message: &str| MappingError { origin: origin.to_owned(), message: message.to_owned() };
    let words = vocabularies(&draft.words)?;
    let feed_names: Vec<&str> = draft.feeds.iter().map(|feed| feed.it.name.as_str()).collect();
    let mut kinds: Vec<KindMap> = Vec::new();
    for Placed { at, it } in &draft.rows {
        let row = row(at, it, &words, &feed_names)?;
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
    let alternatives = alternatives(&draft, &kinds, &words, &feed_names)?;
    check_when(&draft)?;
    let powerless = powerless(draft.powerless, &kinds)?;
    let connector = draft.connector.ok_or_else(|| fault("`connector` is missing: the connector's short name"))?;
    let speaks = draft.based_on.unwrap_or_else(|| connector.clone());
    let mut mapping = Mapping {
        service: service(draft.service, &speaks)?,
        feeds: feeds(&draft.feeds, &speaks)?,
        speaks,
        connector,
        about: draft.about.unwrap_or_default(),
        title: draft.title.ok_or_else(|| fault("`title` is missing: what people call the product"))?,
        settings: draft.settings.iter().cloned().map(|placed| setting(placed.it)).collect(),
        kinds,
        readers: Vec::new(),
        records: draft.records.into_iter().map(|placed| record(placed.it)).collect(),
        operations: draft.operations.into_iter().map(|placed| operation(placed.it)).collect(),
        capabilities,
        side_effects: draft.side_effects.into_iter().map(|placed| side_effect(placed.it)).collect(),
        limitations: limitations(draft.limitations)?,
        profiles: profiles(draft.profiles, &draft.settings)?,
        busy: draft.busy.into_iter().map(busy).collect::<Result<_, _>>()?,
        said: draft.said,
        mangled: draft.mangled,
        powerless,
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
        window: draft.window,
        account_window: draft.account_window,
        administrators: draft
            .administrators
            .iter()
            .map(|(what, filter)| match Filter::parse(filter) {
                Ok(filter) => Ok((what.clone(), filter)),
                Err(error) => Err(fault(&format!("`administrators`: {what} is no filter: {error}"))),
            })
            .collect::<Result<_, _>>()?,
        page_size: draft.page_size.ok_or_else(|| fault("`page_size` is missing: records asked for a page"))?,
        api_key_header: draft.api_key_header,
        http1_only: draft.http1_only.unwrap_or_default(),
        alternatives,
    };
    mapping.compile().map_err(|message| fault(&message))?;
    Ok(mapping)
}

/// The services that are known by name; each is a value of the setting `profile`.
fn profiles(
    profiles: Vec<(String, Placed<ProfileSpec>)>,
    settings: &[Placed<SettingSpec>],
) -> Result<Vec<Profile>, MappingError> {
    let known =
        |name: &String| settings.iter().any(|placed| placed.it.name == "profile" && placed.it.one_of.contains(name));
    let each = |(name, Placed { at, it }): (String, Placed<ProfileSpec>)| {
        if known(&name) {
            Ok(Profile { name, title: it.title, about: it.about.trim_start().to_owned(), gateway: it.gateway })
        } else {
            Err(at.error(format_args!("the setting `profile` is never `{name}`")))
        }
    };
    profiles.into_iter().map(each).collect()
}

fn busy(Placed { at, it }: Placed<BusySpec>) -> Result<Busy, MappingError> {
    let BusySpec { status, tries, when, text, cite, .. } = it;
    if !(400..600).contains(&status) || tries == 0 {
        return Err(at.error("`busy` wants a status from 400 to 599, and `tries` above 0"));
    }
    Ok(Busy { status, tries, when: when.into_iter().collect(), text, cite })
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
    Setting {
        name: spec.name,
        required: spec.required,
        secret: spec.secret,
        path: spec.path,
        help: spec.help,
        one_of: spec.one_of,
        address: spec.address,
        default: spec.default,
    }
}

fn record(spec: RecordSpec) -> (Kind, serde_json::Map<String, serde_json::Value>) {
    (spec.kind, spec.fields.into_iter().map(|(name, text)| (name, text.into())).collect())
}

fn operation(spec: OperationSpec) -> Operation {
    Operation { kind: spec.kind, name: spec.name, verb: spec.verb, here: spec.here, cite: spec.cite }
}

fn side_effect(spec: SideEffectSpec) -> SideEffect {
    let when = spec.when.into_iter().collect();
    SideEffect { kind: spec.kind, op: spec.op.0, when, text: spec.text, cite: spec.cite }
}
