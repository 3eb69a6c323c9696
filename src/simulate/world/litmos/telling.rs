//! The list of what was planted at Litmos, as a comparison with the source should tell it.

use super::drift::Drift;
use super::teams::{TeamDrift, added_members, drift_of_team, dropped_members};
use crate::simulate::world::{ENTERPRISE_SCHEMA, Planted, World, catalog};

/// All that was planted on people and teams of Litmos, beside the plants of all views.
pub fn list(world: &World) -> Vec<Planted> {
    let mut list: Vec<Planted> =
        world.0.litmos.order.iter().map(|(number, drift)| person(world, *number, *drift)).collect();
    let (active, inactive) = world.0.litmos.extras;
    for slot in world.users()..world.users() + active + inactive {
        let off = slot >= world.users() + active;
        let key = world.learner(slot).map(|learner| learner.user_name).unwrap_or_default();
        let mut tell = |what, state, attributes: Vec<String>, note: &str| {
            list.push(Planted { kind: "User", what, state, key: key.clone(), attributes, note: note.to_owned() });
        };
        if off {
            tell("extra-inactive", "same", Vec::new(), "inactive at Litmos, not in the source");
        } else {
            tell("extra", "extra", Vec::new(), "at Litmos, not in the source");
        }
        if slot == world.users() && !off {
            let text = "escape sequences in the title of somebody whom only Litmos has";
            tell("hostile_text", "lint", vec!["title".to_owned()], text);
        }
    }
    list.extend(teams(world));
    list
}

fn person(world: &World, number: u32, drift: Drift) -> Planted {
    let path = |path: &str| vec![path.to_owned()];
    let enterprise = |part: &str| vec![format!("{ENTERPRISE_SCHEMA}:{part}")];
    let (what, state, attributes, note) = match drift {
        Drift::Missing => ("missing", "missing", Vec::new(), "not at Litmos"),
        Drift::Deleted => ("deleted", "missing", Vec::new(), "was deleted at Litmos; its former id answers with 500"),
        Drift::BadMember => ("bad-member", "missing", Vec::new(), "not at Litmos, though in groups of the source"),
        Drift::Leaver => ("leaver", "leaver", path("active"), "left, and still active at Litmos"),
        Drift::Inactive => {
            ("reactivate", "differs", path("active"), "works here, inactive at Litmos, where its teams do not list it")
        }
        // Litmos makes the whole name of first and last name, so that only those can be compared.
        Drift::Renamed => ("renamed", "differs", path("name.familyName"), "the former name at Litmos"),
        Drift::EmailCase => ("email-case", "same", Vec::new(), "the e-mail differs only in case"),
        Drift::EmailOther => ("email", "differs", path("emails[work]"), "another e-mail at Litmos"),
        Drift::CustomUserName => ("custom-user-name", "differs", path("userName"), "a user name that is no e-mail"),
        Drift::Manager => ("manager", "differs", enterprise("manager"), "another manager at Litmos"),
        Drift::NoManager => ("no-manager", "differs", enterprise("manager"), "no manager at Litmos"),
        Drift::Title => ("title", "differs", path("title"), "another title at Litmos"),
        Drift::Swapped => {
            let parts = ["locality", "region"].map(|part| format!("addresses[work].{part}")).to_vec();
            ("swapped-address", "differs", parts, "town and region the other way round")
        }
        Drift::TimeZone => ("time-zone", "differs", path("timezone"), "another time zone at Litmos"),
        Drift::Culture => ("culture", "differs", path("locale"), "another culture at Litmos"),
        Drift::Phone => ("phone", "differs", path("phoneNumbers[mobile]"), "another mobile telephone at Litmos"),
        Drift::LeaderOfNone => ("leader-of-none", "same", Vec::new(), "a team leader who leads no team"),
    };
    Planted { kind: "User", what, state, key: world.person(number).user_name, attributes, note: note.to_owned() }
}

fn teams(world: &World) -> Vec<Planted> {
    let mut list = Vec::new();
    let mut tell = |what, state, key: &str, attributes: Vec<String>, note: &str| {
        list.push(Planted { kind: "Group", what, state, key: key.to_owned(), attributes, note: note.to_owned() });
    };
    let paths = |people: &[u32]| people.iter().map(|n| format!("members[{}]", world.source_id(*n))).collect::<Vec<_>>();
    let groups = catalog::groups();
    // Who is not at Litmos is in none of its teams.
    let absent: Vec<u32> =
        world.0.litmos.order.iter().filter(|(_, drift)| drift.is_hole()).map(|(number, _)| *number).collect();
    for (number, (name, circle)) in (0_u32..).zip(&groups) {
        let waited: Vec<u32> = absent.iter().copied().filter(|number| world.is_in(*number, *circle)).collect();
        let drift = drift_of_team(number);
        if !waited.is_empty() && drift.is_none() {
            tell("bad-member", "differs", name, paths(&waited), "a member who is not at Litmos");
        }
        match drift {
            Some(TeamDrift::Missing) => tell("missing-team", "missing", name, Vec::new(), "no such team at Litmos"),
            Some(TeamDrift::Twice) => {
                let note = "two teams of that name at Litmos, which is legal there";
                tell("duplicate-team", "undecided", name, Vec::new(), note);
                tell("duplicate", "lint", name, vec!["displayName".to_owned()], note);
            }
            Some(TeamDrift::FewerMembers) => {
                let dropped = paths(&[dropped_members(world, *circle), waited].concat());
                if !dropped.is_empty() {
                    tell("missing-members", "differs", name, dropped, "fewer members at Litmos");
                }
            }
            Some(TeamDrift::MoreMembers) => {
                let added = paths(&[added_members(world, *circle), waited].concat());
                if !added.is_empty() {
                    tell("extra-members", "differs", name, added, "more members at Litmos");
                }
            }
            None => {}
        }
    }
    for team in world.teams().iter().filter(|team| team.number >= groups.len() as u32) {
        if groups.iter().all(|(name, _)| *name != team.name) {
            tell("extra-team", "extra", &team.name, Vec::new(), "a team that the source does not have");
            if world.teams().iter().filter(|other| other.name == team.name).count() > 1 {
                tell("duplicate", "lint", &team.name, vec!["displayName".to_owned()], "another team has the same name");
            }
        }
    }
    list
}
