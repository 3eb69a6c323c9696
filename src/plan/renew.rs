//! A change of an earlier push made anew from what was read since: nothing is tried again on old values.

use std::collections::BTreeSet;

use super::stage::{Offer, Stager, Supplied, supply};
use super::{By, Change, Expect, Facet, Ref, Seen, Target, Want, Wanted, seen};
use crate::compare::Compared;
use crate::model::{Op, Row};

/// What became of a change that is to be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// The change as it would be staged now.
    Again(Box<Change>),
    /// There is nothing to do any more: it is as wanted, or nobody wants it now.
    Done,
    /// It cannot be made anew, and why.
    Not(String),
}

/// Makes a change anew from what is known now.
pub fn renew(stager: &Stager<'_>, compared: &Compared, change: &Change) -> Renewed {
    let not = |why: &str| Renewed::Not(format!("{}: {why}", change.label));
    let Some(system) = compared.inputs.index(&change.system) else { return not("its system is not connected") };
    let Some(snapshot) = compared.inputs.systems[system].snapshot(change.kind) else {
        return not("nothing has been read of its system yet");
    };
    let row = match &change.target {
        Target::Record(key) => snapshot.table.find(&key.id),
        Target::New(_) => None,
    };
    let from_source = || {
        let key = change.source.as_ref()?;
        let at = compared.inputs.index(&key.system)?;
        let row = compared.inputs.systems[at].snapshot(key.kind)?.table.find(&key.id)?;
        compared.kind(change.kind).identity_of(at, row)
    };
    let identity = row.and_then(|row| compared.kind(change.kind).identity_of(system, row)).or_else(from_source);
    let Some(identity) = identity else { return not("nobody was read for it; refresh, and try again") };
    let offers = stager.offers(change.kind, identity, system);
    if let Some(offer) = offers.iter().find(|offer| same(&offer.change, change)) {
        return match supply(offer, &given(offer, change)) {
            Ok(again) => Renewed::Again(Box::new(again)),
            Err(why) => not(&why),
        };
    }
    match row {
        // What the operator alone wanted (the way back of an earlier push) is offered by nobody.
        Some(row) if change.want.iter().all(|want| want.by == By::Operator) && change.op != Op::Delete => {
            stands(change, &snapshot.table, row)
        }
        _ => Renewed::Done,
    }
}

/// Whether an offer is the same wish: values may have changed since.
fn same(offer: &Change, change: &Change) -> bool {
    let facets = |change: &Change| change.want.iter().map(|want| want.facet.clone()).collect::<BTreeSet<Facet>>();
    let about = match (&offer.target, &change.target) {
        (Target::Record(a), Target::Record(b)) => a == b,
        (Target::New(_), Target::New(_)) => true,
        _ => false,
    };
    about && offer.op == change.op && (change.op == Op::Create || facets(offer) == facets(change))
}

/// What the operator gave the first time, for the blanks that there are now.
fn given(offer: &Offer, change: &Change) -> Vec<Supplied> {
    let asked = |want: &&Want| offer.blanks.iter().any(|blank| blank.path == want.facet.path);
    let values = change.want.iter().filter(|want| want.by == By::Operator).filter(asked);
    values
        .filter_map(|want| {
            let value = match &want.value {
                Wanted::Text(text) => text.clone(),
                Wanted::Ref(Ref::Id(id)) => id.to_string(),
                _ => return None,
            };
            let key = want.facet.key.as_ref().map(|key| key.iter().map(Ref::to_string).collect());
            Some(Supplied { path: want.facet.path.clone(), key, value })
        })
        .collect()
}

/// An operator's own wish on the record as it is now.
fn stands(change: &Change, table: &crate::model::Table, row: Row) -> Renewed {
    let Expect::Facets(expected) = &change.expect else { return Renewed::Done };
    let now: Vec<(Facet, Seen)> = expected.iter().map(|(facet, _)| (facet.clone(), seen(table, row, facet))).collect();
    let wanted = |want: &Want| match (&want.value, seen(table, row, &want.facet)) {
        (Wanted::Text(text), Seen::Value(have)) => *text == have,
        (Wanted::Ref(Ref::Id(id)), Seen::Value(have)) => **id == *have,
        (Wanted::Present, Seen::Value(_)) | (Wanted::Clear, Seen::Absent) => true,
        _ => false,
    };
    if change.want.iter().all(wanted) {
        return Renewed::Done;
    }
    Renewed::Again(Box::new(Change { expect: Expect::Facets(now), ..change.clone() }))
}
