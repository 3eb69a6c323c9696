//! The teams at Litmos: the source's groups as a tree, with what was planted on them.

use super::{long_ago, token};
use crate::simulate::world::catalog::{self, Circle};
use crate::simulate::world::people::GROUPED;
use crate::simulate::world::{World, hash};

/// One team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its number: that of the source's group, and then on.
    pub number: u32,
    /// Its id.
    pub id: String,
    /// Its number in the web pages.
    pub original: u32,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The number of the team above it.
    pub parent: Option<u32>,
    /// When it was made, in seconds since the epoch.
    pub created: u64,
    /// When it was last changed.
    pub updated: u64,
}

/// How a team differs from the source's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TeamDrift {
    /// There is none.
    Missing,
    /// It lacks [`dropped_members`].
    FewerMembers,
    /// It has [`added_members`] more.
    MoreMembers,
    /// There are two of the name.
    Twice,
}

/// How the team of a group differs.
pub fn drift_of_team(group: u32) -> Option<TeamDrift> {
    match group {
        // Two department groups, a site, and projects, which are last.
        3 | 19 => Some(TeamDrift::FewerMembers),
        8 | 25 => Some(TeamDrift::MoreMembers),
        28 => Some(TeamDrift::Twice),
        29 => Some(TeamDrift::Missing),
        _ => None,
    }
}

/// Teams that no group of the source is like: name, and the number of the team above. Two share a name, which is legal
/// (seeds 004, limitations); the last is the second of the name of group 28.
const MORE: [(&str, Option<u32>); 4] =
    [("Onboarding", Some(4)), ("Onboarding", Some(8)), ("Compliance 2025", None), ("Project Everest", Some(11))];

/// The team above each department's, by the number of the department: departments of one division hang together.
const ABOVE: [Option<u32>; 16] = [
    None,
    Some(2),
    None,
    Some(4),
    None,
    Some(6),
    None,
    Some(8),
    Some(8),
    Some(10),
    Some(6),
    Some(2),
    Some(8),
    Some(2),
    Some(6),
    Some(2),
];

impl World {
    /// All teams, in the order of their numbers.
    pub fn teams(&self) -> Vec<Team> {
        let groups = catalog::groups();
        let first_more = groups.len() as u32;
        let of_groups = (0_u32..).zip(groups).filter_map(|(number, (name, circle))| {
            if drift_of_team(number) == Some(TeamDrift::Missing) {
                return None;
            }
            let parent = match circle {
                Circle::Department(department) => ABOVE[usize::from(department)],
                // Below "Product".
                Circle::Project(_) => Some(0),
                _ => None,
            };
            Some(self.team(number, name, parent))
        });
        let more = (first_more..).zip(MORE).map(|(number, (name, parent))| self.team(number, name.to_owned(), parent));
        of_groups.chain(more).collect()
    }

    fn team(&self, number: u32, name: String, parent: Option<u32>) -> Team {
        let created = long_ago(self.seed(), "litmos team", u64::from(number));
        Team {
            number,
            id: self.team_id(number),
            original: 405_400 + number * 7,
            description: if number % 4 == 1 { String::new() } else { format!("{name}: everybody who belongs to it") },
            name,
            parent,
            created,
            updated: created + self.hash("litmos team updated", number) % 20_000_000,
        }
    }

    /// The id of a team of that number; every fifth begins with a hyphen, which a command line would take for an option.
    pub fn team_id(&self, number: u32) -> String {
        let bytes = |salt: u64| hash(self.seed(), "litmos team id", u64::from(number) << 32 | salt).to_be_bytes();
        let id = |salt: u64| {
            if number % 7 == 2 { token(&[bytes(salt), bytes(salt + 1)].concat()) } else { token(&bytes(salt)) }
        };
        let dashed = (0..10_000).map(id).find(|id| id.starts_with('-'));
        dashed.filter(|_| number % 5 == 3).unwrap_or_else(|| id(0))
    }

    /// The members of a team, in the order in which they were added. Those who are inactive are among them.
    pub fn team_members(&self, number: u32) -> Vec<u32> {
        let everybody = self.users().min(GROUPED);
        let Some((_, circle)) = catalog::groups().into_iter().nth(number as usize) else {
            // A few of the heads take part in what the source does not know.
            return (1..=self.0.heads).filter(|head| head % 5 == number % 5).collect();
        };
        let mut members: Vec<u32> =
            (0..everybody).filter(|slot| self.is_in(*slot, circle) && self.has_learner(*slot)).collect();
        match drift_of_team(number) {
            Some(TeamDrift::FewerMembers) => {
                let dropped = dropped_members(self, circle);
                members.retain(|slot| !dropped.contains(slot));
            }
            Some(TeamDrift::MoreMembers) => members.extend(added_members(self, circle)),
            _ => {}
        }
        members.sort_by_key(|slot| self.hash("litmos joined", *slot));
        members
    }

    /// Who leads the team: the first of the heads who is in the department.
    pub fn team_leader(&self, number: u32) -> Option<u32> {
        self.heads_of(number).next()
    }

    /// Who administers the team: the second.
    pub fn team_admin(&self, number: u32) -> Option<u32> {
        self.heads_of(number).nth(1)
    }

    fn heads_of(&self, number: u32) -> impl Iterator<Item = u32> + '_ {
        // Groups 2 to 17 are the departments.
        let department = number.checked_sub(2).filter(|department| *department < catalog::DEPARTMENTS.len() as u32);
        (1..=self.0.heads).filter(move |head| {
            department.is_some_and(|department| self.is_in(*head, Circle::Department(department as u8)))
        })
    }

    /// Whether somebody leads or administers a team.
    pub(super) fn steers(&self, slot: u32) -> bool {
        if slot == 0 || slot > self.0.heads {
            return false;
        }
        let team = u32::from(self.department(slot).0) + 2;
        self.team_leader(team) == Some(slot) || self.team_admin(team) == Some(slot)
    }
}

/// Members that a team lacks.
pub fn dropped_members(world: &World, circle: Circle) -> Vec<u32> {
    let among = world.0.heads + 1..world.users().min(2_000);
    among.filter(|slot| world.is_in(*slot, circle) && is_plain(world, *slot)).skip(2).take(3).collect()
}

/// Members that only the team has.
pub fn added_members(world: &World, circle: Circle) -> Vec<u32> {
    let among = world.0.heads + 1..world.users().min(2_000);
    among.filter(|slot| !world.is_in(*slot, circle) && is_plain(world, *slot)).skip(4).take(2).collect()
}

/// Nothing was planted on that person anywhere.
fn is_plain(world: &World, slot: u32) -> bool {
    world.plant_on(slot).is_none() && world.drift_on(slot).is_none()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::collections::BTreeSet;

    use super::super::Access;
    use super::super::drift::Drift;
    use super::*;

    #[test]
    fn teams_are_a_tree_of_four_levels_with_two_names_that_are_there_twice() {
        let world = World::new(1, 1_203);
        let teams = world.teams();
        assert_eq!(teams.len(), 34);
        let depth = |team: &Team| {
            let mut depth = 1;
            let mut at = team.parent;
            while let Some(parent) = at {
                at = teams.iter().find(|team| team.number == parent).expect("a team that is there").parent;
                depth += 1;
            }
            depth
        };
        assert_eq!(teams.iter().map(depth).collect::<BTreeSet<_>>(), BTreeSet::from([1, 2, 3, 4]));
        assert_eq!(teams.iter().map(|team| &team.name).collect::<BTreeSet<_>>().len(), 32);
        assert_eq!(teams.iter().map(|team| &team.id).collect::<BTreeSet<_>>().len(), 34);
        assert!(teams.iter().any(|team| team.id.starts_with('-')));
        assert_eq!(teams.iter().map(|team| team.id.len()).collect::<BTreeSet<_>>(), BTreeSet::from([12, 23]));
    }

    #[test]
    fn who_is_a_team_leader_leads_or_administers_a_team_but_for_those_on_whom_it_was_planted() {
        let world = World::new(1, 1_203);
        let steering: BTreeSet<u32> = world
            .teams()
            .iter()
            .flat_map(|team| [world.team_leader(team.number), world.team_admin(team.number)])
            .flatten()
            .collect();
        let mut planted = 0;
        for slot in 2..world.learner_slots() {
            let Some(learner) = world.learner(slot) else { continue };
            if world.drift_on(slot) == Some(Drift::LeaderOfNone) {
                planted += 1;
                assert!(!steering.contains(&slot) && learner.access == Access::TeamLeader);
            } else {
                assert_eq!(learner.access == Access::TeamLeader, steering.contains(&slot), "{slot}");
            }
        }
        assert_eq!(planted, 3);
        assert!(steering.len() > 16);
    }
}
