//! Looking one record up, and what a reply to a write means.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{Value, json};

use super::teams::{group, member, north};
use super::{MANAGER, bo, cy, litmos, render, seen, steps, user};
use crate::connectors::drive::reply;
use crate::connectors::drive::wish::{create, entry, text};
use crate::connectors::{Look, Looked, Read};
use crate::model::{AttrPath, Kind, Op};
use crate::plan::{Change, Reply, Site, Step, Verdict, Wanted};

fn find(
    kind: Kind,
    by: &[(&str, &str)],
    about: &[&Change],
    mut serve: impl FnMut(&crate::plan::Request) -> Reply,
) -> Result<Option<String>, String> {
    let connector = litmos(&[]);
    let by: Vec<(AttrPath, String)> =
        by.iter().map(|(path, text)| (AttrPath::new(*path), (*text).to_owned())).collect();
    let (mut asked, mut replies) = (connector.find(&Site::default(), kind, &by), Vec::new());
    loop {
        for request in &asked[replies.len()..] {
            replies.push(serve(request));
        }
        let read = Read { asked: &asked, replies: &replies };
        match connector.look(&Site::default(), kind, Looked::By(&by), about, read)? {
            Look::Seen(seen) => return Ok(seen.map(|seen| seen.id)),
            Look::More(more) => asked.extend(more),
        }
    }
}

#[test]
fn a_user_is_found_by_name_and_a_search_is_checked_again() {
    let by = [("userName", "BO@x.test"), ("emails[work]", "other@x.test")];
    let found = find(Kind::User, &by, &[], |request| {
        assert_eq!(request.path, "/v1.svc/users/BO%40x.test");
        reply(200, bo(json!({})))
    });
    assert_eq!(found, Ok(Some("rnjx2WaQOEY1".into())));
    let none = |_: &crate::plan::Request| reply(404, json!({ "Detail": "User - bo@x.test was not found" }));
    assert_eq!(find(Kind::User, &by, &[], none), Ok(None));
    let id = find(Kind::User, &[("userName", "rnjx2WaQOEY1")], &[], |_| reply(200, bo(json!({}))));
    assert_eq!(id, Ok(None), "an id is no user name");
    let page = Reply { status: 404, headers: Vec::new(), body: "<html><title>IIS</title></html>".into() };
    assert!(find(Kind::User, &by, &[], |_| page.clone()).unwrap_err().contains("is not served there"));
    let fuzzy = find(Kind::User, &[("emails[work]", "bo@x.test")], &[], |request| match request.path.as_str() {
        "/v1.svc/users" => {
            reply(200, json!([{ "Id": "1", "Email": "bob@x.test" }, { "Id": "rnjx2WaQOEY1", "Email": "Bo@x.test" }]))
        }
        _ => reply(200, bo(json!({}))),
    });
    assert_eq!(fuzzy, Ok(Some("rnjx2WaQOEY1".into())));
}

#[test]
fn a_team_of_the_same_name_stands_in_the_way_of_a_create_and_is_it_after_a_lost_reply() {
    let by = [("displayName", "North")];
    let hits = |many: usize| {
        let hits: Vec<Value> = (0..many)
            .map(|n| json!({ "Id": format!("_T{n}"), "Name": "north ", "TeamCodeForBulkImport": format!("{n}-North") }))
            .collect();
        move |_: &crate::plan::Request| {
            reply(200, Value::from([vec![json!({ "Id": "x", "Name": "Northern" })], hits.clone()].concat()))
        }
    };
    assert_eq!(find(Kind::Group, &by, &[], hits(0)), Ok(None));
    let why = find(Kind::Group, &by, &[], hits(1)).unwrap_err();
    assert!(why.contains("_T0 (0-North)") && why.contains("tell nobody which is meant"), "{why}");
    let create = create("new", Kind::Group, &by, vec![text("displayName", "North")]);
    assert_eq!(find(Kind::Group, &by, &[&create], hits(1)), Ok(Some("_T0".into())));
    assert!(find(Kind::Group, &by, &[&create], hits(2)).is_err());
}

#[test]
fn ids_are_held_to_the_letter() {
    let look = |reply: Reply| litmos(&[]).observe(&Site::default(), Kind::User, Looked::Id("RNJX2WaQOEY1"), &[reply]);
    assert!(look(reply(200, bo(json!({})))).unwrap_err().contains("answered with rnjx2WaQOEY1"));
    assert!(look(reply(404, json!({ "Detail": "User - X was not found" }))).unwrap().is_none());
    assert!(look(reply(200, json!([]))).is_err());
    assert_eq!(member(&north(), "-u1"), Some(true));
    let seen = seen(json!({}));
    assert!(!seen.native.to_string().contains("loginkey="), "{}", seen.native);
}

fn verdict(step: &Step, status: u16, said: &str) -> Verdict {
    let body = if said.is_empty() { Value::Null } else { json!({ "Detail": said }) };
    let mut reply = reply(status, body);
    if said.is_empty() {
        reply.body = "".into();
    }
    litmos(&[]).classify(&Site::default(), step, &reply)
}

#[test]
fn what_a_reply_to_a_write_means() {
    let put = steps(&[user("a", Op::Set, vec![text("title", "x")])]).remove(0);
    let post = render(&[cy(vec![text("userName", "cy@x.test")])], None).unwrap().remove(0);
    let delete = steps(&[user("d", Op::Delete, vec![])]).remove(0);
    let add = render(&[group("m", Op::Put, vec![entry("members", "-u1", Wanted::Present)])], None).unwrap().remove(0);
    let yes = Verdict::Accepted { id: None, note: None };
    assert_eq!(verdict(&put, 200, ""), yes);
    let made = litmos(&[]).classify(&Site::default(), &post, &reply(201, bo(json!({ "SkipFirstLogin": false }))));
    assert_eq!(made, Verdict::Accepted { id: Some("rnjx2WaQOEY1".into()), note: None });
    assert!(matches!(verdict(&post, 201, ""), Verdict::Unknown(_)), "it has to be looked up");
    assert!(
        matches!(verdict(&add, 201, ""), Verdict::Accepted { note: Some(note), .. } if note.contains("does not know"))
    );
    for (status, said) in [(404, "User - X was not found"), (403, "No user with this id exists in your organization")] {
        assert!(matches!(verdict(&delete, status, said), Verdict::Accepted { note: Some(_), .. }), "{status}");
    }
    assert!(matches!(
        verdict(&delete, 403, "You do not have the proper permissions for this call"),
        Verdict::Failed(_)
    ));
    assert!(matches!(verdict(&put, 404, "User - X was not found"), Verdict::Stale(_)));
    assert!(
        matches!(verdict(&put, 409, "Culture is invalid"), Verdict::Failed(why) if why.contains("does not take the value"))
    );
    assert!(
        matches!(verdict(&post, 409, "UserName already exists"), Verdict::Failed(why) if why.contains("exists already"))
    );
    for (status, said) in [(429, ""), (503, "Service Unavailable. The API rating limit has been exceeded.")] {
        assert!(matches!(verdict(&put, status, said), Verdict::Busy(_)), "{status}");
    }
    let kit = "The server encountered an error processing the request. Please see the server logs for more details.";
    for (status, said) in [(500, kit), (503, "down"), (504, "")] {
        assert!(matches!(verdict(&put, status, said), Verdict::Unknown(_)), "{status}");
        assert!(
            matches!(verdict(&post, status, said), Verdict::Unknown(why) if why.contains("created or not")),
            "{status}"
        );
    }
    let carried_nothing =
        render(&[user("a", Op::Set, vec![text(MANAGER, "bad")])], Some(&seen(json!({})))).unwrap().remove(0);
    assert!(matches!(
        verdict(&carried_nothing, 404, "The manager Id in the xml/json is not valid."),
        Verdict::Failed(_)
    ));
    let lead = render(&[group("l", Op::Put, vec![entry("leaders", "-u1", Wanted::Present)])], None).unwrap().remove(0);
    assert!(
        matches!(verdict(&lead, 404, "User: -u1 does not exist on the team: _T1"), Verdict::Failed(why) if why.contains("add the user first"))
    );
    assert!(litmos(&[]).gone(Kind::User).contains("no longer exists in SAP Litmos"));
}

#[test]
fn whether_the_first_password_has_to_be_changed_is_read_back() {
    let post = render(&[cy(vec![text("userName", "cy@x.test")])], None).unwrap().remove(0);
    let said = |flag: Value| {
        let made = reply(201, bo(json!({ "SkipFirstLogin": flag })));
        match litmos(&[]).classify(&Site::default(), &post, &made) {
            Verdict::Accepted { note, .. } => note,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(said(json!(false)), None);
    assert!(said(json!(true)).is_some_and(|note| note.contains("may keep the first password")));
    assert!(said(json!("true")).is_some());
}
