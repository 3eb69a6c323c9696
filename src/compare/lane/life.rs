//! Whether an account is switched on.

use crate::compare::column::{Part, Texts};
use crate::model::{AttrPath, CHUNK_ROWS, Table};

/// Whether an account is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::compare) enum Life {
    /// It is, or nobody says that it is not: an absent `active` is not false (RFC 7643 4.1.1).
    Active,
    /// `active` is false.
    Inactive,
    /// It was not read, or the system never returns it.
    Unknown,
}

/// `active` of all rows of a table.
pub(in crate::compare) enum Lives<'t> {
    /// The kind has no such attribute.
    All,
    /// It is never returned.
    None,
    /// As the texts say.
    Texts { texts: Texts<'t>, by_code: Vec<Life> },
}

pub(in crate::compare) fn life(text: &str) -> Life {
    if text.trim().eq_ignore_ascii_case("false") { Life::Inactive } else { Life::Active }
}

impl<'t> Lives<'t> {
    pub(in crate::compare) fn new(table: &'t Table) -> Self {
        let Some(attr) = table.schema().find(&AttrPath::new("active")) else { return Self::All };
        let Some(texts) = Texts::new(table, attr) else { return Self::None };
        let by_code = texts.dict.iter().map(life).collect();
        Self::Texts { texts, by_code }
    }

    pub(in crate::compare) fn of(&self, row: u32) -> Life {
        match self {
            Self::All => Life::Active,
            Self::None => Life::Unknown,
            Self::Texts { texts, by_code } => {
                let at = row as usize % CHUNK_ROWS;
                match &texts.parts()[row as usize / CHUNK_ROWS] {
                    Part::Coded(codes) => by_code.get(codes[at] as usize).copied().unwrap_or(Life::Unknown),
                    part @ Part::Plain { .. } => part.get(at, texts.dict).map_or(Life::Unknown, life),
                }
            }
        }
    }
}
