//! Services behind a profile, and services whose schemas lack what others have.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};

use super::write_forms::{APP, GROUP, USER, ana, observed, one, scim, site, user};
use crate::connectors::drive::wish::{change, create, entry, text};
use crate::connectors::drive::{asked, builtin, drive, line, reply};
use crate::connectors::{Look, Looked, Read, Settings, connector};
use crate::model::{AttrPath, Kind, Op, RecordKey, SystemId};
use crate::plan::{Finding, Reply, Request, Site, Wanted};

const CUSTOM: &str = "urn:starling:custom:urn:ietf:params:scim:schemas:core:2.0:User";
const CUSTOM_TOO: &str = "urn:starling:custom:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A service with all the object types that One Identity's own project template knows.
fn starling(request: &Request) -> Reply {
    let kind =
        |name: &str, endpoint: &str| json!({ "name": name, "endpoint": endpoint, "schema": format!("urn:x:{name}") });
    let last = request.path.rsplit('/').next().unwrap();
    let list = |ids: &[&str]| {
        let all: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "displayName": id })).collect();
        reply(200, json!({ "totalResults": all.len(), "Resources": all }))
    };
    match last {
        "ServiceProviderConfig" => {
            reply(200, json!({ "patch": { "supported": true }, "filter": { "supported": true } }))
        }
        "ResourceTypes" => reply(
            200,
            json!({ "Resources": [
                { "name": "User", "endpoint": "/Users", "schema": USER, "schemaExtensions": [{ "schema": APP }] },
                { "name": "Group", "endpoint": "/Groups", "schema": GROUP },
                kind("Entitlement", "/Entitlements"), kind("Permissionset", "/PermissionSets"), kind("Profiles", "/Profiles"),
                kind("Role", "/Roles"), kind("Product", "/Products"), kind("Workspace", "/Workspaces"),
            ] }),
        ),
        "Schemas" => reply(
            200,
            json!({ "Resources": [
                { "id": CUSTOM, "attributes": [{ "name": "badge", "type": "string" }] },
                { "id": CUSTOM_TOO, "attributes": [{ "name": "floor", "type": "integer" }] },
                { "id": APP, "attributes": [{ "name": "productRoles", "multiValued": true, "type": "complex" }] },
            ] }),
        ),
        "Roles" => list(&["r1", "r2"]),
        "Profiles" => list(&["p1"]),
        "PermissionSets" => list(&["s1"]),
        "Entitlements" => list(&["e1"]),
        "e1" if request.path.contains("/Entitlements/") => reply(200, json!({ "id": "e1", "displayName": "Archive" })),
        _ => reply(if last.len() == 2 { 404 } else { 200 }, json!({ "totalResults": 0, "Resources": [] })),
    }
}

fn profile(pairs: &[(&str, &str)]) -> std::sync::Arc<dyn crate::connectors::Connector> {
    let own = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let settings = Settings { url: "https://star.example/scim".into(), own, ..Settings::default() };
    connector("scim", builtin("scim"), &settings).unwrap()
}

#[test]
fn starling_brings_all_its_object_types_under_their_kinds_and_both_custom_extensions() {
    let star = profile(&[("profile", "starling")]);
    let site = drive(star.probe(), "Resources", starling).site();
    let of = |kind| site.endpoints_of(kind).map(|endpoint| endpoint.path.as_str()).collect::<Vec<_>>();
    assert_eq!(of(Kind::Role), ["/scim/Roles", "/scim/Entitlements", "/scim/Profiles", "/scim/PermissionSets"]);
    assert_eq!(of(Kind::Product), ["/scim/Products", "/scim/Workspaces"]);
    let discovered: Vec<&str> = site.discovered.iter().map(|(_, path)| path.as_str()).collect();
    assert!(discovered.contains(&format!("{CUSTOM}:badge").as_str()), "{discovered:?}");
    assert!(discovered.contains(&format!("{CUSTOM_TOO}:floor").as_str()), "{discovered:?}");
    assert!(discovered.contains(&format!("{APP}:productRoles").as_str()), "{discovered:?}");
    assert_eq!(site.types, [(format!("{CUSTOM_TOO}:floor"), "integer".to_owned())]);
    // A service of no profile may have such schemas for something else.
    let plain = drive(profile(&[]).probe(), "Resources", starling).site();
    assert!(plain.discovered.iter().all(|(_, path)| !path.starts_with("urn:starling")));
}

#[test]
fn starling_is_sent_whole_records_whatever_it_announces() {
    let site = drive(profile(&[("profile", "starling")]).probe(), "Resources", starling).site();
    assert!(!site.patch);
    assert!(site.evidence.iter().any(|line| line.detail.contains("records are sent whole all the same")));
    assert!(drive(profile(&[]).probe(), "Resources", starling).site().patch);
}

#[test]
fn the_limitations_of_what_is_behind_are_lines_of_the_test() {
    let site = drive(profile(&[("profile", "starling"), ("behind", "aha")]).probe(), "Resources", starling).site();
    let lines: Vec<_> = site.evidence.iter().filter(|line| line.what.contains("Aha! through Starling")).collect();
    assert!(lines.len() >= 7 && lines.iter().all(|line| line.finding == Finding::Note), "{lines:?}");
    assert!(lines.iter().any(|line| line.detail.contains("default Role assigned")), "{lines:?}");
}

#[test]
fn roles_of_several_names_are_one_feed_and_complete_only_together() {
    let star = profile(&[("profile", "starling")]);
    let site = drive(star.probe(), "Resources", starling).site();
    let told = drive(star.walk(&site, "roles", Vec::new()), "Resources", starling);
    assert_eq!((told.complete().0, told.ids.len()), (5, 5));
    let one_short = drive(star.walk(&site, "roles", Vec::new()), "Resources", |request| {
        if request.path.ends_with("/Roles") {
            reply(200, json!({ "totalResults": 3, "Resources": [{ "id": "r1" }] }))
        } else {
            starling(request)
        }
    });
    assert!(one_short.why().contains("distinct ids"), "{}", one_short.why());
    assert!(one_short.ids.len() > 1, "the others are read all the same");
}

#[test]
fn a_role_is_read_wherever_it_is_kept() {
    let star = profile(&[("profile", "starling")]);
    let site = drive(star.probe(), "Resources", starling).site();
    let reads = star.read_one(&site, &RecordKey::new(SystemId::new("s"), Kind::Role, "e1"));
    let replies: Vec<Reply> = reads.iter().map(starling).collect();
    assert_eq!(replies.iter().map(|reply| reply.status).collect::<Vec<_>>(), [404, 200, 404, 404]);
    let seen = star.observe(&site, Kind::Role, Looked::Id("e1"), &replies).unwrap().unwrap();
    assert_eq!(seen.native["displayName"], "Archive");
    let gone: Vec<Reply> = replies.into_iter().filter(|reply| reply.status == 404).collect();
    assert!(star.observe(&site, Kind::Role, Looked::Id("e1"), &gone).unwrap().is_none());
}

#[test]
fn one_identity_manager_is_taken_to_have_what_it_announces_and_its_usual_place_is_told() {
    let quiet = |_: &Request| reply(404, json!({}));
    let site = drive(profile(&[("profile", "oneim")]).probe(), "Resources", quiet).site();
    assert!(site.patch && site.filter);
    assert!(site.evidence.iter().any(|line| line.detail.contains("/ApiServer/scim/v2")));
    let settings = Settings {
        url: "https://oim.example/ApiServer/scim/v2".into(),
        own: [("profile".to_owned(), "oneim".to_owned())].into(),
        ..Settings::default()
    };
    let oim = connector("scim", builtin("scim"), &settings).unwrap();
    let site = drive(oim.probe(), "Resources", quiet).site();
    assert!(site.evidence.iter().all(|line| !line.detail.contains("/ApiServer/scim/v2")));
}

/// A service whose addresses have no `type`, as Canaille's.
fn untyped(patch: bool) -> Site {
    let parts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Site {
        parts: vec![
            (Kind::User, "emails".to_owned(), parts(&["value", "primary"])),
            (Kind::Group, "members".to_owned(), parts(&["value", "$ref"])),
        ],
        ..site(patch)
    }
}

#[test]
fn a_part_that_the_schema_lacks_is_not_sent() {
    let made = one(
        &untyped(true),
        &[create("n", Kind::User, &[], vec![text("userName", "bo"), text("emails[work]", "bo@example.com")])],
        None,
    );
    assert_eq!(made["body"]["emails"], json!([{ "value": "bo@example.com" }]));

    let mut record = ana();
    record["emails"] = json!([{ "value": "ana@example.com", "primary": true }, { "value": "more@example.com" }]);
    let set = [user("a", Op::Set, vec![text("emails[work]", "anna@example.com")])];
    let wanted = json!([{ "value": "anna@example.com", "primary": true }, { "value": "more@example.com" }]);
    let whole = untyped(false);
    let put = one(&whole, &set, Some(&observed(&whole, Kind::User, &record)));
    assert_eq!(put["body"]["emails"], wanted);
    let parts = untyped(true);
    let patched = one(&parts, &set, Some(&observed(&parts, Kind::User, &record)));
    assert_eq!(patched["body"]["Operations"], json!([{ "op": "replace", "path": "emails", "value": wanted }]));
    assert_eq!(patched["edits"][0]["at"], "emails.value");
}

#[test]
fn a_new_member_is_named_by_its_address_too_where_the_schema_has_a_place_for_it() {
    let want = vec![entry("members", "7", Wanted::Present)];
    let change = change("m", Kind::Group, "7", Op::Put, want);
    let added = one(&untyped(true), std::slice::from_ref(&change), Some(&observed(&site(true), Kind::Group, &group())));
    let address = "https://idp.example.com/scim/v2/Users/7";
    assert_eq!(added["body"]["Operations"][0]["value"], json!([{ "value": "7", "$ref": address }]));
    let plain = one(&site(true), &[change], Some(&observed(&site(true), Kind::Group, &group())));
    assert_eq!(plain["body"]["Operations"][0]["value"], json!([{ "value": "7" }]));
}

fn group() -> Value {
    json!({ "id": "7", "displayName": "Team", "members": [] })
}

/// A service that ignores filters, with as many users as wanted, ten a page at most.
fn all_of_them(users: usize, request: &Request) -> Reply {
    let start: usize = asked(request, "startIndex").unwrap_or("1").parse().unwrap();
    let all: Vec<Value> = (start..=users)
        .take(10)
        .map(|number| json!({ "id": number.to_string(), "userName": format!("u{number}@example.com") }))
        .collect();
    reply(200, json!({ "totalResults": users, "startIndex": start, "Resources": all }))
}

/// What a look-up comes to, and what was asked for it.
fn look_up(
    site: &Site,
    name: &str,
    serve: impl Fn(&Request) -> Reply,
) -> (Result<Option<String>, String>, Vec<String>) {
    let by = [(AttrPath::new("userName"), name.to_owned())];
    let scim = scim();
    let mut asked = scim.find(site, Kind::User, &by);
    let mut replies: Vec<Reply> = Vec::new();
    loop {
        replies.extend(asked[replies.len()..].iter().map(&serve));
        let read = Read { asked: &asked, replies: &replies };
        let lines = || asked.iter().map(line).collect();
        match scim.look(site, Kind::User, Looked::By(&by), &[], read) {
            Ok(Look::Seen(seen)) => return (Ok(seen.map(|seen| seen.id)), lines()),
            Ok(Look::More(more)) => asked.extend(more),
            Err(why) => return (Err(why), lines()),
        }
        assert!(asked.len() < 50, "it does not end");
    }
}

#[test]
fn where_filters_are_ignored_everything_is_read_before_anybody_is_said_to_be_missing() {
    let site = site(true);
    let (found, asked) = look_up(&site, "U25@example.com", |request| all_of_them(31, request));
    assert_eq!((found, asked.len()), (Ok(Some("25".to_owned())), 1 + 3));
    let (found, asked) = look_up(&site, "nobody@example.com", |request| all_of_them(31, request));
    assert_eq!(found, Ok(None));
    assert!(asked[4].ends_with("startIndex=31&count=500"), "{asked:?}");
    let without = Site { filter: false, no_count: true, ..site.clone() };
    let (found, asked) = look_up(&without, "nobody@example.com", |request| all_of_them(31, request));
    assert_eq!((found, asked.len()), (Ok(None), 4));
    assert!(asked.iter().all(|line| !line.contains("count")), "{asked:?}");
}

#[test]
fn a_service_that_shows_the_same_page_for_ever_proves_nothing() {
    let (found, asked) =
        look_up(&site(true), "nobody@example.com", |_| all_of_them(31, &Request::get("/scim/v2/Users")));
    assert!(found.unwrap_err().contains("10 distinct ids came of 31"));
    assert_eq!(asked.len(), 3);
}

#[test]
fn who_refuses_a_count_once_is_not_asked_for_one_again() {
    let scim = scim();
    let site = drive(scim.probe(), "Resources", |request| {
        reply(if asked(request, "count").is_some() { 500 } else { 404 }, json!({}))
    })
    .site();
    assert!(site.no_count);
    let told = drive(scim.walk(&site, "users", Vec::new()), "Resources", |request| all_of_them(3, request));
    assert_eq!(told.asked, ["GET /scim/v2/Users?startIndex=1"]);
}
