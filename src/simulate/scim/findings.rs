//! What a search finds: who meets the filter, and in which order (RFC 7644, sections 3.4.2.2 and 3.4.2.3).
//!
//! A filter over a million documents has to look at each of them, so what was found is kept for the pages that follow,
//! until something is written.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::simulate::shelf::Place;

use super::filter::{self, Filter, Scope};
use super::library::Library;
use super::listing::{Listing, Spot};
use super::matching;
use super::path::{self, Steps, Target};
use super::problem::Problem;
use super::search::Search;

/// How many findings are kept.
const KEPT: usize = 8;

/// The findings of filters and orders, for the pages that follow.
#[derive(Default)]
pub struct Findings {
    kept: Mutex<VecDeque<(String, Arc<Vec<Spot>>)>>,
    /// Whether `cursor-expires` has struck.
    pub(super) expired: Mutex<bool>,
}

/// What a search ranges over.
pub(super) enum Range {
    /// All documents of these collections, in order.
    Whole(Vec<usize>),
    /// These documents; by place if they are not sorted.
    Some(Arc<Vec<Spot>>),
}

impl Listing<'_> {
    /// What a search ranges over: everything, or what its filter and order find.
    ///
    /// # Errors
    /// `invalidFilter`, `invalidPath`.
    pub(super) fn range(&self, search: &Search) -> Result<Range, Problem> {
        let filters = self.filters(search)?;
        let order = self.order(search)?;
        if filters.is_none() && order.is_none() {
            return Ok(Range::Whole(self.over.clone()));
        }
        let key = format!(
            "{:?} {:?} {:?} {} {} {:?}",
            self.over,
            search.filter.as_ref().filter(|_| filters.is_some()),
            search.sort_by,
            search.descending,
            self.renderer.library.generation(),
            // What a document looks like decides what a filter finds.
            (self.renderer.base, self.renderer.quirks),
        );
        let mut kept = self.findings.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = kept.iter().find(|(held, _)| *held == key) {
            return Ok(Range::Some(Arc::clone(found)));
        }
        let mut found = Vec::new();
        for (index, at) in self.over.iter().enumerate() {
            let filter = filters.as_ref().and_then(|filters| filters.get(index));
            self.find(*at, search, filter, &mut found);
        }
        if let Some(order) = order {
            self.sort(&mut found, &order, search.descending);
        }
        let found = Arc::new(found);
        kept.push_front((key, Arc::clone(&found)));
        kept.truncate(KEPT);
        Ok(Range::Some(found))
    }

    fn filters(&self, search: &Search) -> Result<Option<Vec<Filter>>, Problem> {
        let quirks = self.renderer.quirks;
        if let (Some(status), Some(_)) = (quirks.filter_status, &search.filter) {
            return Err(Problem::new(status, "filters are not supported"));
        }
        let Some(text) = search.filter.as_deref().filter(|_| !quirks.no_filter) else {
            return Ok(None);
        };
        let read = |at: &usize| {
            let collection = self.renderer.library.collection(*at)?;
            Some(filter::read(text, Scope::Resource { kind: &collection.kind, lenient: self.lenient }))
        };
        let filters: Vec<Filter> = self.over.iter().filter_map(read).collect::<Result<_, _>>()?;
        if quirks.urn_filter_matches_nothing && text.to_ascii_lowercase().contains("urn:") {
            return Ok(Some(vec![Filter::Elsewhere; filters.len()]));
        }
        Ok(Some(filters))
    }

    /// What to sort by, for each collection.
    fn order(&self, search: &Search) -> Result<Option<Vec<Option<Steps>>>, Problem> {
        let Some(name) = search.sort_by.as_deref() else {
            return Ok(None);
        };
        let mut order = Vec::new();
        for collection in &self.renderer.library.collections {
            order.push(match path::resolve(&collection.kind, name) {
                Some(Target::Attribute { extension, attribute, part }) => {
                    // A list of complex values is sorted by the value of one of them.
                    let part = part.or_else(|| attribute.part("value").filter(|_| attribute.multi));
                    Some(Steps::new(extension, attribute, part))
                }
                _ => None,
            });
        }
        let known = self.over.iter().any(|at| order.get(*at).is_some_and(Option::is_some));
        if !known && !self.lenient {
            return Err(Problem::bad("invalidPath", format!("there is no attribute {name} to sort by")));
        }
        Ok(Some(order))
    }

    fn find(&self, at: usize, search: &Search, filter: Option<&Filter>, found: &mut Vec<Spot>) {
        let library = self.renderer.library;
        let Some(shelf) = library.collection(at).map(|collection| &collection.shelf) else {
            return;
        };
        let Some(filter) = filter else {
            found.extend(shelf.places(Place::MIN).map(|place| (at, place)));
            return;
        };
        let as_shown = self.sees_what_is_shown(search);
        let meets = |place: &Place| {
            library.document(at, *place).is_some_and(|document| {
                if as_shown { filter.matches(&self.renderer.whole(at, document)) } else { filter.matches(&document) }
            })
        };
        match filter.equality().and_then(|(name, text)| self.candidates(library, at, name, text)) {
            Some(places) => found.extend(places.into_iter().filter(meets).map(|place| (at, place))),
            None => found.extend(shelf.places(Place::MIN).filter(meets).map(|place| (at, place))),
        }
    }

    /// Whether a filter asks for what a document only has once it is shown; making that for a million takes its time.
    fn sees_what_is_shown(&self, search: &Search) -> bool {
        let quirks = self.renderer.quirks;
        let text = search.filter.as_deref().unwrap_or_default().to_ascii_lowercase();
        let named = ["$ref", "meta", "schemas"].iter().any(|name| text.contains(name));
        named || quirks.numbers || quirks.member_username
    }

    /// The places that can hold an equality at all, if that can be told without a walk.
    fn candidates(&self, library: &Library, at: usize, name: &str, text: &str) -> Option<Vec<Place>> {
        let shelf = &library.collection(at)?.shelf;
        if name == "id" {
            let id = super::naming::meant(library, self.renderer.quirks, text);
            return Some(shelf.place(&id).into_iter().collect());
        }
        shelf.find(name, text)
    }

    /// Sorts by a value; what has none comes last, and first where the order is reversed (RFC 7644, section 3.4.2.3).
    fn sort(&self, found: &mut Vec<Spot>, order: &[Option<Steps>], descending: bool) {
        let library = self.renderer.library;
        let mut keyed: Vec<(Option<Value>, Option<&Steps>, Spot)> = found
            .drain(..)
            .map(|(at, place)| {
                let steps = order.get(at).and_then(Option::as_ref);
                let key = steps.and_then(|steps| {
                    let document = self.renderer.whole(at, library.document(at, place)?);
                    steps.first(&document).cloned()
                });
                (key, steps, (at, place))
            })
            .collect();
        keyed.sort_by(|(left, steps, _), (right, _, _)| {
            let order = match (left, right) {
                (Some(left), Some(right)) => steps
                    .and_then(|steps| matching::order(steps.kind, steps.case_exact, left, right))
                    .unwrap_or(Ordering::Equal),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => Ordering::Equal,
            };
            if descending { order.reverse() } else { order }
        });
        found.extend(keyed.into_iter().map(|(_, _, spot)| spot));
    }
}
