//! Who leads a team and who administers it: lists of their own, a call for each change, and members only (targets/litmos.md 5).
//!
//! Owns the requests that appoint and dismiss. Does no I/O.

use serde_json::json;

use super::place::{Place, cannot};
use super::{Litmos, TEAM_ADMINS, TEAM_LEADERS};
use crate::connectors::address::segment;
use crate::mapping::Edit;
use crate::model::{AttrPath, Op};
use crate::plan::{Body, Change, ChangeId, Method, Ref, Refusal, Repeat, Step};

/// One of the two lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Office {
    Leader,
    Admin,
}

impl Office {
    pub(super) const ALL: [Self; 2] = [Self::Leader, Self::Admin];

    /// The list that an attribute is.
    pub(super) fn of(path: &AttrPath) -> Option<Self> {
        Self::ALL.into_iter().find(|office| path.as_str().eq_ignore_ascii_case(office.call()))
    }

    /// The attribute, and the last part of the call.
    pub(super) const fn call(self) -> &'static str {
        match self {
            Self::Leader => "leaders",
            Self::Admin => "admins",
        }
    }

    /// The feed that brings it.
    pub(super) const fn feed(self) -> &'static str {
        match self {
            Self::Leader => TEAM_LEADERS,
            Self::Admin => TEAM_ADMINS,
        }
    }
}

/// One person to be appointed or dismissed.
pub(super) struct Officer<'c> {
    pub(super) change: &'c Change,
    pub(super) office: Office,
    pub(super) who: Ref,
    pub(super) appoint: bool,
}

impl Litmos {
    /// One request for one person: nobody is appointed together with others.
    pub(super) fn appointed(&self, officer: &Officer<'_>) -> Result<Step, Refusal> {
        let Officer { change, office, who, appoint } = officer;
        let place = Place::of(&change.target, "teams")?;
        let mut holes: Vec<ChangeId> = place.holes.clone();
        let id = match who {
            Ref::Id(id) => segment(id).ok_or_else(|| cannot(format!("the id {id:?} fits no address")))?,
            Ref::New(_) if !appoint => return Err(cannot("who is not there yet is in no team")),
            Ref::New(new) => {
                holes.push(new.clone());
                who.to_string()
            }
        };
        let call = office.call();
        let method = if *appoint { Method::Put } else { Method::Delete };
        let mut write = self.request(method, &format!("{}/{call}/{id}", place.path), None, Repeat::Safe);
        // No body (targets/litmos.md 5).
        write.body = Body::None;
        write.holes = holes;
        let (at, key) = (format!("/{call}"), who.to_string());
        write.edits = vec![if *appoint {
            Edit::Insert { at, value: json!({ "Id": key.as_str() }), key }
        } else {
            Edit::Remove { at, key }
        }];
        let mut list = self.page(&format!("{}/{call}", place.path), 0);
        list.holes.clone_from(&place.holes);
        let mut step = self.step(change, vec![change.id.clone()], &[], write, &[place.read(self), list]);
        // targets/litmos.md 3, 5, 13.17: the profile shows leaders and administrators alike.
        step.side_effects.push(if *appoint {
            "the access level of a learner becomes Team_Leader with it".to_owned()
        } else {
            "the access level of the profile may stay Team_Leader: look at it afterwards".to_owned()
        });
        Ok(step)
    }
}

/// Which lists changes are about.
pub(super) fn concerned(about: &[&Change]) -> Vec<Office> {
    let wanted = about.iter().filter(|change| matches!(change.op, Op::Put | Op::Drop | Op::Set | Op::Create));
    let mut offices: Vec<Office> =
        wanted.flat_map(|change| &change.want).filter_map(|want| Office::of(&want.facet.path)).collect();
    offices.dedup();
    Office::ALL.into_iter().filter(|office| offices.contains(office)).collect()
}
