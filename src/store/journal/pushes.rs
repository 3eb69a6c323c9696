//! What happens in a push, as entries that are only ever added to.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::{NOW, SqliteJournal, fault, json, parsed, seals};
use crate::plan::{Change, ChangeId, Outcome, Plan, PlanId, Step, StepId};
use crate::store::chain::{self, Hash, Link as Chained};
use crate::store::holder::Holder;
use crate::store::{Entry, OpenIntent, Receipt, Sending, Signature, StepState, StoreError, Warrant};

/// What a push's first entry holds.
#[derive(Serialize, serde::Deserialize)]
struct Opened {
    plan: Plan,
    who: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    holder: Holder,
}

impl SqliteJournal {
    fn push(&self, number: i64, began: &str, body: &str) -> Result<Entry, StoreError> {
        let opened: Opened = parsed(body).map_err(|why| fault(&self.path, why))?;
        let began = began.parse().map_err(|why| fault(&self.path, format!("entry {number}: {why}")))?;
        let plan = opened.plan.id.to_string();
        let mut outcomes: Vec<Outcome> = Vec::new();
        let told: Vec<Outcome> =
            self.rows("select body from entry where plan = ? and what = 'outcome' order by number", &[&plan])?;
        let mut places = HashMap::new();
        for outcome in told {
            match places.entry(outcome.change.clone()) {
                Slot::Occupied(at) => outcomes[*at.get()] = outcome,
                Slot::Vacant(free) => {
                    free.insert(outcomes.len());
                    outcomes.push(outcome);
                }
            }
        }
        let closed = self.read(|db| is_closed(db, &plan))?;
        let by = Signature { who: opened.who, reason: opened.reason };
        let running = !closed && opened.holder.alive(&self.path);
        Ok(Entry { plan: opened.plan, began, by, outcomes, closed, running })
    }

    fn pushes(&self, most: usize) -> Result<Vec<Entry>, StoreError> {
        let found = self.read(|db| {
            let mut query = db.prepare_cached(
                "select number, at, body from entry where what = 'open' order by number desc limit ?",
            )?;
            let rows = query.query_map([i64::try_from(most).unwrap_or(i64::MAX)], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })?;
        found.iter().map(|(number, at, body)| self.push(*number, at, body)).collect()
    }
}

fn is_closed(db: &Connection, plan: &str) -> rusqlite::Result<bool> {
    db.prepare_cached("select exists (select 1 from entry where plan = ? and what = 'close')")?
        .query_row([plan], |row| row.get(0))
}

/// Adds an entry to the chain and gives its number.
fn add(db: &Connection, what: &str, plan: &PlanId, step: &str, about: i64, body: &str) -> rusqlite::Result<i64> {
    let (last, before): (i64, Hash) =
        db.query_row("select number, hash from head", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let at: String = db.query_row(&format!("select {NOW}"), [], |row| row.get(0))?;
    let (number, plan) = (last + 1, plan.to_string());
    let hash = chain::hash(&before, Chained { number, at: &at, what, plan: &plan, step, about, body });
    db.execute(
        "insert into entry (number, at, what, plan, step, about, body, hash) values (?, ?, ?, ?, ?, ?, ?, ?)",
        params![number, at, what, plan, step, about, body, hash],
    )?;
    db.execute("update head set number = ?, hash = ?", params![number, hash])?;
    Ok(number)
}

pub(super) fn open(journal: &mut SqliteJournal, plan: &Plan, by: &Signature) -> Result<(), StoreError> {
    let holder = journal.holder.clone();
    let kept = seals::opened(journal, plan)?;
    let fresh = journal.write(|db| {
        let id = plan.id.to_string();
        let before: bool =
            db.query_row("select exists (select 1 from entry where plan = ? and what = 'open')", [&id], |row| {
                row.get(0)
            })?;
        if !before {
            let opened = Opened { plan: kept, who: by.who.clone(), reason: by.reason.clone(), holder };
            add(db, "open", &plan.id, "", 0, &json(&opened)?)?;
        }
        Ok(!before)
    })?;
    if fresh { Ok(()) } else { Err(StoreError::PushedBefore { plan: plan.id.to_string() }) }
}

pub(super) fn intend(journal: &mut SqliteJournal, plan: &PlanId, step: &Step) -> Result<Receipt, StoreError> {
    let veil = seals::of(journal, plan);
    let kept = veil.as_ref().map_or_else(|| step.clone(), |veil| veil.step(step));
    let holder = journal.holder.clone();
    let entry = journal.write(|db| {
        // Another program that took this one for dead has settled the push, or pushes there itself.
        let taken: Option<String> = db
            .query_row("select holder from lease where system = ?", [step.system.as_str()], |row| row.get(0))
            .optional()?;
        let taken = taken.map(|by| parsed::<Holder>(&by)).transpose()?.is_some_and(|by| by != holder);
        if taken || is_closed(db, &plan.0)? {
            return Ok(None);
        }
        add(db, "intend", plan, &step.id.0, 0, &json(&kept)?).map(Some)
    })?;
    let entry = entry.ok_or_else(|| {
        fault(
            &journal.path,
            "another trueup has closed this push or pushes there now: it took this one for dead. Nothing more is sent by this one",
        )
    })?;
    Ok(Receipt { entry, step: step.id.clone(), warrant: Warrant::default() })
}

pub(super) fn reached(journal: &mut SqliteJournal, receipt: &Receipt, state: &StepState) -> Result<(), StoreError> {
    let plan: String = journal
        .read(|db| db.query_row("select plan from entry where number = ?", [receipt.entry], |row| row.get(0)))?;
    let plan = PlanId(plan.into());
    let veil = seals::of(journal, &plan);
    journal.write(|db| {
        let body = json(state)?;
        let body = veil.as_ref().map_or(body.clone(), |veil| veil.text(&body));
        add(db, "reached", &plan, &receipt.step.0, receipt.entry, &body)?;
        Ok(())
    })
}

pub(super) fn outcome(journal: &mut SqliteJournal, plan: &PlanId, outcome: &Outcome) -> Result<(), StoreError> {
    let veil = seals::of(journal, plan);
    journal.write(|db| add(db, "outcome", plan, "", 0, &seals::outcome(veil.as_deref(), outcome)?))?;
    Ok(())
}

pub(super) fn close(journal: &mut SqliteJournal, plan: &PlanId) -> Result<(), StoreError> {
    journal.write(|db| {
        if !is_closed(db, &plan.0)? {
            add(db, "close", plan, "", 0, "{}")?;
        }
        Ok(())
    })
}

pub(super) fn open_intents(journal: &mut SqliteJournal) -> Result<Vec<OpenIntent>, StoreError> {
    // The last word about each intent; one that was ended, read back or resolved is not open.
    let found = journal.read(|db| {
        let mut query = db.prepare_cached(
            "select i.number, i.plan, i.body,
                (select r.body from entry r where r.about = i.number order by r.number desc limit 1)
             from entry i where i.what = 'intend' order by i.number",
        )?;
        let rows = query.query_map([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, Option<String>>(3)?,
            ))
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    })?;
    let mut open = Vec::new();
    for (_, plan, body, last) in found {
        let state = match last {
            None => StepState::Intended,
            Some(last) => parsed(&last).map_err(|why| fault(&journal.path, why))?,
        };
        if !matches!(state, StepState::Intended | StepState::Replied { .. }) {
            continue;
        }
        let begun = journal.read(|db| {
            db.prepare_cached("select number, at, body from entry where plan = ? and what = 'open'")?
                .query_row([&plan], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
                })
                .optional()
        })?;
        let Some((number, at, opened)) = begun else { continue };
        let entry = journal.push(number, &at, &opened)?;
        if entry.running {
            continue;
        }
        let step: Step = parsed(&body).map_err(|why| fault(&journal.path, why))?;
        let changes: Vec<Change> =
            entry.plan.changes.iter().filter(|change| step.serves.contains(&change.id)).cloned().collect();
        open.push(OpenIntent { plan: entry.plan.id, step, changes, state });
    }
    Ok(open)
}

pub(super) fn settle(
    journal: &mut SqliteJournal,
    plan: &PlanId,
    step: &StepId,
    outcomes: &[Outcome],
    id: Option<&str>,
) -> Result<(), StoreError> {
    let veil = seals::of(journal, plan);
    let resolved = StepState::Resolved { id: id.map(str::to_owned) };
    journal.write(|db| {
        let intents: Vec<i64> = db
            .prepare_cached("select number from entry where what = 'intend' and plan = ? and step = ?")?
            .query_map(params![&*plan.0, &*step.0], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for intent in intents {
            add(db, "reached", plan, &step.0, intent, &json(&resolved)?)?;
        }
        for outcome in outcomes {
            add(db, "outcome", plan, "", 0, &seals::outcome(veil.as_deref(), outcome)?)?;
        }
        Ok(())
    })
}

pub(super) fn unfinished(journal: &mut SqliteJournal) -> Result<Vec<Entry>, StoreError> {
    let open = journal.pushes(usize::MAX)?;
    Ok(open.into_iter().filter(|entry| !entry.closed && !entry.running).collect())
}

pub(super) fn created(journal: &mut SqliteJournal, plan: &PlanId) -> Result<Vec<(ChangeId, String)>, StoreError> {
    let found = journal.read(|db| {
        let mut query = db.prepare_cached(
            "select i.number, i.body, r.body from entry r join entry i on i.number = r.about
             where r.plan = ? and r.what = 'reached' order by i.number, r.number",
        )?;
        let rows = query.query_map([&*plan.0], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    })?;
    let mut created: Vec<(i64, ChangeId, String)> = Vec::new();
    for (number, intent, reached) in found {
        let step: Step = parsed(&intent).map_err(|why| fault(&journal.path, why))?;
        let state: StepState = parsed(&reached).map_err(|why| fault(&journal.path, why))?;
        let id = match state {
            StepState::Replied { id, .. } | StepState::Resolved { id } => id,
            StepState::Intended | StepState::ReadBack => continue,
            StepState::Ended { .. } => None,
        };
        // What was found out later stands above what the reply said: it may have named somebody else.
        created.retain(|(before, ..)| *before != number);
        if let (Some(change), Some(id)) = (step.yields, id) {
            created.push((number, change, id));
        }
    }
    Ok(created.into_iter().map(|(_, change, id)| (change, id)).collect())
}

pub(super) fn history(journal: &mut SqliteJournal, most: usize) -> Result<Vec<Entry>, StoreError> {
    journal.pushes(most)
}

pub(super) fn find(journal: &mut SqliteJournal, plan: &PlanId) -> Result<Option<Entry>, StoreError> {
    let found = journal.read(|db| {
        let mut query =
            db.prepare_cached("select number, at, body from entry where what = 'open' and plan = ? limit 1")?;
        query
            .query_row([&*plan.0], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
            })
            .optional()
    })?;
    found.map(|(number, at, body)| journal.push(number, &at, &body)).transpose()
}

pub(super) fn sendings(journal: &mut SqliteJournal, plan: &PlanId) -> Result<Vec<Sending>, StoreError> {
    let found = journal.read(|db| {
        let mut query = db.prepare_cached(
            "select i.number, i.at, i.body, r.body from entry i left join entry r on r.about = i.number
             where i.what = 'intend' and i.plan = ? order by i.number, r.number",
        )?;
        let rows = query.query_map([&*plan.0], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, String>(1)?,
                row.get::<_, String>(2)?,
                row.get::<_, Option<String>>(3)?,
            ))
        })?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    })?;
    let mut sendings: Vec<(i64, Sending)> = Vec::new();
    for (number, at, step, state) in found {
        if sendings.last().is_none_or(|(last, _)| *last != number) {
            let at = at.parse().map_err(|why| fault(&journal.path, format!("entry {number}: {why}")))?;
            let step = parsed(&step).map_err(|why| fault(&journal.path, why))?;
            sendings.push((number, Sending { at, step, states: Vec::new() }));
        }
        if let (Some(state), Some((_, sending))) = (state, sendings.last_mut()) {
            sending.states.push(parsed(&state).map_err(|why| fault(&journal.path, why))?);
        }
    }
    Ok(sendings.into_iter().map(|(_, sending)| sending).collect())
}
