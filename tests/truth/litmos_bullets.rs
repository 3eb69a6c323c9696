//! SAP Litmos' limitations, bullet by bullet and sub-bullet by sub-bullet, each driven over the loopback.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use trueup::engine::SystemSetup;
use trueup::engine::protocol::{Command, Report};
use trueup::mapping::Mapping;
use trueup::model::{AttrPath, Cell, Kind, Op, RecordKey, SystemId};
use trueup::plan::reset::{From, reset, resettable};
use trueup::plan::{Change, Outcome, OutcomeState, Ref, Wanted};
use trueup::secret::{Secret, Source};

use crate::bed::{Bed, Console, HR, Part, acknowledged, full};
use crate::drive::{change, confirmed, create, outcome, refusal, text, texts, wish, words};

const LITMOS: Part = ("litmos", "litmos", "litmos", &[]);

const CORE: &str = "urn:starling:custom:urn:ietf:params:scim:schemas:core:2.0:User";
const EXTENSION: &str = "urn:starling:custom:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// The organisation's advanced custom fields, as a mapping file of the operator's names them: an integer or a decimal, a day,
/// two texts.
fn fields() -> String {
    let row = |name: &str, field: &str, more: &str| {
        format!(
            "[[row]]\nkind = \"User\"\nattr = \"{EXTENSION}:{name}\"\nin.user-custom = {{ read = \"'{field}'\" }}\n\
             write = \"'{field}'\"\n{more}cite = \"the organisation's own\"\n\n"
        )
    };
    row("badge", "Badge", "type = \"number\"\n")
        + &row("hired", "Hire date", "via = [{ date = \"month-day-year\" }]\n")
        + &row("clearance", "Clearance", "")
        + &row("costCentre", "Cost centre", "")
}

/// A console over the bed with these settings and secrets, and the organisation's fields in the mapping.
fn console(bed: &Bed, own: &[(&str, &str)], secrets: &[(&str, &str)]) -> Console {
    let mut setup = bed.setup(&full());
    let mut config = setup.systems[1].config.clone();
    config.own.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let secrets = secrets.iter().map(|(name, text)| ((*name).to_owned(), Source::Given(Secret::new(*text))));
    config.own_secrets.extend(secrets);
    let mapping = Mapping::overlaid(Mapping::builtin_text("litmos").unwrap(), &fields(), "fields.toml").unwrap();
    setup.systems[1] = SystemSetup::over(config, Arc::new(mapping)).unwrap();
    Console::over(setup)
}

async fn users(bed: &Bed) -> Vec<Value> {
    bed.get("litmos", "/v1.svc/users/details?limit=1000").await.as_array().unwrap().clone()
}

fn id(user: &Value) -> String {
    texts(user, "Id").remove(0)
}

/// One user's advanced custom fields as the service has them, whatever their form.
async fn custom(bed: &Bed, user: &str) -> BTreeMap<String, String> {
    let told = bed.get("litmos", &format!("/v1.svc/users/{user}/usercustomfields")).await;
    let maps = told.as_array().cloned().unwrap_or_else(|| vec![told]);
    let all = maps.iter().filter_map(Value::as_object).flatten();
    all.map(|(name, value)| (name.clone(), value.as_str().map_or(value.to_string(), str::to_owned))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn legacy_custom_attributes_stand_in_the_record_and_the_others_in_a_resource_of_their_own() {
    for faults in [&[][..], &["custom-shape=list"][..]] {
        let bed = Bed::of(60, &[HR, ("litmos", "litmos", "litmos", faults)]).await;
        let mut console = console(&bed, &[("custom_fields", "yes")], &[]);
        let world = console.world().await;
        let table = &world.compared.inputs.systems[1].snapshot(Kind::User).unwrap().table;
        let cell = |user: &str, path: &str| {
            let attr = table.schema().find(&AttrPath::new(path)).unwrap();
            match table.cell(table.find(user).unwrap(), attr) {
                Cell::Value(text) => text.to_owned(),
                Cell::Empty => String::new(),
                other => panic!("{path} of {user}: {other:?}"),
            }
        };
        let all = users(&bed).await;
        assert!(all.len() > 40);
        for user in &all {
            // The legacy ones under the core custom schema, read with the record.
            assert_eq!(cell(&id(user), &format!("{CORE}:CustomField1")), texts(user, "CustomField1").concat());
            let theirs = custom(&bed, &id(user)).await;
            for (name, field) in [("badge", "Badge"), ("clearance", "Clearance"), ("costCentre", "Cost centre")] {
                assert_eq!(cell(&id(user), &format!("{EXTENSION}:{name}")), theirs[field], "{faults:?}");
            }
            let [month, day, year] = theirs["Hire date"].split('/').collect::<Vec<_>>()[..] else { panic!() };
            assert_eq!(cell(&id(user), &format!("{EXTENSION}:hired")), format!("{year}-{month}-{day}T00:00:00Z"));
        }
        // Integer, decimal, DateTime and string are written as their types want it; what is not touched stays.
        let who = id(&all[3]);
        let before = custom(&bed, &who).await;
        for (name, value, field, native) in [
            ("badge", "4711", "Badge", "4711"),
            ("badge", "47.5", "Badge", "47.5"),
            ("hired", "2026-01-31T00:00:00Z", "Hire date", "01/31/2026"),
            ("clearance", "High", "Clearance", "High"),
        ] {
            let set = change("litmos", Kind::User, &who, Op::Set, vec![text(&format!("{EXTENSION}:{name}"), value)]);
            let plan = confirmed(&mut console, vec![set]).await;
            assert_eq!(plan.steps.len(), 1, "a request of its own, and none for the record");
            let now = custom(&bed, &who).await;
            assert_eq!((now[field].as_str(), &now["Cost centre"]), (native, &before["Cost centre"]), "{faults:?}");
        }
        // With the record in one plan: two requests, each told by itself.
        let both = vec![
            change("litmos", Kind::User, &who, Op::Set, vec![text("title", "Both")]),
            change("litmos", Kind::User, &who, Op::Set, vec![text(&format!("{EXTENSION}:costCentre"), "CC-9")]),
        ];
        let plan = confirmed(&mut console, both).await;
        assert_eq!(plan.steps.iter().map(|step| step.serves.len()).collect::<Vec<_>>(), [1, 1]);
        // A wrong type is refused before it is sent, a wrong choice by the service in its own words.
        let wrong = |name: &str, value: &str| {
            change("litmos", Kind::User, &who, Op::Set, vec![text(&format!("{EXTENSION}:{name}"), value)])
        };
        for (name, value) in [("badge", "many"), ("hired", "soon"), ("costCentre", &"x".repeat(256))] {
            assert!(!refusal(&mut console, wrong(name, value)).await.is_empty(), "{name}");
        }
        let state = outcome(&mut console, wrong("clearance", "Cosmic")).await;
        assert!(words(&state).contains("400"), "{state:?}");
        let state = outcome(&mut console, wrong("costCentre", "")).await;
        assert!(words(&state).contains("A value for custom field is required"), "{state:?}");
        // Legacy ones are texts only.
        let legacy = text(&format!("{CORE}:CustomField10"), "42");
        confirmed(&mut console, vec![change("litmos", Kind::User, &who, Op::Set, vec![legacy])]).await;
        assert_eq!(bed.get("litmos", &format!("/v1.svc/users/{who}")).await["CustomField10"], "42", "a text");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_name_becomes_the_e_mail_and_the_flags_of_a_create_are_read_back() {
    for (skip, sent) in [("no", false), ("yes", true)] {
        let bed = Bed::of(60, &[HR, LITMOS]).await;
        let mut console =
            console(&bed, &[("skip_first_login", skip), ("send_message", skip)], &[("new_password", "f1rst-w0rd")]);
        console.world().await;
        let name = "new.bullet@example.com";
        let want = vec![text("userName", name), text("name.givenName", "New"), text("name.familyName", "Bullet")];
        let plan = confirmed(&mut console, vec![create("litmos", Kind::User, ("userName", name), want)]).await;
        let effects = plan.steps[0].side_effects.join("; ");
        assert!(effects.contains("becomes the e-mail address as well"), "{effects}");
        assert!(effects.contains(if sent { "may keep" } else { "must change" }), "{effects}");
        let made = users(&bed).await.into_iter().find(|user| user["UserName"] == name).unwrap();
        assert_eq!((&made["Email"], &made["SkipFirstLogin"]), (&name.into(), &sent.into()));
        // What the service itself never tells: the password has to be changed, and whether a mail was sent.
        let told = bed.get("litmos", "/__sim/litmos").await;
        assert_eq!(told["passwords"][id(&made)], !sent, "{told}");
        assert_eq!(told["mails"].as_array().unwrap().len(), usize::from(sent), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_of_an_update_has_to_be_changed_at_the_next_log_in() {
    let bed = Bed::of(60, &[HR, LITMOS]).await;
    let mut console = console(&bed, &[], &[]);
    let world = console.world().await;
    let all = users(&bed).await;
    // The record says that it need not be.
    let user = all.iter().find(|user| user["SkipFirstLogin"] == true && user["Active"] == true).unwrap();
    let row = resettable(&world.compared.inputs.systems[1].mapping, Kind::User).unwrap();
    let key = RecordKey::new(SystemId::new("litmos"), Kind::User, id(user));
    let name = texts(user, "UserName").remove(0);
    let called = Some((AttrPath::new("userName"), name.clone()));
    let (change, secret) = reset(&key, row, &name, called, From::Typed);
    let hold = Command::Hold { system: key.system, name: secret.to_string(), secret: Secret::new("an0ther-word") };
    console.handle.send(hold);
    let plan = confirmed(&mut console, vec![change]).await;
    assert!(plan.steps[0].side_effects.iter().any(|effect| effect.contains("must change it at the next log-in")));
    let told = bed.get("litmos", "/__sim/litmos").await;
    assert_eq!(told["passwords"][id(user)], true, "{told}");
    assert_eq!(bed.get("litmos", &format!("/v1.svc/users/{}", id(user))).await["SkipFirstLogin"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_something_was_made_is_shown_where_it_is_told_and_nothing_is_made_up() {
    let bed = Bed::of(60, &[HR, LITMOS]).await;
    let world = console(&bed, &[], &[]).world().await;
    let view = &world.compared.inputs.systems[1];
    let users_table = &view.snapshot(Kind::User).unwrap().table;
    let created = users_table.schema().find(&AttrPath::new("meta.created")).unwrap();
    for user in users(&bed).await {
        let row = users_table.find(&id(&user)).unwrap();
        assert_eq!(users_table.cell(row, created).text(), texts(&user, "CreatedDate").concat());
    }
    for (kind, path) in
        [(Kind::User, "meta.lastModified"), (Kind::Group, "meta.created"), (Kind::Group, "meta.lastModified")]
    {
        let table = &view.snapshot(kind).unwrap().table;
        assert!(table.schema().find(&AttrPath::new(path)).is_none(), "{kind} {path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_is_never_taken_from_under_its_parent() {
    let bed = Bed::of(120, &[HR, LITMOS]).await;
    let mut console = console(&bed, &[], &[]);
    console.world().await;
    let teams = bed.get("litmos", "/v1.svc/teams?limit=1000").await;
    let child = teams.as_array().unwrap().iter().find(|team| texts(team, "ParentTeamId").concat().len() > 3).unwrap();
    let team = texts(child, "Id").remove(0);
    for (value, words) in [
        (Wanted::Clear, "no way to take a team from under its parent: create it anew"),
        (Wanted::Ref(Ref::Id("other".into())), "moves a team to another parent is documented nowhere"),
    ] {
        let lift = change("litmos", Kind::Group, &team, Op::Set, vec![wish("parent", None, value)]);
        let why = refusal(&mut console, lift).await;
        assert!(why.contains(words), "{why}");
    }
    bed.assert_unwritten();
}

/// Pushes a change; once it is on its way, somebody else deletes the user.
async fn deleted_on_the_way(bed: &Bed, console: &mut Console, change: Change, user: &str) -> OutcomeState {
    let plan = acknowledged(&*console.prepare(vec![change]).await);
    // Every PUT waits before it is carried out, and so is carried out on somebody who is gone.
    let switch = bed.simulator("litmos").faults.flag("deleted-put").map(|value| format!("deleted-put={value}"));
    let mut faults = vec!["latency=2s@PUT"];
    faults.extend(switch.as_deref());
    bed.faults("litmos", &faults);
    console.handle.send(Command::Push { fingerprint: plan.fingerprint.clone(), plan, reason: None });
    let mut last = OutcomeState::Pending;
    loop {
        match console.next().await {
            Report::Outcome(_, Outcome { state: OutcomeState::Sent, .. }) => {
                bed.behind("litmos", "DELETE", &format!("/v1.svc/users/{user}"), &Value::Null).await;
            }
            Report::Outcome(_, Outcome { state, .. }) => last = state,
            Report::PushEnded(_) => return last,
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_500_of_a_deleted_user_is_looked_up_and_told_as_what_it_is() {
    for (faults, said) in [(&[][..], "500"), (&["deleted-put=404"][..], "404")] {
        let bed = Bed::of(60, &[HR, ("litmos", "litmos", "litmos", faults)]).await;
        let mut console = console(&bed, &[], &[]);
        console.world().await;
        let user = id(users(&bed).await.iter().find(|user| user["Active"] == true).unwrap());
        let ghost = change("litmos", Kind::User, &user, Op::Set, vec![text("title", "Ghost")]);
        let state = deleted_on_the_way(&bed, &mut console, ghost, &user).await;
        let OutcomeState::Stale { what } = &state else { panic!("{state:?}") };
        assert!(what.contains(said), "{what}");
        if said == "500" {
            assert!(what.contains("this user no longer exists in SAP Litmos"), "{what}");
        }
        let puts = bed.simulator("litmos").seen.all().into_iter().filter(|request| request.method == "PUT").count();
        assert!(puts <= 1, "never sent again");
    }
}
