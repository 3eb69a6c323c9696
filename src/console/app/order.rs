//! Which identities a list shows, in what order. Made off the UI thread where there are many.

use std::cmp::Ordering;
use std::sync::Arc;

use rayon::prelude::*;

use crate::compare::Compared;
use crate::model::Kind;

use super::rows::Rows;
use super::staged::Marks;

/// From so many rows on, an order is made by a job and not while a key waits.
pub const JOB_ROWS: u32 = 20_000;

/// By what a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
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
}

impl Sort {
    /// The next one in turn.
    pub const fn next(self) -> Self {
        match self {
            Self::AsRead => Self::Name,
            Self::Name => Self::Second,
            Self::Second => Self::Out,
            Self::Out => Self::AsRead,
        }
    }
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
    /// By what it is sorted.
    pub sort: Sort,
    /// Backwards.
    pub reverse: bool,
    /// The staging that the filter asks for, by its version; 0 where it does not.
    pub staged: u64,
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
}

impl Order {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::All(len) => *len as usize,
            Self::These(rows) => rows.len(),
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
        }
    }

    /// The position of an identity.
    pub fn position(&self, identity: u32) -> Option<usize> {
        match self {
            Self::All(len) => (identity < *len).then_some(identity as usize),
            Self::These(rows) => rows.iter().position(|have| *have == identity),
        }
    }
}

/// A list to be made: everything that it takes.
#[derive(Clone, Debug)]
pub struct OrderJob {
    /// Rises with every job; an answer to an older one is dropped.
    pub token: u64,
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
        let order = self.order();
        Ordered { job: self, order }
    }

    fn order(&self) -> Order {
        let rows = Rows::new(&self.compared, self.kind);
        if self.asked.trivial() {
            return Order::All(rows.len());
        }
        let Asked { system, only, sort, reverse, .. } = self.asked;
        let sieve = super::filter::Sieve::new(&self.asked.filter, &self.marks);
        let mut kept: Vec<u32> = (0..rows.len())
            .into_par_iter()
            .filter(|&identity| {
                rows.listed(identity, system)
                    && (!only || rows.out(identity, system))
                    && sieve.passes(&rows, identity, system)
            })
            .collect();
        let by = |a: &u32, b: &u32| -> Ordering {
            let order = match sort {
                Sort::AsRead => Ordering::Equal,
                Sort::Name => folded(rows.name(*a, system), rows.name(*b, system)),
                Sort::Second => folded(rows.second(*a, system), rows.second(*b, system)),
                Sort::Out => rows.weight(*b, system).cmp(&rows.weight(*a, system)),
            };
            order.then(a.cmp(b))
        };
        if sort != Sort::AsRead {
            kept.par_sort_unstable_by(by);
        }
        if reverse {
            kept.reverse();
        }
        Order::These(kept.into())
    }
}

/// Names are sorted without regard to case; equal ones by their bytes.
fn folded(a: &str, b: &str) -> Ordering {
    a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase)).then_with(|| a.cmp(b))
}
