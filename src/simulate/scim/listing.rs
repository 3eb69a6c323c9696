//! Lists: filter, sort, and both ways of walking pages (RFC 7644, section 3.4.2; RFC 9865).
//!
//! A page of an unfiltered list makes its own documents only. What a filter or an order finds is kept for the pages that
//! follow, until something is written.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::simulate::faults::Faults;
use crate::simulate::shelf::Place;

use super::cursor::Cursor;
use super::filter::{self, Filter, Scope};
use super::library::Library;
use super::matching;
use super::path::{self, Steps, Target};
use super::problem::Problem;
use super::quirks::Echo;
use super::render::{Projection, Renderer};
use super::search::Search;

/// Where a document is: its collection and its place there.
pub type Spot = (usize, Place);

/// How many findings are kept.
const KEPT: usize = 8;

/// The findings of filters and orders, for the pages that follow.
#[derive(Default)]
pub struct Findings {
    kept: Mutex<VecDeque<(String, Arc<Vec<Spot>>)>>,
    expired: Mutex<bool>,
}

/// What a search ranges over.
enum Range {
    /// All documents of these collections, in order.
    Whole(Vec<usize>),
    /// These documents; by place if they are not sorted.
    Some(Arc<Vec<Spot>>),
}

/// One page.
struct Page {
    spots: Vec<Spot>,
    /// Where the next one starts.
    next: Option<Spot>,
}

impl Page {
    fn none() -> Self {
        Self {
            spots: Vec::new(),
            next: None,
        }
    }
}

/// A list over some collections.
pub struct Listing<'a> {
    /// The documents and how they look.
    pub renderer: Renderer<'a>,
    /// The switches that are spent by use.
    pub faults: &'a Faults,
    /// What was found before.
    pub findings: &'a Findings,
    /// The collections that are searched.
    pub over: Vec<usize>,
    /// Whether names of other types are no fault: a search from the root.
    pub lenient: bool,
}

impl Listing<'_> {
    /// The ListResponse, and whether it is a first page with more to come.
    ///
    /// # Errors
    /// `invalidFilter`, `invalidValue`, `invalidPath`, and those of cursors.
    pub fn answer(&self, search: &Search) -> Result<(Value, bool), Problem> {
        let quirks = self.renderer.quirks;
        if quirks.no_count && search.count.is_some() {
            return Err(Problem::new(500, "internal error"));
        }
        let range = self.range(search)?;
        let total = self.total(&range);
        let asked = search
            .count
            .map(|count| usize::try_from(count).unwrap_or(0));
        let size = quirks.page(asked);
        let by_cursor = !quirks.no_cursor && (search.cursor.is_some() || quirks.cursor_only);
        let mut out = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"] });
        if !quirks.no_total {
            out["totalResults"] = json!(total);
        }
        let (spots, more) = if by_cursor {
            self.by_cursor(search, &range, size, &mut out)?
        } else {
            let start = usize::try_from(search.start.unwrap_or(1).max(1)).unwrap_or(usize::MAX);
            let (from, said) = match quirks.ignore_start_index {
                Some(Echo::Truth) => (1, 1),
                Some(Echo::Asked) => (1, start),
                None if quirks.page_one_past_end && start > total => (1, 1),
                None => (start, start),
            };
            out["startIndex"] = json!(said);
            let page = self.by_index(&range, from - 1, size);
            let more = from == 1 && page.next.is_some();
            (page.spots, more)
        };
        let shown = if quirks.echo_count {
            asked.unwrap_or(spots.len())
        } else {
            spots.len()
        };
        out["itemsPerPage"] = json!(shown);
        out["Resources"] = self.show(search, &spots);
        if let (true, Some(cursor)) = (
            by_cursor,
            out.as_object_mut()
                .and_then(|out| out.shift_remove("nextCursor")),
        ) {
            out["nextCursor"] = cursor;
        }
        Ok((out, more))
    }

    fn by_cursor(
        &self,
        search: &Search,
        range: &Range,
        size: usize,
        out: &mut Value,
    ) -> Result<(Vec<Spot>, bool), Problem> {
        let quirks = self.renderer.quirks;
        let fingerprint = search.fingerprint(&self.over);
        let asked = search.cursor.as_deref().unwrap_or_default();
        let here = if asked.is_empty() {
            None
        } else {
            // All parameters but the cursor must stay as they were, the count too (RFC 9865).
            let cursor = Cursor::read(asked).filter(|cursor| cursor.fingerprint == fingerprint);
            Some(cursor.ok_or_else(|| {
                Problem::bad(
                    "invalidCursor",
                    "this cursor does not belong to this search",
                )
            })?)
        };
        self.expire()?;
        if let Some(cursor) = here.as_ref().filter(|cursor| cursor.blank) {
            out["nextCursor"] = json!(
                Cursor {
                    blank: false,
                    ..cursor.clone()
                }
                .write()
            );
            return Ok((Vec::new(), false));
        }
        // A sorted list has no order of places: there the cursor counts.
        let sorted = search.sort_by.is_some();
        let page = match &here {
            None => self.by_index(range, 0, size),
            Some(cursor) if sorted => self.by_index(range, count_of(cursor.next), size),
            Some(cursor) => self.from(range, cursor.next, size),
        };
        let more = page.next.is_some();
        if let Some(next) = page.next.filter(|_| size > 0) {
            let passed = here.as_ref().map_or(0, |cursor| count_of(cursor.next)) + page.spots.len();
            let next = if sorted {
                (0, Place::try_from(passed).unwrap_or(Place::MAX))
            } else {
                next
            };
            let blank = quirks.empty_page && here.is_none();
            let cursor = match &here {
                Some(_) if quirks.repeat_cursor => asked.to_owned(),
                _ => Cursor {
                    fingerprint,
                    next,
                    blank,
                }
                .write(),
            };
            out["nextCursor"] = json!(cursor);
        }
        Ok((page.spots, more && here.is_none()))
    }

    /// `cursor-expires=N`: after N pages the cursor has expired, once.
    fn expire(&self) -> Result<(), Problem> {
        let mut expired = self
            .findings
            .expired
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.faults.flag("cursor-expires").is_none() {
            *expired = false;
        } else if self.faults.spend("cursor-expires") {
            *expired = false;
        } else if !*expired {
            *expired = true;
            return Err(Problem::bad("expiredCursor", "the cursor has expired"));
        }
        Ok(())
    }

    fn total(&self, range: &Range) -> usize {
        match range {
            Range::Whole(over) => over
                .iter()
                .filter_map(|at| self.renderer.library.collection(*at))
                .map(|one| one.shelf.len())
                .sum(),
            Range::Some(found) => found.len(),
        }
    }

    /// The page that has `start` documents before it.
    fn by_index(&self, range: &Range, start: usize, size: usize) -> Page {
        match range {
            Range::Some(found) => page_of(found, start, size),
            Range::Whole(over) => {
                let mut before = start;
                for (index, at) in over.iter().enumerate() {
                    let Some(shelf) = self.renderer.library.collection(*at).map(|one| &one.shelf)
                    else {
                        continue;
                    };
                    if let Some(place) = shelf.nth(before) {
                        return self.onward(over.get(index..).unwrap_or_default(), place, size);
                    }
                    before -= shelf.len().min(before);
                }
                Page::none()
            }
        }
    }

    /// The page that starts at a spot, which may be gone by now.
    fn from(&self, range: &Range, next: Spot, size: usize) -> Page {
        match range {
            Range::Some(found) => page_of(found, found.partition_point(|spot| *spot < next), size),
            Range::Whole(over) => {
                let index = over
                    .iter()
                    .position(|at| *at == next.0)
                    .unwrap_or(over.len());
                self.onward(over.get(index..).unwrap_or_default(), next.1, size)
            }
        }
    }

    /// The documents from a place of the first collection on, through the following ones.
    fn onward(&self, over: &[usize], place: Place, size: usize) -> Page {
        let mut spots = Vec::new();
        for (index, at) in over.iter().enumerate() {
            let Some(shelf) = self.renderer.library.collection(*at).map(|one| &one.shelf) else {
                continue;
            };
            let from = if index == 0 { place } else { Place::MIN };
            for place in shelf.places(from) {
                if spots.len() >= size {
                    return Page {
                        spots,
                        next: Some((*at, place)),
                    };
                }
                spots.push((*at, place));
            }
        }
        Page { spots, next: None }
    }

    fn show(&self, search: &Search, spots: &[Spot]) -> Value {
        let library = self.renderer.library;
        let projections: Vec<Option<Projection>> = library
            .collections
            .iter()
            .enumerate()
            .map(|(at, one)| {
                self.over
                    .contains(&at)
                    .then(|| Projection::new(&one.kind, &search.attributes, &search.excluded))
            })
            .collect();
        let shown = spots.iter().filter_map(|(at, place)| {
            let kind = &library.collection(*at)?.kind;
            let document = self.renderer.whole(*at, library.document(*at, *place)?);
            Some(projections.get(*at)?.as_ref()?.apply(kind, document))
        });
        shown.collect()
    }

    fn range(&self, search: &Search) -> Result<Range, Problem> {
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
        let mut kept = self
            .findings
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = kept.iter().find(|(held, _)| *held == key) {
            return Ok(Range::Some(Arc::clone(found)));
        }
        let mut found = Vec::new();
        for (index, at) in self.over.iter().enumerate() {
            let filter = filters.as_ref().and_then(|filters| filters.get(index));
            self.find(*at, filter, &mut found);
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
        let Some(text) = search.filter.as_deref().filter(|_| !quirks.no_filter) else {
            return Ok(None);
        };
        let read = |at: &usize| {
            let collection = self.renderer.library.collection(*at)?;
            Some(filter::read(
                text,
                Scope::Resource {
                    kind: &collection.kind,
                    lenient: self.lenient,
                },
            ))
        };
        let filters: Vec<Filter> = self
            .over
            .iter()
            .filter_map(read)
            .collect::<Result<_, _>>()?;
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
                Some(Target::Attribute {
                    extension,
                    attribute,
                    part,
                }) => {
                    // A list of complex values is sorted by the value of one of them.
                    let part = part.or_else(|| attribute.part("value").filter(|_| attribute.multi));
                    Some(Steps::new(extension, attribute, part))
                }
                _ => None,
            });
        }
        let known = self
            .over
            .iter()
            .any(|at| order.get(*at).is_some_and(Option::is_some));
        if !known && !self.lenient {
            return Err(Problem::bad(
                "invalidPath",
                format!("there is no attribute {name} to sort by"),
            ));
        }
        Ok(Some(order))
    }

    fn find(&self, at: usize, filter: Option<&Filter>, found: &mut Vec<Spot>) {
        let library = self.renderer.library;
        let Some(shelf) = library.collection(at).map(|collection| &collection.shelf) else {
            return;
        };
        let Some(filter) = filter else {
            found.extend(shelf.places(Place::MIN).map(|place| (at, place)));
            return;
        };
        let meets = |place: &Place| {
            library
                .document(at, *place)
                .is_some_and(|document| filter.matches(&self.renderer.whole(at, document)))
        };
        match filter
            .equality()
            .and_then(|(name, text)| self.candidates(library, at, name, text))
        {
            Some(places) => found.extend(places.into_iter().filter(meets).map(|place| (at, place))),
            None => found.extend(
                shelf
                    .places(Place::MIN)
                    .filter(meets)
                    .map(|place| (at, place)),
            ),
        }
    }

    /// The places that can hold an equality at all, if that can be told without a walk.
    fn candidates(
        &self,
        library: &Library,
        at: usize,
        name: &str,
        text: &str,
    ) -> Option<Vec<Place>> {
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

/// The number of documents before the next page, where a cursor counts.
fn count_of(next: Spot) -> usize {
    usize::try_from(next.1).unwrap_or(usize::MAX)
}

fn page_of(found: &[Spot], start: usize, size: usize) -> Page {
    let start = start.min(found.len());
    let end = start.saturating_add(size).min(found.len());
    let next = found.get(end).copied();
    Page {
        spots: found.get(start..end).unwrap_or_default().to_vec(),
        next,
    }
}

/// The document that `drift` puts in front of all others.
pub fn newcomer(number: u64) -> Value {
    json!({
        "userName": format!("newcomer.{number}@example.com"),
        "name": { "givenName": "New", "familyName": format!("Comer {number}") },
        "displayName": format!("New Comer {number}"),
        "active": true,
    })
}
