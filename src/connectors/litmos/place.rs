//! Where a record of the service is, and what cannot be written there.

use super::Litmos;
use crate::connectors::address::segment;
use crate::plan::{ChangeId, Ref, Refusal, Request, Target};

pub(super) fn cannot(why: impl Into<String>) -> Refusal {
    Refusal::Cannot(why.into())
}

/// Where a record is, and the change whose new id is a hole in it.
pub(super) struct Place {
    pub(super) path: String,
    pub(super) holes: Vec<ChangeId>,
}

impl Place {
    pub(super) fn of(target: &Target, place: &str) -> Result<Self, Refusal> {
        Ok(match target {
            Target::Record(key) => {
                let id = segment(&key.id).ok_or_else(|| cannot(format!("the id {:?} fits no address", key.id)))?;
                Self { path: format!("{place}/{id}"), holes: Vec::new() }
            }
            Target::New(change) => {
                Self { path: format!("{place}/{}", Ref::New(change.clone())), holes: vec![change.clone()] }
            }
        })
    }

    /// The read of the record itself.
    pub(super) fn read(&self, litmos: &Litmos) -> Request {
        let mut request = litmos.get(&self.path);
        request.holes.clone_from(&self.holes);
        request
    }
}
