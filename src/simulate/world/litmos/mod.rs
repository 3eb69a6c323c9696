//! The world as SAP Litmos has it, in plain facts.
//!
//! Owns what Litmos says of each learner before anybody writes: [`drift`] what was planted, [`teams`] the teams and who is
//! in them, [`telling`] the list. Must not: know how Litmos puts it on the wire.
//!
//! The accounts were made through One Identity Starling Connect, whose mapping (seeds table 297) puts the region into City
//! and the town into State; so they stand here, but for those on whom the opposite was planted.

pub mod drift;
#[cfg(test)]
mod proof;
pub mod teams;
pub mod telling;

use super::people::capitalised;
use super::{World, hash, long_ago, nth_without, place_without, uuid};
use drift::Drift;

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Takes courses.
    Learner,
    /// Leads a team, once promoted inside one.
    TeamLeader,
    /// Administers.
    Administrator,
    /// Owns the account.
    AccountOwner,
}

/// One account at Litmos.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// Its number.
    pub slot: u32,
    /// Its id.
    pub id: String,
    /// Its number in the web pages.
    pub original: u32,
    /// User name; an e-mail address but for few.
    pub user_name: String,
    /// E-mail.
    pub email: String,
    /// First name.
    pub first: String,
    /// Last name.
    pub last: String,
    /// Whether it can log in.
    pub active: bool,
    /// What it may do.
    pub access: Access,
    /// Telephone at work.
    pub phone_work: String,
    /// Mobile telephone.
    pub phone_mobile: String,
    /// Street.
    pub street: String,
    /// What stands in the field City.
    pub city: String,
    /// What stands in the field State.
    pub state: String,
    /// Postal code.
    pub post: String,
    /// Country.
    pub country: String,
    /// Company.
    pub company: String,
    /// Title.
    pub title: String,
    /// Such as `de-DE`.
    pub culture: String,
    /// A Windows name.
    pub timezone: String,
    /// The number of the manager's account.
    pub manager: Option<u32>,
    /// The number of the employee.
    pub employee: String,
    /// The first of the custom fields.
    pub cohort: String,
    /// When it was made, in seconds since the epoch.
    pub created: u64,
    /// When it was last changed.
    pub updated: u64,
    /// When it was last used.
    pub accessed: Option<u64>,
}

/// The Windows name of each site's time zone, by the number of the site.
const ZONES: [&str; 6] = [
    "W. Europe Standard Time",
    "GMT Standard Time",
    "GMT Standard Time",
    "E. South America Standard Time",
    "China Standard Time",
    "Arab Standard Time",
];

/// Makes neighbours look unlike each other, and can be undone.
const ID_STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl World {
    /// How many accounts Litmos has.
    pub fn learners(&self) -> u32 {
        self.learner_slots() - self.0.litmos.holes.len() as u32
    }

    /// The first number that no account at Litmos bears.
    pub fn learner_slots(&self) -> u32 {
        let (active, inactive) = self.0.litmos.extras;
        self.users() + active + inactive
    }

    /// Whether that number has an account at Litmos.
    pub fn has_learner(&self, slot: u32) -> bool {
        slot < self.learner_slots() && self.learner_place(slot).is_some()
    }

    /// The number of the account at a place of the list.
    pub fn learner_at(&self, place: u32) -> u32 {
        nth_without(&self.0.litmos.holes, place)
    }

    /// The place of a number's account in the list.
    pub fn learner_place(&self, slot: u32) -> Option<u32> {
        place_without(&self.0.litmos.holes, slot)
    }

    /// The id of a number's account, whether there is one or not: 12 characters, of some 23 (targets/litmos.md 3).
    pub fn learner_id(&self, slot: u32) -> String {
        let mixed = u64::from(slot).wrapping_add(hash(self.seed(), "litmos user", 0)).wrapping_mul(ID_STEP);
        let head = (mixed ^ mixed >> 32).to_be_bytes();
        if self.hash("litmos long id", slot) % 40 == 7 {
            let tail = self.hash("litmos id tail", slot).to_be_bytes();
            return token(&[head, tail].concat());
        }
        token(&head)
    }

    /// The number that an id was made from.
    pub fn learner_slot(&self, id: &str) -> Option<u32> {
        let head = first_eight(id)?;
        let mixed = head ^ head >> 32;
        let slot = mixed.wrapping_mul(odd_inverse(ID_STEP)).wrapping_sub(hash(self.seed(), "litmos user", 0));
        let slot = u32::try_from(slot).ok()?;
        (self.learner_id(slot) == id).then_some(slot)
    }

    /// When a number's account was made and last changed, in seconds since the epoch.
    pub fn learner_times(&self, slot: u32) -> (u64, u64) {
        let created = long_ago(self.seed(), "litmos created", u64::from(slot));
        (created, created + self.hash("litmos updated", slot) % 30_000_000)
    }

    /// What the address ends with that signs the bearer of a number's account in.
    pub fn learner_key(&self, slot: u32) -> String {
        uuid(self.seed(), "litmos login key", u64::from(slot))
    }

    /// An id for what was not there from the start: the same for the same tag and number.
    pub fn fresh_token(&self, tag: &str, number: u32) -> String {
        token(&hash(self.seed() ^ 0x6c69_746d_6f73, tag, u64::from(number)).to_be_bytes())
    }

    /// The numbers of the accounts at Litmos whose user name or e-mail this is, letter case ignored.
    pub fn find_learner(&self, name: &str) -> Vec<u32> {
        let whole = if name.contains('@') { name.to_owned() } else { format!("{name}@example.com") };
        let beyond = self.litmos_person(self.learner_slots());
        let mut found: Vec<u32> = self
            .find_user_name(&whole, beyond)
            .into_iter()
            .filter_map(|person| self.litmos_slot(person))
            .filter(|slot| self.has_learner(*slot))
            .collect();
        found.sort_unstable();
        found
    }

    /// The account at Litmos of that number.
    pub fn learner(&self, slot: u32) -> Option<Learner> {
        if !self.has_learner(slot) {
            return None;
        }
        let of = self.litmos_person(slot);
        let person = self.person(of);
        let drift = self.drift_on(slot);
        let (number, site) = self.site(of);
        let (_, department) = self.department(of);
        let phone = self.hash("phone", of);
        let mut learner = Learner {
            slot,
            id: self.learner_id(slot),
            original: 4_138_000 + slot * 3 + (self.hash("litmos original", slot) % 3) as u32,
            email: person.user_name.clone(),
            user_name: person.user_name,
            first: person.given,
            last: person.family,
            active: person.active,
            access: self.access_of(slot),
            phone_work: format!("{}-{:04}", site.dial, phone % 10_000),
            phone_mobile: format!("{}-{:04}", site.dial, phone / 10_000 % 10_000),
            street: site.street.to_owned(),
            city: site.region.to_owned(),
            state: site.town.to_owned(),
            post: site.post.to_owned(),
            country: site.country.to_owned(),
            company: "Acme".to_owned(),
            title: self.title(of).to_owned(),
            culture: site.locale.to_owned(),
            timezone: ZONES[usize::from(number)].to_owned(),
            manager: self.manager(of),
            employee: super::documents::external_id(of),
            cohort: format!("{} {}", department.division, 2019 + self.hash("litmos cohort", slot) % 7),
            created: self.learner_times(slot).0,
            updated: self.learner_times(slot).1,
            accessed: None,
        };
        let never = self.hash("litmos accessed", slot) % 20 == 3;
        learner.accessed = (!never).then_some(learner.created + self.hash("litmos seen", slot) % 40_000_000);
        if let Some(drift) = drift {
            self.drifted(&mut learner, drift);
        }
        if slot >= self.users() + self.0.litmos.extras.0 {
            learner.active = false;
        } else if slot == self.users() {
            drift::HOSTILE_TITLE.clone_into(&mut learner.title);
        }
        Some(learner)
    }

    fn drifted(&self, learner: &mut Learner, drift: Drift) {
        let slot = learner.slot;
        match drift {
            Drift::Missing | Drift::Deleted | Drift::BadMember => {}
            Drift::Leaver => learner.active = true,
            Drift::Inactive => learner.active = false,
            Drift::Renamed => learner.last = self.former_family(slot),
            Drift::EmailCase => learner.email = capitalised(&learner.email),
            Drift::EmailOther => learner.email = learner.email.replace("@example.com", "@former.example.com"),
            Drift::CustomUserName => {
                learner.user_name = learner.user_name.split('@').next().unwrap_or_default().to_owned();
            }
            Drift::Manager => learner.manager = Some(self.other_manager(slot)),
            Drift::NoManager => learner.manager = None,
            Drift::Title => "Course Attendee".clone_into(&mut learner.title),
            Drift::Swapped => std::mem::swap(&mut learner.city, &mut learner.state),
            Drift::TimeZone => "Taipei Standard Time".clone_into(&mut learner.timezone),
            Drift::Culture => {
                (if learner.culture == "en-US" { "en-GB" } else { "en-US" }).clone_into(&mut learner.culture);
            }
            Drift::Phone => learner.phone_mobile.push('9'),
            Drift::LeaderOfNone => learner.access = Access::TeamLeader,
        }
    }

    /// A head of a department who is not the person's manager.
    fn other_manager(&self, number: u32) -> u32 {
        let heads = self.0.heads.max(1);
        let own = self.manager(number).unwrap_or(1);
        own % heads + 1
    }

    fn access_of(&self, slot: u32) -> Access {
        match slot {
            0 => Access::AccountOwner,
            1 => Access::Administrator,
            _ if self.steers(slot) => Access::TeamLeader,
            _ => Access::Learner,
        }
    }

    /// People whom only Litmos has are others than those of Aha! and of the directory.
    fn litmos_person(&self, slot: u32) -> u32 {
        match slot.checked_sub(self.users()) {
            None => slot,
            Some(extra) => self.account_slots() + self.0.directory_extras + extra,
        }
    }

    fn litmos_slot(&self, person: u32) -> Option<u32> {
        if person < self.users() {
            return Some(person);
        }
        Some(person.checked_sub(self.account_slots() + self.0.directory_extras)? + self.users())
    }
}

/// The inverse of an odd number modulo 2^64: each step doubles the number of right bits.
fn odd_inverse(odd: u64) -> u64 {
    let mut inverse = odd;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse)));
    }
    inverse
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Bytes as Litmos writes ids: base64url, and the number of pad characters as a digit (targets/litmos.md 3).
pub fn token(bytes: &[u8]) -> String {
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let wide = group.iter().fold(0_u32, |wide, byte| wide << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            out.push(char::from(ALPHABET[(wide >> (18 - 6 * place)) as usize & 63]));
        }
    }
    out.push(char::from(b'0' + ((3 - bytes.len() % 3) % 3) as u8));
    out
}

/// The first eight bytes of such an id.
fn first_eight(id: &str) -> Option<u64> {
    let mut wide = 0_u128;
    for byte in id.bytes().take(11) {
        wide = wide << 6 | ALPHABET.iter().position(|letter| *letter == byte)? as u128;
    }
    (id.len() >= 12).then_some((wide >> 2) as u64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn ids_have_the_two_lengths_and_lead_back_to_their_numbers() {
        let world = World::new(3, 2_000);
        let mut first = std::collections::BTreeSet::new();
        let mut lengths = std::collections::BTreeSet::new();
        for slot in 0..world.learner_slots() {
            let id = world.learner_id(slot);
            assert_eq!(world.learner_slot(&id), Some(slot), "{id}");
            lengths.insert(id.len());
            first.extend(id.chars().next());
            assert_eq!(world.learner_slot(&id.to_lowercase()).is_some(), id == id.to_lowercase());
        }
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [12, 23]);
        assert!(first.contains(&'-') && first.contains(&'_'), "{first:?}");
        for wrong in ["", "ann@example.com", "rnjx2WaQOEY1", "日本", "AAAAAAAAAAA1", "AAAAAAAAAAAAAAAAAAAAAA2"] {
            assert_eq!(world.learner_slot(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ids_are_written_as_dot_net_writes_them() {
        assert_eq!(token(&[0xfb, 0xff, 0xfe, 0, 0, 0, 0, 1]), "-__-AAAAAAE1");
        assert_eq!(token(&[0; 16]), "AAAAAAAAAAAAAAAAAAAAAA2");
    }

    #[test]
    fn learners_are_found_by_user_name_and_e_mail_whatever_the_letter_case() {
        let world = World::new(3, 1_203);
        for place in 0..world.learners() {
            let learner = world.learner(world.learner_at(place)).unwrap();
            assert!(world.find_learner(&learner.user_name.to_uppercase()).contains(&learner.slot), "{learner:?}");
        }
        assert!(world.find_learner("nobody").is_empty());
    }
}
