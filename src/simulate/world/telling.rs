//! The list of what was planted, as a comparison with the source should tell it.

use super::catalog;
use super::documents::Documents;
use super::planting::{GroupDrift, Plant, added_members, drift_of_group, dropped_members};
use super::{ENTERPRISE_SCHEMA, Planted, World};

/// All that was planted in a view.
pub fn list(world: &World, view: &str) -> Vec<Planted> {
    let mut list: Vec<Planted> =
        world.0.order.iter().filter_map(|(number, plant)| told(world, view, *number, *plant)).collect();
    match view {
        "aha" => {
            let (enabled, disabled) = world.0.extras;
            for slot in world.users()..world.users() + enabled + disabled {
                let off = slot >= world.users() + enabled;
                list.push(Planted {
                    kind: "User",
                    what: if off { "extra-disabled" } else { "extra" },
                    state: if off { "same" } else { "extra" },
                    key: world.account(slot).map(|a| a.email).unwrap_or_default(),
                    attributes: Vec::new(),
                    note: "at Aha!, not in the source".to_owned(),
                });
            }
        }
        "directory" => {
            let documents = Documents::new(world, "directory");
            list.extend(documents.extra_people().map(|person| Planted {
                kind: "User",
                what: "extra",
                state: "extra",
                key: person.user_name,
                attributes: Vec::new(),
                note: "in the directory, not in the source".to_owned(),
            }));
            list.extend(groups(world));
        }
        "kingdee" => list.extend(super::kingdee::telling::list(world)),
        "litmos" => list.extend(super::litmos::telling::list(world)),
        _ => {}
    }
    list
}

/// What was planted on groups in the directory.
fn groups(world: &World) -> Vec<Planted> {
    let mut list = Vec::new();
    for (number, (name, circle)) in (0_u32..).zip(catalog::groups()) {
        let mut tell = |what, state, attributes: Vec<String>, note: &str| {
            list.push(Planted { kind: "Group", what, state, key: name.clone(), attributes, note: note.to_owned() });
        };
        let paths = |people: &[u32]| people.iter().map(|n| format!("members[{}]", world.source_id(*n))).collect();
        match drift_of_group(number) {
            Some(GroupDrift::Missing) => tell("missing-group", "missing", Vec::new(), "not in the directory"),
            Some(GroupDrift::FewerMembers) => {
                let dropped = dropped_members(world, circle);
                if !dropped.is_empty() {
                    tell("missing-members", "differs", paths(&dropped), "fewer members in the directory");
                }
            }
            Some(GroupDrift::MoreMembers) => {
                let added = added_members(world, circle);
                if !added.is_empty() {
                    tell("extra-members", "differs", paths(&added), "more members in the directory");
                }
            }
            None => {}
        }
    }
    list
}

fn told(world: &World, view: &str, number: u32, plant: Plant) -> Option<Planted> {
    let person = world.person(number);
    let pairs = world.plain_pairs(number);
    let pair = |product: u16| vec![format!("productRoles[{}]", world.source_product_id(product))];
    let path = |p: &str| vec![p.to_owned()];
    let first = pairs[0].0;
    let last = pairs[pairs.len() - 1].0;
    let other = world.other_product(number);
    let names = || ["displayName", "name.familyName", "name.formatted"].map(str::to_owned).to_vec();
    let (what, state, attributes, note): (_, _, Vec<String>, String) = match (view, plant) {
        ("aha" | "directory" | "kingdee" | "litmos" | "source", Plant::Hostile(0)) => {
            ("hostile_text", "lint", names(), "escape sequences in the name, the same everywhere".into())
        }
        ("aha" | "directory" | "kingdee" | "litmos" | "source", Plant::Hostile(_)) => {
            ("hostile_text", "lint", names(), "a right-to-left override in the name, the same everywhere".into())
        }
        ("source", Plant::First(_) | Plant::Twin(_)) => {
            ("duplicate", "lint", path("userName"), "two records whose userName differs only in case".into())
        }
        ("aha" | "directory" | "litmos", Plant::First(_) | Plant::Twin(_)) => {
            ("duplicate", "undecided", Vec::new(), "two records in the source fit one account".into())
        }
        ("source", _) => return None,
        ("aha", Plant::Missing) => ("missing", "missing", Vec::new(), "not at Aha!".into()),
        ("aha", Plant::WrongRole) => ("wrong-role", "differs", pair(first), "another role at Aha!".into()),
        ("aha", Plant::RoleDefaulted) => {
            ("role-defaulted", "differs", pair(first), "Aha! made it viewer, though another role was asked for".into())
        }
        ("aha", Plant::MissingPair) => ("missing-pair", "differs", pair(last), "no such pair at Aha!".into()),
        ("aha", Plant::ExtraPair) => {
            ("extra-pair", "differs", pair(other), "a pair that the source does not have".into())
        }
        ("aha", Plant::Leaver) => ("leaver", "leaver", path("active"), "left, and still enabled at Aha!".into()),
        ("aha", Plant::Renamed) => ("renamed", "differs", path("displayName"), "the former name at Aha!".into()),
        ("aha", Plant::EmailCase) => ("email-case", "same", Vec::new(), "the e-mail differs only in case".into()),
        ("aha", Plant::NameSpaces) => ("name-spaces", "same", Vec::new(), "the name differs only in spaces".into()),
        ("aha", Plant::UnknownProduct(0)) => {
            ("unknown_product", "lint", pair(catalog::hidden()), "the product is invisible to the key".into())
        }
        ("aha", Plant::UnknownProduct(_)) => {
            ("unknown_product", "lint", path("productRoles[PRJ404]"), "there is no such product".into())
        }
        ("aha", Plant::UnknownRole) => ("unknown_role", "lint", pair(other), "there is no role grand_vizier".into()),
        ("aha", Plant::InactiveBoth) => ("inactive-both", "same", Vec::new(), "left, and disabled at Aha!".into()),
        ("aha", Plant::InactiveBothDiffers) => {
            ("inactive-both", "same", Vec::new(), "left, disabled at Aha!, with another name there".into())
        }
        ("aha", Plant::InactiveAbsent) => ("inactive-absent", "same", Vec::new(), "left, and never at Aha!".into()),
        ("aha", Plant::Reactivate) => ("reactivate", "differs", path("active"), "works here, disabled at Aha!".into()),
        ("aha", Plant::NonePair) => {
            ("none-pair", "same", Vec::new(), "role none in the source, no pair at Aha!".into())
        }
        ("aha", Plant::NoneEntry) => {
            ("none-entry", "same", Vec::new(), "no pair in the source, role none at Aha!".into())
        }
        ("directory", Plant::DirectoryMissing) => ("missing", "missing", Vec::new(), "not in the directory".into()),
        ("directory", Plant::DirectoryTitle) => ("title", "differs", path("title"), "another title".into()),
        ("directory", Plant::DirectoryDepartment) => {
            ("department", "differs", vec![format!("{ENTERPRISE_SCHEMA}:department")], "another department".into())
        }
        ("directory", Plant::DirectoryLeaver) => {
            ("leaver", "leaver", path("active"), "left, and still active in the directory".into())
        }
        _ => return None,
    };
    Some(Planted { kind: "User", what, state, key: person.user_name, attributes, note })
}
