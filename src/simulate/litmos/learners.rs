//! The users that the world has, in Litmos's words (targets/litmos.md 3).

use serde_json::{Value, json};

use super::record::{self, Record, put};
use crate::simulate::clock;
use crate::simulate::shelf::Base;
use crate::simulate::world::World;
use crate::simulate::world::litmos::{Access, Learner};

/// The users that the world has.
pub struct Learners(pub World);

impl Base for Learners {
    fn len(&self) -> usize {
        self.0.learners() as usize
    }

    fn at(&self, index: usize) -> Value {
        self.0
            .learner(self.0.learner_at(index as u32))
            .map_or(Value::Null, |learner| Value::Object(written(&self.0, &learner)))
    }

    fn position(&self, id: &str) -> Option<usize> {
        let slot = self.0.learner_slot(id).filter(|slot| self.0.has_learner(*slot))?;
        self.0.learner_place(slot).map(|place| place as usize)
    }

    fn find(&self, _attribute: &str, value: &str) -> Option<Vec<usize>> {
        let slots = self.0.find_learner(value);
        Some(slots.into_iter().filter_map(|slot| self.0.learner_place(slot)).map(|place| place as usize).collect())
    }
}

/// A learner in Litmos's words.
fn written(world: &World, learner: &Learner) -> Record {
    let mut user = record::blank();
    let access = match learner.access {
        Access::Learner => "Learner",
        Access::TeamLeader => "Team_Leader",
        Access::Administrator => "Administrator",
        Access::AccountOwner => "Account_Owner",
    };
    let texts = [
        ("Id", learner.id.as_str()),
        ("UserName", &learner.user_name),
        ("FirstName", &learner.first),
        ("LastName", &learner.last),
        ("Email", &learner.email),
        ("AccessLevel", access),
        ("PhoneWork", &learner.phone_work),
        ("PhoneMobile", &learner.phone_mobile),
        ("TimeZone", &learner.timezone),
        ("Street1", &learner.street),
        ("City", &learner.city),
        ("State", &learner.state),
        ("PostalCode", &learner.post),
        ("Country", &learner.country),
        ("CompanyName", &learner.company),
        ("JobTitle", &learner.title),
        ("CustomField1", &learner.cohort),
        ("Culture", &learner.culture),
        ("ExternalEmployeeId", &learner.employee),
    ];
    for (name, value) in texts {
        put(&mut user, name, value);
    }
    put(&mut user, "FullName", format!("{} {}", learner.first, learner.last));
    put(&mut user, "Active", learner.active);
    put(&mut user, "LastLogin", learner.accessed.map(instant).unwrap_or_default());
    put(&mut user, "LoginKey", login_key(world, learner.slot));
    put(&mut user, "IsCustomUsername", !learner.user_name.contains('@'));
    put(&mut user, "SkipFirstLogin", true);
    put(&mut user, "OriginalId", learner.original);
    put(&mut user, "CreatedDate", instant(learner.created));
    put(&mut user, "Points", learner.original % 900);
    if let Some(manager) = learner.manager {
        put(&mut user, "ManagerId", json!(world.learner_id(manager)));
    }
    user
}

/// An address that signs its bearer in; made up, as everything here.
pub fn login_key(world: &World, number: u32) -> String {
    format!("https://acme.litmos.com/login.aspx?loginkey={}", world.learner_key(number))
}

/// A time as users have it: ISO, seconds, `Z` (targets/litmos.md 1).
pub fn instant(epoch: u64) -> String {
    clock::timestamp(epoch).replace(".000Z", "Z")
}
