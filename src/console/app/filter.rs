//! What a typed filter lets through.

use crate::compare::subject::Identity;
use crate::model::filter::Query;

use super::rows::Rows;
use super::staged::Marks;

/// A filter, ready to be asked.
#[derive(Clone, Debug)]
pub struct Sieve<'s> {
    query: Query,
    staged: &'s Marks,
}

impl<'s> Sieve<'s> {
    /// A filter as it was typed; empty lets everything through. `staged` is what the filter `staged` asks for.
    pub fn new(typed: &str, staged: &'s Marks) -> Self {
        Self { query: Query::parse(typed), staged }
    }

    /// Whether an identity passes; what nobody can say does not.
    pub fn passes(&self, rows: &Rows<'_>, identity: u32, system: Option<usize>) -> bool {
        if self.query == Query::All {
            return true;
        }
        let mut subject = Identity::new(rows.compared, rows.kind, identity, system);
        subject.staged = self.staged.about(rows, identity, system);
        self.query.eval(&subject) == Some(true)
    }
}

/// Whether a filter asks for what is staged, so that its list changes with the staging.
pub fn asks_staged(typed: &str) -> bool {
    typed.to_ascii_lowercase().contains("staged")
}

/// What a filter was understood as, in words.
pub fn understood(typed: &str) -> String {
    Query::parse(typed).understood()
}
