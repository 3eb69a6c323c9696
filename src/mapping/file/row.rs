//! One row of a mapping file as it stands in TOML.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::OneOrMany;
use crate::model::{Fold, Kind};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::mapping) struct RowSpec {
    pub kind: Kind,
    pub attr: String,
    #[serde(default)]
    pub read: OneOrMany,
    #[serde(default)]
    pub detail: OneOrMany,
    #[serde(default, rename = "in")]
    pub within: BTreeMap<String, FieldsSpec>,
    #[serde(default)]
    pub not_in: Vec<String>,
    pub write: Option<String>,
    #[serde(default)]
    pub via: Vec<Step>,
    pub access: Option<AccessSpec>,
    pub compare: Option<bool>,
    pub fold: Option<Fold>,
    pub policy: Option<PolicySpec>,
    #[serde(default)]
    pub null: OneOrMany,
    #[serde(default)]
    pub absent: AbsentSpec,
    pub clear: Option<String>,
    pub default: Option<String>,
    #[serde(default, rename = "type")]
    pub json: JsonSpec,
    #[serde(default)]
    pub secret: bool,
    #[serde(default)]
    pub sensitive: bool,
    pub reset: Option<String>,
    #[serde(rename = "match")]
    pub key: Option<u8>,
    #[serde(rename = "ref")]
    pub refers: Option<Kind>,
    pub list: Option<ListSpec>,
    #[serde(default)]
    pub unique: bool,
    #[serde(default)]
    pub later: bool,
    pub shows_in: Option<String>,
    /// Empty where a row of an operator's own file says nothing.
    #[serde(default)]
    pub cite: String,
    pub note: Option<String>,
    pub note_zh: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::mapping) struct ListSpec {
    pub key: Vec<PartSpec>,
    pub value: Option<PartSpec>,
    #[serde(default)]
    pub shown: BTreeMap<String, String>,
    #[serde(default)]
    pub void: Vec<String>,
    /// What an entry has besides where it is written.
    #[serde(default)]
    pub also: serde_json::Map<String, serde_json::Value>,
    pub unlisted: Option<UnlistedSpec>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::mapping) struct UnlistedSpec {
    pub attr: String,
    pub is: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::mapping) struct PartSpec {
    pub name: String,
    pub read: OneOrMany,
    pub write: Option<String>,
    #[serde(default)]
    pub via: Vec<Step>,
    #[serde(rename = "ref")]
    pub refers: Option<Kind>,
    #[serde(default, rename = "type")]
    pub json: JsonSpec,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::mapping) struct FieldsSpec {
    #[serde(default)]
    pub read: OneOrMany,
    #[serde(default)]
    pub key: Vec<OneOrMany>,
    #[serde(default)]
    pub value: OneOrMany,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::mapping) enum Step {
    Trim,
    Collapse,
    Lower,
    Not,
    /// `true` and `false` in any case.
    Flag,
    Bool(BoolSpec),
    Words(String),
    Join(String),
    Split(SplitSpec),
    StripPrefix(String),
    StripSuffix(String),
    AddPrefix(String),
    Date(DateSpec),
    Zone,
    Const(String),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::mapping) struct BoolSpec {
    pub yes: OneOrMany,
    pub no: OneOrMany,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::mapping) struct SplitSpec {
    pub at: String,
    pub part: usize,
    pub of: usize,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::mapping) enum DateSpec {
    Iso,
    DotNet,
    Unix,
    UnixMs,
    MonthDayYear,
    DayMonthYear,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::mapping) enum AccessSpec {
    ReadWrite,
    ReadOnly,
    WriteOnly,
    Create,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::mapping) enum JsonSpec {
    #[default]
    String,
    Boolean,
    Integer,
    Number,
}

/// What it means that a record does not have the field at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::mapping) enum AbsentSpec {
    #[default]
    Empty,
    Unread,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::mapping) enum PolicySpec {
    Force,
    Keep,
    SkipEmpty,
}
