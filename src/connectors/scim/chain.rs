//! One feed over several endpoints: roles, profiles and permission sets are all roles (targets/scim.md A4).

use super::listing::Listing;
use crate::connectors::{Finish, Input, Next, Walk};
use crate::model::Proof;
use crate::plan::Request;

/// Listings one after the other; complete is what all of them prove.
pub(super) struct Chain {
    rest: std::vec::IntoIter<Listing>,
    now: Option<Listing>,
    total: u64,
    hows: Vec<String>,
    /// Why one of them is not all there is.
    lacks: Vec<String>,
}

impl Chain {
    pub(super) fn new(walks: Vec<Listing>) -> Self {
        let mut rest = walks.into_iter();
        Self { now: rest.next(), rest, total: 0, hows: Vec::new(), lacks: Vec::new() }
    }
}

impl Walk for Chain {
    fn next(&mut self, mut input: Input) -> Next {
        loop {
            let Some(walk) = &mut self.now else {
                let how = std::mem::take(&mut self.hows).join("; ");
                if !self.lacks.is_empty() {
                    return Next::Done(Finish::Feed(Proof::Partial { why: self.lacks.join("; ") }));
                }
                return Next::Done(Finish::Feed(Proof::Complete { how, total: self.total }));
            };
            match walk.next(input) {
                Next::Done(Finish::Feed(Proof::Complete { how, total })) => {
                    self.total += total;
                    self.hows.push(how);
                    self.now = self.rest.next();
                    input = Input::Start;
                }
                // The others are read all the same.
                Next::Done(Finish::Feed(Proof::Partial { why })) => {
                    self.lacks.push(why);
                    self.now = self.rest.next();
                    input = Input::Start;
                }
                other => return other,
            }
        }
    }

    fn expected(&self) -> Option<u64> {
        // Of those that are still to come nothing is known.
        let now = self.now.as_ref().and_then(Walk::expected);
        if self.rest.len() == 0 { now.map(|now| now + self.total) } else { None }
    }

    fn foresees(&self, most: usize) -> Vec<Request> {
        self.now.as_ref().map(|now| now.foresees(most)).unwrap_or_default()
    }
}
