//! What hides sensitive values: no plan, step, state or outcome is written down but through here.

use std::sync::Arc;

use rusqlite::OptionalExtension;

use super::SqliteJournal;
use crate::plan::{Outcome, Plan, PlanId, Sensitive, Step, veil_step, veil_text};
use crate::store::{Sealer, StoreError};

/// What hides the sensitive values of one push.
#[derive(Debug)]
pub(super) struct Veil {
    sealer: Sealer,
    sensitive: Vec<Sensitive>,
    values: Vec<String>,
}

/// The sealer of this journal; its key is made when it is first wanted.
pub(super) fn sealer(journal: &mut SqliteJournal) -> Result<Sealer, StoreError> {
    let find =
        |db: &rusqlite::Connection| db.query_row("select key from salt", [], |row| row.get::<_, Vec<u8>>(0)).optional();
    let key = match journal.read(find)? {
        Some(key) => key,
        None => journal.write(|db| {
            // SQLite's generator is seeded by the operating system (sqlite.org/c3ref/randomness.html).
            db.execute("insert or ignore into salt values (1, randomblob(32))", [])?;
            db.query_row("select key from salt", [], |row| row.get(0))
        })?,
    };
    Sealer::new(&key).ok_or_else(|| super::fault(&journal.path, "its salt is empty"))
}

/// The plan as it is written down; what comes of it later is hidden by the same values.
pub(super) fn opened(journal: &mut SqliteJournal, plan: &Plan) -> Result<Plan, StoreError> {
    if plan.sensitive.is_empty() {
        return Ok(plan.clone());
    }
    let sealer = sealer(journal)?;
    let kept = plan.veiled(&|text| sealer.seal(text));
    let veil = Veil { sealer, sensitive: plan.sensitive.clone(), values: plan.sensitive_values() };
    journal.veils.insert(plan.id.clone(), Arc::new(veil));
    Ok(kept)
}

pub(super) fn of(journal: &SqliteJournal, plan: &PlanId) -> Option<Arc<Veil>> {
    journal.veils.get(plan).cloned()
}

impl Veil {
    pub(super) fn step(&self, step: &Step) -> Step {
        veil_step(step, &self.sensitive, &self.values, &|text| self.sealer.seal(text))
    }

    /// A body that is about to be written down.
    pub(super) fn text(&self, body: &str) -> String {
        veil_text(body, &self.values, &|text| self.sealer.seal(text))
    }
}

/// The body of an outcome as it is written down.
pub(super) fn outcome(veil: Option<&Veil>, outcome: &Outcome) -> rusqlite::Result<String> {
    let body = super::json(outcome)?;
    Ok(match veil {
        Some(veil) => veil.text(&body),
        None => body,
    })
}
