//! A shelf of documents: a population that is made on demand, with every change laid over it.
//!
//! Owns the order of the documents and what was written to them. Knows nothing of any protocol: a document is JSON
//! with an `id`. A million documents cost nothing until they are asked for; only written ones are held.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

/// The documents that a shelf starts with. `at` must give the same document for the same index every time.
pub trait Base: Send + Sync {
    /// How many documents there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The document at `index`, which is below `len`.
    fn at(&self, index: usize) -> Value;

    /// Where the document of this `id` is.
    fn position(&self, id: &str) -> Option<usize>;

    /// Where the documents are whose text attribute equals `value`, letter case ignored; `None` if the base keeps no
    /// index of that attribute, which is not the same as "nowhere".
    fn find(&self, _attribute: &str, _value: &str) -> Option<Vec<usize>> {
        None
    }
}

/// Documents that are held, found by id without a walk.
pub struct Held {
    documents: Vec<Value>,
    by_id: HashMap<String, usize>,
}

impl From<Vec<Value>> for Held {
    fn from(documents: Vec<Value>) -> Self {
        let by_id = documents
            .iter()
            .enumerate()
            .filter_map(|(index, document)| Some((id_of(document)?.to_owned(), index)))
            .collect();
        Self { documents, by_id }
    }
}

impl Base for Held {
    fn len(&self) -> usize {
        self.documents.len()
    }

    fn at(&self, index: usize) -> Value {
        self.documents.get(index).cloned().unwrap_or(Value::Null)
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }
}

/// Where a document stands. It never changes while the document lives, and its order is the order of the shelf:
/// documents put in front are negative, the base counts from 0, documents added behind go on after it.
pub type Place = i64;

/// A base and what was written over it.
pub struct Shelf {
    base: Box<dyn Base>,
    len: Place,
    written: BTreeMap<Place, Value>,
    removed: Vec<Place>,
    ids: HashMap<String, Place>,
    front: usize,
    behind: usize,
    next: Place,
    generation: u64,
}

impl Shelf {
    /// A shelf over `base`, with nothing written yet.
    pub fn new(base: impl Base + 'static) -> Self {
        let len = Place::try_from(base.len()).unwrap_or(Place::MAX);
        Self {
            base: Box::new(base),
            len,
            written: BTreeMap::new(),
            removed: Vec::new(),
            ids: HashMap::new(),
            front: 0,
            behind: 0,
            next: len,
            generation: 0,
        }
    }

    /// How many documents there are now.
    pub fn len(&self) -> usize {
        self.front + self.base_left() + self.behind
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts the writes: equal numbers mean an unchanged shelf.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Where the document of this `id` stands.
    pub fn place(&self, id: &str) -> Option<Place> {
        if let Some(place) = self.ids.get(id) {
            return Some(*place);
        }
        let place = Place::try_from(self.base.position(id)?).ok()?;
        self.removed.binary_search(&place).is_err().then_some(place)
    }

    /// The document at a place, if one stands there.
    pub fn at(&self, place: Place) -> Option<Value> {
        if let Some(document) = self.written.get(&place) {
            return Some(document.clone());
        }
        let index = usize::try_from(place).ok()?;
        (place < self.len && self.removed.binary_search(&place).is_err()).then(|| self.base.at(index))
    }

    /// The document of this `id`.
    pub fn get(&self, id: &str) -> Option<Value> {
        self.at(self.place(id)?)
    }

    /// The place of the document that has `start` documents before it.
    pub fn nth(&self, start: usize) -> Option<Place> {
        if start < self.front {
            return self.written.range(..0).nth(start).map(|(place, _)| *place);
        }
        let start = start - self.front;
        if start < self.base_left() {
            return Some(self.nth_of_base(start));
        }
        let start = start - self.base_left();
        self.written.range(self.len..).nth(start).map(|(place, _)| *place)
    }

    /// The places from `from` on, in order. Nothing is made or copied.
    pub fn places(&self, from: Place) -> impl Iterator<Item = Place> + '_ {
        let front = self.written.range(from.min(0)..0).map(|(place, _)| *place);
        let mut gone = self.removed.partition_point(|place| *place < from);
        let base = (from.clamp(0, self.len)..self.len).filter(move |place| {
            let here = self.removed.get(gone) == Some(place);
            gone += usize::from(here);
            !here
        });
        let behind = self.written.range(from.max(self.len)..).map(|(place, _)| *place);
        front.chain(base).chain(behind)
    }

    /// A page: the documents from the one with `start` before it, `count` at most.
    pub fn page(&self, start: usize, count: usize) -> Vec<Value> {
        let Some(from) = self.nth(start) else {
            return Vec::new();
        };
        self.places(from).take(count).filter_map(|place| self.at(place)).collect()
    }

    /// The places of the documents whose text attribute equals `value`, letter case ignored, if the base keeps an
    /// index of it. Written documents are offered whatever they hold, so the caller has to look again.
    pub fn find(&self, attribute: &str, value: &str) -> Option<Vec<Place>> {
        let mut places: Vec<Place> = self
            .base
            .find(attribute, value)?
            .into_iter()
            .filter_map(|index| Place::try_from(index).ok())
            .filter(|place| self.removed.binary_search(place).is_err())
            .chain(self.written.keys().copied())
            .collect();
        places.sort_unstable();
        places.dedup();
        Some(places)
    }

    /// Adds a document behind all others and tells its place.
    pub fn insert(&mut self, id: &str, document: Value) -> Place {
        let place = self.next;
        self.next += 1;
        self.behind += 1;
        self.put(place, id, document);
        place
    }

    /// Puts a document in front of all others, which moves every one of them down by one.
    pub fn insert_first(&mut self, id: &str, document: Value) -> Place {
        let place = self.written.keys().next().copied().unwrap_or(0).min(0) - 1;
        self.front += 1;
        self.put(place, id, document);
        place
    }

    /// Puts another document in the place of this `id`, which it keeps; false if there is none.
    pub fn replace(&mut self, id: &str, document: Value) -> bool {
        let Some(place) = self.place(id) else {
            return false;
        };
        self.put(place, id, document);
        true
    }

    /// Takes the document of this `id` away and gives it back.
    pub fn remove(&mut self, id: &str) -> Option<Value> {
        let place = self.place(id)?;
        let document = self.at(place)?;
        self.written.remove(&place);
        self.ids.remove(id);
        if place < 0 {
            self.front -= 1;
        } else if place < self.len {
            let at = self.removed.partition_point(|other| *other < place);
            self.removed.insert(at, place);
        } else {
            self.behind -= 1;
        }
        self.generation += 1;
        Some(document)
    }

    fn put(&mut self, place: Place, id: &str, document: Value) {
        self.written.insert(place, document);
        self.ids.insert(id.to_owned(), place);
        self.generation += 1;
    }

    fn base_left(&self) -> usize {
        usize::try_from(self.len).unwrap_or(usize::MAX).saturating_sub(self.removed.len())
    }

    /// The smallest place of the base with `start` living ones before it, by halving: `removed` is sorted.
    fn nth_of_base(&self, start: usize) -> Place {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            let gone = self.removed.partition_point(|place| *place <= middle);
            let living = usize::try_from(middle + 1).unwrap_or(usize::MAX) - gone;
            if living > start {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        low
    }
}

fn id_of(document: &Value) -> Option<&str> {
    document.get("id").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Numbers {
        len: usize,
        made: Arc<AtomicUsize>,
    }

    impl Base for Numbers {
        fn len(&self) -> usize {
            self.len
        }

        fn at(&self, index: usize) -> Value {
            self.made.fetch_add(1, Ordering::Relaxed);
            json!({ "id": index.to_string() })
        }

        fn position(&self, id: &str) -> Option<usize> {
            id.parse().ok().filter(|index| *index < self.len)
        }
    }

    fn numbers(len: usize) -> (Shelf, Arc<AtomicUsize>) {
        let made = Arc::new(AtomicUsize::new(0));
        let base = Numbers { len, made: Arc::clone(&made) };
        (Shelf::new(base), made)
    }

    fn ids(documents: &[Value]) -> Vec<&str> {
        documents.iter().filter_map(id_of).collect()
    }

    #[test]
    fn a_page_of_a_million_makes_only_its_own_documents() {
        let (mut shelf, made) = numbers(1_000_000);
        shelf.remove("10").unwrap();
        made.store(0, Ordering::Relaxed);
        assert_eq!(ids(&shelf.page(999_990, 4)), ["999991", "999992", "999993", "999994"]);
        assert_eq!(made.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn what_is_written_lies_over_the_base_in_order() {
        let (mut shelf, _) = numbers(4);
        shelf.insert("new", json!({ "id": "new" }));
        shelf.insert_first("a", json!({ "id": "a" }));
        shelf.insert_first("b", json!({ "id": "b" }));
        shelf.remove("1").unwrap();
        assert!(shelf.replace("2", json!({ "id": "2", "edited": true })));
        assert_eq!(shelf.len(), 6);
        assert_eq!(ids(&shelf.page(0, 10)), ["b", "a", "0", "2", "3", "new"]);
        for start in 0..6 {
            let rest = shelf.page(start, 10);
            assert_eq!(rest.len(), 6 - start, "from {start}");
        }
        assert_eq!(ids(&shelf.page(1, 3)), ["a", "0", "2"]);
        assert_eq!(shelf.at(1), None);
        assert_eq!(shelf.get("2").unwrap()["edited"], true);
        assert_eq!(shelf.page(6, 1), Vec::<Value>::new());
    }

    #[test]
    fn a_removed_document_is_gone_and_a_removed_new_one_too() {
        let (mut shelf, _) = numbers(5);
        shelf.insert("new", json!({ "id": "new" }));
        shelf.insert_first("first", json!({ "id": "first" }));
        for id in ["new", "first", "1", "3"] {
            assert!(shelf.remove(id).is_some(), "{id}");
            assert!(shelf.get(id).is_none(), "{id}");
            assert!(shelf.remove(id).is_none(), "{id}");
            assert!(!shelf.replace(id, json!({})), "{id}");
        }
        assert_eq!(shelf.places(Place::MIN).collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(ids(&shelf.page(0, 10)), ["0", "2", "4"]);
        assert_eq!(shelf.len(), 3);
    }

    #[test]
    fn an_edited_document_that_is_removed_does_not_come_back_as_the_base_had_it() {
        let (mut shelf, _) = numbers(2);
        shelf.replace("0", json!({ "id": "0", "edited": true }));
        shelf.remove("0").unwrap();
        assert_eq!(ids(&shelf.page(0, 10)), ["1"]);
    }

    #[test]
    fn every_write_counts_as_a_new_generation() {
        let (mut shelf, _) = numbers(2);
        let before = shelf.generation();
        shelf.replace("0", json!({ "id": "0" }));
        assert_ne!(shelf.generation(), before);
    }
}
