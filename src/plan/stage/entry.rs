//! One entry of a list that differs, in the target's terms.

use super::case::Case;
use super::refs::Resolved;
use crate::compare::{FacetDiff, Verdict};
use crate::model::text::clean;
use crate::model::{Form, Kind, ListDef, Op};
use crate::plan::{ChangeId, Facet, Ref, Wanted};

/// What would be done to an entry.
pub(super) struct Entry {
    pub(super) op: Op,
    pub(super) facet: Facet,
    pub(super) value: Wanted,
    pub(super) text: String,
    /// Creates that have to succeed first.
    pub(super) needs: Vec<ChangeId>,
    /// Why it cannot be written.
    pub(super) why: Option<String>,
}

impl Entry {
    /// What a difference asks for; `None` where nothing is to be done.
    pub(super) fn of(case: &Case<'_>, diff: &FacetDiff) -> Option<Self> {
        let (ids, name) = diff.key.as_ref()?;
        let attr = case.map.schema.find(&diff.path)?;
        let Form::List(list) = &case.map.schema.def(attr).form else { return None };
        let mut entry = Self {
            op: Op::Put,
            facet: Facet { path: diff.path.clone(), key: None },
            value: Wanted::Clear,
            text: String::new(),
            needs: Vec::new(),
            why: None,
        };
        match diff.verdict {
            Verdict::Differs => entry.resolved(ids, list, diff),
            // What the target has and nobody can place is left alone.
            Verdict::Awaits | Verdict::Unresolved if diff.source.is_some() => entry.open(case, list, diff),
            _ => return None,
        }
        let at = format!("{}[{}]", diff.path, clean(name));
        let (ours, theirs) = (diff.source.as_deref().map(clean), diff.target.as_deref().map(clean));
        let valued = list.value.is_some();
        entry.text = match (entry.op, ours, theirs) {
            (Op::Drop, _, Some(theirs)) if valued => format!("{at}: remove {theirs}"),
            (Op::Drop, _, _) => format!("{at}: remove"),
            (_, Some(ours), Some(theirs)) if valued => format!("{at}: {theirs} -> {ours}"),
            (_, Some(ours), None) if valued => format!("{at}: add {ours}"),
            _ => format!("{at}: add"),
        };
        if !entry.needs.is_empty() {
            entry.text.push_str(" (to be created first)");
        }
        Some(entry)
    }

    fn resolved(&mut self, ids: &[String], list: &ListDef, diff: &FacetDiff) {
        let parts = if list.two { 2 } else { 1 };
        self.facet.key = Some(ids.iter().map(|id| Ref::Id(id.as_str().into())).collect());
        let valued = list.value.is_some();
        // Another value takes the one that was there away: that is no mere addition.
        let put =
            if valued && diff.target.as_deref().is_some_and(|value| !value.is_empty()) { Op::Set } else { Op::Put };
        (self.op, self.value) = match diff.want.as_deref() {
            Some("") => (Op::Drop, Wanted::Clear),
            None if diff.source.is_none() => (Op::Drop, Wanted::Clear),
            Some(id) if valued && diff.refers.is_some() => (put, Wanted::Ref(Ref::Id(id.into()))),
            Some(text) if valued => (put, Wanted::Text(text.to_owned())),
            _ => (Op::Put, Wanted::Present),
        };
        if diff.want.is_none() || ids.len() != parts {
            let why = Some(&diff.why).filter(|why| !why.is_empty()).cloned();
            self.why = Some(why.unwrap_or_else(|| format!("nobody can say what {} should be", diff.path)));
        }
    }

    /// An entry of the source whose key or value is not in the target: perhaps it is yet to be created.
    fn open(&mut self, case: &Case<'_>, list: &ListDef, diff: &FacetDiff) {
        let key: Vec<Ref> =
            diff.source_key.iter().zip(list.key).map(|(part, kind)| self.reference(case, kind, part)).collect();
        self.facet.key = Some(key);
        self.value = match (list.value, diff.source.as_deref()) {
            (None, _) | (_, None) => Wanted::Present,
            (Some(None), Some(text)) => Wanted::Text(text.to_owned()),
            (Some(kind), Some(text)) => Wanted::Ref(self.reference(case, kind, text)),
        };
        if self.why.is_none() && self.needs.is_empty() {
            // It resolves after all, and the comparison says otherwise: the comparison is asked to be right.
            self.why = Some(diff.why.clone());
        }
        if self.why.is_some() && !diff.why.is_empty() {
            self.why = Some(diff.why.clone());
        }
    }

    fn reference(&mut self, case: &Case<'_>, kind: Option<Kind>, id: &str) -> Ref {
        let Some(kind) = kind else { return Ref::Id(id.into()) };
        let resolved = case.resolve(kind, id);
        match &resolved {
            Resolved::New(change) => self.needs.push(change.clone()),
            Resolved::Nothing(why) => {
                self.why.get_or_insert_with(|| why.clone());
            }
            Resolved::Id(_) => {}
        }
        resolved.reference().unwrap_or_else(|| Ref::Id(id.into()))
    }
}
