//! One identity in one target, facet by facet, on demand.

use serde::{Deserialize, Serialize};

use super::entries::{Cut, Pairing as Pair, Single, merge, record_of, trouble, unlisted};
use super::judge::life;
use super::lane::{Alike, alike_refs, composed};
use super::refs::{Found, Refs};
use super::served::{composition, own};
use super::{Base, Compared, Comparison, Pairing, SystemView, Waiver, name};
use crate::mapping::{Access, MapRow, Policy};
use crate::model::fold::same;
use crate::model::{Attr, AttrDef, AttrPath, Cell, Fold, Form, Kind, ListDef, RecordKey, Row, Snapshot, Table};

/// Which side moved since the two last had the same value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The source did.
    SourceChanged,
    /// The target did.
    TargetDrifted,
    /// Both did.
    Both,
    /// There never was a common value, or none is known.
    Unknown,
}

impl Direction {
    /// Its word in JSON lines and filters.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SourceChanged => "source-changed",
            Self::TargetDrifted => "target-drifted",
            Self::Both => "both",
            Self::Unknown => "unknown",
        }
    }

    /// From the last common value, as each side had it: which of the two is no longer so.
    fn of(common: Option<&Base>, source: &str, target: &str, fold: Fold) -> Self {
        let Some(common) = common else { return Self::Unknown };
        match (same(&common.source, source, fold), same(&common.value, target, fold)) {
            (false, true) => Self::SourceChanged,
            (true, false) => Self::TargetDrifted,
            (false, false) => Self::Both,
            (true, true) => Self::Unknown,
        }
    }

    /// It in words; empty where nothing is known.
    pub const fn words(self) -> &'static str {
        match self {
            Self::SourceChanged => "source changed",
            Self::TargetDrifted => "target drifted",
            Self::Both => "both changed",
            Self::Unknown => "",
        }
    }
}

/// What is shown of an entry that has no value: it is there.
pub const PRESENT: &str = "present";

/// What the comparison says of one facet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Alike.
    Same,
    /// Different.
    Differs,
    /// Different, as it refers to a record that is still to be created: it can be staged together with that create.
    Awaits,
    /// Different, and waived by the operator.
    Waived,
    /// Different, but not counted: the account is inactive on both sides, or the row is shown only.
    Shown,
    /// The target never returns it.
    Unreadable,
    /// Not read on one side.
    Unread,
    /// A reference that does not resolve: lint, never a request.
    Unresolved,
    /// Only one side has the attribute at all.
    OneSided,
}

impl Verdict {
    /// Whether it makes its record one that is out of true.
    pub const fn counts(self) -> bool {
        matches!(self, Self::Differs | Self::Awaits)
    }
}

/// One facet of one identity in one target, ready to be shown and staged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetDiff {
    /// The attribute.
    pub path: AttrPath,
    /// For an entry: its key in the target's own ids (empty where it did not resolve), and how it is called.
    pub key: Option<(Vec<String>, String)>,
    /// For an entry: its key in the source's own ids, where the source knows it.
    pub source_key: Vec<String>,
    /// The source's value as it shows it; `None` where unread or unreadable, or for an entry that it does not have. An
    /// entry without a value is [`PRESENT`].
    pub source: Option<String>,
    /// The target's value likewise.
    pub target: Option<String>,
    /// The value that the target should have, as canonical text or the target's own id; empty to clear. `None` where
    /// nothing can be staged.
    pub want: Option<String>,
    /// For `want`: it is a record's id of this kind.
    pub refers: Option<Kind>,
    /// What the comparison says.
    pub verdict: Verdict,
    /// What source and target themselves have: for a reference its text there, not the name that is shown.
    pub own: [Option<String>; 2],
    /// Which side moved.
    pub direction: Direction,
    /// Where that is known: since when they differ, as far as was seen.
    pub since: Option<jiff::Timestamp>,
    /// Words for the WHY column.
    pub why: String,
}

impl FacetDiff {
    /// The entry's key in the target's own ids, joined with a space; empty for a text.
    pub fn entry(&self) -> String {
        self.key.as_ref().map(|(ids, _)| ids.join(" ")).unwrap_or_default()
    }

    /// As what refers to a record that is still to be created.
    fn awaits(&mut self, name: impl std::fmt::Display) {
        self.verdict = Verdict::Awaits;
        self.why = format!("still to be created: {name}");
    }

    /// With what the last common value says of it.
    fn directed(&mut self, common: Option<&Base>, fold: Fold) {
        let own = |at: usize| self.own[at].as_deref().unwrap_or_default();
        self.direction = Direction::of(common, own(0), own(1), fold);
        self.since = common.filter(|_| self.direction != Direction::Unknown).map(|base| base.since);
        if self.why.is_empty() {
            self.direction.words().clone_into(&mut self.why);
        }
    }
}

/// All facets of an identity in a target: attributes in the source's order, then what only the target has; lists entry by
/// entry.
pub fn facets(compared: &Compared, kind: Kind, identity: u32, system: usize) -> Vec<FacetDiff> {
    facets_of(compared, kind, identity, system, |_| true)
}

/// The facets of those attributes that are wanted.
pub fn facets_of(
    compared: &Compared,
    kind: Kind,
    identity: u32,
    system: usize,
    wanted: impl Fn(&AttrPath) -> bool,
) -> Vec<FacetDiff> {
    let Some(case) = Case::new(compared, kind, identity, system) else { return Vec::new() };
    let mut found = Vec::new();
    let ours = case.from.snapshot(kind).map(|snapshot| &snapshot.table);
    let theirs = case.to.snapshot(kind).map(|snapshot| &snapshot.table);
    let source_paths = ours.into_iter().flat_map(|table| table.schema().attrs()).map(|def| &def.path);
    let target_paths = theirs
        .into_iter()
        .flat_map(|table| table.schema().attrs())
        .map(|def| &def.path)
        .filter(|path| ours.is_none_or(|table| table.schema().find(path).is_none()));
    for path in source_paths.chain(target_paths).filter(|path| wanted(path)) {
        case.facet(path, ours, theirs, &mut found);
    }
    found
}

/// One identity in one target.
pub(super) struct Case<'c> {
    comparison: &'c Comparison,
    kind: Kind,
    identity: u32,
    system: usize,
    /// Whether anybody is right: without a source nothing can be wanted.
    authority: bool,
    from: &'c SystemView,
    to: &'c SystemView,
    pairing: Pairing,
    source: Option<(&'c Snapshot, Row)>,
    target: Option<(&'c Snapshot, Row)>,
    refs: Refs<'c>,
    bases: &'c [Base],
    waivers: Vec<&'c Waiver>,
}

impl<'c> Case<'c> {
    fn new(compared: &'c Compared, kind: Kind, identity: u32, system: usize) -> Option<Self> {
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
            refs: Refs::later(inputs, system, Kind::ALL.map(|kind| &**compared.kind(kind))),
            bases: key.as_ref().map_or(&[], |key| inputs.bases.of(key)),
            waivers: inputs.waivers.iter().filter(|waiver| Some(&waiver.target) == key.as_ref()).collect(),
        })
    }

    /// The same pair of records as they were before, however it stands now: to see what was alike.
    pub(super) fn past(
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

    fn compared(&self, path: &AttrPath) -> bool {
        self.comparison.compares[self.system].iter().any(|compares| compares.path == *path)
    }

    fn counted(&self, path: &AttrPath) -> bool {
        self.comparison.differing(self.identity, self.system).any(|compares| compares.path == *path)
    }

    fn common(&self, path: &AttrPath, entry: &str) -> Option<&'c Base> {
        self.bases.iter().find(|base| base.path == *path && base.entry == entry)
    }

    /// One attribute; for a list, entry by entry.
    pub(super) fn facet(
        &self,
        path: &AttrPath,
        ours: Option<&'c Table>,
        theirs: Option<&'c Table>,
        found: &mut Vec<FacetDiff>,
    ) {
        let ours = ours.and_then(|table| table.schema().find(path).map(|attr| (table, attr, table.schema().def(attr))));
        let theirs =
            theirs.and_then(|table| table.schema().find(path).map(|attr| (table, attr, table.schema().def(attr))));
        let list = [ours, theirs].into_iter().flatten().find_map(|(_, _, def)| match &def.form {
            Form::List(list) => Some(list),
            Form::Text => None,
        });
        if [ours, theirs].into_iter().flatten().all(|(_, _, def)| def.form == Form::Text) {
            found.extend(self.text(path, ours, theirs));
        } else if let Some(list) = theirs.map_or(list, |(_, _, def)| match &def.form {
            Form::List(list) => Some(list),
            Form::Text => list,
        }) {
            self.list(path, ours, theirs, list, found);
        }
    }

    /// Whether the operator adopted what the target has, and neither side has moved since.
    fn adopted(&self, path: &AttrPath, entry: &str, own: &[Option<String>; 2]) -> Option<&'c Waiver> {
        self.waivers.iter().copied().find(|waiver| waiver.holds(path, entry, own))
    }

    /// What a difference is for somebody who stands like this.
    fn verdict(&self, path: &AttrPath, entry: &str, own: &[Option<String>; 2]) -> (Verdict, String) {
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

    fn uncounted(&self, path: &AttrPath) -> String {
        match self.rule(path).map_or(Policy::Force, |row| row.policy) {
            Policy::Keep => "what the target has already is left alone".to_owned(),
            Policy::SkipEmpty => "empty in the source, and so left alone".to_owned(),
            Policy::Force => "inactive on both sides, or out of scope: not counted".to_owned(),
        }
    }

    fn not_compared(&self, path: &AttrPath) -> String {
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

    fn rule(&self, path: &AttrPath) -> Option<&'c MapRow> {
        self.to.mapping.row(self.kind, path)
    }

    fn writable(&self, path: &AttrPath) -> bool {
        self.authority && self.rule(path).is_some_and(|row| !row.secret && row.access != Access::ReadOnly)
    }

    /// How the target folds, and what a text refers to there.
    fn text(
        &self,
        path: &AttrPath,
        ours: Option<(&'c Table, Attr, &'c AttrDef)>,
        theirs: Option<(&'c Table, Attr, &'c AttrDef)>,
    ) -> Option<FacetDiff> {
        let cell = |of: Option<(&'c Table, Attr, &'c AttrDef)>, row: Option<(&'c Snapshot, Row)>| {
            let ((table, attr, _), (_, row)) = (of?, row?);
            Some(table.cell(row, attr))
        };
        let target = cell(theirs, self.target);
        let parts = self
            .source
            .map(|(snapshot, _)| composition(&self.to.mapping, self.kind, path, &snapshot.table))
            .unwrap_or_default();
        let made = self.source.filter(|_| !parts.is_empty()).and_then(|(snapshot, row)| {
            let part = |attr: &Attr| Some(snapshot.table.cell(row, *attr)).filter(|cell| cell.known()).map(Cell::text);
            composed(ours.map(|(_, attr, _)| snapshot.table.cell(row, attr)), parts.iter().map(part))
        });
        let source = match &made {
            Some(text) if text.is_empty() => Some(Cell::Empty),
            Some(text) => Some(Cell::Value(text)),
            None => cell(ours, self.source),
        };
        if source.is_none() && target.is_none() {
            return None;
        }
        let refers = theirs.or(ours).and_then(|(_, _, def)| def.refers);
        let fold = theirs.or(ours).map_or(Fold::Caseless, |(_, _, def)| def.fold);
        let known = |cell: Option<Cell<'_>>| cell.filter(|cell| cell.known()).map(|cell| cell.text().to_owned());
        let (raw_source, raw_target) = (known(source), known(target));
        let mut diff = FacetDiff {
            path: path.clone(),
            key: None,
            source_key: Vec::new(),
            source: raw_source.as_deref().map(|text| self.shown(refers, text, true)),
            target: raw_target.as_deref().map(|text| self.shown(refers, text, false)),
            want: None,
            refers: None,
            verdict: Verdict::Same,
            own: [raw_source.clone(), raw_target.clone()],
            direction: Direction::Unknown,
            since: None,
            why: String::new(),
        };
        let write_only = theirs.is_some_and(|(_, _, def)| def.unreadable)
            || self.rule(path).is_some_and(|row| row.access == Access::WriteOnly);
        if write_only && theirs.is_some() && self.pairing != Pairing::Extra {
            diff.verdict = Verdict::Unreadable;
            diff.why = format!("{} never returns it", self.to.mapping.title);
            diff.want = raw_source.filter(|_| self.writable(path));
            return Some(diff);
        }
        if path == &AttrPath::new("active") && self.switched(&mut diff) {
            return Some(diff);
        }
        match (source, target) {
            (Some(Cell::Unread), _) | (_, Some(Cell::Unread)) => {
                (diff.verdict, diff.why) = (Verdict::Unread, "not read".to_owned());
                return Some(diff);
            }
            (Some(Cell::Unreadable), _) => {
                diff.verdict = Verdict::Unreadable;
                diff.why = format!("{} never returns it", self.from.mapping.title);
                return Some(diff);
            }
            (None, _) => {
                diff.verdict = Verdict::OneSided;
                diff.why = match self.source {
                    None => "nobody in the source".to_owned(),
                    Some(_) => format!("not in {}", self.from.mapping.title),
                };
                return Some(diff);
            }
            (_, None) if self.target.is_some() || theirs.is_none() => {
                diff.verdict = Verdict::OneSided;
                diff.why = format!("not in {}", self.to.mapping.title);
                return Some(diff);
            }
            _ => {}
        }
        let ours = raw_source.unwrap_or_default();
        let theirs = raw_target.unwrap_or_default();
        let resolved = refers.map(|kind| {
            let find = |text: &str, found: &dyn Fn(&str) -> Found| (!text.is_empty()).then(|| found(text));
            let source = find(&ours, &|text| self.refs.source(kind, text));
            (source, find(&theirs, &|text| self.refs.target(kind, text)))
        });
        let alike = match resolved {
            Some((source, target)) => alike_refs(source, target, || same(&ours, &theirs, Fold::Caseless)),
            None if path == &AttrPath::new("active") && self.target.is_some() => {
                if life(&ours) == life(&theirs) {
                    Alike::Yes
                } else {
                    Alike::No
                }
            }
            None if same(&ours, &theirs, fold) => Alike::Yes,
            None => Alike::No,
        };
        match alike {
            // What each system gives by itself is never judged, also where two give the same.
            Alike::Yes if own(path) => (diff.verdict, diff.why) = (Verdict::Shown, self.not_compared(path)),
            Alike::Yes => {}
            Alike::Unread => (diff.verdict, diff.why) = (Verdict::Unread, "not read".to_owned()),
            Alike::Nowhere | Alike::Aside => {
                diff.verdict = Verdict::Unresolved;
                diff.why = self.unresolved(resolved.and_then(|(source, _)| source), refers, &ours);
            }
            Alike::Awaits => {
                (diff.verdict, diff.why) = self.verdict(path, "", &diff.own);
                if diff.verdict == Verdict::Differs {
                    diff.awaits(diff.source.clone().unwrap_or_default());
                }
            }
            Alike::No => {
                (diff.verdict, diff.why) = self.verdict(path, "", &diff.own);
                if diff.verdict == Verdict::Differs {
                    diff.directed(self.common(path, ""), fold);
                    if let Some(mangled) = &self.to.mapping.mangled
                        && mangled.undone(&theirs).is_some_and(|plain| same(&ours, &plain, fold))
                    {
                        diff.why.clone_from(&mangled.text);
                    }
                    (diff.want, diff.refers) = match resolved {
                        Some((Some(Found::There(kind, row)), _)) => (self.target_id(kind, row), Some(kind)),
                        _ if ours.is_empty() && self.target.is_none() => (None, None),
                        _ => (Some(ours), None),
                    };
                    if !self.authority {
                        diff.want = None;
                    }
                    if diff.want.is_none() {
                        diff.refers = None;
                    }
                }
            }
        }
        Some(diff)
    }

    /// The account of somebody who is offered to be switched off, or on: said of `active`, whatever the texts are.
    fn switched(&self, diff: &mut FacetDiff) -> bool {
        if self.pairing != Pairing::Differs
            && let Some(waiver) = self.adopted(&diff.path, "", &diff.own)
        {
            (diff.verdict, diff.why) = (Verdict::Waived, waiver.reason.clone());
            return true;
        }
        let off = match self.pairing {
            Pairing::Leaver => "inactive in the source",
            Pairing::Extra => "nobody in the source",
            Pairing::Leaving if self.to.deactivate_out_of_scope => "out of scope",
            _ => return false,
        };
        diff.verdict = Verdict::Differs;
        off.clone_into(&mut diff.why);
        diff.want = self.authority.then(|| "false".to_owned());
        diff.directed(self.common(&diff.path, ""), Fold::Flag);
        true
    }

    /// A text, or the name of the record that it refers to.
    fn shown(&self, refers: Option<Kind>, text: &str, source: bool) -> String {
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

    fn target_id(&self, kind: Kind, row: Row) -> Option<String> {
        self.refs.kind(kind).target_snapshot().map(|snapshot| snapshot.table.id(row).to_owned())
    }

    fn target_name(&self, kind: Kind, row: Row) -> Option<String> {
        self.refs.kind(kind).target_snapshot().map(|snapshot| name(&snapshot.table, row).to_owned())
    }

    fn unresolved(&self, found: Option<Found>, refers: Option<Kind>, text: &str) -> String {
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

    fn list(
        &self,
        path: &AttrPath,
        ours: Option<(&'c Table, Attr, &'c AttrDef)>,
        theirs: Option<(&'c Table, Attr, &'c AttrDef)>,
        list: &ListDef,
        found: &mut Vec<FacetDiff>,
    ) {
        let entries = |of: Option<(&'c Table, Attr, &'c AttrDef)>, row: Option<(&'c Snapshot, Row)>| {
            let ((table, attr, _), (_, row)) = (of?, row?);
            Some((table, attr, table.entries(row, attr)))
        };
        let (source, target) = (entries(ours, self.source), entries(theirs, self.target));
        let blank = |verdict: Verdict, why: String| FacetDiff {
            path: path.clone(),
            key: None,
            source_key: Vec::new(),
            source: None,
            target: None,
            want: None,
            refers: None,
            verdict,
            own: [None, None],
            direction: Direction::Unknown,
            since: None,
            why,
        };
        if matches!(source, Some((_, _, None))) || matches!(target, Some((_, _, None))) {
            found.push(blank(Verdict::Unread, "not read".to_owned()));
            return;
        }
        let known = |side: Option<(&'c Table, Attr, Option<&'c [crate::model::Entry]>)>| {
            side.and_then(|(table, attr, entries)| Some((table, attr, entries?)))
        };
        let (source, target) = (known(source), known(target));
        let fold = theirs.or(ours).map_or(Fold::Caseless, |(_, _, def)| def.fold);
        let single = Single::new(source, target, list, fold, &self.refs);
        let mut made: Vec<FacetDiff> = Vec::new();
        merge(&single.source, &single.target, |pair| {
            let mut one = |ours: Option<&Cut>, theirs: Option<&Cut>, alike: bool| {
                let cut = Entries { path, list, source, target, fold, one_sided: self.one_sided(path) };
                made.push(self.entry(&cut, ours, theirs, alike, &pair));
            };
            match (pair.source, pair.target) {
                ([] | [_], [] | [_]) => one(pair.source.first(), pair.target.first(), pair.alike),
                (ours, theirs) => {
                    let there = |cuts: &[Cut], value: u32| cuts.iter().any(|cut| cut.value == value);
                    for cut in ours {
                        let other = theirs.iter().find(|other| other.value == cut.value);
                        one(Some(cut), other, other.is_some());
                    }
                    for cut in theirs.iter().filter(|cut| !there(ours, cut.value)) {
                        one(None, Some(cut), false);
                    }
                }
            }
        });
        made.sort_by(|a, b| a.key.as_ref().map(|key| &key.1).cmp(&b.key.as_ref().map(|key| &key.1)));
        found.extend(made);
    }

    fn one_sided(&self, path: &AttrPath) -> Option<String> {
        let has = |view: &SystemView| {
            view.snapshot(self.kind).is_some_and(|snapshot| snapshot.table.schema().find(path).is_some())
        };
        match (has(self.from), has(self.to)) {
            (true, true) => None,
            (true, false) => Some(format!("not in {}", self.to.mapping.title)),
            _ => Some(format!("not in {}", self.from.mapping.title)),
        }
    }

    fn entry(
        &self,
        of: &Entries<'_, 'c>,
        ours: Option<&Cut>,
        theirs: Option<&Cut>,
        alike: bool,
        pair: &Pair<'_>,
    ) -> FacetDiff {
        let texts = |side: Option<(&'c Table, Attr, &'c [crate::model::Entry])>, cut: Option<&Cut>| {
            let ((table, attr, entries), cut) = (side?, cut?);
            entries.get(cut.at as usize).map(|entry| table.entry_text(attr, *entry))
        };
        let (source, target) = (texts(of.source, ours), texts(of.target, theirs));
        let any = ours.or(theirs);
        let parts = if of.list.two { 2 } else { 1 };
        let mut ids = Vec::new();
        let mut names = Vec::new();
        let mut source_key = Vec::new();
        for part in 0..parts {
            let token = any.map_or(u32::MAX, |cut| cut.key[part]);
            let raw = target.or(source).map_or("", |(keys, _)| keys[part]);
            if let Some((kind, row)) = record_of(token) {
                // What is there is named as the service named it, which may be by a key (targets/scim.md A6 rule 9).
                ids.extend(target.map(|(keys, _)| keys[part].to_owned()).or_else(|| self.target_id(kind, row)));
                names.push(self.target_name(kind, row).unwrap_or_else(|| raw.to_owned()));
                source_key.extend(match source {
                    Some((keys, _)) => Some(keys[part].to_owned()),
                    None => self.source_id(kind, row),
                });
            } else {
                if trouble(token).is_none() {
                    ids.push(raw.to_owned());
                }
                names.push(self.shown(of.list.key[part], raw, source.is_some()));
                source_key.extend(source.map(|(keys, _)| keys[part].to_owned()));
            }
        }
        if ids.len() < parts {
            ids.clear();
        }
        let valued = of.list.value.is_some();
        let shown = |texts: Option<([&str; 2], &str)>| {
            texts.map(|(_, value)| if valued { value.to_owned() } else { PRESENT.to_owned() })
        };
        let mut diff = FacetDiff {
            path: of.path.clone(),
            key: Some((ids, names.join(" / "))),
            source_key,
            source: shown(source),
            target: shown(target),
            want: None,
            refers: None,
            verdict: Verdict::Same,
            own: [shown(source), shown(target)],
            direction: Direction::Unknown,
            since: None,
            why: String::new(),
        };
        if let Some(why) = &of.one_sided {
            (diff.verdict, diff.why) = (Verdict::OneSided, why.clone());
        } else if self.source.is_none() {
            (diff.verdict, diff.why) = (Verdict::OneSided, "nobody in the source".to_owned());
        } else if pair.awaits && ours.is_some_and(Cut::awaits) {
            let entry = diff.entry();
            (diff.verdict, diff.why) = self.verdict(of.path, &entry, &diff.own);
            if diff.verdict == Verdict::Differs {
                let name = self.awaited(of, source, ours);
                diff.awaits(name);
            }
        } else if pair.open {
            self.open(of, ours, theirs, &mut diff);
        } else if !alike {
            let entry = diff.entry();
            (diff.verdict, diff.why) = self.verdict(of.path, &entry, &diff.own);
            if diff.verdict == Verdict::Differs {
                diff.directed(self.common(of.path, &entry), of.fold);
                if self.authority {
                    (diff.want, diff.refers) = match (ours, source) {
                        (Some(cut), Some((_, value))) if valued => match record_of(cut.value) {
                            Some((kind, row)) => (self.target_id(kind, row), Some(kind)),
                            None => (Some(value.to_owned()), None),
                        },
                        (Some(_), _) => (Some(PRESENT.to_owned()), None),
                        (None, _) => (Some(String::new()), None),
                    };
                }
            }
        }
        diff
    }

    /// What the record is called that an entry waits for.
    fn awaited(&self, of: &Entries<'_, 'c>, source: Option<([&str; 2], &str)>, cut: Option<&Cut>) -> String {
        let (Some((keys, value)), Some(cut)) = (source, cut) else { return String::new() };
        let pending = |token: u32| trouble(token) == Some(Found::Pending);
        match (0..2).find(|part| pending(cut.key[*part])) {
            Some(part) => self.shown(of.list.key[part], keys[part], true),
            None => self.shown(of.list.value.flatten(), value, true),
        }
    }

    /// An entry of which it cannot be said whether it differs.
    fn open(&self, of: &Entries<'_, 'c>, ours: Option<&Cut>, theirs: Option<&Cut>, diff: &mut FacetDiff) {
        let lost = |cut: Option<&Cut>| {
            let cut = cut?;
            let key = (0..2).find_map(|part| Some((trouble(cut.key[part])?, of.list.key[part], Some(part))));
            key.or_else(|| Some((trouble(cut.value)?, of.list.value.flatten(), None)))
        };
        let hidden = |cut: Option<&Cut>| cut.is_some_and(|cut| cut.key.into_iter().any(unlisted));
        if let Some(never) = of.list.unlisted.as_ref().filter(|_| hidden(ours.or(theirs))) {
            let (title, path, is) = (&self.to.mapping.title, &never.attr, &never.is);
            (diff.verdict, diff.why) = match ours {
                Some(_) => (
                    Verdict::Unreadable,
                    format!("{title} does not list whose {path} is {is}: nobody can say whether it is there"),
                ),
                None => (Verdict::Shown, format!("{path} is {is}: not judged")),
            };
            return;
        }
        match lost(ours).or_else(|| lost(theirs)) {
            Some((Found::Unknown, _, _)) | None => {
                (diff.verdict, diff.why) = (Verdict::Unread, "not read".to_owned());
            }
            Some((Found::Aside, refers, _)) => {
                diff.verdict = Verdict::Shown;
                diff.why = self.unresolved(Some(Found::Aside), refers, "");
            }
            Some((found, refers, part)) => {
                let text = match part {
                    Some(_) => diff.key.as_ref().map(|(_, name)| name.clone()),
                    None => diff.source.clone(),
                };
                diff.verdict = Verdict::Unresolved;
                diff.why = self.unresolved(Some(found), refers, &text.unwrap_or_default());
            }
        }
    }

    /// The source's id of a record of the target.
    fn source_id(&self, kind: Kind, row: Row) -> Option<String> {
        let snapshot = self.refs.kind(kind).source_snapshot()?;
        let identity = self.refs.kind(kind).source_of(row)?;
        ((identity as usize) < snapshot.table.len()).then(|| snapshot.table.id(Row(identity)).to_owned())
    }
}

/// One list of both sides.
struct Entries<'e, 'c> {
    path: &'e AttrPath,
    list: &'e ListDef,
    source: Option<(&'c Table, Attr, &'c [crate::model::Entry])>,
    target: Option<(&'c Table, Attr, &'c [crate::model::Entry])>,
    fold: Fold,
    one_sided: Option<String>,
}
