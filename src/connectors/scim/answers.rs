//! What services' answers to look-ups and writes mean, in every shape in which they give them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use bytes::Bytes;
use serde_json::{Value, json};

use super::write_forms::{ana, members, observed, one, render, scim, site, user};
use crate::connectors::drive::wish::{create, text};
use crate::connectors::drive::{builtin, page, reply};
use crate::connectors::{Looked, Observed, Settings, connector};
use crate::model::{AttrPath, Kind, Op, RecordKey, Row, SystemId};
use crate::plan::{Change, Reply, Site, Step, Verdict};

fn step(site: &Site, changes: &[Change]) -> Step {
    render(site, changes, Some(&observed(site, Kind::User, &ana()))).unwrap().remove(0)
}

fn error(status: u16, kind: &str) -> Reply {
    reply(status, json!({ "status": status.to_string(), "scimType": kind, "detail": "said" }))
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted { .. } => "accepted",
        Verdict::Failed(_) => "failed",
        Verdict::Stale(_) => "stale",
        Verdict::OtherForm(_) => "other form",
        Verdict::Busy(_) => "busy",
        Verdict::InUse(_) => "in use",
        Verdict::Unknown(_) => "unknown",
    }
}

#[test]
fn every_answer_to_a_write_has_its_meaning() {
    let site = site(true);
    let post = step(&site, &[create("new", Kind::User, &[], vec![text("userName", "x")])]);
    let patch = step(&site, &[user("a", Op::Set, vec![text("title", "x")])]);
    let whole = Site { patch: false, ..site.clone() };
    let put = step(&whole, &[user("a", Op::Set, vec![text("title", "x")])]);
    let delete = step(&site, &[user("d", Op::Delete, vec![])]);
    let empty = |status| Reply { status, headers: Vec::new(), body: Bytes::new() };
    let table: &[(Reply, [&str; 4])] = &[
        //                                        POST        PATCH         PUT           DELETE
        (reply(201, json!({ "id": "9" })), ["accepted", "accepted", "accepted", "accepted"]),
        (empty(204), ["unknown", "accepted", "accepted", "accepted"]),
        (page(200), ["unknown", "unknown", "unknown", "unknown"]),
        (empty(302), ["unknown", "unknown", "unknown", "unknown"]),
        (empty(303), ["unknown", "unknown", "unknown", "unknown"]),
        (empty(308), ["failed", "failed", "failed", "failed"]),
        (error(400, "invalidValue"), ["failed", "failed", "failed", "failed"]),
        (error(400, "noTarget"), ["failed", "other form", "failed", "failed"]),
        (error(400, "invalidPath"), ["failed", "other form", "failed", "failed"]),
        (empty(401), ["failed", "failed", "failed", "failed"]),
        (error(403, ""), ["failed", "failed", "failed", "failed"]),
        (error(404, ""), ["failed", "stale", "stale", "accepted"]),
        (empty(405), ["failed", "other form", "other form", "failed"]),
        (empty(406), ["failed", "failed", "failed", "failed"]),
        (error(409, "uniqueness"), ["failed", "failed", "failed", "failed"]),
        (empty(412), ["stale", "stale", "stale", "stale"]),
        (empty(429), ["busy", "busy", "busy", "busy"]),
        (page(500), ["unknown", "unknown", "unknown", "unknown"]),
        (empty(501), ["failed", "other form", "other form", "failed"]),
        (empty(502), ["unknown", "unknown", "unknown", "unknown"]),
        (empty(503), ["unknown", "busy", "busy", "busy"]),
        (empty(504), ["unknown", "unknown", "unknown", "unknown"]),
    ];
    for (reply, want) in table {
        let got = [&post, &patch, &put, &delete].map(|step| word(&scim().classify(&site, step, reply)));
        assert_eq!(&got, want, "{}", reply.status);
    }
}

#[test]
fn a_406_is_a_region_that_fails_over_where_starling_answers_and_a_refusal_elsewhere() {
    let site = site(false);
    let own = |name: &str, value: &str| [(name.to_owned(), value.to_owned())].into();
    for (own, busy) in [
        (own("profile", "starling"), true),
        (own("behind", "aha"), true),
        (own("behind", "litmos"), true),
        (own("profile", "oneim"), false),
        (own("profile", "plain"), false),
    ] {
        let settings = Settings { url: "https://idp.example.com/scim/v2".into(), own, ..Settings::default() };
        let service = connector("scim", builtin("scim"), &settings).unwrap();
        let put = step(&site, &[user("a", Op::Set, vec![text("title", "x")])]);
        let verdict = service.classify(&site, &put, &error(406, ""));
        assert_eq!(word(&verdict), if busy { "busy" } else { "failed" }, "{:?}", settings.own);
        let told = service.explain(&put.read[0], &error(406, ""));
        assert_eq!(told.contains("fails over"), busy, "{told}");
    }
}

#[test]
fn the_id_of_a_new_record_is_the_bodys_and_not_the_locations() {
    let site = site(true);
    let post = step(&site, &[create("new", Kind::User, &[], vec![text("userName", "x")])]);
    let mut reply = reply(201, json!({ "id": "5f0a", "userName": "x" }));
    reply.headers.push(("location".into(), "https://idp.example.com/scim/v2/Users/x".into()));
    assert_eq!(scim().classify(&site, &post, &reply), Verdict::Accepted { id: Some("5f0a".into()), note: None });
}

#[test]
fn a_taken_key_is_told_in_the_services_words_and_ours() {
    let site = site(true);
    let post = step(&site, &[create("new", Kind::User, &[], vec![text("userName", "x")])]);
    assert_eq!(
        scim().classify(&site, &post, &error(409, "uniqueness")),
        Verdict::Failed("409 Conflict, uniqueness: \"said\": another record has this key already".into())
    );
}

#[test]
fn a_refused_form_teaches_the_next_plan_the_other_one() {
    let mut site = site(true);
    let set = [user("a", Op::Set, vec![text("title", "x")])];
    let patch = step(&site, &set);
    let lesson = scim().lesson(&site, &patch, &error(501, "")).unwrap();
    assert_eq!(lesson, "patch:User");
    site.lessons.push(lesson);
    let native = observed(&site, Kind::User, &ana());
    assert_eq!(one(&site, &set, Some(&native))["write"], "PUT /scim/v2/Users/7");

    let group = render(&site, &members(0), None).unwrap().remove(0);
    // A service that cannot read the filter in a path says so with `invalidSyntax`; elsewhere that is no matter of form.
    assert_eq!(word(&scim().classify(&site, &group, &error(400, "invalidSyntax"))), "other form");
    assert_eq!(word(&scim().classify(&site, &patch, &error(400, "invalidSyntax"))), "failed");
    let lesson = scim().lesson(&site, &group, &error(400, "noTarget")).unwrap();
    assert_eq!(lesson, "members:value-list");
    site.lessons.push(lesson);
    let group = render(&site, &members(0), None).unwrap().remove(0);
    assert_eq!(scim().lesson(&site, &group, &error(400, "invalidPath")).unwrap(), "patch:Group");

    let whole = Site { patch: false, ..super::write_forms::site(false) };
    let put = step(&whole, &set);
    assert_eq!(scim().lesson(&whole, &put, &error(501, "")).as_deref(), Some("put:User"));
    let taught = Site { lessons: vec!["put:User".into()], ..whole };
    assert_eq!(one(&taught, &set, None)["write"], "PATCH /scim/v2/Users/7");
}

fn look(by: &[(&str, &str)], replies: &[Reply]) -> Result<Option<Observed>, String> {
    let by: Vec<_> = by.iter().map(|(path, value)| (AttrPath::new(*path), (*value).to_owned())).collect();
    scim().observe(&site(true), Kind::User, Looked::By(&by), replies)
}

fn list(total: Option<u64>, records: &[Value]) -> Reply {
    reply(200, json!({ "totalResults": total, "Resources": records }))
}

#[test]
fn a_filter_that_is_ignored_never_yields_somebody_else() {
    let bob = json!({ "id": "8", "userName": "bob@example.com" });
    let by = [("userName", "ANA@example.com")];
    assert_eq!(look(&by, &[list(Some(2), &[bob.clone(), ana()])]).unwrap().unwrap().id, "7");
    assert!(
        look(&by, &[list(Some(1), std::slice::from_ref(&bob))]).unwrap_err().contains("reading all"),
        "it may be the answer to something else: all of them are asked for as such"
    );
    assert!(
        look(&by, &[list(Some(500), std::slice::from_ref(&bob))]).unwrap_err().contains("the service does not search")
    );
    assert!(look(&by, &[list(None, &[bob])]).unwrap_err().contains("reading all"));
    assert!(look(&by, &[list(Some(0), &[])]).unwrap().is_none());
    assert!(look(&by, &[reply(200, json!({ "totalResults": 0 }))]).unwrap().is_none());
}

#[test]
fn two_records_with_one_key_are_nobodys() {
    let twin = json!({ "id": "9", "userName": "Ana@Example.com" });
    let why = look(&[("userName", "ana@example.com")], &[list(Some(2), &[ana(), twin])]).unwrap_err();
    assert_eq!(why, "2 records have this key: 7, 9");
}

#[test]
fn a_second_key_that_cannot_be_searched_does_not_hide_the_first_ones_answer() {
    let by = [("userName", "li@example.com"), ("emails[work]", "ana@example.com")];
    assert!(look(&by, &[list(Some(0), &[]), error(400, "invalidFilter")]).unwrap().is_none());
    assert_eq!(look(&by, &[list(Some(0), &[]), list(Some(1), &[ana()])]).unwrap().unwrap().id, "7");
    assert!(look(&by, &[error(403, ""), list(Some(0), &[])]).is_err());
}

#[test]
fn keys_are_asked_as_simple_paths_with_json_strings() {
    let by = [(AttrPath::new("userName"), "o\"neil\\".to_owned()), (AttrPath::new("emails[work]"), "a@b.c".to_owned())];
    let asked = scim().find(&site(true), Kind::User, &by);
    let filters: Vec<_> = asked.iter().map(|request| request.query[0].1.as_str()).collect();
    assert_eq!(filters, [r#"userName eq "o\"neil\\""#, r#"emails.value eq "a@b.c""#]);

    let without = Site { filter: false, ..site(true) };
    let asked = scim().find(&without, Kind::User, &by);
    assert_eq!(crate::connectors::drive::line(&asked[0]), "GET /scim/v2/Users?startIndex=1&count=500");
}

#[test]
fn a_record_is_read_by_its_id_and_no_other_is_taken_for_it() {
    let key = RecordKey::new(SystemId::new("sys"), Kind::User, "a/b c");
    assert_eq!(scim().read_one(&site(true), &key)[0].path, "/scim/v2/Users/a%2Fb%20c");
    let look = |reply: Reply| scim().observe(&site(true), Kind::User, Looked::Id("7"), &[reply]);
    let seen = look(reply(200, ana())).unwrap().unwrap();
    let path = AttrPath::new("name.givenName");
    assert_eq!(seen.table.cell(Row(0), seen.table.schema().find(&path).unwrap()).text(), "Ana");
    assert!(look(reply(404, Value::Null)).unwrap().is_none());
    assert!(look(reply(200, json!({ "id": "8", "userName": "bob" }))).unwrap_err().contains("another record"));
    assert!(look(page(200)).is_err());
    assert!(look(reply(500, Value::Null)).is_err());
    assert_eq!(look(reply(200, json!({ "id": 7, "userName": "n" }))).unwrap().unwrap().id, "7");
}

#[test]
fn a_password_is_never_kept() {
    let seen = scim().observe(
        &site(true),
        Kind::User,
        Looked::Id("7"),
        &[reply(200, json!({ "id": "7", "Password": "x", "password": "y" }))],
    );
    let native = seen.unwrap().unwrap().native.to_string();
    assert!(!native.contains('x') && !native.contains('y'), "{native}");
}

#[test]
fn a_create_whose_key_is_taken_says_what_to_do_instead() {
    let off = observed(&site(true), Kind::User, &json!({ "id": "7", "userName": "x", "active": false }));
    assert_eq!(scim().taken(&off), "exists already as 7, disabled: reactivate it instead of creating it");
    assert_eq!(scim().taken(&observed(&site(true), Kind::User, &ana())), "exists already as 7");
}

proptest::proptest! {
    #[test]
    fn no_answer_panics(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), status in 100u16..600, cut in 0usize..200) {
        let site = site(true);
        let post = step(&site, &[create("new", Kind::User, &[], vec![text("userName", "x")])]);
        let whole = json!({ "totalResults": 1, "Resources": [ana()] }).to_string();
        for body in [Bytes::from(body), Bytes::from(whole[..cut.min(whole.len())].to_owned())] {
            let reply = Reply { status, headers: Vec::new(), body };
            let _ = scim().classify(&site, &post, &reply);
            let _ = scim().observe(&site, Kind::User, Looked::Id("7"), std::slice::from_ref(&reply));
            let _ = look(&[("userName", "x")], std::slice::from_ref(&reply));
            let _ = scim().explain(&post.write, &reply);
        }
    }
}
