//! A mapping file as it stands in TOML: every key it may have, and nothing else.
//!
//! Everything is optional here, because a user's file may lay a single row over the built-in one; `build` says what is
//! missing.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{Ends, Mangled, Powerless, Service};
use crate::model::{Kind, Op};

mod row;

pub(super) use row::{AbsentSpec, AccessSpec, DateSpec, FieldsSpec, JsonSpec, PartSpec, PolicySpec, RowSpec, Step};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
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
    #[serde(default)]
    pub administrators: BTreeMap<String, String>,
    #[serde(default)]
    pub setting: Vec<Spanned<SettingSpec>>,
    #[serde(default)]
    pub feed: Vec<Spanned<FeedSpec>>,
    #[serde(default)]
    pub words: BTreeMap<String, Spanned<WordsSpec>>,
    #[serde(default)]
    pub kind: BTreeMap<Kind, Spanned<KindSpec>>,
    #[serde(default)]
    pub row: Vec<Spanned<RowSpec>>,
    #[serde(default)]
    pub record: Vec<Spanned<RecordSpec>>,
    #[serde(default)]
    pub operation: Vec<Spanned<OperationSpec>>,
    #[serde(default)]
    pub side_effect: Vec<Spanned<SideEffectSpec>>,
    #[serde(default)]
    pub limitation: Vec<Spanned<LimitationSpec>>,
    #[serde(default)]
    pub profile: BTreeMap<String, Spanned<ProfileSpec>>,
    #[serde(default)]
    pub busy: Vec<Spanned<BusySpec>>,
    #[serde(default)]
    pub alternative: BTreeMap<String, Spanned<AlternativeSpec>>,
    pub service: Option<Spanned<Service>>,
    pub mangled: Option<Mangled>,
    #[serde(default)]
    pub powerless: Vec<Spanned<Powerless>>,
}

/// A service that is known by name, for `help`: a value of the setting `profile`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileSpec {
    pub title: String,
    pub about: String,
    #[serde(default)]
    pub gateway: bool,
}

/// A status by which this service says that it cannot do it just now.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BusySpec {
    pub status: u16,
    pub tries: u32,
    /// Settings that must have these values.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    pub text: String,
    pub text_zh: Option<String>,
    pub cite: String,
}

/// Rows that stand in the place of others where a setting says so.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlternativeSpec {
    pub when: BTreeMap<String, String>,
    pub help: String,
    pub help_zh: Option<String>,
    /// Attributes that no row outside is about.
    #[serde(default)]
    pub adds: Vec<String>,
    /// Of the kinds that it has rows of, these are all: no other attribute is there.
    #[serde(default)]
    pub only: bool,
    pub row: Vec<Spanned<RowSpec>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AddressSpec {
    Pointer,
    Scim,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RateSpec {
    pub per_second: f64,
    pub burst: u32,
    pub parallel: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingSpec {
    pub name: String,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub secret: bool,
    #[serde(default)]
    pub path: bool,
    #[serde(default)]
    pub address: bool,
    pub help: String,
    pub help_zh: Option<String>,
    #[serde(default)]
    pub one_of: Vec<String>,
    pub default: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedSpec {
    pub name: String,
    pub kind: Kind,
    #[serde(default)]
    pub path: String,
    pub schema: Option<String>,
    #[serde(default)]
    pub ends: Ends,
    #[serde(default)]
    pub records: String,
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub or_id: OneOrMany,
    #[serde(default)]
    pub single: bool,
    pub detail_of: Option<String>,
    #[serde(default)]
    pub whole: bool,
    pub total: Option<String>,
    pub cite: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsSpec {
    /// Canonical token -> native texts, the one that is written first.
    pub read: BTreeMap<String, OneOrMany>,
    /// Tokens that cannot be written.
    #[serde(default)]
    pub read_only: Vec<String>,
    pub unknown_number: Option<String>,
    #[serde(default)]
    pub open: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindSpec {
    #[serde(default)]
    pub reference: bool,
    #[serde(default)]
    pub can: Vec<OpName>,
    #[serde(default)]
    pub cannot: BTreeMap<OpName, String>,
    /// The same in Chinese.
    #[serde(default)]
    pub cannot_zh: BTreeMap<OpName, String>,
    #[serde(default)]
    pub mandatory: Vec<MandatorySpec>,
    /// Attributes of the connector below that are not there.
    #[serde(default)]
    pub drops: Vec<String>,
    /// The service has no records of the kind.
    #[serde(default)]
    pub none: bool,
    /// Of the kind, the rows of this file are all.
    #[serde(default)]
    pub only: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MandatorySpec {
    pub attr: String,
    pub cite: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecordSpec {
    pub kind: Kind,
    /// Native fields, texts only.
    pub fields: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationSpec {
    pub kind: Kind,
    pub name: String,
    pub verb: String,
    pub here: String,
    pub cite: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SideEffectSpec {
    pub kind: Kind,
    pub op: OpName,
    /// Settings that must have these values.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    pub text: String,
    pub text_zh: Option<String>,
    pub cite: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitationSpec {
    pub id: String,
    pub via: ViaSpec,
    pub sentence: String,
    pub sentence_zh: Option<String>,
    pub here: String,
    pub here_zh: Option<String>,
    pub cite: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ViaSpec {
    Starling,
    Direct,
    Both,
}

/// A text or a list of texts.
#[derive(Clone, Debug, Default)]
pub(super) struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> serde::de::Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("a text or a list of texts")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        from.deserialize_any(Texts)
    }
}

/// An operation by the name that it has everywhere else (`remove`, not `drop`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OpName(pub Op);

impl<'de> Deserialize<'de> for OpName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const NAMES: &[&str] = &["delete", "deactivate", "remove", "create", "reactivate", "set", "add"];
        let name = String::deserialize(from)?;
        Op::ALL
            .into_iter()
            .find(|op| op.name() == name)
            .map(Self)
            .ok_or_else(|| serde::de::Error::unknown_variant(&name, NAMES))
    }
}
