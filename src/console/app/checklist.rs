//! Lines to tick before anything is staged: a row's offers one by one, or many rows' by system and operation.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compare::{Compared, Pairing};
use crate::model::{AttrPath, Kind, Op, SystemId};
use crate::plan::stage::{Offer, Stager, gist};
use crate::plan::{Expect, unagreed};

use super::rows::Rows;

/// One line that can be ticked: an offer, or all offers of one operation in one system.
#[derive(Clone, Debug)]
pub struct Item {
    /// The system.
    pub system: SystemId,
    /// What it does.
    pub text: String,
    /// The offers behind it.
    pub offers: Vec<Offer>,
    /// Chosen.
    pub ticked: bool,
    /// Staged already.
    pub staged: bool,
    /// It takes something away.
    pub removes: bool,
    /// Values must be given first.
    pub blanks: bool,
    /// Why it cannot be staged.
    pub blocked: Option<String>,
    /// What happens outside the record when it is pushed.
    pub effects: Vec<String>,
}

impl Item {
    /// It is blocked, and would write characters that could hurt a terminal.
    pub fn odd(&self) -> bool {
        self.blocked.is_some() && self.offers.iter().any(|offer| !unagreed(&offer.change, &[]).is_empty())
    }
}

/// A list to tick before anything is staged.
#[derive(Clone, Debug)]
pub struct Checklist {
    /// Whose changes, or how many rows.
    pub title: String,
    /// The lines.
    pub items: Vec<Item>,
    /// What was left out, and why, with counts.
    pub left_out: Vec<String>,
    /// The cursor.
    pub at: usize,
    /// Unticked lines that are staged are taken back.
    pub exact: bool,
}

impl Checklist {
    /// Moves the cursor.
    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.items.len().saturating_sub(1));
    }

    /// Ticks or unticks the line under the cursor; a blocked one says why.
    pub fn toggle(&mut self) -> Option<String> {
        let item = self.items.get_mut(self.at)?;
        if item.blocked.is_none() {
            item.ticked = !item.ticked;
        }
        item.blocked.clone()
    }

    /// How many changes are ticked.
    pub fn ticked(&self) -> usize {
        self.items.iter().filter(|item| item.ticked).map(|item| item.offers.len()).sum()
    }
}

/// Offers to be gathered off the UI thread.
#[derive(Clone, Debug)]
pub struct Gather {
    /// The kind.
    pub kind: Kind,
    /// One system's, or all targets'.
    pub system: Option<usize>,
    /// The identities.
    pub identities: Arc<[u32]>,
    /// Over what.
    pub compared: Arc<Compared>,
    /// Only what touches this attribute.
    pub path: Option<AttrPath>,
}

/// Offers that were gathered, by system and operation.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The kind.
    pub kind: Kind,
    /// How many rows were looked at.
    pub rows: usize,
    /// By system and operation.
    pub groups: BTreeMap<(SystemId, Op), Vec<Offer>>,
    /// Offers that are blocked, by system and reason.
    pub blocked: BTreeMap<(SystemId, String), usize>,
    /// Rows where nobody can say, by system.
    pub undecided: BTreeMap<SystemId, usize>,
}

impl Gather {
    /// Gathers them.
    pub fn run(self) -> Gathered {
        let rows = Rows::new(&self.compared, self.kind);
        let targets: Vec<usize> = match self.system {
            Some(at) if Some(at) != self.compared.inputs.base() => vec![at],
            _ => rows.targets(),
        };
        let mut gathered = Gathered {
            kind: self.kind,
            rows: self.identities.len(),
            groups: BTreeMap::new(),
            blocked: BTreeMap::new(),
            undecided: BTreeMap::new(),
        };
        let stager = Stager::new(&self.compared);
        for &identity in self.identities.iter() {
            for &at in &targets {
                let system = &self.compared.inputs.systems[at].id;
                let pairing = rows.pairing(identity, at);
                if pairing == Pairing::Undecided {
                    *gathered.undecided.entry(system.clone()).or_default() += 1;
                    continue;
                }
                if !pairing.counts() {
                    continue;
                }
                for offer in stager.offers(self.kind, identity, at) {
                    if self.path.as_ref().is_some_and(|path| !touches(&offer, path)) {
                        continue;
                    }
                    if offer.blocked.is_some() {
                        *gathered.blocked.entry((system.clone(), gist(&offer))).or_default() += 1;
                    } else {
                        gathered.groups.entry((system.clone(), offer.change.op)).or_default().push(offer);
                    }
                }
            }
        }
        gathered
    }
}

/// Whether an offer writes an attribute, or what shows in it.
fn touches(offer: &Offer, path: &AttrPath) -> bool {
    let expected = match &offer.change.expect {
        Expect::Facets(facets) => &facets[..],
        Expect::Absent { .. } => &[],
    };
    offer.change.want.iter().any(|want| want.facet.path == *path)
        || expected.iter().any(|(facet, _)| facet.path == *path)
}
