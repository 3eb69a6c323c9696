//! From how an identity stands in a target to the fixes that could be staged.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::case::Case;
use super::refs::created;
use super::{Offer, create};
use crate::compare::{Compared, Lint, Pairing, Rule, Suggester, facets};
use crate::model::text::clean;
use crate::model::{Kind, Op};
use crate::plan::{ChangeId, Target};

/// Who could be whom in one target; `None` where nobody can be linked.
type Suggesting<'c> = Option<Rc<Suggester<'c>>>;

/// Makes offers for many identities of one comparison.
pub struct Stager<'c> {
    compared: &'c Compared,
    lints: HashMap<(&'c str, Kind, &'c str), Vec<&'c Lint>>,
    /// Who could be whom, made where a create is first looked at.
    suggesters: RefCell<HashMap<(Kind, usize), Suggesting<'c>>>,
    /// Why creates that others wait for cannot be staged.
    held: RefCell<HashMap<ChangeId, Option<String>>>,
}

impl<'c> Stager<'c> {
    /// A stager over a comparison.
    pub fn new(compared: &'c Compared) -> Self {
        let mut lints: HashMap<_, Vec<&Lint>> = HashMap::new();
        for lint in compared.lints.iter().filter(|lint| lint.blocks) {
            lints.entry((lint.record.system.as_str(), lint.record.kind, &*lint.record.id)).or_default().push(lint);
        }
        Self { compared, lints, suggesters: RefCell::default(), held: RefCell::default() }
    }

    /// See [`super::offers`].
    pub fn offers(&self, kind: Kind, identity: u32, system: usize) -> Vec<Offer> {
        let mut offers = self.own(kind, identity, system);
        for offer in offers.iter_mut().filter(|offer| offer.blocked.is_none()) {
            let own = match &offer.change.target {
                Target::New(create) => Some(create),
                Target::Record(_) => None,
            };
            let mut others = offer.change.needs.iter().filter(|need| Some(*need) != own);
            offer.blocked = others.find_map(|need| self.held(need));
        }
        offers
    }

    /// Why what waits for a create has to wait for longer than a push.
    fn held(&self, create: &ChangeId) -> Option<String> {
        if let Some(known) = self.held.borrow().get(create) {
            return known.clone();
        }
        let why = created(self.compared, create).and_then(|(system, kind, identity, label)| {
            let own = self.own(kind, identity, system);
            let why = own.into_iter().find(|offer| offer.change.id == *create)?.blocked?;
            Some(format!("waits for {}, which cannot be created as things are: {why}", clean(&label)))
        });
        self.held.borrow_mut().insert(create.clone(), why.clone());
        why
    }

    /// The offers of an identity, whatever they have to wait for.
    fn own(&self, kind: Kind, identity: u32, system: usize) -> Vec<Offer> {
        let state = self.compared.kind(kind).state(identity, system);
        let Some(state) = state.filter(|state| state.pairing.counts()) else { return Vec::new() };
        let Some(mut case) = self.case(kind, identity, system) else { return Vec::new() };
        let diffs = || facets(self.compared, kind, identity, system);
        match state.pairing {
            Pairing::None | Pairing::Same | Pairing::Shown => Vec::new(),
            Pairing::Missing => {
                case.blocked = case.blocked.or_else(|| self.duplicate(kind, identity, system));
                create::offers(&case, &diffs())
            }
            Pairing::Differs => case.differences(&diffs()),
            Pairing::Leaver => case.switch(Op::Deactivate, "inactive in the source").into_iter().collect(),
            Pairing::Extra => case.switch(Op::Deactivate, "nobody in the source").into_iter().collect(),
            Pairing::Leaving if case.target.deactivate_out_of_scope => {
                case.switch(Op::Deactivate, "out of scope").into_iter().collect()
            }
            Pairing::Leaving => Vec::new(),
            Pairing::Undecided => {
                case.blocked = Some(format!(
                    "nobody can say which record of {} this is, or whether it should be there: link it first",
                    case.target.id
                ));
                if case.row.is_some() { case.differences(&diffs()) } else { create::offers(&case, &diffs()) }
            }
        }
    }

    /// Why a create is held: the target has a record that this probably is already.
    fn duplicate(&self, kind: Kind, identity: u32, system: usize) -> Option<String> {
        let mut made = self.suggesters.borrow_mut();
        let suggester = made
            .entry((kind, system))
            .or_insert_with(|| Suggester::new(self.compared, kind, system).map(Rc::new))
            .clone()?;
        drop(made);
        let candidate = suggester.duplicate(identity)?;
        let why: Vec<String> = candidate
            .evidence
            .iter()
            .filter(|evidence| evidence.speaks)
            .map(|evidence| clean(&evidence.text).into_owned())
            .collect();
        Some(format!(
            "possible duplicate of {} ({} {}): {}; link them, or say that they are not the same",
            clean(&candidate.label),
            candidate.record.system,
            clean(&candidate.record.id),
            why.join(", ")
        ))
    }

    /// One identity in one target; `None` where nothing of it is ever staged.
    pub(super) fn case(&self, kind: Kind, identity: u32, system: usize) -> Option<Case<'c>> {
        let inputs = &self.compared.inputs;
        // Without a source of truth nobody is right, and nothing can be staged (DESIGN.md section 1).
        let source = inputs.source.filter(|source| *source != system)?;
        let target = inputs.systems.get(system)?;
        let comparison = self.compared.kind(kind);
        let map = target.mapping.kind(kind).filter(|map| !map.reference)?;
        let at = |system: usize| {
            let snapshot = &**inputs.systems[system].snapshot(kind)?;
            comparison.row(identity, system).map(|row| (snapshot, row))
        };
        let mut case = Case {
            compared: self.compared,
            kind,
            source,
            system,
            from: &inputs.systems[source],
            target,
            map,
            source_row: at(source),
            row: at(system),
            lints: Vec::new(),
            blocked: None,
        };
        case.lints = self.lints_of(&case);
        case.blocked = case.protection();
        Some(case)
    }

    /// Lint that stands in the way: of this target, about either record.
    fn lints_of(&self, case: &Case<'c>) -> Vec<&'c Lint> {
        let keys = [(case.from, case.source_row), (case.target, case.row)];
        keys.into_iter()
            .filter_map(|(view, found)| found.map(|(snapshot, row)| (view, snapshot.table.id(row))))
            .filter_map(|(view, id)| self.lints.get(&(view.id.as_str(), case.kind, id)))
            .flatten()
            .filter(|lint| lint.system == case.target.id || lint.system == case.from.id)
            // What is to be overwritten hurts nobody any more.
            .filter(|lint| lint.rule != Rule::HostileText || lint.record.system == case.from.id)
            .copied()
            .collect()
    }
}
