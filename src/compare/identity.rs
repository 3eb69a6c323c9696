//! Who is who: links.

use serde::{Deserialize, Serialize};

use sha2::{Digest, Sha256};

use super::lane::composed;
use super::{Compared, Compares, Inputs};
use crate::model::{Attr, AttrPath, Cell, Form, Kind, RecordKey, Row, Table};

/// What tied two records together, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rung {
    /// An operator's decision, or a link kept from an earlier push.
    Kept,
    /// An exact key (`externalId`, reference prefix).
    Key,
    /// The folded e-mail or userName, unique on both sides.
    Folded,
}

/// A decision's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkVerdict {
    /// They are the same person, group, ...
    Same,
    /// They are not, whatever the keys say.
    NotSame,
}

/// A decision about two records. Only decisions are kept; what keys say is worked out anew each time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The source's record.
    pub a: RecordKey,
    /// The target's record.
    pub b: RecordKey,
    /// What tied them.
    pub by: Rung,
    /// Same or not.
    pub verdict: LinkVerdict,
    /// Since when.
    pub since: jiff::Timestamp,
}

/// The last value that source and target had in common, kept only where they differ now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The target's record.
    pub target: RecordKey,
    /// The attribute.
    pub path: AttrPath,
    /// The entry's key, the target's own ids joined with a space; empty for a text.
    pub entry: String,
    /// The common value.
    pub value: String,
    /// When it was last common.
    pub at: jiff::Timestamp,
}

/// A difference that the operator adopted: not counted while both sides stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The target's record.
    pub target: RecordKey,
    /// The attribute.
    pub path: AttrPath,
    /// A hash of the source's value.
    pub source: u64,
    /// A hash of the target's value.
    pub value: u64,
    /// Why.
    pub reason: String,
    /// Until when; `None` for good.
    pub until: Option<jiff::Timestamp>,
}

impl Waiver {
    /// The waiver of a difference as both sides are now; `None` where nothing of that path is compared.
    pub fn of(
        compared: &Compared,
        kind: Kind,
        identity: u32,
        system: usize,
        path: &AttrPath,
        reason: &str,
        until: Option<jiff::Timestamp>,
    ) -> Option<Self> {
        let comparison = compared.kind(kind);
        let base = compared.inputs.base()?;
        let (ours, theirs) = (comparison.row(identity, base)?, comparison.row(identity, system)?);
        let compares = comparison.compares.get(system)?.iter().find(|compares| compares.path == *path)?;
        let (source, value) = sides_hash(&compared.inputs, kind, compares, ours, (system, theirs))?;
        let view = &compared.inputs.systems[system];
        let id = view.snapshot(kind)?.table.id(theirs);
        let target = RecordKey::new(view.id.clone(), kind, id);
        Some(Self { target, path: path.clone(), source, value, reason: reason.to_owned(), until })
    }
}

/// The hashes of what both sides have; the same in every run of the program.
pub(super) fn sides_hash(
    inputs: &Inputs,
    kind: Kind,
    compares: &Compares,
    source: Row,
    (system, target): (usize, Row),
) -> Option<(u64, u64)> {
    let ours = &inputs.systems[inputs.base()?].snapshot(kind)?.table;
    let theirs = &inputs.systems[system].snapshot(kind)?.table;
    let own = if compares.composed.is_empty() {
        content(ours, source, compares.source)
    } else {
        let own = ours.schema().find(&compares.path).map(|attr| ours.cell(source, attr));
        let part = |attr: &Attr| Some(ours.cell(source, *attr)).filter(|cell| cell.known()).map(Cell::text);
        composed(own, compares.composed.iter().map(part))?.into_owned()
    };
    Some((value_hash(&own), value_hash(&content(theirs, target, compares.target))))
}

/// All that a record has for an attribute, as one text: entries line by line in the order of their texts.
fn content(table: &Table, row: Row, attr: Attr) -> String {
    if table.schema().def(attr).form == Form::Text {
        return table.cell(row, attr).text().to_owned();
    }
    let mut lines: Vec<String> = table
        .entries(row, attr)
        .unwrap_or_default()
        .iter()
        .map(|entry| {
            let ([first, second], value) = table.entry_text(attr, *entry);
            format!("{first}\t{second}\t{value}")
        })
        .collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// The first eight bytes of SHA-256: kept in the journal, so it must not change between versions.
fn value_hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
