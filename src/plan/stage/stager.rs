//! From how an identity stands in a target to the fixes that could be staged.

use std::collections::HashMap;

use super::refs::{Resolved, create_id, label, resolve};
use super::{Offer, create};
use crate::compare::{Compared, FacetDiff, Lint, Pairing, Rule, SystemView, Verdict, facets};
use crate::mapping::{Access, Capability, KindMap};
use crate::model::text::clean;
use crate::model::{Attr, AttrPath, Cell, Form, Kind, Op, RecordKey, Row, Snapshot, Table};
use crate::plan::{By, Change, ChangeId, Expect, Facet, Ref, Seen, Target, Want, Wanted};

/// The attribute that says whether an account is switched on.
pub(super) const ACTIVE: &str = "active";

/// Makes offers for many identities of one comparison.
#[derive(Debug)]
pub struct Stager<'c> {
    compared: &'c Compared,
    lints: HashMap<(&'c str, Kind, &'c str), Vec<&'c Lint>>,
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
        Self { compared, lints }
    }

    /// See [`super::offers`].
    pub fn offers(&self, kind: Kind, identity: u32, system: usize) -> Vec<Offer> {
        let state = self.compared.kind(kind).state(identity, system);
        let (Some(mut case), Some(state)) = (self.case(kind, identity, system), state) else { return Vec::new() };
        let diffs = || facets(self.compared, kind, identity, system);
        match state.pairing {
            Pairing::None | Pairing::Same | Pairing::Shown => Vec::new(),
            Pairing::Missing => create::offers(&case),
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
                if case.row.is_some() { case.differences(&diffs()) } else { create::offers(&case) }
            }
        }
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
        Some(case)
    }

    /// Lint that stands in the way: of this target, about either record.
    fn lints_of(&self, case: &Case<'c>) -> Vec<&'c Lint> {
        let keys = [(case.from, case.source_row), (case.target, case.row)];
        keys.into_iter()
            .filter_map(|(view, found)| found.map(|(snapshot, row)| (view, snapshot.table.id(row))))
            .filter_map(|(view, id)| self.lints.get(&(view.id.as_str(), case.kind, id)))
            .flatten()
            .filter(|lint| lint.system == case.target.id)
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

    pub(super) fn source_key(&self) -> Option<RecordKey> {
        let (snapshot, row) = self.source_row?;
        Some(RecordKey::new(self.from.id.clone(), self.kind, snapshot.table.id(row)))
    }

    /// What operators call it: as the source has it, or the target for an extra.
    pub(super) fn label(&self) -> String {
        self.source_row.or(self.row).map(|(snapshot, row)| label(&snapshot.table, row)).unwrap_or_default()
    }

    /// The id that the create of this identity has, whether or not one is offered.
    pub(super) fn create_id(&self) -> Option<ChangeId> {
        let (snapshot, row) = self.source_row?;
        Some(create_id(self.target, self.kind, snapshot.table.id(row)))
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
                    return Some(format!("{} does not let {path} be written", self.target.mapping.title));
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
        let mut lists: Vec<Attr> = Vec::new();
        for diff in diffs {
            if diff.path == AttrPath::new(ACTIVE) && diff.verdict == Verdict::Differs {
                let op = if diff.want.as_deref() == Some("false") { Op::Deactivate } else { Op::Reactivate };
                offers.extend(self.switch(op, "inactive in the source"));
            } else if diff.verdict == Verdict::Differs {
                offers.extend(self.difference(diff));
            } else if diff.verdict == Verdict::Unresolved {
                match self.map.schema.find(&diff.path) {
                    // Entries that do not resolve are gone through once, from the source's own list.
                    Some(attr) if lists.contains(&attr) => {}
                    Some(attr) if matches!(self.map.schema.def(attr).form, Form::List(_)) => {
                        lists.push(attr);
                        offers.extend(self.unresolved_entries(attr));
                    }
                    Some(attr) => offers.extend(self.unresolved_text(attr, diff)),
                    None => {}
                }
            }
        }
        offers
    }

    /// One offer of one facet.
    fn offer(
        &self,
        op: Op,
        facet: Facet,
        value: Wanted,
        text: String,
        needs: Vec<ChangeId>,
        why: Option<String>,
    ) -> Option<Offer> {
        let blocked = why.or_else(|| self.block(op, Some(&facet.path)));
        let want = Want { facet: facet.clone(), value, by: By::Source };
        let mut change = self.change(op, Some(&facet), self.label(), vec![want])?;
        change.expect = self.expect(&[facet]);
        change.needs = needs;
        Some(Offer { change, text, ticked: !op.removes(), blocked, blanks: Vec::new() })
    }

    fn difference(&self, diff: &FacetDiff) -> Option<Offer> {
        let reference = |id: &str| Wanted::Ref(Ref::Id(id.into()));
        let shown = |side: &Option<String>| {
            side.as_deref().filter(|text| !text.is_empty()).map_or("(empty)".into(), |text| clean(text).into_owned())
        };
        let why = diff.want.is_none().then(|| {
            if diff.why.is_empty() { format!("nobody can say what {} should be", diff.path) } else { diff.why.clone() }
        });
        let Some((key, name)) = &diff.key else {
            let facet = Facet::attr(diff.path.as_str());
            let value = match diff.want.as_deref() {
                None | Some("") => Wanted::Clear,
                Some(id) if diff.refers.is_some() => reference(id),
                Some(text) => Wanted::Text(text.to_owned()),
            };
            let text = format!("{}: {} -> {}", diff.path, shown(&diff.target), shown(&diff.source));
            return self.offer(Op::Set, facet, value, text, Vec::new(), why);
        };
        let entry = key.iter().map(|part| Ref::Id(part.as_str().into())).collect();
        let facet = Facet { path: diff.path.clone(), key: Some(entry) };
        let attr = self.map.schema.find(&diff.path)?;
        let valued = matches!(&self.map.schema.def(attr).form, Form::List(def) if def.value.is_some());
        let (op, value) = match diff.want.as_deref() {
            Some("") if valued || diff.source.is_none() => (Op::Drop, Wanted::Clear),
            None if diff.source.is_none() => (Op::Drop, Wanted::Clear),
            Some(id) if valued && diff.refers.is_some() => (Op::Put, reference(id)),
            Some(text) if valued => (Op::Put, Wanted::Text(text.to_owned())),
            _ => (Op::Put, Wanted::Present),
        };
        let at = format!("{}[{}]", diff.path, clean(name));
        let text = match op {
            Op::Drop if valued => format!("{at}: remove {}", shown(&diff.target)),
            Op::Drop => format!("{at}: remove"),
            _ if valued && diff.target.is_some() => format!("{at}: {} -> {}", shown(&diff.target), shown(&diff.source)),
            _ if valued => format!("{at}: add {}", shown(&diff.source)),
            _ => format!("{at}: add"),
        };
        self.offer(op, facet, value, text, Vec::new(), why)
    }

    /// A reference to a record that is not there yet: it can be set once that record is created.
    fn unresolved_text(&self, attr: Attr, diff: &FacetDiff) -> Option<Offer> {
        let refers = self.map.schema.def(attr).refers?;
        let (snapshot, row) = self.source_row?;
        let from = snapshot.table.schema().find(&diff.path)?;
        let id = snapshot.table.cell(row, from).text();
        let facet = Facet::attr(diff.path.as_str());
        let text = format!("{}: {}", diff.path, diff.source.as_deref().map(clean).unwrap_or_default());
        match self.resolve(refers, id) {
            Resolved::New(change) => {
                let value = Wanted::Ref(Ref::New(change.clone()));
                self.offer(Op::Set, facet, value, format!("{text} (to be created first)"), vec![change], None)
            }
            Resolved::Id(id) => self.offer(Op::Set, facet, Wanted::Ref(Ref::Id(id)), text, Vec::new(), None),
            Resolved::Nothing(why) => self.offer(Op::Set, facet, Wanted::Clear, text, Vec::new(), Some(why)),
        }
    }

    /// The source's entries of a list whose key or value is not in the target.
    fn unresolved_entries(&self, attr: Attr) -> Vec<Offer> {
        let mut offers = Vec::new();
        for entry in create::entries(self, attr) {
            if entry.needs.is_empty() && entry.why.is_none() {
                continue;
            }
            let text = if entry.why.is_none() { format!("{} (to be created first)", entry.text) } else { entry.text };
            offers.extend(self.offer(Op::Put, entry.facet, entry.value, text, entry.needs, entry.why));
        }
        offers
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
