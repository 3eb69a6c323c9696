//! What was planted.
//!
//! Owns which drift sits on whom; `telling` lists it. A person bears at most one plant, so that each can be told alone.

use super::catalog::{self, Circle};
use super::names::Culture;
use super::{Inner, World, coprime, hash};

/// What was done to one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// Not at Aha!.
    Missing,
    /// Another role on the first product at Aha!.
    WrongRole,
    /// Viewer on the first product at Aha!, though another role was asked for.
    RoleDefaulted,
    /// The last pair is not there at Aha!.
    MissingPair,
    /// One pair more at Aha!.
    ExtraPair,
    /// Inactive in the source, enabled at Aha!.
    Leaver,
    /// Another family name at Aha!.
    Renamed,
    /// The e-mail has capitals at Aha!.
    EmailCase,
    /// The name has superfluous spaces at Aha!.
    NameSpaces,
    /// There twice in the source; the number of the other record.
    First(u32),
    /// The second record of a person; the number of the first. No other system has it.
    Twin(u32),
    /// A pair on a product that Aha! does not show: 0 hidden, 1 unknown to everybody.
    UnknownProduct(u8),
    /// A pair with a role that does not exist.
    UnknownRole,
    /// A name that would harm a terminal, the same everywhere: 0 escape sequences, 1 right-to-left override.
    Hostile(u8),
    /// Inactive in the source, disabled at Aha!.
    InactiveBoth,
    /// The same, and the name differs too.
    InactiveBothDiffers,
    /// Inactive in the source, not at Aha!.
    InactiveAbsent,
    /// Active in the source, disabled at Aha!.
    Reactivate,
    /// A pair with role `none` in the source, no pair at Aha!.
    NonePair,
    /// No pair in the source, one with role `none` at Aha!.
    NoneEntry,
    /// Not in the directory.
    DirectoryMissing,
    /// Another title in the directory.
    DirectoryTitle,
    /// Another department in the directory.
    DirectoryDepartment,
    /// Inactive in the source, active in the directory.
    DirectoryLeaver,
}

impl Plant {
    /// Whether the source says that the person left.
    pub fn is_inactive(self) -> bool {
        matches!(
            self,
            Plant::Leaver
                | Plant::InactiveBoth
                | Plant::InactiveBothDiffers
                | Plant::InactiveAbsent
                | Plant::DirectoryLeaver
        )
    }

    /// Whether the person is kept out of all groups, so that memberships differ only where that was planted.
    pub fn is_in_no_group(self) -> bool {
        self.is_inactive() || matches!(self, Plant::First(_) | Plant::Twin(_) | Plant::DirectoryMissing)
    }

    fn is_absent_at_aha(self) -> bool {
        matches!(self, Plant::Missing | Plant::InactiveAbsent | Plant::Twin(_))
    }

    fn is_absent_in_directory(self) -> bool {
        matches!(self, Plant::DirectoryMissing | Plant::Twin(_))
    }
}

/// How many of a kind there are among `users`, where there are `base` among 1,203; at least one from 300 people on.
pub fn scaled(base: u32, users: u32) -> u32 {
    let count = ((u64::from(base) * u64::from(users) + 601) / 1_203) as u32;
    if users >= 300 { count.max(1) } else { count }
}

/// What is planted on single people, with how many of it there are among 1,203.
const PLAN: &[(Plant, u32)] = &[
    (Plant::Missing, 12),
    (Plant::WrongRole, 25),
    (Plant::RoleDefaulted, 4),
    (Plant::MissingPair, 15),
    (Plant::ExtraPair, 10),
    (Plant::Leaver, 10),
    (Plant::Renamed, 20),
    (Plant::EmailCase, 6),
    (Plant::NameSpaces, 2),
    (Plant::UnknownProduct(0), 1),
    (Plant::UnknownProduct(1), 1),
    (Plant::UnknownRole, 1),
    (Plant::Hostile(0), 1),
    (Plant::Hostile(1), 1),
    (Plant::InactiveBoth, 8),
    (Plant::InactiveBothDiffers, 3),
    (Plant::InactiveAbsent, 6),
    (Plant::Reactivate, 3),
    (Plant::NonePair, 3),
    (Plant::NoneEntry, 2),
    (Plant::DirectoryMissing, 5),
    (Plant::DirectoryTitle, 14),
    (Plant::DirectoryDepartment, 10),
    (Plant::DirectoryLeaver, 4),
];

impl Inner {
    pub(super) fn plant(&mut self) {
        let first = self.heads + 1;
        let Some(many) = self.users.checked_sub(first).filter(|many| *many > 1) else {
            return;
        };
        let many = u64::from(many);
        let step = coprime(hash(self.seed, "plant step", 0) % many, many);
        let start = hash(self.seed, "plant start", 0) % many;
        let mut people = (0..many).map(|p| first + ((p * step + start) % many) as u32);
        let bare = World(std::sync::Arc::new(Inner {
            plants: std::collections::HashMap::new(),
            order: Vec::new(),
            aha_holes: Vec::new(),
            directory_holes: Vec::new(),
            kingdee: std::sync::OnceLock::new(),
            litmos: super::litmos::drift::Drifts::default(),
            ..*self
        }));
        for (plant, base) in PLAN {
            for _ in 0..scaled(*base, self.users) {
                let Some(number) = people.find(|n| suits(&bare, *n, *plant)) else {
                    break;
                };
                self.set(number, *plant);
            }
        }
        for _ in 0..scaled(1, self.users) {
            if let (Some(one), Some(two)) = (people.next(), people.next()) {
                self.set(one, Plant::First(two));
                self.set(two, Plant::Twin(one));
            }
        }
        let holes = |is_hole: fn(Plant) -> bool| {
            let mut holes: Vec<u32> = self.order.iter().filter(|(_, p)| is_hole(*p)).map(|(n, _)| *n).collect();
            holes.sort_unstable();
            holes
        };
        self.aha_holes = holes(Plant::is_absent_at_aha);
        self.directory_holes = holes(Plant::is_absent_in_directory);
    }

    fn set(&mut self, number: u32, plant: Plant) {
        self.plants.insert(number, plant);
        self.order.push((number, plant));
    }
}

/// Whether a plant can be told on that person.
fn suits(world: &World, number: u32, plant: Plant) -> bool {
    let pairs = world.plain_pairs(number);
    match plant {
        // Aha! makes a name of first, space and last name, so a Chinese display name could never be pushed as it is.
        Plant::Missing | Plant::Renamed | Plant::NameSpaces | Plant::Hostile(_) => {
            world.name(number).culture != Culture::Chinese
        }
        Plant::RoleDefaulted => pairs[0].1 != catalog::VIEWER,
        Plant::MissingPair => pairs.len() > 1,
        _ => true,
    }
}

/// How a group differs in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupDrift {
    /// It is not there.
    Missing,
    /// It lacks [`dropped_members`].
    FewerMembers,
    /// It has [`added_members`] more.
    MoreMembers,
}

/// How the group of that number differs in the directory.
pub fn drift_of_group(number: u32) -> Option<GroupDrift> {
    match number {
        // Department groups 2 and 7, a site, and three of the projects, which are last.
        2 | 24 | 25 => Some(GroupDrift::FewerMembers),
        7 | 20 | 26 => Some(GroupDrift::MoreMembers),
        30 => Some(GroupDrift::Missing),
        _ => None,
    }
}

/// Members that a group lacks in the directory.
pub fn dropped_members(world: &World, circle: Circle) -> Vec<u32> {
    (0..world.users().min(2_000)).filter(|n| world.is_in(*n, circle)).skip(1).take(3).collect()
}

/// Members that a group has only in the directory.
pub fn added_members(world: &World, circle: Circle) -> Vec<u32> {
    (1..world.users().min(2_000))
        .filter(|n| !world.is_in(*n, circle) && !world.plant_on(*n).is_some_and(Plant::is_in_no_group))
        .skip(5)
        .take(2)
        .collect()
}
