//! What one account holds: the world's view, with everything that was written laid over it.
//!
//! Owns the state and its rules (one role per person and product, one billing administrator at least). Must not: know JSON.

use std::collections::{BTreeSet, HashMap};

use crate::simulate::clock::epoch;
use crate::simulate::world::World;
use crate::simulate::world::accounts::Account;
use crate::simulate::world::catalog::{self, Role, Sort};

/// A user of the account.
#[derive(Debug, Clone)]
pub struct User {
    /// What the world says, or what was written since.
    pub account: Account,
    /// The number of the group of seats that the user's seat is taken from.
    pub seat_group: Option<u8>,
}

/// Names of the groups of paid seats.
pub const SEAT_GROUPS: [&str; 2] = ["Group EU", "Group APAC"];

/// The state of one account.
pub struct Ledger {
    /// The label of its host name.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Labels of the accounts that the people behind its keys belong to.
    pub memberships: Vec<String>,
    /// The view that everything is laid over.
    pub world: World,
    changed: HashMap<u32, User>,
    /// Numbers from the world's slots on.
    created: Vec<User>,
    /// In front of all others; these have no number and cannot be written.
    front: Vec<Account>,
    fronted: u32,
    /// By e-mail in small letters: numbers whose e-mail is not what the world says.
    emails: HashMap<String, BTreeSet<u32>>,
    /// Who can log in and administers billing.
    billing: BTreeSet<u32>,
    /// Seats taken from each group.
    pub allocated: [u32; 2],
}

impl Ledger {
    /// The account of that label over that world.
    pub fn new(domain: &str, name: &str, memberships: &[&str], world: World) -> Ledger {
        let mut allocated = [0; 2];
        for slot in (1..world.account_slots()).step_by(25) {
            if let (true, Some(group)) = (world.has_account(slot), seat_group(slot)) {
                allocated[usize::from(group)] += 1;
            }
        }
        Ledger {
            domain: domain.to_owned(),
            name: name.to_owned(),
            memberships: memberships.iter().map(|m| (*m).to_owned()).collect(),
            world,
            changed: HashMap::new(),
            created: Vec::new(),
            front: Vec::new(),
            fronted: 0,
            emails: HashMap::new(),
            billing: BTreeSet::from([0]),
            allocated,
        }
    }

    /// How many users there are.
    pub fn count(&self) -> u32 {
        self.front.len() as u32 + self.world.accounts() + self.created.len() as u32
    }

    /// The user at a place of the list, which is ordered by id.
    pub fn at(&self, place: u32) -> Option<User> {
        let front = self.front.len() as u32;
        if let Some(account) = self.front.get(place as usize) {
            return Some(User { account: account.clone(), seat_group: None });
        }
        let place = place - front;
        if place < self.world.accounts() {
            return self.user(self.world.account_at(place));
        }
        self.created.get((place - self.world.accounts()) as usize).cloned()
    }

    /// The user of a number.
    pub fn user(&self, slot: u32) -> Option<User> {
        if let Some(user) = self.changed.get(&slot) {
            return Some(user.clone());
        }
        match slot.checked_sub(self.world.account_slots()) {
            Some(created) => self.created.get(created as usize).cloned(),
            None => self.world.account(slot).map(|account| User { account, seat_group: seat_group(slot) }),
        }
    }

    /// The user of an id.
    pub fn by_id(&self, id: &str) -> Option<User> {
        let id: u64 = id.parse().ok()?;
        if let Some(account) = self.front.iter().find(|a| a.id == id) {
            return Some(User { account: account.clone(), seat_group: None });
        }
        self.user(self.world.account_slot(id)?)
    }

    /// The users with that e-mail, letter case ignored, by ascending id.
    pub fn by_email(&self, email: &str) -> Vec<User> {
        let email = email.to_lowercase();
        let mut slots: BTreeSet<u32> = self.world.find_account(&email).into_iter().collect();
        slots.extend(self.emails.get(&email).into_iter().flatten());
        slots.into_iter().filter_map(|s| self.user(s)).filter(|u| u.account.email.to_lowercase() == email).collect()
    }

    /// Whether somebody other than `slot` can log in and administers billing.
    pub fn has_other_billing_administrator(&self, slot: u32) -> bool {
        self.billing.iter().any(|s| *s != slot)
    }

    /// Puts a user back after a change.
    pub fn put(&mut self, user: User) {
        let slot = user.account.slot;
        let email = user.account.email.to_lowercase();
        if self.user(slot).is_none_or(|before| before.account.email.to_lowercase() != email) {
            self.emails.entry(email).or_default().insert(slot);
        }
        if user.account.enabled && user.account.administers[1] {
            self.billing.insert(slot);
        } else {
            self.billing.remove(&slot);
        }
        match slot.checked_sub(self.world.account_slots()).map(|i| i as usize) {
            Some(created) if created == self.created.len() => self.created.push(user),
            Some(created) => {
                if let Some(place) = self.created.get_mut(created) {
                    *place = user;
                }
            }
            None => {
                self.changed.insert(slot, user);
            }
        }
    }

    /// A new user, not put yet.
    pub fn fresh(&self, first: &str, last: &str, email: &str) -> User {
        let slot = self.world.account_slots() + self.created.len() as u32;
        let now = epoch();
        let account = Account {
            slot,
            id: self.world.account_id(slot),
            first: first.to_owned(),
            last: last.to_owned(),
            name: format!("{first} {last}"),
            email: email.to_owned(),
            timezone: "Pacific Time (US & Canada)".to_owned(),
            created: now,
            updated: now,
            accessed: None,
            enabled: true,
            pairs: Vec::new(),
            custom: Vec::new(),
            administers: [false; 3],
            sso: false,
        };
        User { account, seat_group: None }
    }

    /// Inserts a disabled row in front of all others.
    pub fn drift_in(&mut self) {
        self.fronted += 1;
        let mut user = self.fresh("Drift", "Wood", &format!("drift{}@example.com", self.fronted)).account;
        user.slot = u32::MAX;
        user.id = self.world.account_id(0) - 5_000_000_000 * u64::from(self.fronted);
        user.enabled = false;
        self.front.insert(0, user);
    }

    /// Takes the first of the inserted rows away.
    pub fn drift_out(&mut self) {
        if !self.front.is_empty() {
            self.front.remove(0);
        }
    }

    /// How many rows were inserted in front.
    pub fn drifted(&self) -> usize {
        self.front.len()
    }

    /// The number of a product that the key may see, by id or key.
    pub fn product(&self, id_or_prefix: &str) -> Option<u16> {
        let by_id = id_or_prefix.parse().ok().and_then(|id| self.world.aha_product(id));
        let by_prefix = || (0..).zip(catalog::products()).find(|(_, p)| p.prefix == id_or_prefix).map(|(i, _)| i);
        by_id.or_else(by_prefix).filter(|p| catalog::products()[usize::from(*p)].sort != Sort::Hidden)
    }

    /// Whether a person has a role on the product or on a line above it.
    pub fn sees_name(&self, caller: u32, product: u16) -> bool {
        let Some(user) = self.user(caller) else {
            return false;
        };
        let mut at = Some(product);
        while let Some(number) = at {
            if user.account.pairs.iter().any(|(p, r)| *p == number && *r != catalog::NONE) {
                return true;
            }
            at = catalog::products()[usize::from(number)].parent;
        }
        false
    }
}

/// Puts a role on a product in place of the one that is there.
pub fn set_pair(account: &mut Account, product: u16, role: Role) {
    match account.pairs.iter_mut().find(|(p, _)| *p == product) {
        Some(pair) => pair.1 = role,
        None => account.pairs.push((product, role)),
    }
}

/// One in 25 has a seat from a group.
fn seat_group(slot: u32) -> Option<u8> {
    (slot % 25 == 1).then_some((slot / 25 % 2) as u8)
}
