//! Holds the list of what was planted at Litmos to the view itself: an independent, slow comparison of the source's
//! documents with the learners and teams must find exactly that list.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Learner;
use crate::simulate::world::documents::Documents;
use crate::simulate::world::{ENTERPRISE_SCHEMA, World};

/// kind, state, key, path.
type Told = BTreeSet<(String, String, String, String)>;

/// Windows name and IANA name, for the sites that there are.
const ZONES: [(&str, &str); 6] = [
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("GMT Standard Time", "Europe/Lisbon"),
    ("GMT Standard Time", "Europe/Dublin"),
    ("E. South America Standard Time", "America/Sao_Paulo"),
    ("China Standard Time", "Asia/Shanghai"),
    ("Arab Standard Time", "Asia/Riyadh"),
];

fn planted(world: &World) -> Told {
    let all = world.planted("litmos").into_iter();
    all.filter(|planted| !["same", "lint"].contains(&planted.state))
        .flat_map(|planted| {
            let paths = if planted.attributes.is_empty() { vec![String::new()] } else { planted.attributes };
            let told = (planted.kind.to_owned(), planted.state.to_owned(), planted.key);
            paths.into_iter().map(move |path| (told.0.clone(), told.1.clone(), told.2.clone(), path))
        })
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

struct View {
    learners: Vec<Learner>,
    /// Source id of each learner that has one, by slot.
    linked: BTreeMap<u32, String>,
    told: Told,
}

impl View {
    fn tell(&mut self, kind: &str, state: &str, key: &str, path: &str) {
        self.told.insert((kind.to_owned(), state.to_owned(), key.to_owned(), path.to_owned()));
    }

    /// The learners by a text of theirs, in small letters.
    fn by(&self, text: fn(&Learner) -> &String) -> BTreeMap<String, Learner> {
        self.learners.iter().map(|learner| (text(learner).to_lowercase(), learner.clone())).collect()
    }
}

fn compare(world: &World) -> Told {
    let learners = (0..world.learners()).map(|place| world.learner(world.learner_at(place)).unwrap()).collect();
    let mut view = View { learners, linked: BTreeMap::new(), told: Told::new() };
    let documents = Documents::new(world, "source");
    let users: Vec<Value> = (0..documents.len()).map(|place| documents.at(place)).collect();
    let mut by_name: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for user in &users {
        by_name.entry(text(&user["userName"]).to_lowercase()).or_default().push(user);
    }
    let mut spoken_for = BTreeSet::new();
    let mut pairs = Vec::new();
    let (names, emails) = (view.by(|learner| &learner.user_name), view.by(|learner| &learner.email));
    for (name, users) in &by_name {
        let found = names.get(name).or_else(|| emails.get(name)).cloned();
        spoken_for.extend(found.iter().map(|learner| learner.slot));
        if users.len() > 1 {
            for user in users {
                view.tell("User", "undecided", text(&user["userName"]), "");
            }
            continue;
        }
        match found {
            None if users[0]["active"] == true => view.tell("User", "missing", text(&users[0]["userName"]), ""),
            None => {}
            Some(learner) => {
                view.linked.insert(learner.slot, text(&users[0]["id"]).to_owned());
                pairs.push((users[0], learner));
            }
        }
    }
    for (user, learner) in pairs {
        compare_user(&mut view, user, &learner);
    }
    for learner in view.learners.clone() {
        if learner.active && !spoken_for.contains(&learner.slot) {
            view.tell("User", "extra", &learner.user_name, "");
        }
    }
    compare_teams(&mut view, world, &documents);
    view.told
}

fn compare_user(view: &mut View, user: &Value, learner: &Learner) {
    let key = text(&user["userName"]);
    match (user["active"] == true, learner.active) {
        (false, true) => return view.tell("User", "leaver", key, "active"),
        (false, false) => return,
        (true, false) => view.tell("User", "differs", key, "active"),
        (true, true) => {}
    }
    let same = |ours: &Value, theirs: &str| text(ours).to_lowercase() == theirs.to_lowercase();
    let zone = ZONES.contains(&(learner.timezone.as_str(), text(&user["timezone"])));
    let address = &user["addresses"][0];
    let manager = &user[ENTERPRISE_SCHEMA]["manager"]["value"];
    let theirs = learner.manager.map(|slot| view.linked[&slot].clone());
    let enterprise = format!("{ENTERPRISE_SCHEMA}:manager");
    let found = [
        ("userName", same(&user["userName"], &learner.user_name)),
        ("emails[work]", same(&user["emails"][0]["value"], &learner.email)),
        ("name.familyName", same(&user["name"]["familyName"], &learner.last)),
        ("name.givenName", same(&user["name"]["givenName"], &learner.first)),
        ("title", same(&user["title"], &learner.title)),
        ("locale", same(&user["locale"], &learner.culture)),
        ("timezone", zone),
        ("phoneNumbers[work]", same(&user["phoneNumbers"][0]["value"], &learner.phone_work)),
        ("phoneNumbers[mobile]", same(&user["phoneNumbers"][1]["value"], &learner.phone_mobile)),
        // As Starling maps them (seeds table 297): the region is in City, the town in State.
        ("addresses[work].region", same(&address["region"], &learner.city)),
        ("addresses[work].locality", same(&address["locality"], &learner.state)),
        ("addresses[work].streetAddress", same(&address["streetAddress"], &learner.street)),
        ("addresses[work].postalCode", same(&address["postalCode"], &learner.post)),
        ("addresses[work].country", same(&address["country"], &learner.country)),
        (&enterprise, manager.as_str() == theirs.as_deref()),
    ];
    for (path, alike) in found {
        if !alike {
            view.tell("User", "differs", key, path);
        }
    }
}

fn compare_teams(view: &mut View, world: &World, documents: &Documents) {
    let teams = world.teams();
    let mut known = BTreeSet::new();
    let active: BTreeSet<u32> = view.learners.iter().filter(|learner| learner.active).map(|l| l.slot).collect();
    for group in documents.groups() {
        let name = text(&group["displayName"]);
        known.insert(name.to_owned());
        let named: Vec<_> = teams.iter().filter(|team| team.name == name).collect();
        let team = match named.as_slice() {
            [] => {
                view.tell("Group", "missing", name, "");
                continue;
            }
            [team] => team,
            _ => {
                view.tell("Group", "undecided", name, "");
                continue;
            }
        };
        let members = world.team_members(team.number);
        let listed = |slot: &u32| active.contains(slot);
        let theirs: BTreeSet<&String> =
            members.iter().filter(|slot| listed(slot)).map(|slot| &view.linked[slot]).collect();
        let ours: BTreeSet<String> =
            group["members"].as_array().unwrap().iter().map(|member| text(&member["value"]).to_owned()).collect();
        // Who is inactive there is in no list of members that the service gives; who is not there is in no team.
        let there: BTreeSet<&String> = view.linked.values().collect();
        let listable: BTreeSet<&String> =
            view.learners.iter().filter(|learner| learner.active).filter_map(|l| view.linked.get(&l.slot)).collect();
        let differ: Vec<String> = ours
            .iter()
            .filter(|id| !there.contains(id) || listable.contains(id) && !theirs.contains(id))
            .chain(theirs.iter().filter(|id| !ours.contains(**id)).copied())
            .cloned()
            .collect();
        for id in differ {
            view.tell("Group", "differs", name, &format!("members[{id}]"));
        }
    }
    for team in teams.iter().filter(|team| !known.contains(&team.name)) {
        view.tell("Group", "extra", &team.name, "");
    }
}

#[test]
fn the_view_of_litmos_differs_in_what_was_planted_and_in_nothing_else() {
    for (seed, users) in [(1, 1_203), (2, 1_203), (1, 1), (1, 2), (1, 30), (9, 255), (4, 3_000)] {
        let world = World::new(seed, users);
        let (found, planted) = (compare(&world), planted(&world));
        let only_found: Vec<_> = found.difference(&planted).collect();
        let only_planted: Vec<_> = planted.difference(&found).collect();
        assert!(
            only_found.is_empty() && only_planted.is_empty(),
            "seed {seed}, {users} users: found {only_found:#?}\nplanted {only_planted:#?}"
        );
    }
}

#[test]
fn all_that_was_promised_is_planted_at_litmos() {
    let world = World::new(1, 1_203);
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for planted in world.planted("litmos") {
        *counts.entry((planted.state, planted.what)).or_default() += 1;
    }
    let expected: BTreeMap<(&str, &str), usize> = [
        (("missing", "missing"), 3),
        (("missing", "deleted"), 2),
        (("missing", "bad-member"), 2),
        (("missing", "missing-team"), 1),
        (("extra", "extra"), 7),
        (("extra", "extra-team"), 3),
        (("leaver", "leaver"), 6),
        (("undecided", "duplicate"), 2),
        (("undecided", "duplicate-team"), 1),
        (("differs", "reactivate"), 4),
        (("differs", "renamed"), 9),
        (("differs", "email"), 4),
        (("differs", "custom-user-name"), 3),
        (("differs", "manager"), 7),
        (("differs", "no-manager"), 3),
        (("differs", "title"), 8),
        (("differs", "swapped-address"), 5),
        (("differs", "time-zone"), 4),
        (("differs", "culture"), 3),
        (("differs", "phone"), 4),
        (("differs", "bad-member"), 5),
        (("differs", "missing-members"), 2),
        (("differs", "extra-members"), 2),
        (("lint", "hostile_text"), 3),
        (("lint", "duplicate"), 3),
        (("same", "email-case"), 5),
        (("same", "extra-inactive"), 4),
        (("same", "leader-of-none"), 3),
    ]
    .into();
    assert_eq!(counts, expected);
}
