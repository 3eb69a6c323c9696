//! One identity in one target, with all that its facets are told by.

use super::Verdict;
use crate::compare::lane::refs::{Found, Refs};
use crate::compare::lane::served::own;
use crate::compare::{Base, Compared, Comparison, Pairing, SystemView, Waiver, name};
use crate::mapping::{Access, MapRow, Policy};
use crate::model::{AttrPath, Kind, RecordKey, Row, Snapshot};

/// One identity in one target.
pub(in crate::compare) struct Case<'c> {
    pub(super) comparison: &'c Comparison,
    pub(super) kind: Kind,
    pub(super) identity: u32,
    pub(super) system: usize,
    /// Whether anybody is right: without a source nothing can be wanted.
    pub(super) authority: bool,
    pub(super) from: &'c SystemView,
    pub(super) to: &'c SystemView,
    pub(super) pairing: Pairing,
    pub(super) source: Option<(&'c Snapshot, Row)>,
    pub(super) target: Option<(&'c Snapshot, Row)>,
    pub(super) refs: Refs<'c>,
    pub(super) bases: &'c [Base],
    pub(super) waivers: Vec<&'c Waiver>,
}

impl<'c> Case<'c> {
    pub(super) fn new(compared: &'c Compared, kind: Kind, identity: u32, system: usize) -> Option<Self> {
        let inputs = &*compared.inputs;
        let base = inputs.base().filter(|base| *base != system)?;
        let comparison = &**compared.kind(kind);
        let pairing = comparison.state(identity, system)?.pairing;
        let (from, to) = (inputs.systems.get(base)?, inputs.systems.get(system)?);
        let at = |view: &'c SystemView, system: usize| {
            let snapshot = &**view.snapshot(kind)?;
            comparison.row(identity, system).map(|row| (snapshot, row))
        };
        let target = at(to, system);
        let key = target.map(|(snapshot, row)| RecordKey::new(to.id.clone(), kind, snapshot.table.id(row)));
        Some(Self {
            comparison,
            kind,
            identity,
            system,
            authority: inputs.source.is_some(),
            from,
            to,
            pairing,
            source: at(from, base),
            target,
            refs: Refs::new(inputs, system, |kind| compared.kind(kind).standing_in(system)),
            bases: key.as_ref().map_or(&[], |key| inputs.bases.of(key)),
            waivers: inputs.waivers.iter().filter(|waiver| Some(&waiver.target) == key.as_ref()).collect(),
        })
    }

    /// The same pair of records as they were before, however it stands now: to see what was alike.
    pub(in crate::compare) fn past(
        compared: &'c Compared,
        kind: Kind,
        identity: u32,
        system: usize,
        [source, target]: [(&'c Snapshot, Row); 2],
    ) -> Option<Self> {
        let now = Self::new(compared, kind, identity, system)?;
        let (source, target) = (Some(source), Some(target));
        Some(Self { source, target, pairing: Pairing::Differs, bases: &[], waivers: Vec::new(), ..now })
    }

    pub(super) fn compared(&self, path: &AttrPath) -> bool {
        self.comparison.compares[self.system].iter().any(|compares| compares.path == *path)
    }

    pub(super) fn counted(&self, path: &AttrPath) -> bool {
        self.comparison.differing(self.identity, self.system).any(|compares| compares.path == *path)
    }

    pub(super) fn common(&self, path: &AttrPath, entry: &str) -> Option<&'c Base> {
        self.bases.iter().find(|base| base.path == *path && base.entry == entry)
    }

    /// Whether the operator adopted what the target has, and neither side has moved since.
    pub(super) fn adopted(&self, path: &AttrPath, entry: &str, own: &[Option<String>; 2]) -> Option<&'c Waiver> {
        self.waivers.iter().copied().find(|waiver| waiver.holds(path, entry, own))
    }

    /// What a difference is for somebody who stands like this.
    pub(super) fn verdict(&self, path: &AttrPath, entry: &str, own: &[Option<String>; 2]) -> (Verdict, String) {
        if !self.compared(path) {
            return (Verdict::Shown, self.not_compared(path));
        }
        if matches!(self.pairing, Pairing::Differs | Pairing::Same)
            && let Some(waiver) = self.adopted(path, entry, own)
        {
            return (Verdict::Waived, waiver.reason.clone());
        }
        match self.pairing {
            Pairing::Differs if self.counted(path) => (Verdict::Differs, String::new()),
            Pairing::Differs | Pairing::Same => (Verdict::Shown, self.uncounted(path)),
            // Who is to be created differs in all; who is undecided is shown with what would have to be done.
            Pairing::Missing | Pairing::Undecided => (Verdict::Differs, String::new()),
            Pairing::Leaver if *path == AttrPath::new("active") => {
                (Verdict::Differs, "inactive in the source".to_owned())
            }
            Pairing::Leaver => (Verdict::Shown, "inactive in the source: only the account is switched off".to_owned()),
            Pairing::Leaving => (Verdict::Shown, "out of scope".to_owned()),
            Pairing::Extra => (Verdict::OneSided, "nobody in the source".to_owned()),
            Pairing::None => (Verdict::Shown, "not ours to judge".to_owned()),
            Pairing::Shown => (Verdict::Shown, "shown only".to_owned()),
        }
    }

    pub(super) fn uncounted(&self, path: &AttrPath) -> String {
        match self.rule(path).map_or(Policy::Force, |row| row.policy) {
            Policy::Keep => "what the target has already is left alone".to_owned(),
            Policy::SkipEmpty => "empty in the source, and so left alone".to_owned(),
            Policy::Force => "inactive on both sides, or out of scope: not counted".to_owned(),
        }
    }

    pub(super) fn not_compared(&self, path: &AttrPath) -> String {
        let row = self.to.mapping.row(self.kind, path);
        if own(path) {
            "each system's own".to_owned()
        } else if let Some(row) = row.filter(|row| !row.compare) {
            row.note.clone().unwrap_or_else(|| "shown only".to_owned())
        } else if row.is_none() {
            format!("not in {}", self.to.mapping.title)
        } else {
            format!("{} has it for nobody, so nobody is right", self.from.id)
        }
    }

    pub(super) fn rule(&self, path: &AttrPath) -> Option<&'c MapRow> {
        self.to.mapping.row(self.kind, path)
    }

    /// Why an attribute was not read on one side.
    pub(super) fn unread(&self, path: &AttrPath) -> String {
        let lost = |view: &SystemView| view.mapping.row(self.kind, path)?.lost.clone();
        lost(self.to).or_else(|| lost(self.from)).unwrap_or_else(|| "not read".to_owned())
    }

    pub(super) fn writable(&self, path: &AttrPath) -> bool {
        self.authority && self.rule(path).is_some_and(|row| !row.secret && row.access != Access::ReadOnly)
    }

    /// A text, or the name of the record that it refers to.
    pub(super) fn shown(&self, refers: Option<Kind>, text: &str, source: bool) -> String {
        let Some(kind) = refers.filter(|_| !text.is_empty()) else { return text.to_owned() };
        let own = if source { self.refs.kind(kind).source_snapshot() } else { self.refs.kind(kind).target_snapshot() };
        if let Some(snapshot) = own
            && let Some(row) = snapshot.table.find(text)
        {
            return name(&snapshot.table, row).to_owned();
        }
        let found = if source { self.refs.source(kind, text) } else { self.refs.target(kind, text) };
        match found {
            Found::There(kind, row) => self.target_name(kind, row).unwrap_or_else(|| text.to_owned()),
            _ => text.to_owned(),
        }
    }

    pub(super) fn target_id(&self, kind: Kind, row: Row) -> Option<String> {
        self.refs.kind(kind).target_snapshot().map(|snapshot| snapshot.table.id(row).to_owned())
    }

    pub(super) fn target_name(&self, kind: Kind, row: Row) -> Option<String> {
        self.refs.kind(kind).target_snapshot().map(|snapshot| name(&snapshot.table, row).to_owned())
    }

    pub(super) fn unresolved(&self, found: Option<Found>, refers: Option<Kind>, text: &str) -> String {
        let what = refers.map_or("record", Kind::name).to_lowercase();
        let to = &self.to.id;
        match found {
            Some(Found::Pending) => format!("{to} does not have the {what} yet: it has to be created first"),
            Some(Found::Aside) => format!("the {what} need not be in {to}"),
            Some(Found::Doubt) => format!("several records of {to} could be the {what} {text}"),
            Some(Found::Nowhere) if refers == Some(Kind::Product) => {
                format!("{to} has no {what} {text}, or its key may not see it")
            }
            _ => format!("{to} has no {what} {text}"),
        }
    }

    pub(super) fn one_sided(&self, path: &AttrPath) -> Option<String> {
        let has = |view: &SystemView| {
            view.snapshot(self.kind).is_some_and(|snapshot| snapshot.table.schema().find(path).is_some())
        };
        match (has(self.from), has(self.to)) {
            (true, true) => None,
            (true, false) => Some(format!("not in {}", self.to.mapping.title)),
            _ => Some(format!("not in {}", self.from.mapping.title)),
        }
    }

    /// The source's id of a record of the target.
    pub(super) fn source_id(&self, kind: Kind, row: Row) -> Option<String> {
        let snapshot = self.refs.kind(kind).source_snapshot()?;
        let identity = self.refs.kind(kind).source_of(row)?;
        ((identity as usize) < snapshot.table.len()).then(|| snapshot.table.id(Row(identity)).to_owned())
    }
}
