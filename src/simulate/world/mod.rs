//! The demo world: one population, and five views of it that have drifted apart.
//!
//! Owns: who there is, what every system says of them, and the list of what was planted. Everything is a function of a
//! seed and a number, so a million people cost nothing until they are asked for; only what was planted is held.
//!
//! Must not: know any vendor's wire shapes but SCIM's (which is the world's own tongue). [`accounts`], [`kingdee`] and [`litmos`]
//! give views as plain facts; the simulators put them into their words.
//!
//! | view | what it is |
//! |---|---|
//! | `source` | the source of truth, SCIM: users, groups, roles, products ([`documents`]) |
//! | `aha` | Aha!: users with roles on products ([`accounts`]), teams ([`crews`]) |
//! | `directory` | a second SCIM system: users and groups ([`documents`]) |
//! | `kingdee` | Kingdee: users with roles per organisation, organisations, departments, employees ([`kingdee`]) |
//! | `litmos` | SAP Litmos: users and teams ([`litmos`]) |

pub mod accounts;
pub mod catalog;
pub mod crews;
pub mod documents;
pub mod kingdee;
pub mod litmos;
pub mod names;
mod people;
mod planting;
#[cfg(test)]
mod proof;
mod telling;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

pub use people::{Asked, Pair, Person, Which};
use planting::Plant;

/// The source's schema for the people's roles on products.
pub const AHA_SCHEMA: &str = "urn:example:params:scim:schemas:extension:aha:2.0:User";

/// The source's schema for the people's roles in organisations.
pub const KINGDEE_SCHEMA: &str = "urn:example:params:scim:schemas:extension:kingdee:2.0:User";

/// The core schema of users.
pub const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// The core schema of groups.
pub const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// The enterprise extension of users.
pub const ENTERPRISE_SCHEMA: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The source's schema of roles.
pub const ROLE_SCHEMA: &str = "urn:example:params:scim:schemas:core:2.0:Role";

/// The source's schema of products.
pub const PRODUCT_SCHEMA: &str = "urn:example:params:scim:schemas:core:2.0:Product";

/// One thing that was planted in a view, as a comparison with the source should tell it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Planted {
    /// `User` or `Group`.
    pub kind: &'static str,
    /// What was done, such as `wrong-role`; for lint its code, such as `unknown_product`.
    pub what: &'static str,
    /// `missing`, `extra`, `leaver`, `differs`, `undecided`, `lint`, or `same` where it must not be told.
    pub state: &'static str,
    /// The source's userName or display name; for an extra the target's.
    pub key: String,
    /// The canonical paths in which the two differ, such as `productRoles[<the source's id of the product>]`.
    pub attributes: Vec<String>,
    /// What is there, for people.
    pub note: String,
}

/// The world: cheap to clone.
#[derive(Clone)]
pub struct World(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    seed: u64,
    users: u32,
    /// Numbers 1 to this are heads of departments; they and number 0 are never planted on.
    heads: u32,
    /// Number of a person to number of a name: `(a * i + b) mod names`, and the inverse of `a`.
    name_step: u64,
    name_back: u64,
    name_start: u64,
    plants: HashMap<u32, Plant>,
    /// In the order of planting.
    order: Vec<(u32, Plant)>,
    /// People at Aha! whom the source does not have: enabled, then disabled.
    extras: (u32, u32),
    /// People in the directory whom the source does not have.
    directory_extras: u32,
    /// Which numbers Aha! and the directory lack, sorted.
    aha_holes: Vec<u32>,
    directory_holes: Vec<u32>,
    /// What was planted at Kingdee, once somebody has asked for it.
    kingdee: OnceLock<kingdee::drift::Drifts>,
    /// What was planted at Litmos alone.
    litmos: litmos::drift::Drifts,
}

impl World {
    /// The world of that many people (1 to 1,000,000) that grows from a seed.
    pub fn new(seed: u64, users: u32) -> World {
        let users = users.clamp(1, 1_000_000);
        let names = u64::from(names::Names::get().count());
        let name_step = coprime(hash(seed, "name step", 0) % names, names);
        let mut inner = Inner {
            seed,
            users,
            heads: (users / 10).min(40),
            name_step,
            name_back: inverse(name_step, names),
            name_start: hash(seed, "name start", 0) % names,
            plants: HashMap::new(),
            order: Vec::new(),
            extras: (planting::scaled(9, users), planting::scaled(6, users)),
            directory_extras: planting::scaled(4, users),
            aha_holes: Vec::new(),
            directory_holes: Vec::new(),
            kingdee: OnceLock::new(),
            litmos: litmos::drift::Drifts::default(),
        };
        inner.plant();
        let world = World(Arc::new(inner));
        let drifts = litmos::drift::Drifts::plant(&world);
        // Nobody else holds it yet, so nothing is copied.
        World(Arc::new(Inner { litmos: drifts, ..Arc::unwrap_or_clone(world.0) }))
    }

    /// How many people the source has.
    pub fn users(&self) -> u32 {
        self.0.users
    }

    /// The seed that it grew from.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// All that was planted in a view; nothing else differs between it and the source.
    pub fn planted(&self, view: &str) -> Vec<Planted> {
        // The gateway shows what the product behind it has.
        telling::list(self, view.strip_prefix("starling-").unwrap_or(view))
    }

    fn hash(&self, tag: &str, number: u32) -> u64 {
        hash(self.0.seed, tag, u64::from(number))
    }

    fn plant_on(&self, number: u32) -> Option<Plant> {
        self.0.plants.get(&number).copied()
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("seed", &self.0.seed).field("users", &self.0.users).finish_non_exhaustive()
    }
}

/// A number that looks random and is always the same for the same seed, tag and number (splitmix64).
fn hash(seed: u64, tag: &str, number: u64) -> u64 {
    let mut state = seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for byte in tag.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The first number from `from` on (and above 1) that has no divisor in common with `with`.
fn coprime(from: u64, with: u64) -> u64 {
    (from.max(2)..=from.max(2) + with).find(|n| greatest_common_divisor(*n, with) == 1).unwrap_or(1)
}

/// `x` with `a * x = 1 (mod m)`, for `a` and `m` without a common divisor.
fn inverse(a: u64, m: u64) -> u64 {
    let (mut old, mut new) = ((i128::from(a), 1_i128), (i128::from(m), 0_i128));
    while new.0 != 0 {
        let quotient = old.0 / new.0;
        (old, new) = (new, (old.0 - quotient * new.0, old.1 - quotient * new.1));
    }
    old.1.rem_euclid(i128::from(m)) as u64
}

/// The place-th number that is no hole; `holes` is sorted.
fn nth_without(holes: &[u32], place: u32) -> u32 {
    // Before hole j there are holes[j] - j numbers that are none.
    let mut below = 0;
    let mut above = holes.len();
    while below < above {
        let middle = usize::midpoint(below, above);
        if holes[middle] - middle as u32 <= place {
            below = middle + 1;
        } else {
            above = middle;
        }
    }
    place + below as u32
}

/// The place of a number among those that are no hole; None if it is one.
fn place_without(holes: &[u32], number: u32) -> Option<u32> {
    match holes.binary_search(&number) {
        Ok(_) => None,
        Err(before) => Some(number - before as u32),
    }
}

/// An id that looks like a random UUID and can be traced back to its number.
fn uuid(seed: u64, salt: &str, number: u64) -> String {
    let tail = number.wrapping_mul(UUID_STEP).wrapping_add(hash(seed, salt, u64::MAX)) & UUID_MASK;
    let head = hash(seed, salt, number);
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{tail:012x}",
        head >> 32,
        head >> 16 & 0xffff,
        head >> 4 & 0xfff,
        0x8000 | (head & 0x3fff)
    )
}

const UUID_MASK: u64 = (1 << 48) - 1;
const UUID_STEP: u64 = 0x9E37_79B9_7F4B;

/// The number that an id was made from, if it was made from one.
fn number_of_uuid(seed: u64, salt: &str, id: &str) -> Option<u64> {
    let tail = u64::from_str_radix(id.rsplit('-').next()?, 16).ok()?;
    let back = inverse(UUID_STEP, UUID_MASK + 1);
    let number = tail.wrapping_sub(hash(seed, salt, u64::MAX)).wrapping_mul(back) & UUID_MASK;
    (uuid(seed, salt, number) == id).then_some(number)
}

/// A time between 2019 and 2025, in seconds since the epoch.
fn long_ago(seed: u64, tag: &str, number: u64) -> u64 {
    1_546_300_800 + hash(seed, tag, number) % 220_000_000
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn ids_lead_back_to_their_numbers() {
        for number in [0, 1, 2, 1_202, 999_999, 1_000_400] {
            let id = uuid(7, "user", number);
            assert_eq!(id.len(), 36);
            assert_eq!(number_of_uuid(7, "user", &id), Some(number));
            assert_eq!(number_of_uuid(7, "group", &id), None);
        }
        assert_eq!(number_of_uuid(7, "user", "nobody"), None);
    }

    #[test]
    fn holes_are_stepped_over() {
        let holes = [0, 3, 4, 9];
        let there: Vec<u32> = (0..8).map(|place| nth_without(&holes, place)).collect();
        assert_eq!(there, [1, 2, 5, 6, 7, 8, 10, 11]);
        for (place, number) in (0..).zip(&there) {
            assert_eq!(place_without(&holes, *number), Some(place));
        }
        assert_eq!(place_without(&holes, 4), None);
    }

    #[test]
    fn inverses_invert() {
        for (a, m) in [(3, 7), (10, 21), (12_345, 1 << 48)] {
            let a = coprime(a, m);
            assert_eq!(u128::from(a) * u128::from(inverse(a, m)) % u128::from(m), 1);
        }
    }
}
