//! Holds the list of what was planted to the views themselves: an independent, slow comparison of the documents must
//! find exactly that list.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::accounts::Account;
use super::documents::Documents;
use super::{AHA_SCHEMA, ENTERPRISE_SCHEMA, KINGDEE_SCHEMA, World, catalog};

/// kind, state, key, path.
type Told = BTreeSet<(String, String, String, String)>;

fn planted(world: &World, view: &str) -> Told {
    world
        .planted(view)
        .into_iter()
        .filter(|p| p.state != "same" && p.what != "hostile_text")
        .flat_map(|p| {
            let paths = if p.attributes.is_empty() { vec![String::new()] } else { p.attributes };
            paths.into_iter().map(move |path| (p.kind.to_owned(), p.state.to_owned(), p.key.clone(), path))
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn fold(name: &str) -> String {
    name.to_lowercase()
}

fn tell(told: &mut Told, kind: &str, state: &str, key: &str, path: &str) {
    told.insert((kind.to_owned(), state.to_owned(), key.to_owned(), path.to_owned()));
}

fn all(documents: &Documents) -> Vec<Value> {
    (0..documents.len()).map(|i| documents.at(i)).collect()
}

fn by_name(users: &[Value]) -> BTreeMap<String, Vec<&Value>> {
    let mut map: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for user in users {
        map.entry(fold(&text(&user["userName"]))).or_default().push(user);
    }
    map
}

fn compare_with_aha(world: &World) -> Told {
    let documents = Documents::new(world, "source");
    let users = all(&documents);
    let mut product_ids: BTreeMap<String, u16> = BTreeMap::new();
    for (number, product) in (0..).zip(documents.products()) {
        if number != catalog::hidden() {
            product_ids.insert(text(&product["id"]), number);
            product_ids.insert(text(&product["referencePrefix"]), number);
        }
    }
    let token = |role: &str| {
        catalog::WRITABLE
            .iter()
            .find(|r| r.token == role || r.label == role || r.code.to_string() == role)
            .map(|r| r.token)
    };
    let mut accounts: BTreeMap<String, Vec<Account>> = BTreeMap::new();
    for place in 0..world.accounts() {
        let account = world.account(world.account_at(place)).unwrap();
        accounts.entry(fold(&account.email)).or_default().push(account);
    }
    let mut told = Told::new();
    for (name, users) in by_name(&users) {
        let found = accounts.remove(&name).unwrap_or_default();
        if users.len() > 1 || found.len() > 1 {
            for user in users {
                tell(&mut told, "User", "undecided", &text(&user["userName"]), "");
            }
            continue;
        }
        let user = users[0];
        let key = text(&user["userName"]);
        let active = user["active"].as_bool().unwrap();
        let mut wanted: BTreeMap<u16, &str> = BTreeMap::new();
        for pair in user[AHA_SCHEMA]["productRoles"].as_array().unwrap() {
            let id = text(&pair["productId"]);
            let path = format!("productRoles[{id}]");
            match (product_ids.get(&id), token(&text(&pair["role"]))) {
                (None, _) | (_, None) => tell(&mut told, "User", "lint", &key, &path),
                (Some(_), Some("none")) => {}
                (Some(product), Some(role)) => {
                    wanted.insert(*product, role);
                }
            }
        }
        let Some(account) = found.first() else {
            if active {
                tell(&mut told, "User", "missing", &key, "");
            }
            continue;
        };
        match (active, account.enabled) {
            (false, false) => continue,
            (false, true) => {
                tell(&mut told, "User", "leaver", &key, "active");
                continue;
            }
            (true, false) => tell(&mut told, "User", "differs", &key, "active"),
            (true, true) => {}
        }
        let squeezed = account.name.split_whitespace().collect::<Vec<_>>().join(" ");
        if squeezed != text(&user["displayName"]) {
            tell(&mut told, "User", "differs", &key, "displayName");
        }
        let mut there: BTreeMap<u16, &str> = account.pairs.iter().map(|(p, r)| (*p, r.token)).collect();
        there.retain(|product, role| *role != "none" || wanted.contains_key(product));
        for product in wanted.keys().chain(there.keys()) {
            if wanted.get(product) != there.get(product) {
                let path = format!("productRoles[{}]", world.source_product_id(*product));
                // The unknown role was told as lint; its pair is no mismatch.
                tell(&mut told, "User", "differs", &key, &path);
            }
        }
    }
    for account in accounts.into_values().flatten().filter(|a| a.enabled) {
        tell(&mut told, "User", "extra", &account.email, "");
    }
    told
}

fn compare_with_directory(world: &World) -> Told {
    let (source, directory) = (Documents::new(world, "source"), Documents::new(world, "directory"));
    let (ours, theirs) = (all(&source), all(&directory));
    let theirs_by_name = by_name(&theirs);
    let mut told = Told::new();
    let mut link: BTreeMap<String, String> = BTreeMap::new();
    let ours_by_name = by_name(&ours);
    for (name, users) in &ours_by_name {
        let found = theirs_by_name.get(name).cloned().unwrap_or_default();
        if users.len() > 1 {
            for user in users {
                tell(&mut told, "User", "undecided", &text(&user["userName"]), "");
            }
        } else if let Some(other) = found.first() {
            link.insert(text(&other["id"]), text(&users[0]["id"]));
        }
    }
    for (name, users) in &ours_by_name {
        let (user, key) = (users[0], text(&users[0]["userName"]));
        let Some(other) = theirs_by_name.get(name).map(|o| o[0]) else {
            if user["active"] == true {
                tell(&mut told, "User", "missing", &key, "");
            }
            continue;
        };
        if users.len() > 1 || user["active"] == false {
            if users.len() == 1 && other["active"] == true {
                tell(&mut told, "User", "leaver", &key, "active");
            }
            continue;
        }
        for attribute in user.as_object().unwrap().keys() {
            match attribute.as_str() {
                "id" | "meta" | "schemas" | "groups" | AHA_SCHEMA | KINGDEE_SCHEMA => {}
                ENTERPRISE_SCHEMA => {
                    for (part, value) in user[attribute].as_object().unwrap() {
                        let mut found = other[attribute][part].clone();
                        if part == "manager" {
                            found["value"] = link[&text(&found["value"])].clone().into();
                        }
                        if found != *value {
                            tell(&mut told, "User", "differs", &key, &format!("{attribute}:{part}"));
                        }
                    }
                }
                _ if other[attribute] != user[attribute] => {
                    tell(&mut told, "User", "differs", &key, attribute);
                }
                _ => {}
            }
        }
    }
    for (name, others) in &theirs_by_name {
        if !ours_by_name.contains_key(name) {
            tell(&mut told, "User", "extra", &text(&others[0]["userName"]), "");
        }
    }
    let groups = |documents: &Documents| -> BTreeMap<String, BTreeSet<String>> {
        let members = |group: &Value| {
            group["members"].as_array().unwrap().iter().map(|m| text(&m["value"])).collect::<BTreeSet<_>>()
        };
        documents.groups().iter().map(|g| (text(&g["displayName"]), members(g))).collect()
    };
    let their_groups = groups(&directory);
    for (name, members) in groups(&source) {
        let Some(found) = their_groups.get(&name) else {
            tell(&mut told, "Group", "missing", &name, "");
            continue;
        };
        let found: BTreeSet<String> = found.iter().map(|id| link[id].clone()).collect();
        for id in members.symmetric_difference(&found) {
            tell(&mut told, "Group", "differs", &name, &format!("members[{id}]"));
        }
    }
    told
}

fn same(found: &Told, planted: &Told) {
    let only_found: Vec<_> = found.difference(planted).collect();
    let only_planted: Vec<_> = planted.difference(found).collect();
    assert!(only_found.is_empty() && only_planted.is_empty(), "found {only_found:#?}\nplanted {only_planted:#?}");
}

#[test]
fn the_view_of_aha_differs_in_what_was_planted_and_in_nothing_else() {
    for (seed, users) in [(1, 1_203), (2, 1_203), (1, 1), (1, 2), (1, 30), (9, 255), (4, 5_000)] {
        let world = World::new(seed, users);
        same(&compare_with_aha(&world), &planted(&world, "aha"));
    }
}

#[test]
fn the_view_of_the_directory_differs_in_what_was_planted_and_in_nothing_else() {
    for (seed, users) in [(1, 1_203), (2, 1_203), (1, 1), (1, 2), (1, 30), (9, 255), (4, 5_000)] {
        let world = World::new(seed, users);
        same(&compare_with_directory(&world), &planted(&world, "directory"));
    }
}

#[test]
fn all_that_was_promised_is_planted_in_the_demo() {
    let world = World::new(1, 1_203);
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for planted in world.planted("aha") {
        *counts.entry((planted.state, planted.what)).or_default() += 1;
    }
    let expected: BTreeMap<(&str, &str), usize> = [
        (("missing", "missing"), 12),
        (("extra", "extra"), 9),
        (("same", "extra-disabled"), 6),
        (("differs", "wrong-role"), 25),
        (("differs", "role-defaulted"), 4),
        (("differs", "missing-pair"), 15),
        (("differs", "extra-pair"), 10),
        (("differs", "renamed"), 20),
        (("differs", "reactivate"), 3),
        (("leaver", "leaver"), 10),
        (("undecided", "duplicate"), 2),
        (("lint", "unknown_product"), 2),
        (("lint", "unknown_role"), 1),
        (("lint", "hostile_text"), 2),
        (("same", "email-case"), 6),
        (("same", "name-spaces"), 2),
        (("same", "inactive-both"), 11),
        (("same", "inactive-absent"), 6),
        (("same", "none-pair"), 3),
        (("same", "none-entry"), 2),
    ]
    .into();
    assert_eq!(counts, expected);
}

#[test]
fn source_documents_are_found_again_by_id_name_and_number() {
    for view in ["source", "directory"] {
        let documents = Documents::new(&World::new(6, 1_203), view);
        for place in 0..documents.len() {
            let user = documents.at(place);
            assert_eq!(documents.position(&text(&user["id"])), Some(place));
            assert!(documents.find("userName", &text(&user["userName"])).unwrap().contains(&place));
            assert_eq!(documents.find("externalId", &text(&user["externalId"])), Some(vec![place]));
        }
        assert_eq!(documents.find("title", "x"), None);
        assert_eq!(documents.position("x"), None);
    }
}

#[test]
fn groups_and_the_users_groups_say_the_same() {
    let documents = Documents::new(&World::new(1, 400), "source");
    let mut from_users: BTreeSet<(String, String)> = BTreeSet::new();
    for user in all(&documents) {
        for group in user["groups"].as_array().unwrap() {
            from_users.insert((text(&group["value"]), text(&user["id"])));
        }
    }
    let mut from_groups = BTreeSet::new();
    for group in documents.groups() {
        for member in group["members"].as_array().unwrap() {
            from_groups.insert((text(&group["id"]), text(&member["value"])));
        }
    }
    assert_eq!(from_users, from_groups);
    assert!(from_users.len() > 400);
}

#[test]
fn the_same_seed_grows_the_same_world_and_another_one_another() {
    let document = |seed| Documents::new(&World::new(seed, 1_203), "source").at(700);
    assert_eq!(document(1), document(1));
    assert_ne!(document(1), document(2));
}

#[test]
fn pairs_are_written_in_all_their_forms() {
    let documents = Documents::new(&World::new(1, 1_203), "source");
    let mut roles = BTreeSet::new();
    let mut keys = 0;
    for user in all(&documents) {
        for pair in user[AHA_SCHEMA]["productRoles"].as_array().unwrap() {
            roles.insert(text(&pair["role"]));
            keys += usize::from(text(&pair["productId"]).starts_with("PRJ"));
        }
    }
    for role in ["product_owner", "20", "Owner", "none", "grand_vizier"] {
        assert!(roles.contains(role), "{role} in {roles:?}");
    }
    assert!(keys > 20);
}

#[test]
fn a_million_people_cost_little_until_they_are_asked_for() {
    let world = World::new(1, 1_000_000);
    let documents = Documents::new(&world, "source");
    assert_eq!(documents.len(), 1_000_000);
    let last = documents.at(999_999);
    assert_eq!(documents.position(&text(&last["id"])), Some(999_999));
    assert!(world.accounts() > 980_000);
}
