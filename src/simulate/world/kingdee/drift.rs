//! What was planted at Kingdee.
//!
//! Owns which drift sits on whom. Nobody who bears a plant of the source, of Aha! or of the directory bears one of these,
//! but for those who left, of whom some can still log in at Kingdee.

use std::collections::HashMap;

use crate::simulate::world::names::Culture;
use crate::simulate::world::planting::{Plant, scaled};
use crate::simulate::world::{World, coprime, hash};

/// What was done to one person at Kingdee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// Not there.
    Missing,
    /// Lacks one role of an organisation.
    MissingGrant,
    /// Lacks an organisation with all its roles.
    MissingOrganisation,
    /// Has one role more.
    ExtraGrant,
    /// Has another role than the first one.
    WrongRole,
    /// Works here, forbidden at Kingdee.
    Forbidden,
    /// Left, and still active at Kingdee.
    Leaver,
    /// Another family name.
    Renamed,
    /// The e-mail has capitals.
    EmailCase,
    /// E-mail and telephone are another person's, and the other way round.
    Swapped(u32),
    /// Posted to another department.
    Moved,
    /// Another telephone, and the record is being edited by another user for a while.
    Held,
    /// The same, and for longer than anybody should wait.
    HeldLong,
}

/// What is planted on single people, with how many of it there are among 1,203.
const PLAN: &[(Drift, u32)] = &[
    (Drift::Missing, 8),
    (Drift::MissingGrant, 12),
    (Drift::MissingOrganisation, 3),
    (Drift::ExtraGrant, 6),
    (Drift::WrongRole, 10),
    (Drift::Forbidden, 4),
    (Drift::Renamed, 8),
    (Drift::EmailCase, 3),
    (Drift::Moved, 6),
    (Drift::Held, 3),
    (Drift::HeldLong, 1),
];

/// Pairs of people whose addresses are swapped, among 1,203.
const SWAPPED: u32 = 3;

/// People who left and are still active, among 1,203.
const LEAVERS: u32 = 6;

/// All that was planted.
#[derive(Debug, Clone, Default)]
pub struct Drifts {
    by_person: HashMap<u32, Drift>,
    /// In the order of planting.
    pub order: Vec<(u32, Drift)>,
    /// Numbers of people whom Kingdee lacks, sorted.
    pub holes: Vec<u32>,
    /// Numbers of people whom the source does not have: as many as there are holes, so that the site has as many accounts
    /// as the source has people. The last third is forbidden.
    pub extras: Vec<u32>,
}

impl Drifts {
    /// Plants a world.
    pub fn plant(world: &World) -> Drifts {
        let mut drifts = Drifts::default();
        let (seed, users) = (world.seed(), world.users());
        let first = world.0.heads + 1;
        if let Some(many) = users.checked_sub(first).filter(|many| *many > 1) {
            let many = u64::from(many);
            let step = coprime(hash(seed, "kingdee step", 0) % many, many);
            let start = hash(seed, "kingdee start", 0) % many;
            let all = (0..many).map(move |p| first + ((p * step + start) % many) as u32);
            let mut free = all.clone().filter(|n| world.plant_on(*n).is_none());
            for (drift, base) in PLAN {
                for _ in 0..scaled(*base, users) {
                    let Some(number) = free.find(|n| suits(world, *n, *drift)) else {
                        break;
                    };
                    drifts.set(number, *drift);
                }
            }
            for _ in 0..scaled(SWAPPED, users) {
                if let (Some(one), Some(two)) = (free.next(), free.next()) {
                    drifts.set(one, Drift::Swapped(two));
                    drifts.set(two, Drift::Swapped(one));
                }
            }
            let left = all.filter(|n| world.plant_on(*n).is_some_and(Plant::is_inactive));
            for number in left.take(scaled(LEAVERS, users) as usize) {
                drifts.set(number, Drift::Leaver);
            }
        }
        let twins = world.0.order.iter().filter(|(_, plant)| matches!(plant, Plant::Twin(_))).map(|(n, _)| *n);
        let missing = drifts.order.iter().filter(|(_, drift)| *drift == Drift::Missing).map(|(n, _)| *n);
        drifts.holes = missing.chain(twins).collect();
        drifts.holes.sort_unstable();
        drifts.extras =
            (users + 1_000..).filter(|n| world.name(*n).culture == Culture::Chinese).take(drifts.holes.len()).collect();
        drifts
    }

    /// What was planted on a person.
    pub fn on(&self, number: u32) -> Option<Drift> {
        self.by_person.get(&number).copied()
    }

    /// How many of the extras are active; the others are forbidden.
    pub fn active_extras(&self) -> usize {
        self.extras.len() - self.extras.len() / 3
    }

    fn set(&mut self, number: u32, drift: Drift) {
        self.by_person.insert(number, drift);
        self.order.push((number, drift));
    }
}

/// Whether a drift can be told on that person.
fn suits(world: &World, number: u32, drift: Drift) -> bool {
    let grants = world.kingdee_grants(number);
    match drift {
        // The organisation stays where one of its roles is gone.
        Drift::MissingGrant => grants.iter().filter(|grant| grant.0 == grants[0].0).count() > 1,
        Drift::MissingOrganisation => grants.iter().any(|grant| grant.0 != grants[0].0),
        _ => true,
    }
}
