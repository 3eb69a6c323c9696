//! Which identities a list shows, in what order. Made off the UI thread where there are many.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as Memory};

use rayon::prelude::*;

use crate::compare::{Compared, select};
use crate::model::filter::Query;
use crate::model::{AttrPath, Kind, RecordKey, SystemId};

use super::narrow::Narrow;
use super::rows::Rows;
use super::staged::Marks;
use super::tree::{Branch, Tree};

/// From so many rows on, an order is made by a job and not while a key waits.
pub const JOB_ROWS: u32 = 20_000;

/// By what a list is sorted.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Sort {
    /// As the source has them.
    #[default]
    AsRead,
    /// By name.
    Name,
    /// By login or other second column.
    Second,
    /// What is furthest out of true first.
    Out,
    /// By how they stand in one system, what is furthest out of true first.
    System(SystemId),
    /// By an attribute.
    Attr(AttrPath),
}

/// What a list shall show.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Asked {
    /// One system's list, or all.
    pub system: Option<usize>,
    /// The filter as it was typed.
    pub filter: String,
    /// Only what is out of true.
    pub only: bool,
    /// Only these, beside the filter.
    pub narrow: Option<Narrow>,
    /// By what it is sorted.
    pub sort: Sort,
    /// Backwards.
    pub reverse: bool,
    /// The staging that the filter asks for, by its version; 0 where it does not.
    pub staged: u64,
    /// As a tree, with these branches closed.
    pub tree: Option<Arc<BTreeSet<RecordKey>>>,
}

impl Asked {
    /// Whether the identities are shown just as they are numbered.
    pub fn trivial(&self) -> bool {
        *self == Self::default()
    }
}

/// Identities in the order of a list.
#[derive(Clone, Debug)]
pub enum Order {
    /// All of them as they are numbered.
    All(u32),
    /// These.
    These(Arc<[u32]>),
    /// These, each under what it belongs to.
    Tree(Arc<[Branch]>),
}

impl Order {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::All(len) => *len as usize,
            Self::These(rows) => rows.len(),
            Self::Tree(rows) => rows.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The identity at a position.
    pub fn get(&self, at: usize) -> Option<u32> {
        match self {
            Self::All(len) => (at < *len as usize).then_some(at as u32),
            Self::These(rows) => rows.get(at).copied(),
            Self::Tree(rows) => rows.get(at).map(|branch| branch.identity),
        }
    }

    /// The branch at a position, where this is a tree.
    pub fn branch(&self, at: usize) -> Option<&Branch> {
        match self {
            Self::Tree(rows) => rows.get(at),
            _ => None,
        }
    }

    /// The position of an identity. `hint`: where it was before, which costs nothing to try.
    pub fn position(&self, identity: u32, hint: usize) -> Option<usize> {
        if self.get(hint) == Some(identity) {
            return Some(hint);
        }
        match self {
            Self::All(len) => (identity < *len).then_some(identity as usize),
            Self::These(rows) => rows.iter().position(|have| *have == identity),
            Self::Tree(rows) => rows.iter().position(|have| have.identity == identity),
        }
    }
}

/// A list to be made: everything that it takes.
#[derive(Clone, Debug)]
pub struct OrderJob {
    /// Rises with every job; an answer to an older one is dropped.
    pub token: u64,
    /// The token of the newest job: an older one need not be finished.
    pub newest: Arc<AtomicU64>,
    /// The kind.
    pub kind: Kind,
    /// What is shown.
    pub asked: Asked,
    /// Over what.
    pub compared: Arc<Compared>,
    /// What is staged.
    pub marks: Arc<Marks>,
}

/// A list that was made.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// The job.
    pub job: OrderJob,
    /// The outcome.
    pub order: Order,
}

impl OrderJob {
    /// Whether it is quick enough to be done while a key waits.
    pub fn quick(&self) -> bool {
        self.asked.trivial() || self.compared.kind(self.kind).len <= JOB_ROWS
    }

    /// Makes the list.
    pub fn run(self) -> Ordered {
        let order = if self.overtaken() { Order::All(0) } else { self.order() };
        Ordered { job: self, order }
    }

    /// Whether a newer list was asked for since, so that nobody waits for this one.
    fn overtaken(&self) -> bool {
        self.newest.load(Memory::Relaxed) > self.token
    }

    fn order(&self) -> Order {
        let rows = Rows::new(&self.compared, self.kind);
        if self.asked.trivial() {
            return Order::All(rows.len());
        }
        let kept = self.kept(&rows);
        if self.overtaken() {
            return Order::All(0);
        }
        let kept = self.sorted(&rows, kept);
        match &self.asked.tree {
            Some(closed) => {
                let tree = Tree::new(&rows, self.asked.system);
                Order::Tree(tree.branches(&rows, &kept, closed).into())
            }
            None => Order::These(kept.into()),
        }
    }

    fn kept(&self, rows: &Rows<'_>) -> Vec<u32> {
        let Asked { system, only, narrow, filter, .. } = &self.asked;
        let (system, only) = (*system, *only);
        let set = narrow.as_ref().map(|narrow| narrow.set(rows));
        let passes = |identity: u32| {
            rows.listed(identity, system)
                && (!only || rows.out(identity, system))
                && set.as_ref().is_none_or(|set| set.get(identity as usize) == Some(&true))
        };
        let query = Query::parse(filter);
        if query == Query::All {
            return (0..rows.len()).into_par_iter().filter(|identity| passes(*identity)).collect();
        }
        let marks = &self.marks;
        let staged = |identity: u32| marks.about(rows, identity, system);
        let found = select(&self.compared, self.kind, &query, system, &staged, &|| self.overtaken());
        found.into_par_iter().filter(|identity| passes(*identity)).collect()
    }

    /// In the order that was asked for; what is alike stays as the source has it, also backwards.
    fn sorted(&self, rows: &Rows<'_>, mut kept: Vec<u32>) -> Vec<u32> {
        let system = self.asked.system;
        match &self.asked.sort {
            Sort::AsRead => {
                if self.asked.reverse {
                    kept.reverse();
                }
                return kept;
            }
            Sort::Name => self.by_text(&mut kept, |identity| rows.name(identity, system)),
            Sort::Second => self.by_text(&mut kept, |identity| rows.second(identity, system)),
            Sort::Attr(path) => {
                let found = rows.column(path);
                self.by_text(&mut kept, |identity| rows.value(&found, identity, system).text());
            }
            Sort::Out => self.by_weight(&mut kept, |identity| rows.weight(identity, system)),
            Sort::System(id) => {
                let at = self.compared.inputs.index(id);
                self.by_weight(&mut kept, |identity| rows.weight(identity, at));
            }
        }
        kept
    }

    fn by_weight(&self, kept: &mut [u32], weight: impl Fn(u32) -> u32 + Sync) {
        let reverse = self.asked.reverse;
        kept.par_sort_by(|a, b| {
            let order = weight(*b).cmp(&weight(*a));
            if reverse { order.reverse() } else { order }
        });
    }

    /// By folded text; what is empty comes last. The first letters decide most of it, as one number.
    fn by_text<'r>(&self, kept: &mut Vec<u32>, text: impl Fn(u32) -> &'r str + Sync) {
        let reverse = self.asked.reverse;
        let mut keyed: Vec<(u64, u32)> =
            kept.par_iter().map(|identity| (first_letters(text(*identity)), *identity)).collect();
        keyed.par_sort_by(|(a, x), (b, y)| {
            let empty = (*a == 0).cmp(&(*b == 0));
            let order = a.cmp(b).then_with(|| folded(text(*x), text(*y)));
            empty.then(if reverse { order.reverse() } else { order })
        });
        kept.clear();
        kept.extend(keyed.into_iter().map(|(_, identity)| identity));
    }
}

fn lower(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// The first bytes of a text without regard to case, so that numbers compare as the texts do.
fn first_letters(text: &str) -> u64 {
    let mut bytes = [0_u8; 8];
    let mut at = 0;
    for c in lower(text) {
        let mut buffer = [0; 4];
        for byte in c.encode_utf8(&mut buffer).bytes() {
            if at == bytes.len() {
                return u64::from_be_bytes(bytes);
            }
            bytes[at] = byte;
            at += 1;
        }
    }
    u64::from_be_bytes(bytes)
}

/// Names are sorted without regard to case; equal ones by their bytes.
fn folded(a: &str, b: &str) -> Ordering {
    lower(a).cmp(lower(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_letters_never_contradict_the_whole_texts(a in "\\PC{0,12}", b in "\\PC{0,12}") {
            let letters = first_letters(&a).cmp(&first_letters(&b));
            let whole = lower(&a).cmp(lower(&b));
            prop_assert!(letters == Ordering::Equal || letters == whole);
        }
    }
}
