//! A person, made from a number.
//!
//! Owns what the source says of a person. What another view says instead is up to that view.

use super::catalog::{self, Circle, DEPARTMENTS, Department, Role, SITES, Site};
use super::names::{Culture, Name, Names};
use super::planting::Plant;
use super::{World, uuid};

/// Which product a pair names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// One of [`catalog::products`], by number.
    Product(u16),
    /// One that nobody has.
    Unknown(&'static str),
}

/// Which role a pair asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A built-in role.
    Role(Role),
    /// One that nobody has.
    Unknown(&'static str),
}

/// A role on a product, as the source asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// On which product.
    pub product: Which,
    /// Which role.
    pub role: Asked,
}

/// What the source says of one person.
#[derive(Debug, Clone)]
pub struct Person {
    /// The number that the person was made from.
    pub number: u32,
    /// The user name, an e-mail address.
    pub user_name: String,
    /// The given name.
    pub given: String,
    /// The family name.
    pub family: String,
    /// The name as shown.
    pub display: String,
    /// Where the name comes from.
    pub culture: Culture,
    /// Whether the person still works here.
    pub active: bool,
    /// The roles on products.
    pub pairs: Vec<Pair>,
}

/// Groups hold only people with a number below this: a group of half a million is nobody's group.
pub const GROUPED: u32 = 20_000;

/// What the service user holds: viewer on the two top lines, so that it sees the names of what is below them.
pub(super) const SERVICE_PAIRS: [(u16, Role); 2] = [(0, catalog::VIEWER), (1, catalog::VIEWER)];

impl World {
    /// The person of that number; numbers from [`World::users`] on are people whom the source does not have.
    pub fn person(&self, number: u32) -> Person {
        let plant = self.plant_on(number);
        if let Some(Plant::Twin(first)) = plant {
            let mut twin = self.person(first);
            twin.number = number;
            twin.user_name = capitalised(&twin.user_name);
            return twin;
        }
        if number == 0 {
            return Person {
                number,
                user_name: "aha@svc.example.com".to_owned(),
                given: "Aha".to_owned(),
                family: "Provisioning".to_owned(),
                display: "Aha Provisioning".to_owned(),
                culture: Culture::Latin,
                active: true,
                pairs: SERVICE_PAIRS.into_iter().map(plain).collect(),
            };
        }
        let name = self.name(number);
        let mut person = Person {
            number,
            user_name: World::user_name(number, name),
            given: name.given.to_owned(),
            family: name.family.to_owned(),
            display: name.display(),
            culture: name.culture,
            active: !plant.is_some_and(Plant::is_inactive),
            pairs: self.plain_pairs(number).into_iter().map(plain).collect(),
        };
        match plant {
            Some(Plant::Hostile(0)) => {
                person.family = format!("\u{1b}[31m{}\u{1b}[0m", name.family);
                person.display = format!("{} {}", person.given, person.family);
            }
            Some(Plant::Hostile(_)) => {
                person.family = format!("\u{202e}{}", name.family);
                person.display = format!("{} {}", person.given, person.family);
            }
            Some(Plant::UnknownProduct(which)) => person.pairs.push(Pair {
                product: if which == 0 { Which::Product(catalog::hidden()) } else { Which::Unknown("PRJ404") },
                role: Asked::Role(catalog::CONTRIBUTOR),
            }),
            Some(Plant::UnknownRole) => person.pairs.push(Pair {
                product: Which::Product(self.other_product(number)),
                role: Asked::Unknown("grand_vizier"),
            }),
            Some(Plant::NonePair) => person
                .pairs
                .push(Pair { product: Which::Product(self.other_product(number)), role: Asked::Role(catalog::NONE) }),
            _ => {}
        }
        person
    }

    /// The numbers of the people with that user name, letter case ignored, among the first `below`.
    pub fn find_user_name(&self, user_name: &str, below: u32) -> Vec<u32> {
        let wanted = user_name.to_lowercase();
        let mut found: Vec<u32> = self
            .number_of_user_name(&wanted)
            .into_iter()
            .flat_map(|n| [Some(n), self.twin_of(n)])
            .flatten()
            .filter(|n| *n < below && self.person(*n).user_name.to_lowercase() == wanted)
            .collect();
        found.sort_unstable();
        found
    }

    fn number_of_user_name(&self, wanted: &str) -> Option<u32> {
        if wanted == "aha@svc.example.com" {
            return Some(0);
        }
        let local = wanted.strip_suffix("@example.com")?;
        let letters = local.trim_end_matches(|c: char| c.is_ascii_digit());
        let round: u64 = match &local[letters.len()..] {
            "" => 1,
            digits => digits.parse().ok()?,
        };
        let names = u64::from(Names::get().count());
        let name = u64::from(Names::get().find(letters)?);
        let within = (name + names - self.0.name_start) % names * self.0.name_back % names;
        u32::try_from(round.checked_sub(1)?.checked_mul(names)? + within).ok()
    }

    fn twin_of(&self, number: u32) -> Option<u32> {
        match self.plant_on(number) {
            Some(Plant::First(second)) => Some(second),
            _ => None,
        }
    }

    pub(super) fn name(&self, number: u32) -> &'static Name {
        let names = u64::from(Names::get().count());
        let within = u64::from(number) % names;
        Names::get().at(((within * self.0.name_step + self.0.name_start) % names) as u32)
    }

    fn user_name(number: u32, name: &Name) -> String {
        match number / Names::get().count() {
            0 => format!("{}@example.com", name.local),
            round => format!("{}{}@example.com", name.local, round + 1),
        }
    }

    /// One to three roles on different products; what a person has where nothing was planted.
    pub(super) fn plain_pairs(&self, number: u32) -> Vec<(u16, Role)> {
        let staffed = catalog::staffed();
        let roles = [catalog::OWNER, catalog::CONTRIBUTOR, catalog::CONTRIBUTOR, catalog::REVIEWER, catalog::VIEWER];
        let start = self.hash("product", number) as usize % staffed.len();
        (0..=self.hash("pairs", number) as usize % 3)
            .map(|i| {
                // 29 and the number of staffed products (a prime) have no common divisor: all differ.
                let product = staffed[(start + i * 29) % staffed.len()];
                let role = roles[(self.hash("role", number) >> (8 * i)) as usize % roles.len()];
                (product, role)
            })
            .collect()
    }

    /// A product on which the person has no role.
    pub(super) fn other_product(&self, number: u32) -> u16 {
        let staffed = catalog::staffed();
        staffed[(self.hash("product", number) as usize % staffed.len() + 3 * 29) % staffed.len()]
    }

    /// The site where the person works.
    pub(super) fn site(&self, number: u32) -> (u8, &'static Site) {
        let site = match self.name(number).culture {
            Culture::Chinese => 4,
            Culture::Arabic => 5,
            Culture::Latin => (self.hash("site", number) % 4) as u8,
        };
        (site, &SITES[usize::from(site)])
    }

    /// The department where the person works.
    pub(super) fn department(&self, number: u32) -> (u8, &'static Department) {
        let department = (self.hash("department", number) % DEPARTMENTS.len() as u64) as u8;
        (department, &DEPARTMENTS[usize::from(department)])
    }

    /// The title that the person has.
    pub(super) fn title(&self, number: u32) -> &'static str {
        let titles = self.department(number).1.titles;
        titles[self.hash("title", number) as usize % titles.len()]
    }

    /// The number of the person's manager.
    pub(super) fn manager(&self, number: u32) -> Option<u32> {
        match number {
            0 | 1 => None,
            _ if number <= self.0.heads => Some(1),
            _ => Some(1 + (self.hash("manager", number) % u64::from(self.0.heads.max(1))) as u32),
        }
    }

    /// Whether the person is in a group; who left, who is there twice, and who is missing in the directory is in none.
    pub(super) fn is_in(&self, number: u32, circle: Circle) -> bool {
        if number >= GROUPED || self.plant_on(number).is_some_and(Plant::is_in_no_group) {
            return false;
        }
        match circle {
            Circle::Product => self.hash("circle", number) % 10 < 7,
            Circle::Managers => number > 0 && number <= self.0.heads,
            Circle::Department(d) => self.department(number).0 == d,
            Circle::Site(s) => self.site(number).0 == s,
            Circle::Project(p) => self.hash("project", number).rotate_left(u32::from(p) * 8).is_multiple_of(40),
        }
    }

    /// The source's id of a person.
    pub fn source_id(&self, number: u32) -> String {
        uuid(self.seed(), "source user", u64::from(number))
    }

    /// The source's id of a product.
    pub fn source_product_id(&self, product: u16) -> String {
        uuid(self.seed(), "source product", u64::from(product))
    }
}

fn plain((product, role): (u16, Role)) -> Pair {
    Pair { product: Which::Product(product), role: Asked::Role(role) }
}

/// The same address with a capital at the beginning of each word before the `@`.
pub(super) fn capitalised(address: &str) -> String {
    let (local, domain) = address.split_once('@').unwrap_or((address, ""));
    let mut out = String::new();
    let mut first = true;
    for c in local.chars() {
        out.push(if first { c.to_ascii_uppercase() } else { c });
        first = matches!(c, '.' | '-');
    }
    format!("{out}@{domain}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everybody_is_found_by_user_name_whatever_the_letter_case() {
        let world = World::new(5, 40_000);
        for number in (0..40_000).step_by(37) {
            let name = world.person(number).user_name;
            let found = world.find_user_name(&name.to_uppercase(), 40_000);
            assert!(found.contains(&number), "{number} {name} {found:?}");
        }
        assert!(world.find_user_name("nobody@example.com", 40_000).is_empty());
        assert!(world.find_user_name("", 40_000).is_empty());
    }

    #[test]
    fn user_names_are_unique_but_for_the_planted_twins() {
        let world = World::new(1, 1_203);
        let names: BTreeSet<String> = (0..1_203).map(|n| world.person(n).user_name.to_lowercase()).collect();
        let twins = (0..1_203).filter(|n| matches!(world.plant_on(*n), Some(Plant::Twin(_)))).count();
        assert_eq!(twins, 1);
        assert_eq!(names.len() + twins, 1_203);
    }

    #[test]
    fn products_of_a_person_differ() {
        let world = World::new(1, 500);
        for number in 0..500 {
            let mut products: Vec<u16> = world.plain_pairs(number).iter().map(|p| p.0).collect();
            products.push(world.other_product(number));
            let distinct: BTreeSet<_> = products.iter().collect();
            assert_eq!(distinct.len(), products.len());
        }
    }

    #[test]
    fn all_scripts_are_there() {
        let world = World::new(1, 1_203);
        for culture in [Culture::Latin, Culture::Chinese, Culture::Arabic] {
            assert!((0..1_203).filter(|n| world.name(*n).culture == culture).count() > 40, "{culture:?}");
        }
        assert!((0..1_203).any(|n| world.person(n).family.contains('-')));
    }
}
