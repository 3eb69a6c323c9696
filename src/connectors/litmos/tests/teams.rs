//! Changes of teams and of who is in them, as requests in full.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{Value, json};

use super::{body, litmos, refused, render};
use crate::connectors::drive::wish::{change, clear, create, entry, entry_of, of_new, text};
use crate::connectors::drive::{line, reply, shown};
use crate::connectors::{Look, Looked, Observed, Read};
use crate::model::{AttrPath, Kind, Op, RecordKey, Row, SystemId};
use crate::plan::{Change, ChangeId, Ref, Refusal, Reply, Site, Want, Wanted};

pub(super) fn group(name: &str, op: Op, want: Vec<Want>) -> Change {
    change(name, Kind::Group, "_T1", op, want)
}

#[test]
fn forty_members_are_one_request_that_serves_forty_changes() {
    let changes: Vec<Change> = (0..40)
        .map(|n| group(&format!("m{n:02}"), Op::Put, vec![entry("members", &format!("-u{n}"), Wanted::Present)]))
        .collect();
    let steps = render(&changes, None).unwrap();
    assert_eq!((steps.len(), steps[0].serves.len()), (1, 40));
    assert_eq!(line(&steps[0].write), "POST /v1.svc/teams/_T1/users?source=trueup&format=json&sendmessage=false");
    assert_eq!(body(&steps[0]).as_array().unwrap().len(), 40);
    assert_eq!(body(&steps[0])[3], json!({ "Id": "-u3" }));
    assert_eq!(
        shown(&steps[0])["verify"],
        json!([
            "GET /v1.svc/teams/_T1?source=trueup&format=json",
            "GET /v1.svc/teams/_T1/users?source=trueup&format=json&limit=1000&start=0"
        ])
    );
}

#[test]
fn members_are_taken_out_one_by_one_and_read_back_by_user() {
    let drops = ["-u1", "-u2"].map(|who| group(who, Op::Drop, vec![entry("members", who, Wanted::Clear)]));
    let steps = render(&drops, None).unwrap();
    let told: Vec<_> = steps.iter().map(|step| line(&step.write)).collect();
    assert_eq!(
        told,
        [
            "DELETE /v1.svc/teams/_T1/users/-u1?source=trueup&format=json",
            "DELETE /v1.svc/teams/_T1/users/-u2?source=trueup&format=json"
        ]
    );
    assert_eq!(line(&steps[0].verify[1]), "GET /v1.svc/users/-u1/teams?source=trueup&format=json&limit=1000&start=0");
}

#[test]
fn who_is_created_by_the_same_plan_is_added_alone() {
    let new = |who: &str| entry_of("members", Ref::New(ChangeId(who.into())), Wanted::Present);
    let changes = [
        group("a", Op::Put, vec![entry("members", "-u1", Wanted::Present)]),
        group("b", Op::Put, vec![new("x")]),
        group("c", Op::Put, vec![new("y")]),
    ];
    let steps = render(&changes, None).unwrap();
    assert_eq!(steps.len(), 3);
    assert_eq!((body(&steps[1]), &steps[1].write.holes), (json!([{ "Id": "{{x}}" }]), &vec![ChangeId("x".into())]));
    assert_eq!(steps[1].verify[1].path, "/v1.svc/users/{{x}}/teams");
}

#[test]
fn a_team_is_created_at_the_top_or_under_its_parent() {
    let make = |more: Vec<Want>| {
        let mut want = vec![text("displayName", "North")];
        want.extend(more);
        render(&[create("new", Kind::Group, &[("displayName", "North")], want)], None).unwrap()
    };
    let top = make(vec![]);
    assert_eq!(line(&top[0].write), "POST /v1.svc/teams?source=trueup&format=json");
    assert_eq!(body(&top[0]), json!({ "Id": "", "Name": "North", "Description": "" }));
    assert_eq!(line(&top[0].read[0]), "GET /v1.svc/teams?source=trueup&format=json&limit=1000&start=0&search=North");
    let under = |id: Ref| Want { value: Wanted::Ref(id), ..text("parent", "") };
    let sub = make(vec![under(Ref::Id("_P".into())), text("description", "d")]);
    assert_eq!(line(&sub[0].write), "POST /v1.svc/teams/_P/teams?source=trueup&format=json");
    assert_eq!(shown(&sub[0])["edits"][2], json!({ "edit": "set", "at": "/ParentTeamId", "value": "_P" }));
    let new = make(vec![under(Ref::New(ChangeId("parent".into())))]);
    assert_eq!(new[0].write.path, "/v1.svc/teams/{{parent}}/teams");
    assert_eq!(new[0].write.holes, [ChangeId("parent".into())]);
    let nameless = create("new", Kind::Group, &[("displayName", "x")], vec![text("displayName", "  ")]);
    assert!(refused(&[nameless]).contains("no team without a name"));
}

#[test]
fn members_of_a_new_team_wait_for_its_id() {
    let team = create("new", Kind::Group, &[("displayName", "North")], vec![text("displayName", "North")]);
    let member = of_new("m", "new", Kind::Group, Op::Put, vec![entry("members", "-u1", Wanted::Present)]);
    let steps = render(&[member, team], None).unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0].yields, Some(ChangeId("new".into())));
    assert_eq!(steps[1].write.path, "/v1.svc/teams/{{new}}/users");
    assert_eq!(steps[1].write.holes, [ChangeId("new".into())]);
}

pub(super) fn north() -> Observed {
    let team = json!({ "Id": "_T1", "Name": "North", "Description": "d", "ParentTeamId": "_T0", "TeamCodeForBulkImport": "1-North" });
    let replies = [reply(200, team), reply(200, json!([{ "Id": "-u1", "UserName": "u1@x.test" }]))];
    litmos(&[]).observe(&Site::default(), Kind::Group, Looked::Id("_T1"), &replies).unwrap().unwrap()
}

#[test]
fn a_team_is_renamed_with_its_description_carried_over_and_never_moved() {
    let rename = [group("n", Op::Set, vec![text("displayName", "Nord")])];
    assert_eq!(render(&rename, None), Err(Refusal::NeedsNative));
    let steps = render(&rename, Some(&north())).unwrap();
    assert_eq!(line(&steps[0].write), "PUT /v1.svc/teams/_T1?source=trueup&format=json");
    assert_eq!(body(&steps[0]), json!({ "Id": "_T1", "Name": "Nord", "Description": "d" }));
    assert_eq!(steps[0].write.carried, ["/Description"]);
    assert!(
        refused(&[group("p", Op::Set, vec![clear("parent")])]).contains("no way to take a team from under its parent")
    );
    assert!(refused(&[group("p", Op::Set, vec![text("parent", "_T9")])]).contains("documented nowhere"));
    assert!(refused(&[group("p", Op::Deactivate, vec![])]).contains("cannot be switched off"));
}

pub(super) fn member(seen: &Observed, who: &str) -> Option<bool> {
    let attr = seen.table.schema().find(&AttrPath::new("members")).unwrap();
    let entries = seen.table.entries(Row(0), attr)?;
    Some(entries.iter().any(|entry| seen.table.entry_text(attr, *entry).0[0] == who))
}

/// Looks a team up with everything that has to be read besides; what was asked.
fn look_team(
    about: &[&Change],
    verify: &[crate::plan::Request],
    mut serve: impl FnMut(&crate::plan::Request) -> Reply,
) -> (Observed, Vec<String>) {
    let connector = litmos(&[]);
    let (mut asked, mut replies) = (verify.to_vec(), Vec::new());
    loop {
        for request in &asked[replies.len()..] {
            replies.push(serve(request));
        }
        let read = Read { asked: &asked, replies: &replies };
        match connector.look(&Site::default(), Kind::Group, Looked::Id("_T1"), about, read).unwrap() {
            Look::Seen(seen) => return (*seen.unwrap(), asked.iter().map(|request| request.path.clone()).collect()),
            Look::More(more) => asked.extend(more),
        }
    }
}

#[test]
fn whoever_the_list_does_not_show_is_asked_for_by_himself() {
    let changes =
        ["-on", "-off", "-nobody"].map(|who| group(who, Op::Put, vec![entry("members", who, Wanted::Present)]));
    let steps = render(&changes, None).unwrap();
    let serve = |request: &crate::plan::Request| match request.path.as_str() {
        "/v1.svc/teams/_T1" => reply(200, json!({ "Id": "_T1", "Name": "North" })),
        "/v1.svc/teams/_T1/users" => reply(200, json!([{ "Id": "-on" }])),
        "/v1.svc/users/-off/teams" => reply(200, json!([{ "Id": "_T1", "Name": "North" }])),
        "/v1.svc/users/-nobody/teams" => reply(404, json!({ "Detail": "User - -nobody was not found" })),
        other => panic!("{other}"),
    };
    let about: Vec<&Change> = changes.iter().collect();
    let (seen, asked) = look_team(&about, &steps[0].verify, serve);
    assert_eq!(
        (member(&seen, "-on"), member(&seen, "-off"), member(&seen, "-nobody")),
        (Some(true), Some(true), Some(false))
    );
    assert_eq!(asked.len(), 4);
    // Before the write nobody is asked for: who is in already is not harmed by being added.
    let (seen, asked) = look_team(&[], &steps[0].read, serve);
    assert_eq!((member(&seen, "-off"), asked.len()), (Some(false), 2));
}

#[test]
fn a_team_of_more_members_than_a_page_is_read_to_its_end() {
    let all: Vec<Value> = (0..1_500).map(|n| json!({ "Id": format!("-u{n}") })).collect();
    let serve = |request: &crate::plan::Request| match request.path.as_str() {
        "/v1.svc/teams/_T1" => reply(200, json!({ "Id": "_T1", "Name": "North" })),
        _ => {
            let start: usize = crate::connectors::drive::asked(request, "start").unwrap().parse().unwrap();
            reply(200, Value::from(all.iter().skip(start).take(1_000).cloned().collect::<Vec<_>>()))
        }
    };
    let key = RecordKey::new(SystemId::new("sys"), Kind::Group, "_T1");
    let reads = litmos(&[]).read_one(&Site::default(), &key);
    let (seen, asked) = look_team(&[], &reads, serve);
    assert_eq!((member(&seen, "-u1499"), asked.len()), (Some(true), 3));
}

#[test]
fn leaders_are_appointed_one_by_one_after_they_have_come_and_dismissed_before_they_go() {
    let wish = |name: &str, list: &str, who: &str, op: Op| {
        let value = if op == Op::Drop { Wanted::Clear } else { Wanted::Present };
        group(name, op, vec![entry(list, who, value)])
    };
    let changes = [
        wish("a", "leaders", "-u1", Op::Put),
        wish("b", "members", "-u1", Op::Put),
        wish("c", "admins", "-u2", Op::Drop),
        wish("d", "members", "-u2", Op::Drop),
    ];
    let steps = render(&changes, None).unwrap();
    let told: Vec<_> = steps.iter().map(|step| line(&step.write)).collect();
    let ask = "?source=trueup&format=json";
    assert_eq!(
        told,
        [
            format!("DELETE /v1.svc/teams/_T1/admins/-u2{ask}"),
            format!("DELETE /v1.svc/teams/_T1/users/-u2{ask}"),
            format!("POST /v1.svc/teams/_T1/users{ask}&sendmessage=false"),
            format!("PUT /v1.svc/teams/_T1/leaders/-u1{ask}"),
        ]
    );
    assert_eq!(steps[3].write.body, crate::plan::Body::None);
    assert_eq!(line(&steps[3].verify[1]), format!("GET /v1.svc/teams/_T1/leaders{ask}&limit=1000&start=0"));
    assert!(steps[3].side_effects[0].contains("becomes Team_Leader") && steps[0].side_effects[0].contains("may stay"));
}

#[test]
fn whether_somebody_leads_a_team_is_read_from_its_own_list() {
    let lead = group("a", Op::Put, vec![entry("leaders", "-u1", Wanted::Present)]);
    let key = RecordKey::new(SystemId::new("litmos"), Kind::Group, "_T1");
    let leads = |leaders: Value| {
        let reads = litmos(&[]).read_one(&Site::default(), &key);
        let (seen, asked) = look_team(&[&lead], &reads, |request| match request.path.rsplit('/').next() {
            Some("leaders") => reply(200, leaders.clone()),
            Some("users") => reply(200, json!([{ "Id": "-u1" }])),
            _ => reply(200, json!({ "Id": "_T1", "Name": "North" })),
        });
        let attr = seen.table.schema().find(&AttrPath::new("leaders")).unwrap();
        (seen.table.entries(Row(0), attr).map(<[_]>::len), asked.len())
    };
    assert_eq!(leads(json!([{ "Id": "-u1" }])), (Some(1), 3));
    assert_eq!(leads(json!([])), (Some(0), 3));
}
