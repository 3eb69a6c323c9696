//! The list of what was planted at Kingdee, as a comparison with the source should tell it.

use super::catalog::{self, ORGANISATIONS, ROLES};
use super::drift::Drift;
use crate::simulate::world::catalog as company;
use crate::simulate::world::planting::Plant;
use crate::simulate::world::{ENTERPRISE_SCHEMA, Planted, World};

/// The path of a role in an organisation: `grants[org/105 FIN01_SYS]`, by the numbers of both, as the source serves neither.
/// Organisations and departments are one kind, and their numbers may be the same: hence `org/`.
pub fn path_of(grant: super::Grant) -> String {
    format!("grants[org/{} {}]", ORGANISATIONS[usize::from(grant.0)].number, ROLES[usize::from(grant.1)].number)
}

/// All that was planted; the names that harm a terminal, which are the same everywhere, are told by the world itself.
pub fn list(world: &World) -> Vec<Planted> {
    let drifts = world.drifts();
    let mut list: Vec<Planted> = drifts.order.iter().map(|(number, drift)| told(world, *number, *drift)).collect();
    for (number, plant) in &world.0.order {
        let mut tell = |what, state, note: &str| {
            list.push(Planted {
                kind: "User",
                what,
                state,
                key: world.person(*number).user_name,
                attributes: Vec::new(),
                note: note.to_owned(),
            });
        };
        match plant {
            Plant::First(_) | Plant::Twin(_) => {
                tell("duplicate", "undecided", "two records in the source fit one account");
            }
            plant if plant.is_inactive() && drifts.on(*number).is_none() => {
                tell("inactive-both", "same", "left, and forbidden at Kingdee");
            }
            _ => {}
        }
    }
    for (place, number) in drifts.extras.iter().enumerate() {
        let active = place < drifts.active_extras();
        list.push(Planted {
            kind: "User",
            what: if active { "extra" } else { "extra-disabled" },
            state: if active { "extra" } else { "same" },
            key: world.person(*number).user_name,
            attributes: Vec::new(),
            note: "at Kingdee, not in the source".to_owned(),
        });
    }
    list.extend(groups());
    list
}

/// The source's departments are departments of the same names here; everything else of the one side is not on the other.
fn groups() -> Vec<Planted> {
    let mut list = Vec::new();
    let sources = company::groups();
    let own = ORGANISATIONS.iter().map(|o| (o.names.0.to_owned(), "an organisation"));
    let departments = catalog::departments().into_iter().map(|d| (d.names.0, "a department"));
    let own: Vec<(String, &str)> = own.chain(departments).collect();
    let mut tell = |what, state, key: &str, note: String| {
        list.push(Planted { kind: "Group", what, state, key: key.to_owned(), attributes: Vec::new(), note });
    };
    for (name, _) in sources.iter().filter(|(name, _)| !own.iter().any(|(other, _)| other == name)) {
        tell("missing-group", "missing", name, "neither organisation nor department at Kingdee".to_owned());
    }
    for (name, what) in own.iter().filter(|(name, _)| !sources.iter().any(|(other, _)| other == name)) {
        tell("extra-group", "extra", name, format!("{what} at Kingdee that the source does not have"));
    }
    list
}

fn told(world: &World, number: u32, drift: Drift) -> Planted {
    let grants = world.kingdee_grants(number);
    let path = |p: &str| vec![p.to_owned()];
    let contact = || vec!["emails[work]".to_owned(), "phoneNumbers[mobile]".to_owned()];
    let (what, state, attributes, note): (_, _, Vec<String>, String) = match drift {
        Drift::Missing => ("missing", "missing", Vec::new(), "not at Kingdee".into()),
        Drift::MissingGrant => (
            "missing-grant",
            "differs",
            vec![path_of(grants[0])],
            "a role that is not there in the organisation".into(),
        ),
        Drift::MissingOrganisation => {
            let gone = grants.iter().filter(|grant| grant.0 != grants[0].0).map(|grant| path_of(*grant));
            ("missing-organisation", "differs", gone.collect(), "not in the organisation at all".into())
        }
        Drift::ExtraGrant => {
            let more = path_of(world.other_role(number));
            ("extra-grant", "differs", vec![more], "a role that the source does not have".into())
        }
        Drift::WrongRole => {
            let both = vec![path_of(grants[0]), path_of(world.other_role(number))];
            ("wrong-role", "differs", both, "another role in the organisation".into())
        }
        Drift::Forbidden => ("reactivate", "differs", path("active"), "works here, forbidden at Kingdee".into()),
        Drift::Leaver => ("leaver", "leaver", path("active"), "left, and still active at Kingdee".into()),
        Drift::Renamed => ("renamed", "differs", path("displayName"), "the former name".into()),
        Drift::EmailCase => ("email-case", "same", Vec::new(), "the e-mail differs only in case".into()),
        Drift::Swapped(other) => {
            let note = format!("e-mail and telephone of {}", world.person(other).user_name);
            ("swapped", "differs", contact(), note)
        }
        Drift::Moved => {
            let department = format!("{ENTERPRISE_SCHEMA}:department");
            (
                "moved",
                "differs",
                vec![department],
                "posted to another department, as the employee's record tells".into(),
            )
        }
        Drift::Held | Drift::HeldLong => {
            let (holder, tries) = world.kingdee_holder(super::USERS + i64::from(number)).unwrap_or_default();
            let note = format!("another telephone; {holder} edits the record for {tries} tries");
            ("held", "differs", path("phoneNumbers[mobile]"), note)
        }
    };
    Planted { kind: "User", what, state, key: world.person(number).user_name, attributes, note }
}
