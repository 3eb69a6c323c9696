//! What Kingdee's answer to a write means (targets/kingdee.md 4, 6, 8).

use serde_json::{Map, Value};

use super::answer::{self, Answer, Complaint, bare, get};
use super::forms::{ORGANISATIONS, data_of};
use super::record::{ORG, state};
use super::words::{explained, form, told};
use super::write::{CALLS, direct, other_number, unaudit};
use crate::connectors::{Observed, Reached};
use crate::model::Kind;
use crate::plan::{Body, Repeat, Reply, Request, Site, Step, Verdict};

pub(super) fn judge(site: &Site, step: &Step, reply: &Reply) -> Verdict {
    let unknown = |what: String| Verdict::Unknown(format!("{what}: it may have been carried out or not"));
    let complaint = match answer::read(reply) {
        Answer::Yes(result) => return accepted(step, &result),
        Answer::No(complaint) => complaint,
        odd => return unknown(told(&odd)),
    };
    let why = explained(&complaint);
    if complaint.lost() || reply.status == 401 {
        // Nobody knows how far it came (targets/kingdee.md 4). What may be sent twice is read again and sent again; a create
        // is looked up.
        return match step.write.repeat {
            Repeat::Safe => Verdict::Busy(format!("the session was lost: {why}")),
            Repeat::LookFirst | Repeat::Never => unknown(why),
        };
    }
    if complaint.in_use().is_some() {
        return Verdict::InUse(why);
    }
    if complaint.moved() {
        return Verdict::Stale(why);
    }
    if lesson_of(site, step, &complaint).is_some() {
        return Verdict::OtherForm(why);
    }
    match reply.status {
        429 => Verdict::Busy(why),
        // A gateway's word: what stands behind it may have carried it out.
        502 | 503 if step.write.repeat == Repeat::Safe => Verdict::Busy(why),
        408 | 500..=518 | 520..=599 => unknown(why),
        _ if complaint.broke && !complaint.no_such_call() => unknown(why),
        _ => Verdict::Failed(why),
    }
}

/// What a refused form teaches.
pub(super) fn lesson(site: &Site, step: &Step, reply: &Reply) -> Option<String> {
    match answer::read(reply) {
        Answer::No(complaint) => lesson_of(site, step, &complaint),
        _ => None,
    }
}

fn lesson_of(site: &Site, step: &Step, complaint: &Complaint) -> Option<String> {
    let calls = |name: &str| step.write.path.contains(&format!(".{name}.common.kdsvc"));
    let lesson = if let Some(at) = CALLS.iter().position(|name| calls(name)) {
        // The other spelling, once: which one is honoured depends on the version (targets/kingdee.md 2).
        if complaint.no_such_operation() && number(&step.write) == Some("Forbid") {
            other_number(&form(&step.write)?)
        } else {
            (complaint.no_such_call() || complaint.broke).then(|| format!("operation:{}", CALLS[1 - at]))?
        }
    } else if calls("Save") && step.yields.is_none() && complaint.audited() {
        unaudit(&form(&step.write)?)
    } else if calls("UnAudit") && !complaint.broke && !complaint.absent() && !complaint.suspected() {
        // This site lets nobody take it back: perhaps it takes a Save of what is audited.
        direct(&form(&step.write)?)
    } else {
        return None;
    };
    (!site
        .lessons
        .iter()
        .any(|have| *have == lesson || have.starts_with("operation:") && lesson.starts_with("operation:")))
    .then_some(lesson)
}

/// Whether a record shows that it was submitted, audited or taken back: its state says so, and nothing that was to be changed
/// in it does (targets/kingdee.md 7).
pub(super) fn reached(step: &Step, seen: Option<&Observed>) -> Option<Reached> {
    let service = step.write.path.strip_suffix(".common.kdsvc")?.rsplit('.').next()?;
    let through: &[&str] = match service {
        "Submit" => &["B", "C"],
        "Audit" => &["C"],
        "UnAudit" => &["A", "D", "Z"],
        _ => return None,
    };
    let Some(seen) = seen else { return Some(Reached::Untold("it could not be read".into())) };
    let state = seen.native.as_object().map(state).unwrap_or_default();
    Some(match state.as_str() {
        "" => Reached::Untold("Kingdee's View does not show its state".into()),
        state if through.contains(&state) => Reached::Yes,
        state => Reached::No(format!(
            "{service} was not carried out: the record is saved and stands as {}; finish it in Kingdee, there it is submitted and \
             audited by hand",
            stands(state)
        )),
    })
}

/// A document's state in words.
fn stands(state: &str) -> &str {
    match state {
        "Z" => "draft (Z)",
        "A" => "created (A)",
        "B" => "in review (B)",
        "C" => "audited (C)",
        "D" => "to be reviewed again (D)",
        other => other,
    }
}

/// The number of the operation that a write asks for.
fn number(write: &Request) -> Option<&str> {
    let Body::Json { json, .. } = &write.body else { return None };
    json.get("opNumber")?.as_str()
}

fn accepted(step: &Step, result: &Map<String, Value>) -> Verdict {
    if step.yields.is_none() {
        return Verdict::Accepted { id: None, note: None };
    }
    let status = get(result, "ResponseStatus").and_then(Value::as_object);
    let entity = status
        .and_then(|status| get(status, "SuccessEntitys"))
        .and_then(Value::as_array)
        .and_then(|list| list.first())
        .and_then(Value::as_object);
    let part = |name: &str| {
        let own = get(result, name).or_else(|| entity.and_then(|entity| get(entity, name)));
        own.map(bare).filter(|text| !text.is_empty() && text != "0")
    };
    let id = match kind_of(&step.write) {
        // A group's id is its number: that is how Save names it.
        Some((Kind::Group, organisation)) => part("Number")
            .or_else(|| sent_number(&step.write))
            .map(|number| if organisation { format!("{ORG}{number}") } else { number }),
        _ => part("Id"),
    };
    match id {
        Some(id) => Verdict::Accepted { id: Some(id), note: None },
        None => Verdict::Unknown("Kingdee said yes and named no record: it has to be looked up".into()),
    }
}

fn kind_of(write: &Request) -> Option<(Kind, bool)> {
    let form = form(write)?;
    Some(match form.as_str() {
        "SEC_User" | "BD_Empinfo" => (Kind::User, false),
        _ => (Kind::Group, form == ORGANISATIONS.id),
    })
}

fn sent_number(write: &Request) -> Option<String> {
    let Body::Json { json, .. } = &write.body else { return None };
    data_of(json)?.pointer("/Model/FNumber")?.as_str().map(str::to_owned)
}
