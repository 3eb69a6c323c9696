//! The teams at Aha!: some of the source's groups, one that only Aha! has, and people who are in teams without being users.
//!
//! Nothing of it is planted drift: teams are only read, so nobody counts in what they differ.

use super::catalog::{self, Circle};
use super::people::GROUPED;
use super::{World, hash};

/// One team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crew {
    /// Its number.
    pub number: u32,
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// The number of the workspace that it belongs to.
    pub product: Option<u16>,
    /// The circle whose people are in it; `None`: a few of the heads.
    pub circle: Option<Circle>,
}

/// One place in a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its id.
    pub id: u64,
    /// The number of the account; `None`: somebody who is no user ("virtual", targets/aha.md 12).
    pub slot: Option<u32>,
}

/// First ids of teams and of places in them.
const CREWS: u64 = 6_774_300_000_000_000_000;
const PLACES: u64 = 6_774_400_000_000_000_000;
/// Distance between two ids.
const STEP: u64 = 2_000_000;

/// The numbers of the source's groups that are teams at Aha! too: four departments, a site, three projects.
const GROUPS: [usize; 8] = [2, 4, 5, 17, 19, 24, 25, 26];

impl World {
    /// All teams at Aha!, in the order of their ids.
    pub fn crews(&self) -> Vec<Crew> {
        let groups = catalog::groups();
        let own = ("Default team".to_owned(), None);
        let of_groups =
            GROUPS.iter().filter_map(|at| groups.get(*at)).map(|(name, circle)| (name.clone(), Some(*circle)));
        (0_u32..)
            .zip(std::iter::once(own).chain(of_groups))
            .map(|(number, (name, circle))| Crew {
                number,
                id: CREWS + u64::from(number) * STEP + hash(self.seed(), "aha team", u64::from(number)) % 1_000_000,
                name,
                product: (number % 3 == 1).then(|| catalog::staffed()[number as usize]),
                circle,
            })
            .collect()
    }

    /// Who is in a team: accounts that there are, and in every other team one who is no user.
    pub fn places_in(&self, crew: &Crew) -> Vec<Place> {
        let heads = (1..=self.0.heads).filter(|head| head % 5 == 0).collect::<Vec<_>>();
        let people = match crew.circle {
            None => heads,
            Some(circle) => (0..self.users().min(GROUPED)).filter(|slot| self.is_in(*slot, circle)).collect(),
        };
        let accounts = people.into_iter().filter(|slot| self.has_account(*slot)).map(Some);
        let nobody = crew.number.is_multiple_of(2).then_some(None);
        (0_u64..)
            .zip(accounts.chain(nobody))
            .map(|(at, slot)| Place { id: PLACES + u64::from(crew.number) * 1_000_000_000 + at * 3, slot })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn teams_have_ids_and_names_of_their_own_and_some_have_people_who_are_no_users() {
        let world = World::new(1, 1_203);
        let crews = world.crews();
        assert_eq!(crews.len(), 9);
        assert_eq!(crews.iter().map(|crew| crew.id).collect::<BTreeSet<_>>().len(), 9);
        let places: Vec<Place> = crews.iter().flat_map(|crew| world.places_in(crew)).collect();
        assert_eq!(places.iter().map(|place| place.id).collect::<BTreeSet<_>>().len(), places.len());
        assert!(places.iter().filter(|place| place.slot.is_none()).count() == 5);
        assert!(places.iter().filter_map(|place| place.slot).all(|slot| world.has_account(slot)));
        assert!(crews.iter().any(|crew| world.places_in(crew).len() > 200), "more than a page");
    }
}
