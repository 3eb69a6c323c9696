//! One identity in one target, and the fixes that could be staged of it.

use super::Offer;
use super::refs::{Resolved, create_id, resolve};
use crate::compare::{Compared, Lint, Rule, SystemView, label};
use crate::mapping::{Access, Capability, KindMap};
use crate::model::text::clean;
use crate::model::{AttrPath, Cell, Kind, Op, RecordKey, Row, Snapshot, Table};
use crate::plan::{By, Change, ChangeId, Expect, Facet, Ref, Seen, Target, Want, Wanted, unagreed};

/// The attribute that says whether an account is switched on.
pub(super) const ACTIVE: &str = "active";

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
    pub(super) fn protection(&self) -> Option<String> {
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
    pub(super) fn expect(&self, facets: &[Facet]) -> Expect {
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
