//! Changes of users, as requests in full.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::json;

use super::{MANAGER, body, cy, keys, litmos, refused, render, render_with, seen, steps, user};
use crate::connectors::drive::wish::{change, clear, entry, text};
use crate::connectors::drive::{line, reply, shown};
use crate::connectors::{Settings, connector};
use crate::model::{AttrPath, Kind, Op};
use crate::plan::{ChangeId, Ref, Refusal, Site, Verdict, Want, Wanted};

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
fn a_password_that_is_set_anew_is_named_in_the_plan_and_has_to_be_changed() {
    let set = |name: &str| {
        let want = Want { value: Wanted::Secret(name.into()), ..text("password", "") };
        user("p", Op::Set, vec![want])
    };
    let steps = steps(&[set("typed p"), user("t", Op::Set, vec![text("title", "x")])]);
    assert_eq!(steps.len(), 1, "with the rest of the record");
    let (step, sent) = (&steps[0], body(&steps[0]));
    // The record as it is says that the password need not be changed.
    assert_eq!((sent["Password"].as_str(), sent["SkipFirstLogin"].as_bool()), (Some("***"), Some(false)));
    assert_eq!((step.write.secrets[0].at.as_str(), step.write.secrets[0].name.as_str()), ("/Password", "typed p"));
    assert!(shown(step)["edits"].to_string().contains("/SkipFirstLogin"), "it is shown as an edit");
    let told = step.side_effects.join("; ");
    assert!(told.contains("typed") && told.contains("must change it at the next log-in"), "{told}");
    let why = refused(&[set("new_password")]);
    assert!(why.contains("`new_password` is not set") && why.contains("type"), "{why}");
    let elsewhere = Want { value: Wanted::Secret("typed p".into()), ..text("title", "") };
    assert!(refused(&[user("e", Op::Set, vec![elsewhere])]).contains("takes no secret there"));
    let without = super::steps(&[user("t", Op::Set, vec![text("title", "x")])]);
    assert_eq!(body(&without[0])["Password"], "", "otherwise none is sent");
    assert!(without[0].write.secrets.is_empty());
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
        names.iter().filter_map(|name| super::super::body::ORDER.iter().position(|have| have == name)).collect();
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
