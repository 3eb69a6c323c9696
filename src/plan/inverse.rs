//! What takes a change back.

use super::{By, Change, ChangeId, Expect, Facet, Plan, Ref, Seen, Target, Want, Wanted, veil_change};
use crate::mapping::{Capability, Mapping};
use crate::model::{Op, RecordKey};

/// Why a change cannot be taken back, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotUndo(pub String);

/// The change that takes `change` back, `before` being what its facets were (mostly what it expected), `created` the
/// record that a create brought into being.
///
/// A create is taken back by switching the account off: nothing here deletes. What happened outside the record (a mail that
/// was sent) is not taken back by anything.
///
/// # Errors
/// When there is no way back, and why.
pub fn invert(change: &Change, before: &[(Facet, Seen)], created: Option<&RecordKey>) -> Result<Change, CannotUndo> {
    let cannot = |why: String| Err(CannotUndo(why));
    let record = match (&change.target, created) {
        (Target::Record(key), _) => key,
        (Target::New(_), Some(key)) => key,
        (Target::New(_), None) => return cannot(format!("nobody knows which record {} became", change.label)),
    };
    let was = |facet: &Facet| before.iter().find(|(have, _)| have == facet).map(|(_, seen)| seen);
    let active = |text: &str| Want { facet: Facet::attr("active"), value: Wanted::Text(text.into()), by: By::Operator };
    let (op, want) = match change.op {
        Op::Create | Op::Reactivate => (Op::Deactivate, vec![active("false")]),
        Op::Deactivate => (Op::Reactivate, vec![active("true")]),
        Op::Delete => return cannot(format!("{} was deleted for good", change.label)),
        Op::Set | Op::Put | Op::Drop => {
            let mut op = Op::Set;
            let mut want = Vec::new();
            for one in &change.want {
                let (back, value) = taken_back(change, one, was(&one.facet)).map_err(CannotUndo)?;
                op = back;
                let facet = Facet { path: one.facet.path.clone(), key: one.facet.key.clone() };
                want.push(Want { facet, value, by: By::Operator });
            }
            (op, want)
        }
    };
    if op == Op::Drop && super::veiled(change) {
        return cannot(format!("{} was given a sensitive value, of which a hash alone is kept", change.label));
    }
    if want.iter().any(|want| !lasting(want)) {
        return cannot(format!("{} refers to a record that the same push created", change.label));
    }
    let facet = want.first().filter(|_| matches!(op, Op::Set | Op::Put | Op::Drop)).map(|want| &want.facet);
    Ok(Change {
        id: Change::name(&change.system, change.kind, &record.id, op, facet),
        system: change.system.clone(),
        kind: change.kind,
        target: Target::Record(record.clone()),
        label: change.label.clone(),
        source: change.source.clone(),
        op,
        expect: Expect::Facets(now(change, op)),
        want,
        needs: Vec::<ChangeId>::new(),
    })
}

/// Why a system has no way to take a change back, whatever its record holds; `None`: it has one.
pub fn one_way(mapping: &Mapping, change: &Change) -> Option<String> {
    let back = match change.op {
        Op::Create | Op::Reactivate => Op::Deactivate,
        Op::Deactivate => Op::Reactivate,
        Op::Put => Op::Drop,
        Op::Drop => Op::Put,
        // A value is set back as it was set; what is deleted is gone whatever the system can do.
        Op::Set | Op::Delete => return None,
    };
    let there = match &change.expect {
        Expect::Facets(facets) => facets
            .iter()
            .any(|(facet, seen)| matches!(seen, Seen::Value(_)) && change.want.iter().any(|want| want.facet == *facet)),
        Expect::Absent { .. } => false,
    };
    // Another value of an entry that is there is set back.
    if change.op == Op::Put && there {
        return None;
    }
    match mapping.can(change.kind, back) {
        Capability::Yes => None,
        Capability::No(why) => Some(why),
    }
}

/// Why a change of a plan cannot be taken back once it is made; `None`: it can.
///
/// What is written into a record that the same plan creates goes with it when that is switched off.
pub fn cannot_undo(plan: &Plan, change: &Change) -> Option<String> {
    if let (Target::New(create), true) = (&change.target, change.op != Op::Create)
        && plan.one_way(create).is_none()
    {
        return None;
    }
    if let Some(why) = plan.one_way(&change.id) {
        return Some(why.to_owned());
    }
    // As it will be in the record, from which it would be taken back; and records that are created have their ids by then.
    let hash = |_: &str| format!("{}{}", super::VEIL, "0".repeat(super::DIGITS));
    let kept = veil_change(change, &plan.sensitive, &hash);
    let made = |_: &ChangeId| Some("new".to_owned());
    let key = RecordKey::new(change.system.clone(), change.kind, "new");
    invert(&super::again::settled(&kept, &made), &before(&kept, &made), Some(&key)).err().map(|why| why.0)
}

/// What the facets of a change were: what it expected, and nothing in a record that did not exist.
pub(super) fn before(change: &Change, created: super::again::Created<'_>) -> Vec<(Facet, Seen)> {
    let expected = match &change.expect {
        Expect::Facets(facets) => &facets[..],
        Expect::Absent { .. } => &[],
    };
    let told = expected.iter().cloned().map(|(facet, seen)| (super::again::ids_in(facet, created), seen));
    let new = matches!(change.target, Target::New(_)) && change.op != Op::Create;
    let none = change.want.iter().filter(|_| new);
    told.chain(none.map(|want| (super::again::ids_in(want.facet.clone(), created), Seen::Absent))).collect()
}

/// What must still hold before it is taken back: what the change brought about.
fn now(change: &Change, op: Op) -> Vec<(Facet, Seen)> {
    let active = Facet::attr("active");
    match op {
        Op::Reactivate => vec![(active, Seen::Value("false".into()))],
        Op::Deactivate => vec![(active, Seen::Value("true".into()))],
        _ => change.want.iter().map(|want| (want.facet.clone(), brought(&want.value))).collect(),
    }
}

fn brought(value: &Wanted) -> Seen {
    match value {
        Wanted::Text(text) => Seen::Value(text.clone()),
        Wanted::Ref(Ref::Id(id)) => Seen::Value(id.to_string()),
        Wanted::Ref(Ref::New(_)) | Wanted::Secret(_) => Seen::Unreadable,
        Wanted::Present => Seen::Value(String::new()),
        Wanted::Clear => Seen::Absent,
    }
}

fn taken_back(change: &Change, want: &Want, before: Option<&Seen>) -> Result<(Op, Wanted), String> {
    let entry = want.facet.key.is_some();
    if matches!(want.value, Wanted::Secret(_)) {
        return Err(format!("{} of {} is a secret: nobody kept what it was before", want.facet, change.label));
    }
    match before {
        None | Some(Seen::Unreadable) => {
            Err(format!("nobody knows what {} of {} was before", want.facet, change.label))
        }
        Some(Seen::Value(text)) if super::is_veiled(text) => Err(format!(
            "{} of {} is sensitive: what it was before is kept as a hash alone, and cannot be brought back",
            want.facet, change.label
        )),
        Some(Seen::Absent) if entry => Ok((Op::Drop, Wanted::Clear)),
        Some(Seen::Absent) => Ok((Op::Set, Wanted::Clear)),
        Some(Seen::Value(text)) if entry && text.is_empty() => Ok((Op::Put, Wanted::Present)),
        // An entry that was taken away is added again; one that got another value gets its own back.
        Some(Seen::Value(text)) => Ok((
            if entry && want.value == Wanted::Clear { Op::Put } else { Op::Set },
            if matches!(want.value, Wanted::Ref(_)) {
                Wanted::Ref(Ref::Id(text.as_str().into()))
            } else {
                Wanted::Text(text.clone())
            },
        )),
    }
}

/// Whether a wish still means something once its plan has ended.
fn lasting(want: &Want) -> bool {
    let key = want.facet.key.iter().flatten();
    !key.chain(match &want.value {
        Wanted::Ref(reference) => Some(reference),
        _ => None,
    })
    .any(|reference| matches!(reference, Ref::New(_)))
}

#[cfg(test)]
mod tests;
