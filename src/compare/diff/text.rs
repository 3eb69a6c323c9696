//! An attribute with one value.

use super::case::Case;
use super::{Direction, FacetDiff, Verdict};
use crate::compare::Pairing;
use crate::compare::lane::life::life;
use crate::compare::lane::refs::Found;
use crate::compare::lane::served::{composition, own};
use crate::compare::lane::{Alike, alike_refs, composed};
use crate::mapping::{Access, MapRow};
use crate::model::fold::same;
use crate::model::{Attr, AttrDef, AttrPath, Cell, Fold, Row, Snapshot, Table};

impl<'c> Case<'c> {
    /// How the target folds, and what a text refers to there.
    pub(super) fn text(
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
        // What is not there is not given to anybody new either.
        let off = |row: &MapRow| row.lost.is_some() && row.access == Access::ReadOnly;
        if self.target.is_none() && source.is_some() && self.rule(path).is_some_and(off) {
            (diff.verdict, diff.why) = (Verdict::Unread, self.unread(path));
            return Some(diff);
        }
        match (source, target) {
            (Some(Cell::Unread), _) | (_, Some(Cell::Unread)) => {
                (diff.verdict, diff.why) = (Verdict::Unread, self.unread(path));
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
}
