//! Lists: filter, sort, and both ways of walking pages (RFC 7644, section 3.4.2; RFC 9865).
//!
//! A page of an unfiltered list makes its own documents only.

use std::sync::PoisonError;

use serde_json::{Value, json};

use crate::simulate::faults::Faults;
use crate::simulate::shelf::Place;

use super::cursor::Cursor;
use super::findings::{Findings, Range};
use super::problem::Problem;
use super::project::Projection;
use super::quirks::Echo;
use super::render::{Renderer, without};
use super::search::Search;

/// Where a document is: its collection and its place there.
pub type Spot = (usize, Place);

/// One page.
struct Page {
    spots: Vec<Spot>,
    /// Where the next one starts.
    next: Option<Spot>,
}

impl Page {
    fn none() -> Self {
        Self { spots: Vec::new(), next: None }
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
        let asked = search.count.map(|count| usize::try_from(count).unwrap_or(0));
        let size = quirks.page(asked);
        let names = self.over.iter().filter_map(|at| self.renderer.library.collection(*at));
        let uncursored =
            names.map(|collection| collection.kind.name.as_str()).all(|name| quirks.uncursored.contains(&name));
        let by_cursor = !quirks.no_cursor && !uncursored && (search.cursor.is_some() || quirks.cursor_only);
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
        let shown = if quirks.echo_count { asked.unwrap_or(spots.len()) } else { spots.len() };
        out["itemsPerPage"] = json!(shown);
        out["Resources"] = self.show(search, &spots);
        if let (true, Some(cursor)) = (by_cursor, out.as_object_mut().and_then(|out| out.shift_remove("nextCursor"))) {
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
            Some(cursor.ok_or_else(|| Problem::bad("invalidCursor", "this cursor does not belong to this search"))?)
        };
        self.expire()?;
        if let Some(cursor) = here.as_ref().filter(|cursor| cursor.blank) {
            out["nextCursor"] = json!(Cursor { blank: false, ..cursor.clone() }.write());
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
            let next = if sorted { (0, Place::try_from(passed).unwrap_or(Place::MAX)) } else { next };
            let blank = quirks.empty_page && here.is_none();
            let cursor = match &here {
                Some(_) if quirks.repeat_cursor => asked.to_owned(),
                _ => Cursor { fingerprint, next, blank }.write(),
            };
            out["nextCursor"] = json!(cursor);
        }
        Ok((page.spots, more && here.is_none()))
    }

    /// `cursor-expires=N`: after N pages the cursor has expired, once.
    fn expire(&self) -> Result<(), Problem> {
        let mut expired = self.findings.expired.lock().unwrap_or_else(PoisonError::into_inner);
        let there = self.faults.flag("cursor-expires").is_some();
        if !there || self.faults.spend("cursor-expires") {
            *expired = false;
        } else if !*expired {
            *expired = true;
            return Err(Problem::bad("expiredCursor", "the cursor has expired"));
        }
        Ok(())
    }

    fn total(&self, range: &Range) -> usize {
        match range {
            Range::Whole(over) => {
                over.iter().filter_map(|at| self.renderer.library.collection(*at)).map(|one| one.shelf.len()).sum()
            }
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
                    let Some(shelf) = self.renderer.library.collection(*at).map(|one| &one.shelf) else {
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
                let index = over.iter().position(|at| *at == next.0).unwrap_or(over.len());
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
                    return Page { spots, next: Some((*at, place)) };
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
                self.over.contains(&at).then(|| Projection::new(&one.kind, &search.attributes, &search.excluded))
            })
            .collect();
        let shown = spots.iter().filter_map(|(at, place)| {
            let kind = &library.collection(*at)?.kind;
            let mut document = self.renderer.whole(*at, library.document(*at, *place)?);
            without(kind, &self.renderer.quirks.list_omits, &mut document);
            Some(projections.get(*at)?.as_ref()?.apply(kind, document))
        });
        shown.collect()
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
    Page { spots: found.get(start..end).unwrap_or_default().to_vec(), next }
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
