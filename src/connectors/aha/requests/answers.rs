//! What Aha! shows of users and products, and what its answers to writes mean.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{aha, mara, pair, ravi, steps, user};
use crate::connectors::drive::wish::{entry, text};
use crate::connectors::drive::{page, reply};
use crate::connectors::{Looked, Observed};
use crate::model::{AttrPath, Kind, Op, RecordKey, Row, SystemId};
use crate::plan::{Reply, Site, Step, Verdict, Wanted};

fn cell(seen: &Observed, path: &str) -> String {
    let attr = seen.table.schema().find(&AttrPath::new(path)).unwrap();
    seen.table.cell(Row(0), attr).text().to_owned()
}

#[test]
fn a_user_is_read_wrapped_or_bare_and_its_roles_are_tokens() {
    let seen = mara(json!({}));
    assert_eq!((cell(&seen, "userName"), cell(&seen, "active")), ("mara@example.com".into(), "true".into()));
    let roles = seen.table.schema().find(&AttrPath::new("productRoles")).unwrap();
    let entries: Vec<_> = seen
        .table
        .entries(Row(0), roles)
        .unwrap()
        .iter()
        .map(|entry| {
            let (key, value) = seen.table.entry_text(roles, *entry);
            (key[0].to_owned(), value.to_owned())
        })
        .collect();
    assert_eq!(entries, [("131414752".to_owned(), "product_owner".to_owned())], "`none` is no pair");

    let bare = reply(200, json!({ "id": 731, "name": "Mara Keller", "email": "mara@example.com" }));
    let seen = aha().observe(&Site::default(), Kind::User, Looked::Id("731"), &[bare]).unwrap().unwrap();
    assert_eq!(seen.id, "731");
}

#[test]
fn a_product_is_read_by_number_or_prefix() {
    let product =
        reply(200, json!({ "product": { "id": "131414752", "reference_prefix": "PRJ1", "name": "Mobile App" } }));
    for id in ["131414752", "PRJ1"] {
        let seen = aha().observe(&Site::default(), Kind::Product, Looked::Id(id), std::slice::from_ref(&product));
        assert_eq!(seen.unwrap().unwrap().id, "131414752");
    }
    assert!(aha().observe(&Site::default(), Kind::Product, Looked::Id("2"), &[product]).is_err());
    let key = RecordKey::new(SystemId::new("aha"), Kind::Role, "viewer");
    assert_eq!(aha().read_one(&Site::default(), &key), []);
}

#[test]
fn a_missing_record_and_a_missing_route_are_told_apart() {
    let look = |reply| aha().observe(&Site::default(), Kind::User, Looked::Id("731"), &[reply]);
    assert!(look(reply(404, json!({ "error": "Record not found." }))).unwrap().is_none());
    assert!(look(page(404)).unwrap_err().contains("does not serve"));
    assert!(look(page(200)).is_err());
    let html = Reply { status: 401, headers: vec![("content-type".into(), "text/html".into())], body: Bytes::new() };
    assert!(look(html).unwrap_err().contains("does not accept the API key"));
}

fn search(replies: &[Reply]) -> Result<Option<Observed>, String> {
    let by = [
        (AttrPath::new("userName"), "MARA@example.com".to_owned()),
        (AttrPath::new("emails[work]"), "mara@example.com".to_owned()),
    ];
    assert_eq!(aha().find(&Site::default(), Kind::User, &by).len(), 1, "one address is asked for once");
    aha().observe(&Site::default(), Kind::User, Looked::By(&by), replies)
}

fn users(total: u64, users: &[Value]) -> Reply {
    reply(200, json!({ "users": users, "pagination": { "total_records": total, "total_pages": 1, "current_page": 1 } }))
}

#[test]
fn a_search_by_address_is_checked_again() {
    let user = |id: &str, email: &str| json!({ "id": id, "email": email, "name": "x", "enabled": false });
    assert!(search(&[users(0, &[])]).unwrap().is_none());
    assert!(
        search(&[users(1, &[user("1", "tamara@example.com")])]).unwrap().is_none(),
        "a part of an address is no hit"
    );
    let seen =
        search(&[users(2, &[user("1", "tamara@example.com"), user("731", " Mara@Example.com")])]).unwrap().unwrap();
    assert_eq!(seen.id, "731");
    assert_eq!(aha().taken(&seen), "exists already as 731, disabled: reactivate it instead of creating it");
    let twins = [user("1", "mara@example.com"), user("2", "MARA@example.com")];
    assert_eq!(search(&[users(2, &twins)]).unwrap_err(), "2 users have this e-mail address: 1, 2");
    assert!(search(&[users(500, &[user("1", "bob@example.com")])]).unwrap_err().contains("reading all"));
    assert!(search(&[reply(200, json!({ "odd": 1 }))]).is_err());
    assert!(search(&[]).is_err());
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

fn four() -> [Step; 4] {
    let mut made = steps(&[ravi(vec![pair("1", "viewer")])]);
    let mut rest = steps(&[
        user("drop", Op::Drop, vec![entry("productRoles", "2", Wanted::Clear)]),
        user("set", Op::Set, vec![text("name.givenName", "Mara")]),
        user("put", Op::Put, vec![pair("1", "viewer")]),
    ]);
    let (put, set, drop) = (rest.pop().unwrap(), rest.pop().unwrap(), rest.pop().unwrap());
    [made.remove(0), put, set, drop]
}

#[test]
fn every_answer_to_a_write_has_its_meaning() {
    let empty = |status| Reply { status, headers: Vec::new(), body: Bytes::new() };
    let html =
        |status| Reply { status, headers: vec![("content-type".into(), "text/html".into())], body: Bytes::new() };
    let gone = reply(404, json!({ "error": "Record not found." }));
    let table: &[(Reply, [&str; 4])] = &[
        //                                                   CREATE      PAIR        PUT         DELETE
        (reply(200, json!({ "role": 50, "user": { "id": "9" } })), ["accepted", "accepted", "accepted", "accepted"]),
        (empty(204), ["unknown", "accepted", "accepted", "accepted"]),
        (page(200), ["unknown", "unknown", "unknown", "unknown"]),
        (empty(301), ["failed", "failed", "failed", "failed"]),
        (empty(303), ["unknown", "unknown", "unknown", "unknown"]),
        (reply(400, json!({ "error": "Validation failed" })), ["failed", "failed", "failed", "failed"]),
        (html(401), ["failed", "failed", "failed", "failed"]),
        (empty(403), ["failed", "failed", "failed", "failed"]),
        (gone, ["failed", "failed", "stale", "accepted"]),
        (page(404), ["failed", "failed", "stale", "failed"]),
        (reply(422, json!({ "error": "no" })), ["failed", "failed", "failed", "failed"]),
        (empty(429), ["busy", "busy", "busy", "busy"]),
        (page(500), ["unknown", "unknown", "unknown", "unknown"]),
        (empty(502), ["unknown", "unknown", "unknown", "unknown"]),
        (empty(503), ["unknown", "busy", "busy", "busy"]),
    ];
    for (reply, want) in table {
        let got = four().map(|step| word(&aha().classify(&Site::default(), &step, reply)));
        assert_eq!(&got, want, "{}", reply.status);
    }
}

#[test]
fn a_role_that_was_silently_replaced_is_told() {
    let [create, put, ..] = four();
    let told = |step: &Step, role: i64| {
        aha().classify(
            &Site::default(),
            step,
            &reply(200, json!({ "role": role, "user": { "id": "9" }, "product_id": "1" })),
        )
    };
    assert_eq!(told(&create, 50), Verdict::Accepted { id: Some("9".into()), note: None });
    let note = Some("Aha! applied Reviewer instead of Viewer".to_owned());
    assert_eq!(told(&create, 40), Verdict::Accepted { id: Some("9".into()), note: note.clone() });
    assert_eq!(told(&put, 40), Verdict::Accepted { id: None, note });
    let note = Some("Aha! applied aha:role:10 instead of Viewer".to_owned());
    assert_eq!(told(&put, 10), Verdict::Accepted { id: None, note });
}

#[test]
fn validation_errors_are_told_in_every_shape() {
    let [create, ..] = four();
    for body in [
        json!({ "error": "Validation failed", "errors": { "message": "Email can't be blank" } }),
        json!({ "error": "Validation failed", "errors": [{ "message": "Email can't be blank" }] }),
        json!({ "error": "Validation failed", "errors": { "Email": ["can't be blank"] } }),
    ] {
        let verdict = aha().classify(&Site::default(), &create, &reply(400, body));
        assert_eq!(verdict, Verdict::Failed("400 Bad Request: \"Validation failed: Email can't be blank\"".into()));
    }
}

proptest::proptest! {
    #[test]
    fn no_answer_panics(body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), status in 100u16..600, cut in 0usize..120) {
        let whole = json!({ "role": 50, "user": { "id": "731", "email": "mara@example.com" }, "users": [{ "id": 731, "email": "mara@example.com" }] }).to_string();
        let steps = four();
        for body in [Bytes::from(body), Bytes::from(whole[..cut.min(whole.len())].to_owned())] {
            let reply = Reply { status, headers: Vec::new(), body };
            for step in &steps {
                let _ = aha().classify(&Site::default(), step, &reply);
                let _ = aha().explain(&step.write, &reply);
            }
            let _ = aha().observe(&Site::default(), Kind::User, Looked::Id("731"), std::slice::from_ref(&reply));
            let _ = search(std::slice::from_ref(&reply));
        }
    }
}
