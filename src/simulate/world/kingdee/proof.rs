//! Holds the list of what was planted at Kingdee to the facts: an independent, slow comparison with the source's documents
//! must find exactly that list.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::documents::Documents;
use super::super::{ENTERPRISE_SCHEMA, KINGDEE_SCHEMA, World};
use super::Account;
use super::catalog;

/// kind, state, key, path.
type Told = BTreeSet<(String, String, String, String)>;

fn planted(world: &World) -> Told {
    let list = world.planted("kingdee").into_iter().filter(|p| p.state != "same" && p.what != "hostile_text");
    list.flat_map(|p| {
        let paths = if p.attributes.is_empty() { vec![String::new()] } else { p.attributes };
        paths.into_iter().map(move |path| (p.kind.to_owned(), p.state.to_owned(), p.key.clone(), path))
    })
    .collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn of_type(list: &Value, kind: &str) -> String {
    text(&list.as_array().unwrap().iter().find(|item| item["type"] == kind).unwrap()["value"])
}

fn accounts(world: &World) -> Vec<Account> {
    (0..world.kingdee_accounts()).map(|place| world.kingdee_account(world.kingdee_at(place)).unwrap()).collect()
}

fn compare(world: &World) -> Told {
    let documents = Documents::new(world, "source");
    let mut users: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for place in 0..documents.len() {
        let user = documents.at(place);
        users.entry(text(&user["userName"]).to_lowercase()).or_default().push(user);
    }
    let mut by_name: BTreeMap<String, Account> =
        accounts(world).into_iter().map(|account| (account.account.to_lowercase(), account)).collect();
    let departments = catalog::departments();
    let mut told = Told::new();
    let mut tell = |state: &str, key: &str, path: &str| {
        told.insert(("User".to_owned(), state.to_owned(), key.to_owned(), path.to_owned()));
    };
    for (name, users) in users {
        let account = by_name.remove(&name);
        let key = text(&users[0]["userName"]);
        if users.len() > 1 {
            for user in &users {
                tell("undecided", &text(&user["userName"]), "");
            }
            continue;
        }
        let user = &users[0];
        let active = user["active"] == true;
        let Some(account) = account else {
            if active {
                tell("missing", &key, "");
            }
            continue;
        };
        match (active, account.active) {
            (false, false) => continue,
            (false, true) => {
                tell("leaver", &key, "active");
                continue;
            }
            (true, false) => tell("differs", &key, "active"),
            (true, true) => {}
        }
        let department = departments.iter().find(|d| d.id == account.department).unwrap();
        if text(&user[ENTERPRISE_SCHEMA]["department"]) != department.names.0 {
            tell("differs", &key, &format!("{ENTERPRISE_SCHEMA}:department"));
        }
        for (path, ours, theirs) in [
            ("displayName", text(&user["displayName"]), account.name.clone()),
            ("emails[work]", of_type(&user["emails"], "work").to_lowercase(), account.email.to_lowercase()),
            ("phoneNumbers[mobile]", of_type(&user["phoneNumbers"], "mobile"), account.phone.clone()),
        ] {
            if ours != theirs {
                tell("differs", &key, path);
            }
        }
        let wanted: BTreeSet<String> = user[KINGDEE_SCHEMA]["grants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|grant| format!("grants[org/{} {}]", text(&grant["organization"]), text(&grant["role"])))
            .collect();
        let there: BTreeSet<String> = account.grants.iter().map(|grant| super::telling::path_of(*grant)).collect();
        assert_eq!(there.len(), account.grants.len(), "a grant comes once");
        wanted.symmetric_difference(&there).for_each(|path| tell("differs", &key, path));
    }
    for account in by_name.into_values().filter(|account| account.active) {
        tell("extra", &account.account, "");
    }
    let names = |names: Vec<String>| names.into_iter().collect::<BTreeSet<_>>();
    let ours = names(documents.groups().iter().map(|group| text(&group["displayName"])).collect());
    let mut theirs = names(departments.into_iter().map(|d| d.names.0).collect());
    theirs.extend(catalog::ORGANISATIONS.iter().map(|o| o.names.0.to_owned()));
    for (state, group) in
        ours.difference(&theirs).map(|g| ("missing", g)).chain(theirs.difference(&ours).map(|g| ("extra", g)))
    {
        told.insert(("Group".to_owned(), state.to_owned(), group.clone(), String::new()));
    }
    told
}

#[test]
fn the_view_of_kingdee_differs_in_what_was_planted_and_in_nothing_else() {
    for (seed, users) in [(1, 1_203), (2, 1_203), (1, 1), (1, 2), (1, 30), (9, 255), (4, 5_000)] {
        let world = World::new(seed, users);
        let (found, planted) = (compare(&world), planted(&world));
        let only_found: Vec<_> = found.difference(&planted).collect();
        let only_planted: Vec<_> = planted.difference(&found).collect();
        assert!(only_found.is_empty() && only_planted.is_empty(), "found {only_found:#?}\nplanted {only_planted:#?}");
    }
}

#[test]
fn all_that_was_promised_is_planted_in_the_demo() {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for planted in World::new(1, 1_203).planted("kingdee") {
        *counts.entry((planted.state, planted.what)).or_default() += 1;
    }
    let expected: BTreeMap<(&str, &str), usize> = [
        (("missing", "missing"), 8),
        (("extra", "extra"), 6),
        (("same", "extra-disabled"), 3),
        (("differs", "missing-grant"), 12),
        (("differs", "missing-organisation"), 3),
        (("differs", "extra-grant"), 6),
        (("differs", "wrong-role"), 10),
        (("differs", "reactivate"), 4),
        (("differs", "renamed"), 8),
        (("differs", "swapped"), 6),
        (("differs", "moved"), 6),
        (("differs", "held"), 4),
        (("leaver", "leaver"), 6),
        (("undecided", "duplicate"), 2),
        (("same", "email-case"), 3),
        (("same", "inactive-both"), 25),
        (("lint", "hostile_text"), 2),
        (("missing", "missing-group"), 15),
        (("extra", "extra-group"), 12),
    ]
    .into();
    assert_eq!(counts, expected);
}

#[test]
fn the_site_has_as_many_accounts_as_the_source_has_people() {
    for users in [1, 30, 300, 1_203, 4_500] {
        assert_eq!(World::new(3, users).kingdee_accounts(), users);
    }
}

#[test]
fn accounts_are_found_again_by_id_and_name() {
    let world = World::new(3, 1_203);
    for (place, account) in (0..).zip(accounts(&world)) {
        assert_eq!(world.kingdee_place(account.id, false), Some(place));
        assert_eq!(world.kingdee_place(account.employee_id, true), Some(place));
        assert_eq!(world.find_kingdee(&account.account.to_uppercase()), [place]);
    }
    assert_eq!(world.kingdee_place(1, false), None);
    assert!(world.find_kingdee("nobody@example.com").is_empty());
}

#[test]
fn a_swap_is_mutual() {
    let world = World::new(1, 1_203);
    let swapped: Vec<Account> =
        accounts(&world).into_iter().filter(|a| !a.account.eq_ignore_ascii_case(&a.email)).collect();
    assert_eq!(swapped.len(), 6);
    for one in &swapped {
        let other = swapped.iter().find(|other| other.account == one.email).expect("the other one");
        assert_eq!(other.email, one.account);
    }
}
