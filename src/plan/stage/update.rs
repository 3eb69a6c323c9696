//! The fixes of a record that is there, one offer per attribute that differs.

use super::Offer;
use super::case::{ACTIVE, Case};
use super::entry::Entry;
use super::refs::Resolved;
use crate::compare::{FacetDiff, Verdict};
use crate::mapping::Access;
use crate::model::text::clean;
use crate::model::{AttrPath, Op};
use crate::plan::{By, Change, ChangeId, Facet, Ref, Target, Want, Wanted};

impl Case<'_> {
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
