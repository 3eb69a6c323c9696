//! The guides' tables as they are printed, and where this program keeps what each row names.

pub mod aha;
pub mod kingdee;
pub mod litmos;

use trueup::model::Kind;

/// One row of a mapping table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The table's number.
    pub table: u16,
    pub kind: Kind,
    /// The left column, as printed.
    pub scim: &'static str,
    /// The right column, as printed.
    pub native: &'static str,
    /// The canonical attribute here; behind `#` the part of a list's entry.
    pub here: &'static str,
    /// How it is driven at the vendor's own interface.
    pub direct: Proof,
    /// How it is driven through Starling Connect's SCIM.
    pub gateway: Proof,
}

/// How a row is driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Read; a write is refused, and these words are in the reason.
    Refused(&'static str),
    /// Read; written with this text and seen in the simulator's own state.
    Set(&'static str),
    /// Read; written with this text, which the simulator's own state has in the vendor's words.
    SetAs { value: &'static str, native: &'static str },
    /// Read; written with this record's id; empty: with another record of the same kind.
    SetRef(&'static str),
    /// Never returned, never kept: a write as plain text is refused.
    Secret,
    /// Not returned; written with this text. What the simulator then shows instead: the field, and a part of its text.
    Unseen { value: &'static str, shows: (&'static str, &'static str) },
    /// Part of an entry: read, and written with the whole entry.
    Entry,
    /// Part of an entry that is only shown: in the record as the system sends it.
    Shown,
}

impl Row {
    /// The canonical attribute, and the part of an entry.
    pub fn place(&self) -> (&'static str, Option<&'static str>) {
        self.here.split_once('#').map_or((self.here, None), |(attr, part)| (attr, Some(part)))
    }

    /// The right column without what is noted behind it.
    pub fn field(&self) -> &'static str {
        self.native.split(" (").next().unwrap()
    }
}

/// One row of a table of operations, and the request that the simulator must have seen for it. `*` in a path is any part.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub table: u16,
    pub kind: Kind,
    pub name: &'static str,
    pub verb: &'static str,
    pub direct: (&'static str, &'static str),
    pub gateway: (&'static str, &'static str),
}

/// One field that must be given: as printed, and the canonical attribute.
#[derive(Clone, Copy, Debug)]
pub struct Mandatory {
    pub kind: Kind,
    pub printed: &'static str,
    pub here: &'static str,
    /// Words of the refusal at the vendor's own interface where it is left out.
    pub refusal: &'static str,
}
