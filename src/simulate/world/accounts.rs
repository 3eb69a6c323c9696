//! The world as Aha! has it, in plain facts.
//!
//! Owns what Aha! says of each account before anybody writes. Must not: know how Aha! puts it.

use super::catalog::{self, Role};
use super::names::Culture;
use super::planting::Plant;
use super::{World, hash, long_ago, nth_without, people, place_without};

/// One account at Aha!.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number; ids ascend with it.
    pub slot: u32,
    /// Its id, of 19 digits.
    pub id: u64,
    /// First name.
    pub first: String,
    /// Last name.
    pub last: String,
    /// The whole name, as shown.
    pub name: String,
    /// E-mail.
    pub email: String,
    /// IANA time zone.
    pub timezone: String,
    /// When it was made, in seconds since the epoch.
    pub created: u64,
    /// When it was last changed.
    pub updated: u64,
    /// When it was last used.
    pub accessed: Option<u64>,
    /// Whether it can log in.
    pub enabled: bool,
    /// Roles on products, by number.
    pub pairs: Vec<(u16, Role)>,
    /// Custom roles on products, by number.
    pub custom: Vec<(u16, u16)>,
    /// Administrator of the account, of billing, of the configuration.
    pub administers: [bool; 3],
    /// Whether it logs in through an identity provider.
    pub sso: bool,
}

/// Distance between two ids.
const STEP: u64 = 4_194_304_000;
/// First id of a user.
const USERS: u64 = 6_776_100_000_000_000_000;
/// First id of a product.
const PRODUCTS: u64 = 6_775_200_000_000_000_000;

impl World {
    /// How many accounts there are.
    pub fn accounts(&self) -> u32 {
        self.account_slots() - self.0.aha_holes.len() as u32
    }

    /// The first number that no account bears.
    pub fn account_slots(&self) -> u32 {
        self.users() + self.0.extras.0 + self.0.extras.1
    }

    /// Whether that number has an account.
    pub fn has_account(&self, slot: u32) -> bool {
        slot < self.account_slots() && place_without(&self.0.aha_holes, slot).is_some()
    }

    /// The number of the account at a place of the list, which is ordered by id.
    pub fn account_at(&self, place: u32) -> u32 {
        nth_without(&self.0.aha_holes, place)
    }

    /// The place of a number's account in the list.
    pub fn account_place(&self, slot: u32) -> Option<u32> {
        place_without(&self.0.aha_holes, slot).filter(|_| slot < self.account_slots())
    }

    /// The id of a number's account, whether there is one or not.
    pub fn account_id(&self, slot: u32) -> u64 {
        USERS + u64::from(slot) * STEP + hash(self.seed(), "aha user", u64::from(slot)) % 4_000_000_000
    }

    /// The number that an id was made from.
    pub fn account_slot(&self, id: u64) -> Option<u32> {
        let slot = u32::try_from(id.checked_sub(USERS)? / STEP).ok()?;
        (self.account_id(slot) == id).then_some(slot)
    }

    /// The numbers of the accounts with that e-mail, letter case ignored.
    pub fn find_account(&self, email: &str) -> Vec<u32> {
        let mut found = self.find_user_name(email, self.account_slots());
        found.retain(|slot| place_without(&self.0.aha_holes, *slot).is_some());
        found
    }

    /// The account of that number.
    pub fn account(&self, slot: u32) -> Option<Account> {
        if !self.has_account(slot) {
            return None;
        }
        let person = self.person(slot);
        let plant = self.plant_on(slot);
        let mut pairs = if slot == 0 { people::SERVICE_PAIRS.to_vec() } else { self.plain_pairs(slot) };
        let (mut last, mut spaced, mut email) = (person.family.clone(), None, person.user_name.clone());
        match plant {
            Some(Plant::WrongRole) => {
                pairs[0].1 = match pairs[0].1.token {
                    "contributor" | "product_owner" => catalog::REVIEWER,
                    _ => catalog::CONTRIBUTOR,
                };
            }
            Some(Plant::RoleDefaulted) => pairs[0].1 = catalog::VIEWER,
            Some(Plant::MissingPair) => {
                pairs.pop();
            }
            Some(Plant::ExtraPair) => pairs.push((self.other_product(slot), catalog::REVIEWER)),
            Some(Plant::NoneEntry) => pairs.push((self.other_product(slot), catalog::NONE)),
            Some(Plant::Renamed | Plant::InactiveBothDiffers) => last = self.former_family(slot),
            Some(Plant::EmailCase) => email = people::capitalised(&email),
            Some(Plant::NameSpaces) => {
                spaced = Some(format!("{}  {} ", person.given, person.family));
            }
            _ => {}
        }
        let extra = slot >= self.users();
        if slot == self.users() {
            // Developer can be read but not written (targets/aha.md 10.1).
            pairs[0].1 = catalog::DEVELOPER;
        }
        let chinese = person.culture == Culture::Chinese;
        let name = match (spaced, chinese) {
            (Some(name), _) => name,
            (None, true) if last == person.family => person.display.clone(),
            (None, true) => format!("{last}{}", person.given),
            (None, false) => format!("{} {last}", person.given),
        };
        let disabled = matches!(
            plant,
            Some(Plant::InactiveBoth | Plant::InactiveBothDiffers | Plant::Reactivate | Plant::DirectoryLeaver)
        ) || slot >= self.users() + self.0.extras.0;
        let created = long_ago(self.seed(), "aha created", u64::from(slot));
        let updated = created + self.hash("aha updated", slot) % 30_000_000;
        let never = self.hash("aha accessed", slot) % 20 == 3;
        Some(Account {
            slot,
            id: self.account_id(slot),
            first: person.given,
            last,
            name,
            email,
            timezone: self.site(slot).1.timezone.to_owned(),
            created,
            updated,
            accessed: (!never).then_some(updated + 86_400),
            enabled: !disabled,
            custom: (slot > 0 && slot <= self.0.heads).then(|| ((slot % 15) as u16, pairs[0].0)).into_iter().collect(),
            pairs,
            administers: match slot {
                0 => [true, true, true],
                1 => [false, false, true],
                _ => [false, false, false],
            },
            sso: !extra && self.hash("aha sso", slot).is_multiple_of(3),
        })
    }

    /// A family name of the same culture that is not the person's.
    pub(super) fn former_family(&self, number: u32) -> String {
        let own = self.name(number);
        (1..10_000)
            .map(|i| super::names::Names::get().at(self.hash("former", number) as u32 % 10_000 + i * 97))
            .find(|name| name.culture == own.culture && name.family != own.family)
            .map_or_else(String::new, |name| name.family.to_owned())
    }

    /// Aha!'s id of a product.
    pub fn aha_product_id(&self, product: u16) -> u64 {
        PRODUCTS + u64::from(product) * STEP + hash(self.seed(), "aha product", u64::from(product)) % 4_000_000_000
    }

    /// The product of an id of Aha!'s.
    pub fn aha_product(&self, id: u64) -> Option<u16> {
        let product = u16::try_from(id.checked_sub(PRODUCTS)? / STEP).ok()?;
        (usize::from(product) < catalog::products().len() && self.aha_product_id(product) == id).then_some(product)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn accounts_are_listed_by_ascending_ids_and_found_by_id_and_email() {
        let world = World::new(3, 1_203);
        let mut before = 0;
        for place in 0..world.accounts() {
            let slot = world.account_at(place);
            let account = world.account(slot).expect("listed");
            assert!(account.id > before && account.id > 1 << 53);
            before = account.id;
            assert_eq!(world.account_slot(account.id), Some(slot));
            assert_eq!(world.find_account(&account.email.to_uppercase()), [slot]);
        }
    }

    #[test]
    fn exactly_one_account_administers_billing() {
        let world = World::new(3, 1_203);
        let all = (0..world.account_slots()).filter_map(|s| world.account(s));
        assert_eq!(all.filter(|a| a.administers[1]).map(|a| a.slot).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn fifteen_custom_roles_are_held() {
        let world = World::new(3, 1_203);
        let held: std::collections::BTreeSet<u16> =
            (0..world.account_slots()).filter_map(|s| world.account(s)).flat_map(|a| a.custom).map(|c| c.0).collect();
        assert_eq!(held.len(), 15);
    }
}
