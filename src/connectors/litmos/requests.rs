//! The requests that changes of SAP Litmos' users and teams become, in full, and what the answers mean.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{Value, json};

use super::conversations::litmos;
use crate::connectors::drive::wish::{change, clear, create, entry, entry_of, of_new, text};
use crate::connectors::drive::{line, reply, shown};
use crate::connectors::{Look, Looked, Observed, Read, Settings, connector};
use crate::model::{AttrPath, Kind, Op, RecordKey, Row, SystemId};
use crate::plan::{Body, Change, ChangeId, Ref, Refusal, Reply, Site, Step, Verdict, Want, Wanted};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// A recorded shape with values of its own (targets/litmos.md 4).
pub(super) fn bo(more: Value) -> Value {
    let mut record = json!({
        "Id": "rnjx2WaQOEY1", "UserName": "bo@x.test", "FirstName": "Bo", "LastName": "Ek", "FullName": "Bo Ek",
        "Email": "bo@x.test", "AccessLevel": "Learner", "DisableMessages": false, "Active": true, "Skype": null,
        "PhoneWork": null, "PhoneMobile": null, "LastLogin": "2016-12-09T07:54:27Z",
        "LoginKey": "https://t.litmos.com/login.aspx?loginkey=0f", "IsCustomUsername": false, "Password": "",
        "SkipFirstLogin": true, "TimeZone": "UTC", "SalesforceId": null, "OriginalId": 4_138_947, "Street1": null,
        "CustomField3": null, "Culture": "en-US", "CustomField4": null, "CreatedDate": "2016-11-10T13:50:11Z", "Points": 0,
        "Brand": "Default", "ManagerId": "0", "ManagerName": "", "Unheard": { "of": [1] }, "ProfileType": "External"
    });
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    record
}

fn seen(more: Value) -> Observed {
    let reply = reply(200, bo(more));
    litmos(&[]).observe(&Site::default(), Kind::User, Looked::Id("rnjx2WaQOEY1"), &[reply]).unwrap().unwrap()
}

fn render_with(
    own: &[(&str, &str)],
    site: &Site,
    changes: &[Change],
    native: Option<&Observed>,
) -> Result<Vec<Step>, Refusal> {
    litmos(own).render(site, &changes.iter().collect::<Vec<_>>(), native)
}

fn render(changes: &[Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
    render_with(&[], &Site::default(), changes, native)
}

fn steps(changes: &[Change]) -> Vec<Step> {
    render(changes, Some(&seen(json!({})))).unwrap()
}

fn refused(changes: &[Change]) -> String {
    match render(changes, Some(&seen(json!({})))) {
        Err(Refusal::Cannot(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn body(step: &Step) -> Value {
    match &step.write.body {
        Body::Json { json, .. } => json.clone(),
        Body::None => panic!("no body"),
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn user(name: &str, op: Op, want: Vec<Want>) -> Change {
    change(name, Kind::User, "rnjx2WaQOEY1", op, want)
}

fn cy(mut more: Vec<Want>) -> Change {
    let mut want = vec![text("name.givenName", "Cy"), text("name.familyName", "Ray"), text("active", "true")];
    want.append(&mut more);
    create("new", Kind::User, &[("userName", "cy@x.test")], want)
}

#[test]
fn a_create_is_one_post_in_the_documented_order_with_its_choices_in_the_query() {
    let create = cy(vec![
        text("userName", "c.ray"),
        text("emails[work]", "cy.ray@x.test"),
        text("title", "Clerk"),
        text("timezone", "Europe/Vienna"),
    ]);
    let steps = render(&[create], None).unwrap();
    assert_eq!(steps.len(), 1);
    let told = shown(&steps[0]);
    assert_eq!(told["write"], "POST /v1.svc/users?source=trueup&format=json&sendmessage=false&skipfirstlogin=false");
    assert_eq!(told["yields"], "new");
    assert_eq!(told["read"], json!(["GET /v1.svc/users/cy%40x.test?source=trueup&format=json"]));
    assert_eq!(told["verify"], json!(["GET /v1.svc/users/{{new}}?source=trueup&format=json"]));
    let body = body(&steps[0]);
    assert_eq!(
        keys(&body),
        [
            "Id",
            "UserName",
            "FirstName",
            "LastName",
            "FullName",
            "Email",
            "AccessLevel",
            "DisableMessages",
            "Active",
            "LastLogin",
            "LoginKey",
            "IsCustomUsername",
            "SkipFirstLogin",
            "TimeZone",
            "JobTitle"
        ]
    );
    for (key, wanted) in [
        ("Id", json!("")),
        ("UserName", json!("c.ray")),
        ("Email", json!("cy.ray@x.test")),
        ("IsCustomUsername", json!(true)),
        ("AccessLevel", json!("Learner")),
        ("TimeZone", json!("W. Europe Standard Time")),
        ("LoginKey", json!("")),
    ] {
        assert_eq!(body[key], wanted, "{key}");
    }
    assert_eq!(
        steps[0].side_effects,
        ["SAP Litmos sends no message to the new user", "the new user has to change the password at the first log-in"]
    );
}

#[test]
fn messages_and_kept_passwords_are_explicit_choices() {
    let own = [("send_message", "yes"), ("skip_first_login", "yes")];
    let create = cy(vec![text("userName", "cy@x.test")]);
    let steps = render_with(&own, &Site::default(), &[create], None).unwrap();
    assert!(line(&steps[0].write).ends_with("sendmessage=true&skipfirstlogin=true"));
    assert_eq!(body(&steps[0])["SkipFirstLogin"], true);
    let effects = steps[0].side_effects.join("; ");
    assert!(
        effects.contains("sends the new user a message") && effects.contains("may keep the first password"),
        "{effects}"
    );
    let add = change("a", Kind::Group, "T1", Op::Put, vec![entry("members", "u1", Wanted::Present)]);
    let steps = render_with(&own, &Site::default(), &[add], None).unwrap();
    assert!(line(&steps[0].write).ends_with("sendmessage=true"));
    assert!(steps[0].side_effects.join("").contains("message"));
}

#[test]
fn a_user_name_becomes_the_e_mail_only_where_none_is_mapped_and_the_preview_says_so() {
    let steps = render(&[cy(vec![text("userName", "cy@x.test")])], None).unwrap();
    let body = body(&steps[0]);
    assert_eq!((&body["Email"], &body["IsCustomUsername"]), (&json!("cy@x.test"), &json!(false)));
    assert!(steps[0].side_effects.iter().any(|effect| effect.contains("cy@x.test becomes the e-mail address as well")));
    assert!(steps[0].write.edits.iter().any(|edit| format!("{edit:?}").contains("/Email")), "it is shown as an edit");
    let why = match render(&[cy(vec![text("userName", "c.ray")])], None) {
        Err(Refusal::Cannot(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(why.contains("the user name c.ray is none"), "{why}");
}

#[test]
fn a_create_without_what_is_mandatory_is_refused() {
    for (path, field) in [("name.givenName", "FirstName"), ("name.familyName", "LastName"), ("userName", "UserName")] {
        let mut create = cy(vec![text("userName", "cy@x.test")]);
        create.want.retain(|want| want.facet.path != AttrPath::new(path));
        let Err(Refusal::Cannot(why)) = render(&[create], None) else { panic!("{path}") };
        assert!(why.contains(field), "{why}");
    }
    assert!(refused(&[cy(vec![text("userName", "cyr")])]).contains("more than 3 characters"));
    let secret = cy(vec![text("userName", "cy@x.test"), text("password", "hunter2")]);
    let why = refused(&[secret]);
    assert!(!why.contains("hunter2"), "{why}");
}

#[test]
fn a_new_users_password_is_named_in_the_plan_and_never_in_it() {
    let own = [("source_name".to_owned(), "t".to_owned())].into_iter().collect();
    let secrets = ["new_password".to_owned()].into_iter().collect();
    let settings = Settings { url: "https://api.litmos.com".into(), own, secrets };
    let mapping = std::sync::Arc::new(crate::mapping::Mapping::builtin("litmos").unwrap());
    let litmos = connector("litmos", mapping, &settings).unwrap();
    let create = cy(vec![text("userName", "cy@x.test")]);
    let steps = litmos.render(&Site::default(), &[&create], None).unwrap();
    let step = &steps[0];
    assert_eq!((body(step)["Password"].as_str(), step.write.secrets[0].at.as_str()), (Some("***"), "/Password"));
    assert_eq!(step.write.secrets[0].name, "new_password");
    assert!(step.side_effects.join("; ").contains("must change it at the next log-in"), "{:?}", step.side_effects);
    let again: crate::plan::Request = serde_json::from_str(&serde_json::to_string(&step.write).unwrap()).unwrap();
    assert_eq!(again, step.write);
}

#[test]
fn a_manager_who_is_created_by_the_same_plan_is_a_hole() {
    let manager = Want { value: Wanted::Ref(Ref::New(ChangeId("boss".into()))), ..text(MANAGER, "") };
    let steps = render(&[cy(vec![text("userName", "cy@x.test"), manager])], None).unwrap();
    assert_eq!(body(&steps[0])["ManagerId"], "{{boss}}");
    assert_eq!(steps[0].write.holes, [ChangeId("boss".into())]);
}

#[test]
fn an_update_reads_changes_and_writes_the_whole_record_in_its_order() {
    let changes = [
        user("a", Op::Set, vec![text("title", "Head of \"Odds\"")]),
        user("b", Op::Set, vec![text(MANAGER, "boss1")]),
        user("c", Op::Deactivate, vec![]),
    ];
    assert_eq!(render(&changes, None), Err(Refusal::NeedsNative));
    let steps = steps(&changes);
    assert_eq!(steps.len(), 1);
    let step = &steps[0];
    assert_eq!(line(&step.write), "PUT /v1.svc/users/rnjx2WaQOEY1?source=trueup&format=json");
    assert_eq!(step.read, step.verify);
    assert_eq!(step.serves.len(), 3);
    let sent = body(step);
    let names = keys(&sent);
    assert_eq!(names.last(), Some(&"Unheard"), "unknown keys last");
    let known: Vec<_> =
        names.iter().filter_map(|name| super::body::ORDER.iter().position(|have| have == name)).collect();
    assert!(known.is_sorted(), "{names:?}");
    for (key, wanted) in [
        ("Active", json!(false)),
        ("JobTitle", json!("Head of \"Odds\"")),
        ("ManagerId", json!("boss1")),
        ("LoginKey", json!("")),
        ("LastLogin", json!("")),
        ("Password", json!("")),
        ("Unheard", json!({ "of": [1] })),
        ("OriginalId", json!(4_138_947)),
        ("Skype", json!(null)),
    ] {
        assert_eq!(sent[key], wanted, "{key}");
    }
    assert_eq!(
        shown(step)["edits"],
        json!([
            { "edit": "set", "at": "/Active", "value": false },
            { "edit": "set", "at": "/JobTitle", "value": "Head of \"Odds\"" },
            { "edit": "set", "at": "/ManagerId", "value": "boss1" },
        ])
    );
    assert!(
        step.write.carried.contains(&"/Unheard".to_owned()) && !step.write.carried.contains(&"/LoginKey".to_owned())
    );
    assert!(step.side_effects.join("").contains("stays in the teams"));
}

#[test]
fn an_update_does_not_mind_what_it_carries_over() {
    let set = [user("a", Op::Set, vec![text("title", "x")])];
    let before = render(&set, Some(&seen(json!({})))).unwrap();
    let after = render(&set, Some(&seen(json!({ "LastLogin": "2026-01-01T00:00:00Z", "Points": 7 })))).unwrap();
    assert!(before[0].write.same_intent(&after[0].write));
    assert_eq!(body(&after[0])["Points"], 7);
}

#[test]
fn clearing_is_an_empty_text_and_no_manager_is_zero_until_that_is_refused() {
    let changes = [user("a", Op::Set, vec![clear("title")]), user("b", Op::Set, vec![clear(MANAGER)])];
    let native = seen(json!({ "JobTitle": "x", "ManagerId": "boss1" }));
    let steps = render(&changes, Some(&native)).unwrap();
    let sent = body(&steps[0]);
    assert_eq!((&sent["JobTitle"], &sent["ManagerId"]), (&json!(""), &json!("0")));
    let connector = litmos(&[]);
    let text = "Please check the userid in the xml/json and the userid in the URL. They must match. OR The manager Id in the xml/json is not valid.";
    let said = reply(404, json!({ "Detail": text }));
    assert!(matches!(connector.classify(&Site::default(), &steps[0], &said), Verdict::OtherForm(_)));
    let lesson = connector.lesson(&Site::default(), &steps[0], &said).unwrap();
    let site = Site { lessons: vec![lesson], ..Site::default() };
    let again = render_with(&[], &site, &changes, Some(&native)).unwrap();
    assert_eq!(body(&again[0])["ManagerId"], "");
    // The same where it is only carried over.
    let carried = render_with(&[], &site, &changes[..1], Some(&seen(json!({})))).unwrap();
    assert_eq!(body(&carried[0])["ManagerId"], "");
}

#[test]
fn a_name_apart_from_the_address_is_marked_as_such() {
    let steps =
        render(&[user("a", Op::Set, vec![text("emails[work]", "bo.ek@x.test")])], Some(&seen(json!({})))).unwrap();
    assert_eq!(body(&steps[0])["IsCustomUsername"], true);
    assert_eq!(shown(&steps[0])["edits"][1], json!({ "edit": "set", "at": "/IsCustomUsername", "value": true }));
    assert!(refused(&[user("a", Op::Set, vec![clear("emails[work]")])]).contains("no user without Email"));
}

#[test]
fn an_access_level_that_is_not_known_is_never_written() {
    let known = user("a", Op::Set, vec![text("accessLevel", "Team_Leader")]);
    assert_eq!(body(&steps(&[known])[0])["AccessLevel"], "Team_Leader");
    assert!(refused(&[user("a", Op::Set, vec![text("accessLevel", "Grand Vizier")])]).contains("is not known there"));
}

#[test]
fn a_deletion_is_for_good_and_says_so() {
    let steps = steps(&[user("d", Op::Delete, vec![])]);
    assert_eq!(line(&steps[0].write), "DELETE /v1.svc/users/rnjx2WaQOEY1?source=trueup&format=json");
    assert!(steps[0].side_effects.join("").contains("for good"));
    let both = [user("d", Op::Delete, vec![]), user("s", Op::Set, vec![text("title", "x")])];
    assert!(refused(&both).contains("deleted and changed at once"));
    let team = change("d", Kind::Group, "_T/1", Op::Delete, vec![]);
    assert_eq!(line(&render(&[team], None).unwrap()[0].write), "DELETE /v1.svc/teams/_T%2F1?source=trueup&format=json");
}

#[test]
fn a_blocked_system_and_what_is_only_read_get_no_request() {
    let site = Site { blocked: Some("wrong key: no push".into()), ..Site::default() };
    let set = [user("a", Op::Set, vec![text("title", "x")])];
    assert_eq!(render_with(&[], &site, &set, None), Err(Refusal::Cannot("wrong key: no push".into())));
    assert!(refused(&[change("r", Kind::Role, "Learner", Op::Set, vec![text("name", "x")])]).contains("only be read"));
    assert!(refused(&[user("a", Op::Set, vec![text("displayName", "x")])]).contains("does not let it"));
}

fn group(name: &str, op: Op, want: Vec<Want>) -> Change {
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

fn north() -> Observed {
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

fn member(seen: &Observed, who: &str) -> Option<bool> {
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
    let made = litmos(&[]).classify(&Site::default(), &post, &reply(201, bo(json!({}))));
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
    assert!(litmos(&[]).gone(Kind::User).contains("no longer exists in SAP Litmos"));
}
