//! A list of one kind: its order, its cursor, its range.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering as Memory;

use rayon::prelude::*;

use crate::compare::Compared;
use crate::model::{Kind, RecordKey};

use super::columns::Column;
use super::filter::Past;
use super::lines::Tone;
use super::narrow::Narrow;
use super::order::{Asked, Order, OrderJob, Ordered, Sort};
use super::rows::Rows;
use super::text::text;
use super::{App, Wish, filter, tree};

/// So many rows are looked at one by one.
const NEAR: usize = 4096;

/// What an order was made from.
#[derive(Clone, Debug)]
struct Made {
    asked: Asked,
    compared: Arc<Compared>,
}

/// A list of one kind.
#[derive(Clone, Debug)]
pub struct List {
    /// The kind.
    pub kind: Kind,
    /// The filter as it was typed.
    pub filter: String,
    /// Filters that were used here before.
    pub past: Past,
    /// Only what is out of true.
    pub only: bool,
    /// Only these, beside the filter.
    pub narrow: Option<Narrow>,
    /// By what it is sorted.
    pub sort: Sort,
    /// Backwards.
    pub reverse: bool,
    /// The columns that were chosen; `None`: those that fit.
    pub columns: Option<Vec<Column>>,
    /// Branches that are closed, where this is a tree.
    pub closed: Arc<BTreeSet<RecordKey>>,
    /// What is shown.
    pub order: Order,
    /// The comparison that `order` numbers; the rows shown are read from it.
    pub shown: Option<Arc<Compared>>,
    /// The record under the cursor; `None`: the operator has not moved yet, and the cursor stays on the first row.
    pub cursor: Option<RecordKey>,
    /// The cursor's position in `order`.
    pub at: usize,
    /// The first position on the screen.
    pub top: usize,
    /// Where a range began, by its record.
    pub anchor: Option<RecordKey>,
    /// Where the range began when it did, to be tried first.
    pub anchor_at: usize,
    hint: u32,
    made: Option<Made>,
    job: Option<(u64, Asked)>,
}

impl List {
    /// An empty list.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            filter: String::new(),
            past: Past::default(),
            only: false,
            narrow: None,
            sort: Sort::AsRead,
            reverse: false,
            columns: None,
            closed: Arc::default(),
            order: Order::All(0),
            shown: None,
            cursor: None,
            at: 0,
            top: 0,
            anchor: None,
            anchor_at: 0,
            hint: 0,
            made: None,
            job: None,
        }
    }

    /// The identity under the cursor.
    pub fn identity(&self) -> Option<u32> {
        self.order.get(self.at)
    }

    /// Whether a list is being made.
    pub fn working(&self) -> bool {
        self.job.is_some()
    }

    /// The positions of the range, first and last, while one is open.
    pub fn range(&self) -> Option<(usize, usize)> {
        let anchor = self.anchor.as_ref()?;
        let compared = self.shown.as_ref()?;
        let rows = Rows::new(compared, self.kind);
        let stands = self.order.get(self.anchor_at).filter(|identity| rows.key(*identity).as_ref() == Some(anchor));
        let from = match stands {
            Some(_) => self.anchor_at,
            None => self.order.position(rows.find(anchor, 0)?, self.anchor_at)?,
        };
        Some((from.min(self.at), from.max(self.at)))
    }

    /// Puts the cursor on a position and remembers the record there.
    pub fn go(&mut self, at: usize) {
        self.at = at.min(self.order.len().saturating_sub(1));
        if let (Some(compared), Some(identity)) = (&self.shown, self.order.get(self.at)) {
            let rows = Rows::new(compared, self.kind);
            self.hint = rows.first(identity).map_or(0, |(_, _, row)| row.0);
            self.cursor = rows.key(identity);
        }
    }

    /// The screen follows the cursor: when it leaves the page, the page jumps by half.
    pub fn follow(&mut self, height: usize) {
        let height = height.max(1);
        let last = self.order.len().saturating_sub(1);
        self.at = self.at.min(last);
        if self.at < self.top {
            self.top = if self.at + 1 == self.top { self.at.saturating_sub(height / 2) } else { self.at };
        } else if self.at >= self.top + height {
            let one = self.at == self.top + height;
            self.top = if one { self.at - height / 2 } else { self.at + 1 - height };
        }
        self.top = self.top.min((last + 1).saturating_sub(height));
    }

    /// The order is made anew at the next occasion.
    pub(super) fn forget(&mut self) {
        self.made = None;
    }

    fn take(&mut self, ordered: Ordered) {
        let offset = self.at.saturating_sub(self.top);
        self.order = ordered.order;
        let compared = ordered.job.compared;
        let rows = Rows::new(&compared, self.kind);
        let found = self.cursor.as_ref().and_then(|key| rows.find(key, self.hint));
        if let Some(at) = found.and_then(|identity| self.order.position(identity, self.at)) {
            self.at = at;
        }
        if self.cursor.is_none() {
            self.at = 0;
        }
        self.at = self.at.min(self.order.len().saturating_sub(1));
        self.top = self.at.saturating_sub(offset);
        self.made = Some(Made { asked: ordered.job.asked, compared: compared.clone() });
        self.shown = Some(compared);
    }
}

impl App {
    fn asked(&self, kind: Kind) -> Asked {
        let list = &self.lists[kind.index()];
        Asked {
            system: self.system_index(),
            filter: list.filter.clone(),
            only: list.only,
            narrow: list.narrow.clone(),
            sort: list.sort.clone(),
            reverse: list.reverse,
            staged: if filter::asks_staged(&list.filter) { self.staged.version() } else { 0 },
            tree: self.grows(kind).then(|| list.closed.clone()),
        }
    }

    /// Whether the records of a kind belong to each other, so that their list is a tree.
    fn grows(&self, kind: Kind) -> bool {
        matches!(kind, Kind::Group | Kind::Product)
            && self.world.as_ref().is_some_and(|world| tree::grows(&Rows::new(&world.compared, kind)))
    }

    /// Closes or opens the branch under the cursor; on a leaf the one that it belongs to.
    pub(super) fn fold_branch(&mut self) {
        let Some(kind) = self.kind() else { return };
        let list = &mut self.lists[kind.index()];
        let Order::Tree(branches) = &list.order else {
            return self.say(Tone::Plain, text!("tree.none"));
        };
        let here = branches.get(list.at).is_some_and(|branch| branch.parent);
        let at = if here { Some(list.at) } else { tree::parent_of(branches, list.at) };
        let Some((at, compared)) = at.zip(list.shown.clone()) else {
            return self.say(Tone::Plain, text!("tree.none-here"));
        };
        list.go(at);
        let key = list.order.get(at).and_then(|identity| Rows::new(&compared, kind).key(identity));
        let Some(key) = key else { return };
        let closed = Arc::make_mut(&mut list.closed);
        if !closed.remove(&key) {
            closed.insert(key);
        }
    }

    /// Makes the list of the tab anew where what it shows has changed.
    pub(super) fn order(&mut self, wishes: &mut Vec<Wish>) {
        let (Some(kind), Some(world)) = (self.kind(), self.world.clone()) else { return };
        let asked = self.asked(kind);
        let list = &self.lists[kind.index()];
        let current =
            list.made.as_ref().is_some_and(|made| made.asked == asked && Arc::ptr_eq(&made.compared, &world.compared));
        if !current {
            let waits = list.job.as_ref().is_some_and(|(_, waiting)| *waiting == asked);
            let marks = self.staged.marks().clone();
            let token = self.token();
            let newest = self.newest.clone();
            let job = OrderJob { token, newest, kind, asked, compared: world.compared.clone(), marks };
            let list = &mut self.lists[kind.index()];
            if job.quick() {
                list.job = None;
                list.take(job.run());
            } else if !waits {
                // News of the world waits for the job that is under way; a wish of the operator does not.
                list.job = Some((job.token, job.asked.clone()));
                job.newest.store(job.token, Memory::Relaxed);
                wishes.push(Wish::Order(job));
            }
        }
        let height = self.list_height();
        self.lists[kind.index()].follow(height);
    }

    pub(super) fn ordered(&mut self, ordered: Ordered) {
        let list = &mut self.lists[ordered.job.kind.index()];
        if list.job.as_ref().is_some_and(|(token, _)| *token == ordered.job.token) {
            list.job = None;
            list.take(ordered);
        }
    }

    /// Rows of records that fit on the screen: all but header, tabs, strip, heading and footer, and the detail.
    pub fn list_height(&self) -> usize {
        let rows = usize::from(self.size.1).saturating_sub(5);
        rows - self.detail_height().min(rows)
    }

    /// Rows of the detail under the list, its title and heading included; 0 where it opens full screen.
    pub fn detail_height(&self) -> usize {
        if self.wide() { (usize::from(self.size.1) - 5) / 3 } else { 0 }
    }

    /// Puts the list's cursor on the next or previous identity that is out of true.
    pub(super) fn next_out(&mut self, back: bool) -> bool {
        let Some(kind) = self.kind() else { return false };
        let system = self.system_index();
        let list = &mut self.lists[kind.index()];
        let Some(compared) = list.shown.clone() else { return false };
        let rows = Rows::new(&compared, kind);
        let out = |at: &usize| list.order.get(*at).is_some_and(|identity| rows.out(identity, system));
        // Most often it is near; where it is not, all cores look.
        let (at, len) = (list.at, list.order.len());
        let found = if back {
            let near = at.saturating_sub(NEAR);
            (near..at).rev().find(out).or_else(|| (0..near).into_par_iter().find_last(out))
        } else {
            let near = (at + 1 + NEAR).min(len);
            (at + 1..near).find(out).or_else(|| (near..len).into_par_iter().find_first(out))
        };
        match found {
            Some(at) => {
                list.go(at);
                true
            }
            None => false,
        }
    }
}
