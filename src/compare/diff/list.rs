//! A list, entry by entry.

use super::case::Case;
use super::{Direction, FacetDiff, PRESENT, Verdict};
use crate::compare::lane::entries::{Cut, Pairing as Pair, Single, merge, record_of, trouble, unlisted};
use crate::compare::lane::refs::Found;
use crate::model::{Attr, AttrDef, AttrPath, Entry, Fold, ListDef, Row, Snapshot, Table};

/// One list of both sides.
struct Entries<'e, 'c> {
    path: &'e AttrPath,
    list: &'e ListDef,
    source: Option<(&'c Table, Attr, &'c [Entry])>,
    target: Option<(&'c Table, Attr, &'c [Entry])>,
    fold: Fold,
    one_sided: Option<String>,
}

impl<'c> Case<'c> {
    pub(super) fn list(
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
            found.push(blank(Verdict::Unread, self.unread(path)));
            return;
        }
        let known = |side: Option<(&'c Table, Attr, Option<&'c [Entry]>)>| {
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

    fn entry(
        &self,
        of: &Entries<'_, 'c>,
        ours: Option<&Cut>,
        theirs: Option<&Cut>,
        alike: bool,
        pair: &Pair<'_>,
    ) -> FacetDiff {
        let texts = |side: Option<(&'c Table, Attr, &'c [Entry])>, cut: Option<&Cut>| {
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
}
