//! What was planted at Litmos, on people and on teams.
//!
//! Owns which drift sits on whom. Nobody who bears a plant of another view bears one of these, but for those who left (of
//! whom some are still active at Litmos) and those who are in no group (of whom some are not at Litmos).

use std::collections::HashMap;

use crate::simulate::world::catalog::Circle;
use crate::simulate::world::planting::{Plant, scaled};
use crate::simulate::world::{World, coprime, hash};

/// What was done to one person at Litmos.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// Never there, and in none of the source's groups.
    Missing,
    /// Was there and was deleted: the id is refused with an error of the server (seeds 004, limitations).
    Deleted,
    /// Not there, though in groups of the source: who adds such a member is not told that nothing happened.
    BadMember,
    /// Inactive in the source, active at Litmos.
    Leaver,
    /// Active in the source, inactive at Litmos: still a member of teams, but the teams do not list it.
    Inactive,
    /// Another last name.
    Renamed,
    /// The e-mail has capitals.
    EmailCase,
    /// Another e-mail.
    EmailOther,
    /// A user name that is no e-mail address.
    CustomUserName,
    /// Another manager.
    Manager,
    /// No manager.
    NoManager,
    /// Another title.
    Title,
    /// City and State the other way round.
    Swapped,
    /// Another time zone.
    TimeZone,
    /// Another culture.
    Culture,
    /// Another mobile telephone.
    Phone,
    /// A team leader who leads no team, which gives no power.
    LeaderOfNone,
}

impl Drift {
    pub(super) fn is_hole(self) -> bool {
        matches!(self, Drift::Missing | Drift::Deleted | Drift::BadMember)
    }
}

/// A title that would clear a terminal; the first of the extras has it.
pub const HOSTILE_TITLE: &str = "Guest \u{1b}[2J\u{1b}]0;owned\u{7}";

/// All that was planted on people.
#[derive(Debug, Clone, Default)]
pub struct Drifts {
    by_slot: HashMap<u32, Drift>,
    /// In the order of planting.
    pub order: Vec<(u32, Drift)>,
    /// People at Litmos whom the source does not have: active, then inactive.
    pub extras: (u32, u32),
    /// Which numbers Litmos lacks, sorted.
    pub holes: Vec<u32>,
}

/// What is planted on people without any other plant, with how many of it there are among 1,203.
const PLAN: &[(Drift, u32)] = &[
    (Drift::BadMember, 2),
    (Drift::Inactive, 4),
    (Drift::Renamed, 9),
    (Drift::EmailCase, 5),
    (Drift::EmailOther, 4),
    (Drift::CustomUserName, 3),
    (Drift::Manager, 7),
    (Drift::NoManager, 3),
    (Drift::Title, 8),
    (Drift::Swapped, 5),
    (Drift::TimeZone, 4),
    (Drift::Culture, 3),
    (Drift::Phone, 4),
    (Drift::LeaderOfNone, 3),
];

impl Drifts {
    /// Plants over a world that has everything else.
    pub fn plant(world: &World) -> Drifts {
        let users = world.users();
        let mut drifts = Drifts { extras: (scaled(7, users), scaled(4, users)), ..Drifts::default() };
        let mut parts = [0_u32; 2];
        for (number, plant) in &world.0.order {
            match plant {
                Plant::DirectoryMissing => {
                    parts[0] += 1;
                    drifts.set(*number, if parts[0] % 5 < 3 { Drift::Missing } else { Drift::Deleted });
                }
                // Never at Aha!, never at Litmos; `Missing` of one who left is no mismatch.
                Plant::InactiveAbsent => drifts.holes.push(*number),
                Plant::Twin(_) => drifts.holes.push(*number),
                Plant::Leaver | Plant::InactiveBoth => {
                    parts[1] += 1;
                    if parts[1] % 3 == 1 {
                        drifts.set(*number, Drift::Leaver);
                    }
                }
                _ => {}
            }
        }
        let first = world.0.heads + 1;
        if let Some(many) = users.checked_sub(first).filter(|many| *many > 1).map(u64::from) {
            let step = coprime(hash(world.seed(), "litmos step", 0) % many, many);
            let start = hash(world.seed(), "litmos start", 0) % many;
            let mut people = (0..many)
                .map(|place| first + ((place * step + start) % many) as u32)
                .filter(|number| world.plant_on(*number).is_none());
            for (drift, base) in PLAN {
                for _ in 0..scaled(*base, users) {
                    let Some(number) = people.find(|number| suits(world, *number, *drift)) else { break };
                    drifts.set(number, *drift);
                }
            }
        }
        drifts.holes.extend(drifts.order.iter().filter(|(_, drift)| drift.is_hole()).map(|(number, _)| *number));
        drifts.holes.sort_unstable();
        drifts
    }

    fn set(&mut self, number: u32, drift: Drift) {
        self.by_slot.insert(number, drift);
        self.order.push((number, drift));
    }
}

impl World {
    pub(super) fn drift_on(&self, slot: u32) -> Option<Drift> {
        self.0.litmos.by_slot.get(&slot).copied()
    }

    /// Numbers whose accounts were deleted at Litmos.
    pub fn deleted_learners(&self) -> Vec<u32> {
        self.learners_with(Drift::Deleted)
    }

    /// Numbers on which that was planted, in the order of planting.
    pub fn learners_with(&self, drift: Drift) -> Vec<u32> {
        self.0.litmos.order.iter().filter(|(_, planted)| *planted == drift).map(|(number, _)| *number).collect()
    }
}

/// Whether a drift can be told on that person.
fn suits(world: &World, number: u32, drift: Drift) -> bool {
    let (_, site) = world.site(number);
    match drift {
        Drift::Swapped => site.town != site.region,
        // With one head there is no other manager.
        Drift::Manager => world.0.heads > 1,
        Drift::NoManager => world.manager(number).is_some(),
        Drift::BadMember | Drift::Inactive => world.is_in(number, Circle::Department(world.department(number).0)),
        _ => true,
    }
}
