//! The world as Kingdee has it, in plain facts.
//!
//! Owns what Kingdee says of each account and employee before anybody writes: [`catalog`] the organisations, departments
//! and roles, [`drift`] what was planted, [`telling`] the list of it. Must not: know how Kingdee puts it on the wire.

pub mod catalog;
pub mod drift;
#[cfg(test)]
mod proof;
pub mod telling;

use super::people::capitalised;
use super::{World, documents, long_ago, nth_without, place_without};
use drift::{Drift, Drifts};

/// A role in an organisation, by their places in [`catalog`].
pub type Grant = (u8, u8);

/// One account at Kingdee, and the employee behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number; ids ascend with it.
    pub slot: u32,
    /// The internal id of the user.
    pub id: i64,
    /// The log-in name.
    pub account: String,
    /// The name as shown.
    pub name: String,
    /// The mobile telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
    /// Whether it can log in.
    pub active: bool,
    /// Roles per organisation; those of one organisation stand together.
    pub grants: Vec<Grant>,
    /// Where the person works, by place in the catalog.
    pub organisation: u8,
    /// When it was made, in seconds since the epoch.
    pub created: u64,
    /// The internal id of the employee.
    pub employee_id: i64,
    /// The number of the employee.
    pub employee: String,
    /// The internal id of the department of the posting.
    pub department: i64,
    /// Where the person is posted.
    pub position: String,
}

/// The id of the first user.
const USERS: i64 = 100_001;
/// The id of the first employee.
const EMPLOYEES: i64 = 1_500_001;

/// Who edits the records that are held.
const HOLDERS: [&str; 3] = ["李敏", "Administrator", "王芳"];

impl World {
    fn drifts(&self) -> &Drifts {
        self.0.kingdee.get_or_init(|| Drifts::plant(self))
    }

    /// How many accounts there are at Kingdee: as many as the source has people.
    pub fn kingdee_accounts(&self) -> u32 {
        self.kingdee_slots() - self.drifts().holes.len() as u32
    }

    fn kingdee_slots(&self) -> u32 {
        self.users() + self.drifts().extras.len() as u32
    }

    /// The number of the account at a place of the list, which is ordered by id.
    pub fn kingdee_at(&self, place: u32) -> u32 {
        nth_without(&self.drifts().holes, place)
    }

    /// The place of the account of an id of a user or, with `employee`, of an employee.
    pub fn kingdee_place(&self, id: i64, employee: bool) -> Option<u32> {
        let first = if employee { EMPLOYEES } else { USERS };
        let slot = u32::try_from(id.checked_sub(first)?).ok().filter(|slot| *slot < self.kingdee_slots())?;
        place_without(&self.drifts().holes, slot)
    }

    /// The places of the accounts with that log-in name, letter case ignored.
    pub fn find_kingdee(&self, account: &str) -> Vec<u32> {
        let extras = &self.drifts().extras;
        let all = extras.iter().max().map_or(self.users(), |last| last + 1);
        let people = self.find_user_name(account, all).into_iter();
        let slots = people.filter_map(|person| match extras.iter().position(|extra| *extra == person) {
            Some(extra) => Some(self.users() + extra as u32),
            None => (person < self.users()).then_some(person),
        });
        slots.filter_map(|slot| place_without(&self.drifts().holes, slot)).collect()
    }

    /// The roles per organisation that the source wants for a person: one to two organisations, one to two roles in each.
    pub fn kingdee_grants(&self, number: u32) -> Vec<Grant> {
        let chance = self.hash("kingdee grants", number);
        let roles = catalog::ROLES.len() as u64;
        let mut grants = Vec::new();
        let mut add = |organisation: u8, salt: u32| {
            let chance = chance.rotate_right(salt);
            let first = chance % roles;
            grants.push((organisation, first as u8));
            if chance >> 8 & 1 == 1 {
                // Another one: 1 to 13 further on.
                grants.push((organisation, ((first + 1 + (chance >> 9) % (roles - 1)) % roles) as u8));
            }
        };
        add(catalog::of_site(self.site(number).0), 0);
        if (chance >> 32).is_multiple_of(4) {
            add(0, 17);
        }
        grants
    }

    /// A role that the person does not have in the first organisation.
    fn other_role(&self, number: u32) -> Grant {
        let grants = self.kingdee_grants(number);
        let organisation = grants[0].0;
        let free = |role: &u8| !grants.contains(&(organisation, *role));
        let first = (self.hash("kingdee other", number) % catalog::ROLES.len() as u64) as u8;
        let roles = catalog::ROLES.len() as u8;
        (organisation, (0..roles).map(|i| (first + i) % roles).find(free).unwrap_or(0))
    }

    /// The mobile telephone of a person, as the source has it.
    fn telephone(&self, number: u32) -> String {
        format!("{}-{:04}", self.site(number).1.dial, self.hash("phone", number) / 10_000 % 10_000)
    }

    /// Another telephone.
    fn other_telephone(&self, number: u32) -> String {
        format!("{}-{:04}", self.site(number).1.dial, (self.hash("phone", number) / 10_000 + 4_321) % 10_000)
    }

    /// The account at a number; None where there is none.
    pub fn kingdee_account(&self, slot: u32) -> Option<Account> {
        if slot >= self.kingdee_slots() || place_without(&self.drifts().holes, slot).is_none() {
            return None;
        }
        let extra = slot.checked_sub(self.users());
        let number = extra.map_or(slot, |extra| self.drifts().extras[extra as usize]);
        let person = self.person(number);
        let drift = self.drifts().on(number);
        let (site, _) = self.site(number);
        let mut account = Account {
            slot,
            id: USERS + i64::from(slot),
            account: person.user_name.clone(),
            name: person.display.clone(),
            phone: self.telephone(number),
            email: person.user_name.clone(),
            active: match (extra, drift) {
                (Some(extra), _) => (extra as usize) < self.drifts().active_extras(),
                (None, Some(Drift::Leaver)) => true,
                (None, Some(Drift::Forbidden)) => false,
                (None, _) => person.active,
            },
            grants: self.kingdee_grants(number),
            organisation: catalog::of_site(site),
            created: long_ago(self.seed(), "kingdee created", u64::from(slot)) / 86_400 * 86_400,
            employee_id: EMPLOYEES + i64::from(slot),
            employee: documents::external_id(number),
            department: catalog::department_id(self.department(number).0),
            position: self.title(number).to_owned(),
        };
        match drift {
            Some(Drift::MissingGrant) => {
                account.grants.remove(0);
            }
            Some(Drift::MissingOrganisation) => {
                let first = account.grants[0].0;
                account.grants.retain(|grant| grant.0 == first);
            }
            Some(Drift::ExtraGrant) => account.grants.insert(0, self.other_role(number)),
            Some(Drift::WrongRole) => account.grants[0] = self.other_role(number),
            Some(Drift::Renamed) => account.name = self.former_name(number),
            Some(Drift::EmailCase) => account.email = capitalised(&account.email),
            Some(Drift::Swapped(other)) => {
                account.email = self.person(other).user_name;
                account.phone = self.telephone(other);
            }
            Some(Drift::Moved) => {
                account.department =
                    catalog::department_id((self.department(number).0 + 5) % super::catalog::DEPARTMENTS.len() as u8);
            }
            Some(Drift::Held | Drift::HeldLong) => account.phone = self.other_telephone(number),
            _ => {}
        }
        Some(account)
    }

    fn former_name(&self, number: u32) -> String {
        let person = self.person(number);
        let family = self.former_family(number);
        match person.culture {
            super::names::Culture::Chinese => format!("{family}{}", person.given),
            _ => format!("{} {family}", person.given),
        }
    }

    /// Who edits the record of a user's id from the start, and how many tries long.
    pub fn kingdee_holder(&self, id: i64) -> Option<(&'static str, u32)> {
        let slot = u32::try_from(id.checked_sub(USERS)?).ok().filter(|slot| *slot < self.users())?;
        let tries = match self.drifts().on(slot) {
            Some(Drift::Held) => 2,
            Some(Drift::HeldLong) => 12,
            _ => return None,
        };
        Some((HOLDERS[slot as usize % HOLDERS.len()], tries))
    }
}
