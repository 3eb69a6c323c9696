//! From how an identity stands in a target to the fixes that could be staged.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::entry::Entry;
use super::refs::{Resolved, create_id, created, resolve};
use super::{Offer, create};
use crate::compare::{Compared, FacetDiff, Lint, Pairing, Rule, Suggester, SystemView, Verdict, facets, label};
use crate::mapping::{Access, Capability, KindMap};
use crate::model::text::clean;
use crate::model::{AttrPath, Cell, Kind, Op, RecordKey, Row, Snapshot, Table};
use crate::plan::{By, Change, ChangeId, Expect, Facet, Ref, Seen, Target, Want, Wanted, unagreed};

/// The attribute that says whether an account is switched on.
pub(super) const ACTIVE: &str = "active";

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

/// One identity in one target, with everything that its offers are made of.
pub(super) struct Case<'c> {
    pub(super) compared: &'c Compared,
    pub(super) kind: Kind,
    pub(super) source: usize,
    pub(super) system: usize,
    pub(super) from: &'c SystemView,
    pub(super) target: &'c SystemView,
    pub(super) map: &'c KindMap,
    /// The source's record.
    pub(super) source_row: Option<(&'c Snapshot, Row)>,
    /// The target's record.
    pub(super) row: Option<(&'c Snapshot, Row)>,
    pub(super) lints: Vec<&'c Lint>,
    /// Why nothing of it can be staged.
    pub(super) blocked: Option<String>,
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

impl Case<'_> {
    pub(super) fn change(&self, op: Op, facet: Option<&Facet>, label: String, want: Vec<Want>) -> Option<Change> {
        let (snapshot, row) = self.row?;
        let id = snapshot.table.id(row);
        Some(Change {
            id: Change::name(&self.target.id, self.kind, id, op, facet),
            system: self.target.id.clone(),
            kind: self.kind,
            target: Target::Record(RecordKey::new(self.target.id.clone(), self.kind, id)),
            label,
            source: self.source_key(),
            op,
            want,
            expect: Expect::Facets(Vec::new()),
            needs: Vec::new(),
        })
    }

    /// Why a change may not be written: it holds characters that could hurt a terminal, and nobody has agreed to them yet.
    pub(super) fn odd(&self, change: &Change) -> Option<String> {
        let all = unagreed(change, &self.compared.inputs.agreed);
        let (_, path, text) = all.first()?;
        Some(format!(
            "{path} would be written with characters that could drive a terminal or turn the direction of text: {}",
            clean(text)
        ))
    }

    /// Why nothing of the target's record may be touched, where the operator protected it.
    fn protection(&self) -> Option<String> {
        let (snapshot, row) = self.row?;
        let id = snapshot.table.id(row);
        let all = &self.compared.inputs.protected;
        let own = all.iter().find(|protection| {
            protection.record.system == self.target.id
                && protection.record.kind == self.kind
                && *protection.record.id == *id
        });
        own.map(|protection| format!("protected: {}", protection.reason))
    }

    pub(super) fn source_key(&self) -> Option<RecordKey> {
        let (snapshot, row) = self.source_row?;
        Some(RecordKey::new(self.from.id.clone(), self.kind, snapshot.table.id(row)))
    }

    /// What operators call it: as the source has it, or the target for an extra.
    pub(super) fn label(&self) -> String {
        self.source_row.or(self.row).map(|(snapshot, row)| label(&snapshot.table, row).to_owned()).unwrap_or_default()
    }

    /// The id that the create of this identity has, whether or not one is offered.
    pub(super) fn create_id(&self) -> Option<ChangeId> {
        let (snapshot, row) = self.source_row?;
        Some(create_id(self.target, self.kind, snapshot.table.id(row)))
    }

    /// What the source itself has for a text.
    pub(super) fn source_text(&self, path: &AttrPath) -> String {
        let Some((snapshot, row)) = self.source_row else { return String::new() };
        let attr = snapshot.table.schema().find(path);
        attr.map(|attr| snapshot.table.cell(row, attr).text().to_owned()).unwrap_or_default()
    }

    pub(super) fn resolve(&self, kind: Kind, id: &str) -> Resolved {
        resolve(self.compared, self.source, self.system, kind, id)
    }

    /// Why an operation on a facet cannot be staged.
    pub(super) fn block(&self, op: Op, path: Option<&AttrPath>) -> Option<String> {
        if self.blocked.is_some() {
            return self.blocked.clone();
        }
        if let Capability::No(why) = self.target.mapping.can(self.kind, op) {
            return Some(why);
        }
        if let Some(path) = path
            && op != Op::Create
        {
            let Some(row) = self.target.mapping.row(self.kind, path) else {
                return Some(format!("{} has no {path}", self.target.mapping.title));
            };
            match row.access {
                Access::ReadOnly => {
                    let why =
                        row.lost.as_ref().or(row.note.as_ref()).map(|note| format!(": {note}")).unwrap_or_default();
                    let (title, local) = (&self.target.mapping.title, path.local(&[]));
                    return Some(format!("{title} does not let {local} be written{why}"));
                }
                Access::Create if op != Op::Put || self.row.is_some() => {
                    return Some(format!(
                        "{} takes {path} only when a {} is created",
                        self.target.mapping.title, self.kind
                    ));
                }
                Access::Create | Access::ReadWrite | Access::WriteOnly => {}
            }
        }
        if let Some(why) = op.removes().then(|| self.unproved(path)).flatten() {
            return Some(why);
        }
        let lint = self.lints.iter().find(|lint| match &lint.path {
            // What is mandatory and lacking is asked for in a form.
            _ if op == Op::Create && lint.rule == Rule::Mandatory => false,
            None => true,
            Some(about) => path == Some(about),
        });
        lint.map(|lint| lint.text.clone())
    }

    /// Why nothing may be taken away on the strength of what was read (DESIGN.md section 4, promise 1).
    fn unproved(&self, path: Option<&AttrPath>) -> Option<String> {
        let sides = [self.from.snapshot(self.kind), self.target.snapshot(self.kind)];
        for (view, snapshot) in [self.from, self.target].into_iter().zip(sides) {
            let plural = self.kind.plural().to_lowercase();
            let Some(snapshot) = snapshot else {
                return Some(format!("the {plural} of {} were not read, so nothing is taken away", view.id));
            };
            if let Some(why) = incomplete(snapshot, path) {
                return Some(format!(
                    "the {plural} of {} are not known to be complete ({why}), so nothing is taken away",
                    view.id
                ));
            }
        }
        None
    }

    /// The one offer that switches an account on or off.
    pub(super) fn switch(&self, op: Op, why: &str) -> Option<Offer> {
        let facet = Facet::attr(ACTIVE);
        let (was, shall) = if op == Op::Deactivate { ("true", "false") } else { ("false", "true") };
        let want = Want { facet: facet.clone(), value: Wanted::Text(shall.to_owned()), by: By::Source };
        let mut change = self.change(op, None, self.label(), vec![want])?;
        change.expect = self.expect(&[facet]);
        let text = match op {
            Op::Deactivate => format!("deactivate, active: {was} -> {shall} ({why})"),
            _ => format!("reactivate, active: {was} -> {shall}"),
        };
        Some(Offer { change, text, ticked: !op.removes(), blocked: self.block(op, None), blanks: Vec::new() })
    }

    /// What must still hold: these facets, and that nobody switched the account on or off meanwhile.
    fn expect(&self, facets: &[Facet]) -> Expect {
        let Some((snapshot, row)) = self.row else { return Expect::Facets(Vec::new()) };
        let active = Facet::attr(ACTIVE);
        let mut all = facets.to_vec();
        if snapshot.table.schema().find(&active.path).is_some() && !all.contains(&active) {
            all.push(active);
        }
        Expect::Facets(
            all.into_iter().map(|facet| (seen(&snapshot.table, row, &facet), facet)).map(|(a, b)| (b, a)).collect(),
        )
    }

    pub(super) fn differences(&self, diffs: &[FacetDiff]) -> Vec<Offer> {
        let mut offers = Vec::new();
        for diff in diffs.iter().filter(|diff| diff.verdict.counts() || diff.verdict == Verdict::Unresolved) {
            if diff.key.is_some() {
                offers.extend(Entry::of(self, diff).and_then(|entry| {
                    let Entry { op, facet, value, text, needs, why } = entry;
                    self.offer(op, vec![(facet, value)], text, needs, why)
                }));
            } else if diff.path == AttrPath::new(ACTIVE) {
                let op = if diff.want.as_deref() == Some("false") { Op::Deactivate } else { Op::Reactivate };
                offers.extend(self.switch(op, "inactive in the source"));
            } else {
                offers.extend(self.text(diff, diffs));
            }
        }
        offers
    }

    /// One offer of one facet, or of the parts that one attribute is put together from.
    fn offer(
        &self,
        op: Op,
        wants: Vec<(Facet, Wanted)>,
        text: String,
        needs: Vec<ChangeId>,
        why: Option<String>,
    ) -> Option<Offer> {
        let blocked = why.or_else(|| wants.iter().find_map(|(facet, _)| self.block(op, Some(&facet.path))));
        let facets: Vec<Facet> = wants.iter().map(|(facet, _)| facet.clone()).collect();
        let want = wants.into_iter().map(|(facet, value)| Want { facet, value, by: By::Source }).collect();
        let mut change = self.change(op, facets.first(), self.label(), want)?;
        change.expect = self.expect(&facets);
        change.needs = needs;
        let blocked = blocked.or_else(|| self.odd(&change));
        Some(Offer { change, text, ticked: !op.removes(), blocked, blanks: Vec::new() })
    }

    /// One differing text.
    fn text(&self, diff: &FacetDiff, diffs: &[FacetDiff]) -> Option<Offer> {
        let shown = |side: &Option<String>| {
            side.as_deref().filter(|text| !text.is_empty()).map_or("(empty)".into(), |text| clean(text).into_owned())
        };
        let text = format!("{}: {} -> {}", diff.path, shown(&diff.target), shown(&diff.source));
        let facet = Facet::attr(diff.path.as_str());
        if matches!(diff.verdict, Verdict::Awaits | Verdict::Unresolved) {
            return self.unresolved(facet, diff, text);
        }
        if let Some(offer) = self.parts(diff, diffs, &text) {
            return Some(offer);
        }
        let why = diff.want.is_none().then(|| {
            let why = Some(&diff.why).filter(|why| !why.is_empty()).cloned();
            why.unwrap_or_else(|| format!("nobody can say what {} should be", diff.path))
        });
        let value = match diff.want.as_deref() {
            None | Some("") => Wanted::Clear,
            Some(id) if diff.refers.is_some() => Wanted::Ref(Ref::Id(id.into())),
            Some(text) => Wanted::Text(text.to_owned()),
        };
        self.offer(Op::Set, vec![(facet, value)], text, Vec::new(), why)
    }

    /// An attribute that is only shown, put together from others that are only written (Aha!'s name): those are written.
    fn parts(&self, diff: &FacetDiff, diffs: &[FacetDiff], text: &str) -> Option<Offer> {
        let mapping = &self.target.mapping;
        if mapping.row(self.kind, &diff.path)?.access != Access::ReadOnly {
            return None;
        }
        let wants: Vec<(Facet, Wanted)> = diffs
            .iter()
            .filter(|part| {
                let row = mapping.row(self.kind, &part.path);
                row.is_some_and(|row| row.shows_in.as_ref() == Some(&diff.path) && row.access != Access::ReadOnly)
            })
            .filter_map(|part| {
                let text = part.want.clone().filter(|text| !text.is_empty())?;
                Some((Facet::attr(part.path.as_str()), Wanted::Text(text)))
            })
            .collect();
        if wants.is_empty() {
            return None;
        }
        let names: Vec<&str> = wants.iter().map(|(facet, _)| facet.path.as_str()).collect();
        let text = format!("{text} (writes {})", names.join(", "));
        let mut offer = self.offer(Op::Set, wants, text, Vec::new(), None)?;
        // The name of the change is that of what differs, and so is what must still hold.
        let shows = Facet::attr(diff.path.as_str());
        if let Target::Record(key) = &offer.change.target {
            offer.change.id = Change::name(&offer.change.system, self.kind, &key.id, Op::Set, Some(&shows));
        }
        let written = offer.change.want.iter().map(|want| want.facet.clone());
        offer.change.expect = self.expect(&written.chain([shows]).collect::<Vec<_>>());
        Some(offer)
    }

    /// A reference to a record that is not there: it can be set once that record is created.
    fn unresolved(&self, facet: Facet, diff: &FacetDiff, text: String) -> Option<Offer> {
        let refers = self.map.schema.find(&diff.path).and_then(|attr| self.map.schema.def(attr).refers)?;
        let own = self.source_text(&diff.path);
        if own.is_empty() {
            // What the target has and nobody can place is left alone.
            return None;
        }
        match self.resolve(refers, &own) {
            Resolved::New(change) => {
                let value = Wanted::Ref(Ref::New(change.clone()));
                self.offer(Op::Set, vec![(facet, value)], format!("{text} (to be created first)"), vec![change], None)
            }
            Resolved::Id(_) => {
                self.offer(Op::Set, vec![(facet, Wanted::Clear)], text, Vec::new(), Some(diff.why.clone()))
            }
            Resolved::Nothing(why) => {
                let why = if diff.why.is_empty() { why } else { diff.why.clone() };
                self.offer(Op::Set, vec![(facet, Wanted::Clear)], text, Vec::new(), Some(why))
            }
        }
    }
}

/// What a facet is in a table, in the table's own terms. A key with a record that does not exist yet is not there.
pub fn seen(table: &Table, row: Row, facet: &Facet) -> Seen {
    let Some(attr) = table.schema().find(&facet.path) else { return Seen::Unreadable };
    let Some(key) = &facet.key else {
        return match table.cell(row, attr) {
            Cell::Value(text) => Seen::Value(text.to_owned()),
            Cell::Empty => Seen::Absent,
            Cell::Unread | Cell::Unreadable => Seen::Unreadable,
        };
    };
    let Some(entries) = table.entries(row, attr) else { return Seen::Unreadable };
    let part = |at: usize| match key.get(at) {
        Some(Ref::Id(id)) => Some(&**id),
        Some(Ref::New(_)) => None,
        None => Some(""),
    };
    let (Some(first), Some(second)) = (part(0), part(1)) else { return Seen::Absent };
    entries
        .iter()
        .map(|entry| table.entry_text(attr, *entry))
        .find(|(have, _)| *have == [first, second])
        .map_or(Seen::Absent, |(_, value)| Seen::Value(value.to_owned()))
}

/// Why a snapshot does not prove absence: in its listing, or in the feeds that bring the details.
pub(in crate::plan) fn incomplete(snapshot: &Snapshot, path: Option<&AttrPath>) -> Option<String> {
    let schema = snapshot.table.schema();
    let later = path.and_then(|path| schema.find(path)).is_some_and(|attr| schema.def(attr).later);
    let feeds = if later { &snapshot.feeds[..] } else { snapshot.feeds.get(..1).unwrap_or_default() };
    if feeds.is_empty() {
        return Some("nothing was read".to_owned());
    }
    let open = feeds.iter().find(|feed| !feed.proof.complete())?;
    Some(format!("{}: {}", open.feed, reason(&open.proof)))
}

fn reason(proof: &crate::model::Proof) -> String {
    match proof {
        crate::model::Proof::Partial { why } => why.clone(),
        crate::model::Proof::Reading { read, of: Some(of) } => format!("still reading, {read} of {of}"),
        crate::model::Proof::Reading { read, of: None } => format!("still reading, {read} so far"),
        crate::model::Proof::Complete { how, .. } => how.clone(),
        crate::model::Proof::Acknowledged { why, .. } => why.clone(),
    }
}
