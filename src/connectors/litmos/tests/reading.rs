//! Listings and details.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::Arc;

use serde_json::{Value, json};

use super::{MANAGER, bo, litmos, probed};
use crate::connectors::drive::{asked, line, reply};
use crate::connectors::{Connector, Finish, Input, Next, Settings, connector};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Cell, Kind, Proof, Table, TableBuilder};
use crate::plan::{Reply, Request, Site};

/// What a kind came to: its table, what was asked, and the proof of each feed.
struct Loaded {
    table: Table,
    asked: Vec<String>,
    proofs: Vec<Proof>,
}

/// Reads all feeds of a kind as the engine does.
fn load(connector: &Arc<dyn Connector>, kind: Kind, serve: impl FnMut(&Request) -> Reply) -> Loaded {
    load_at(&Site::default(), connector, kind, serve)
}

fn load_at(
    site: &Site,
    connector: &Arc<dyn Connector>,
    kind: Kind,
    mut serve: impl FnMut(&Request) -> Reply,
) -> Loaded {
    let mapping = connector.mapping().clone();
    let mut builder = TableBuilder::new(mapping.kind(kind).unwrap().schema.clone());
    let (mut requests, mut proofs) = (Vec::new(), Vec::new());
    for (number, feed) in connector.feeds(site, kind).iter().enumerate() {
        let table = builder.table();
        let owners = if number == 0 { Vec::new() } else { table.rows().map(|row| table.id(row).to_owned()).collect() };
        let mut walk = connector.walk(site, feed, owners);
        let mut input = Input::Start;
        let proof = loop {
            input = match walk.next(input) {
                Next::Ask(asks) => {
                    assert!(!asks.is_empty() && asks.iter().all(Request::reads));
                    requests.extend(asks.iter().map(line));
                    Input::Replies(asks.iter().map(&mut serve).collect())
                }
                Next::Page(page) => {
                    let reader = mapping.reader(&page.feed).unwrap();
                    match reader.read(&page.bytes, page.owner.as_deref(), &mut builder) {
                        Ok(taken) => Input::Taken(taken),
                        Err(fault) => Input::Unreadable(fault.to_string()),
                    }
                }
                Next::Block(block) => panic!("a piece of {}", block.feed),
                Next::Done(Finish::Feed(proof)) => break proof,
                Next::Done(Finish::Site(_)) => panic!("a listing ended as a probe"),
            };
        };
        proofs.push(proof);
    }
    Loaded { table: builder.table(), asked: requests, proofs }
}

impl Loaded {
    fn text(&self, id: &str, path: &str) -> String {
        let attr = self.table.schema().find(&AttrPath::new(path)).expect(path);
        match self.table.cell(self.table.find(id).expect(id), attr) {
            Cell::Value(text) => text.to_owned(),
            Cell::Empty => "(empty)".into(),
            Cell::Unread => "(unread)".into(),
            Cell::Unreadable => "(unreadable)".into(),
        }
    }

    /// `None`: the list was not read.
    fn keys(&self, id: &str, path: &str) -> Option<Vec<String>> {
        let attr = self.table.schema().find(&AttrPath::new(path)).expect(path);
        let entries = self.table.entries(self.table.find(id).expect(id), attr)?;
        let mut keys: Vec<String> =
            entries.iter().map(|entry| self.table.entry_text(attr, *entry).0[0].to_owned()).collect();
        keys.sort();
        Some(keys)
    }

    fn why(&self, feed: usize) -> &str {
        match &self.proofs[feed] {
            Proof::Partial { why } => why,
            other => panic!("not partial: {other:?}"),
        }
    }

    fn how(&self, feed: usize) -> &str {
        match &self.proofs[feed] {
            Proof::Complete { how, .. } => how,
            other => panic!("not complete: {other:?}"),
        }
    }
}

fn number(request: &Request, name: &str) -> usize {
    asked(request, name).unwrap().parse().unwrap()
}

/// A page of a list as SAP Litmos sends it.
fn listed(request: &Request, all: &[Value]) -> Reply {
    let (start, limit) = (number(request, "start"), number(request, "limit"));
    reply(200, Value::from(all.iter().skip(start).take(limit).cloned().collect::<Vec<_>>()))
}

fn user(number: usize) -> Value {
    json!({ "Id": format!("-u{number}"), "UserName": format!("u{number}@x.test"), "Active": number % 10 != 9 })
}

fn users(many: usize) -> Vec<Value> {
    (0..many).map(user).collect()
}

fn team(number: usize) -> Value {
    let parent = if number == 0 { json!(null) } else { json!("_T0") };
    json!({ "Id": format!("_T{number}"), "Name": format!("Team {number}"), "ParentTeamId": parent })
}

fn teams(many: usize) -> Vec<Value> {
    (0..many).map(team).collect()
}

/// A service with so many users and teams; every tenth user is inactive, and team n has users n to n + 4.
fn service(all_users: usize, all_teams: usize) -> impl FnMut(&Request) -> Reply {
    let (users, teams) = (users(all_users), teams(all_teams));
    let of = |team: usize| team..team + 5;
    move |request| {
        let path = request.path.strip_prefix("/v1.svc/").unwrap();
        match path.split('/').collect::<Vec<_>>()[..] {
            ["users"] | ["users", "details"] => listed(request, &users),
            ["teams"] => listed(request, &teams),
            ["teams", id] => {
                let mut team = team(id[2..].parse().unwrap());
                team["Description"] = json!("about it");
                reply(200, team)
            }
            ["teams", id, "leaders"] => listed(request, &[user(id[2..].parse().unwrap())]),
            ["teams", _, "admins"] => listed(request, &[]),
            ["teams", id, "users"] => {
                let team: usize = id[2..].parse().unwrap();
                let active: Vec<Value> = users
                    .iter()
                    .enumerate()
                    .filter(|(at, user)| of(team).contains(at) && user["Active"] == true)
                    .map(|(_, user)| user.clone())
                    .collect();
                listed(request, &active)
            }
            ["users", id, "teams"] => {
                let user: usize = id[2..].parse().unwrap();
                let mine: Vec<Value> = teams
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| of(*at).contains(&user))
                    .map(|(_, team)| team.clone())
                    .collect();
                listed(request, &mine)
            }
            _ => panic!("{path} is not asked"),
        }
    }
}

#[test]
fn everything_of_a_large_organisation_takes_at_most_310_requests() {
    let litmos = litmos(&[]);
    let mut requests = 0;
    let mut walk = litmos.probe_to_read();
    let site = probed(&mut *walk, |request| {
        requests += 1;
        service(5_000, 300)(request)
    });
    let kept = walk.kept();
    assert_eq!((requests, kept.len(), site.at_least(Kind::User)), (1, 1, 1_000));
    for kind in [Kind::User, Kind::Group, Kind::Role] {
        let loaded = load_at(&site, &litmos, kind, service(5_000, 300));
        assert!(loaded.proofs.iter().all(Proof::complete), "{:?}", loaded.proofs);
        requests += loaded.asked.len();
        if kind == Kind::User {
            // The probe has asked it already, in the same words.
            assert_eq!(loaded.asked[0], line(&kept[0].0));
            requests -= 1;
            assert_eq!(loaded.table.len(), 5_000);
        }
        if kind == Kind::Group {
            assert_eq!(loaded.keys("_T7", "members").unwrap(), ["-u10", "-u11", "-u7", "-u8"], "-u9 is inactive");
            assert_eq!(loaded.text("_T7", "description"), "(unread)");
            assert!(loaded.how(2).contains("team_descriptions"));
        }
    }
    // Five full pages and an empty one, the teams and a look behind them, and each team's members.
    assert_eq!(requests, 6 + 2 + 300);
}

#[test]
fn a_listing_advances_by_what_came_and_ends_with_a_page_that_is_not_full() {
    let litmos = litmos(&[]);
    let loaded = load(&litmos, Kind::User, service(2_001, 0));
    assert_eq!(
        loaded.asked,
        [
            "GET /v1.svc/users/details?source=trueup&format=json&limit=1000&start=0",
            "GET /v1.svc/users/details?source=trueup&format=json&limit=1000&start=1000",
            "GET /v1.svc/users/details?source=trueup&format=json&limit=1000&start=2000",
        ]
    );
    assert!(loaded.how(0).contains("2001 distinct ids"));
    // One more than asked on each page.
    let all = users(2_001);
    let loaded = load(&litmos, Kind::User, |request| {
        let start = number(request, "start");
        reply(200, Value::from(all.iter().skip(start).take(1_001).cloned().collect::<Vec<_>>()))
    });
    assert_eq!((loaded.table.len(), loaded.asked.len()), (2_001, 3));
    assert!(loaded.asked[1].ends_with("start=1001"), "{}", loaded.asked[1]);
}

#[test]
fn pages_smaller_than_asked_are_read_to_their_end() {
    let litmos = litmos(&[("team_descriptions", "none")]);
    let capped = |request: &Request, cap: usize, all: &[Value]| {
        let start = number(request, "start");
        reply(200, Value::from(all.iter().skip(start).take(cap).cloned().collect::<Vec<_>>()))
    };
    let loaded = load(&litmos, Kind::User, |request| capped(request, 7, &users(20)));
    assert_eq!((loaded.table.len(), loaded.asked.len()), (20, 4));
    assert!(loaded.proofs.iter().all(Proof::complete));
    // A request more for each team is none where the number is no cap's.
    let loaded = load(&litmos, Kind::Group, |request| match request.path.as_str() {
        "/v1.svc/teams" => capped(request, 1_000, &teams(2)),
        "/v1.svc/teams/_T1/users" => capped(request, 100, &users(30)),
        _ => capped(request, 100, &users(120)),
    });
    assert_eq!(loaded.keys("_T0", "members").unwrap().len(), 120);
    assert_eq!(loaded.asked.len(), 2 + 2 + 1);
    // By user, of whom there are fewer than teams: all of them, not those of the first page.
    let loaded = load(&litmos, Kind::Group, |request| match request.path.as_str() {
        "/v1.svc/teams" => capped(request, 1_000, &teams(60)),
        "/v1.svc/users" => capped(request, 10, &users(25)),
        _ => reply(200, json!([{ "Id": "_T0" }])),
    });
    assert_eq!(loaded.keys("_T0", "members").unwrap().len(), 25);
}

#[test]
fn what_lies_behind_a_page_that_is_not_full_may_be_refused_or_the_same_again() {
    let litmos = litmos(&[]);
    let loaded = load(&litmos, Kind::User, |request| match number(request, "start") {
        0 => reply(200, Value::from(users(5))),
        _ => reply(404, json!({ "Detail": "nothing" })),
    });
    assert!(loaded.how(0).contains("5 distinct ids"), "{}", loaded.how(0));
    let loaded = load(&litmos, Kind::User, |_| reply(200, Value::from(users(5))));
    assert!(loaded.how(0).contains("5 distinct ids"), "{}", loaded.how(0));
    let loaded = load(&litmos, Kind::User, service(0, 0));
    assert!(loaded.why(0).contains("no user came") && loaded.asked.len() == 1, "{}", loaded.why(0));
}

#[test]
fn what_comes_twice_repeats_or_breaks_off_is_no_proof() {
    let litmos = litmos(&[]);
    let all = users(1_500);
    let moved = load(&litmos, Kind::User, |request| {
        let start = number(request, "start").saturating_sub(1);
        reply(200, Value::from(all.iter().skip(start).take(1_000).cloned().collect::<Vec<_>>()))
    });
    assert!(moved.why(0).contains("1 records came twice"), "{}", moved.why(0));
    let stuck = load(&litmos, Kind::User, |_| reply(200, Value::from(all[..1_000].to_vec())));
    assert!(stuck.why(0).contains("page 2 holds only records that were there before"), "{}", stuck.why(0));
    let broken = load(&litmos, Kind::User, |request| match number(request, "start") {
        0 => listed(request, &all),
        _ => reply(401, json!({ "Detail": "The API key that you have used is not valid" })),
    });
    assert_eq!(broken.table.len(), 1_000);
    assert!(broken.why(0).contains("page 2") && broken.why(0).contains("region"), "{}", broken.why(0));
    let odd = load(&litmos, Kind::User, |_| reply(200, json!({ "Detail": "odd" })));
    assert!(odd.why(0).contains("could not be read"), "{}", odd.why(0));
}

#[test]
fn members_are_read_by_user_where_there_are_fewer_users_than_teams() {
    let litmos = litmos(&[("team_descriptions", "none")]);
    let loaded = load(&litmos, Kind::Group, service(30, 200));
    // The teams and the users, with a look behind each list, and each of these.
    assert_eq!(loaded.asked.len(), 2 + 2 + 30, "{:?}", &loaded.asked[..3]);
    assert!(loaded.proofs.iter().all(Proof::complete));
    let all = ["-u10", "-u11", "-u7", "-u8", "-u9"];
    assert_eq!(loaded.keys("_T7", "members").unwrap(), all, "inactive members are seen this way");
    assert_eq!(loaded.keys("_T100", "members").unwrap(), [""; 0]);
    let mut serve = service(30, 200);
    let loaded = load(&litmos, Kind::Group, |request| match request.path.as_str() {
        "/v1.svc/users/-u3/teams" => reply(500, json!({ "Detail": "oops" })),
        _ => serve(request),
    });
    assert!(loaded.why(1).contains("29 of 30 users read"), "{}", loaded.why(1));
    assert_eq!(loaded.keys("_T7", "members"), None, "one user's teams are not known, so no list is whole");
}

#[test]
fn members_of_a_large_team_come_in_pages_and_half_a_list_is_none() {
    let litmos = litmos(&[("team_descriptions", "none")]);
    let all = users(1_200);
    let mut serve = |request: &Request| match request.path.as_str() {
        "/v1.svc/teams" => listed(request, &teams(2)),
        "/v1.svc/teams/_T1/users" => listed(request, &[]),
        _ => listed(request, &all),
    };
    let loaded = load(&litmos, Kind::Group, &mut serve);
    assert_eq!(loaded.keys("_T0", "members").unwrap().len(), 1_200);
    assert_eq!(loaded.keys("_T1", "members").unwrap(), [""; 0]);
    let loaded = load(&litmos, Kind::Group, |request| match asked(request, "start") {
        Some("1000") => reply(404, json!({ "Detail": "No team with this _T0 exists in your organization" })),
        _ => serve(request),
    });
    assert_eq!(loaded.keys("_T0", "members"), None);
    assert!(loaded.why(1).contains("1 of 2 teams read"), "{}", loaded.why(1));
}

#[test]
fn few_descriptions_are_read_with_the_teams() {
    let loaded = load(&litmos(&[]), Kind::Group, service(100, 3));
    assert_eq!(loaded.text("_T2", "description"), "about it");
    assert_eq!((loaded.text("_T2", "parent"), loaded.text("_T0", "parent")), ("_T0".into(), "(empty)".into()));
    assert_eq!(loaded.asked.len(), 2 + 3 + 3);
    let all = load(&litmos(&[("team_descriptions", "all")]), Kind::Group, service(100, 60));
    assert_eq!(all.text("_T59", "description"), "about it");
}

#[test]
fn teams_and_custom_fields_of_each_user_are_read_where_the_settings_want_it() {
    let over = r#"
[[row]]
kind = "User"
attr = "urn:starling:custom:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:badge"
in.user-custom = { read = "Badge" }
cite = "our own"

[[row]]
kind = "User"
attr = "urn:starling:custom:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:size"
in.user-custom = { read = "Size" }
type = "integer"
cite = "our own"
"#;
    let mapping = Mapping::overlaid(Mapping::builtin_text("litmos").unwrap(), over, "litmos.toml").unwrap();
    let own = [("source_name", "t"), ("user_groups", "yes"), ("custom_fields", "yes")];
    let own = own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let settings = Settings { url: "https://api.litmos.com".into(), own, ..Settings::default() };
    let litmos = connector("litmos", Arc::new(mapping), &settings).unwrap();
    let mut serve = service(3, 2);
    let loaded = load(&litmos, Kind::User, |request| match request.path.as_str() {
        "/v1.svc/users/-u0/usercustomfields" => reply(200, json!([{ "Badge": "B7" }, { "Size": 43 }])),
        "/v1.svc/users/-u1/usercustomfields" => reply(200, json!({ "Badge": "B8" })),
        "/v1.svc/users/-u2/usercustomfields" => reply(200, json!([["odd"]])),
        _ => serve(request),
    });
    let urn = "urn:starling:custom:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let custom = |id: &str, name: &str| loaded.text(id, &format!("{urn}:{name}"));
    assert_eq!((custom("-u0", "badge"), custom("-u0", "size")), ("B7".into(), "43".into()));
    assert_eq!((custom("-u1", "badge"), custom("-u1", "size")), ("B8".into(), "(empty)".into()));
    assert_eq!(custom("-u2", "badge"), "(unread)", "what was not understood was not read");
    assert!(loaded.why(2).contains("-u2: the custom fields came in a form that is not known"), "{}", loaded.why(2));
    assert_eq!(loaded.keys("-u1", "groups").unwrap(), ["_T0", "_T1"]);
}

#[test]
fn access_levels_are_roles_that_take_no_request() {
    let loaded = load(&litmos(&[]), Kind::Role, |request| panic!("{} was asked", request.path));
    assert_eq!((loaded.table.len(), loaded.asked.len()), (4, 0));
    assert_eq!(loaded.text("Team_Leader", "name"), "Team Leader");
}

#[test]
fn a_field_that_is_not_there_is_not_known_and_one_without_a_value_is_empty() {
    let page = json!([
        { "Id": "old", "UserName": "old", "Email": "", "PhoneWork": null },
        { "Id": "new", "UserName": "new", "PhoneWork": "", "ManagerId": "0", "Active": false, "City": "Oslo" },
    ]);
    let loaded = load(&litmos(&[]), Kind::User, |_| reply(200, page.clone()));
    for (id, path, wanted) in [
        ("old", MANAGER, "(unread)"),
        ("old", "active", "(unread)"),
        ("old", "phoneNumbers[work]", "(empty)"),
        ("old", "name.givenName", "(empty)"),
        ("new", MANAGER, "(empty)"),
        ("new", "active", "false"),
        ("new", "phoneNumbers[work]", "(empty)"),
        ("new", "addresses[work].region", "Oslo"),
        ("new", "title", "(unread)"),
    ] {
        assert_eq!(loaded.text(id, path), wanted, "{id} {path}");
    }
}

#[test]
fn a_user_is_read_with_all_that_the_guide_maps_and_without_what_signs_in() {
    let record = bo(json!({
        "City": "Oslo", "State": "OS", "TimeZone": "Taipei Standard Time", "PhoneWork": "12", "ManagerId": "m1",
        "CreatedDate": "/Date(1482324542000+0000)/", "LastLogin": "", "AccessLevel": "Trainee", "CustomField10": "ten",
        "Active": "true", "OriginalId": "4138947"
    }));
    let loaded = load(&litmos(&[]), Kind::User, |_| reply(200, json!([record])));
    for (path, wanted) in [
        ("userName", "bo@x.test"),
        ("displayName", "Bo Ek"),
        ("name.formatted", "Bo Ek"),
        ("active", "true"),
        ("addresses[work].region", "Oslo"),
        ("addresses[work].locality", "OS"),
        ("timezone", "Asia/Taipei"),
        ("phoneNumbers[work]", "12"),
        ("accessLevel", "Learner"),
        ("originalId", "4138947"),
        (MANAGER, "m1"),
        ("meta.created", "2016-12-21T12:49:02Z"),
        ("lastAccess", "(empty)"),
        ("urn:starling:custom:urn:ietf:params:scim:schemas:core:2.0:User:CustomField10", "ten"),
        ("loginKey", "(unreadable)"),
        ("password", "(unreadable)"),
        ("title", "(unread)"),
        ("addresses[work].streetAddress", "(empty)"),
    ] {
        assert_eq!(loaded.text("rnjx2WaQOEY1", path), wanted, "{path}");
    }
    let scim = load(&litmos(&[("addresses", "scim")]), Kind::User, |_| reply(200, json!([record])));
    assert_eq!(scim.text("rnjx2WaQOEY1", "addresses[work].locality"), "Oslo");
    let page = Value::from(vec![record]).to_string();
    let mapping = litmos(&[]).mapping().clone();
    let kept = mapping.reader("users").unwrap().redact(page.as_bytes()).unwrap().into_owned();
    assert!(!String::from_utf8(kept).unwrap().contains("loginkey="));
}

#[test]
fn leaders_and_administrators_are_read_where_the_setting_wants_it() {
    let loaded = load(&litmos(&[("team_leaders", "yes"), ("team_descriptions", "none")]), Kind::Group, service(30, 3));
    assert_eq!(loaded.keys("_T2", "leaders").unwrap(), ["-u2"]);
    assert_eq!(loaded.keys("_T2", "admins").unwrap(), [""; 0]);
    assert_eq!(loaded.asked.len(), 2 + 3 + 3 + 3);
    let without = load(&litmos(&[]), Kind::Group, service(30, 3));
    assert_eq!(without.keys("_T2", "leaders"), None, "not read is not none");
}
