//! SAP Litmos: the fewest requests, members that are read back one by one, and every way in which the service may behave.

use std::collections::BTreeSet;

use serde_json::Value;
use trueup::compare::{FacetDiff, Rule, SystemView, Verdict, facets};
use trueup::engine::SystemSetup;
use trueup::engine::protocol::{Command, Health, Report, World};
use trueup::model::{AttrPath, Cell, Kind, Op, RecordKey, SystemId};
use trueup::plan::reset::{From, reset, resettable};
use trueup::plan::{By, Change, Expect, Facet, OutcomeState, Ref, Target, Want, Wanted};
use trueup::secret::{Secret, Source};

use crate::bed::{Bed, Console, HR, Part, acknowledged, assert_confirmed, full, patch};

const LITMOS: Part = ("litmos", "litmos", "litmos", &[]);

/// A change of one facet by hand.
pub fn change(kind: Kind, id: &str, op: Op, facet: Facet, value: Wanted) -> Change {
    let system = SystemId::new("litmos");
    Change {
        id: Change::name(&system, kind, id, op, Some(&facet)),
        target: Target::Record(RecordKey::new(system.clone(), kind, id)),
        system,
        kind,
        label: id.into(),
        source: None,
        op,
        want: vec![Want { facet, value, by: By::Operator }],
        expect: Expect::Facets(Vec::new()),
        needs: Vec::new(),
    }
}

fn title(id: &str, text: &str) -> Change {
    change(Kind::User, id, Op::Set, Facet::attr("title"), Wanted::Text(text.into()))
}

fn member(team: &str, user: &str, op: Op) -> Change {
    let facet = Facet { path: AttrPath::new("members"), key: Some(vec![Ref::Id(user.into())]) };
    change(Kind::Group, team, op, facet, if op == Op::Drop { Wanted::Clear } else { Wanted::Present })
}

async fn ids(bed: &Bed, path: &str, pick: impl Fn(&Value) -> bool) -> Vec<String> {
    let all = bed.get("litmos", path).await;
    let picked = all.as_array().unwrap().iter().filter(|record| pick(record));
    picked.map(|record| record["Id"].as_str().unwrap().to_owned()).collect()
}

async fn users(bed: &Bed, active: bool) -> Vec<String> {
    ids(bed, "/v1.svc/users?limit=1000", |user| user["Active"] == active).await
}

async fn outcomes(console: &mut Console, changes: Vec<Change>) -> Vec<OutcomeState> {
    let plan = console.prepare(changes).await;
    assert_eq!(plan.refused, Vec::new());
    let states = console.push(acknowledged(&plan)).await;
    plan.changes.iter().map(|change| states.iter().find(|(id, _)| *id == change.id).unwrap().1.clone()).collect()
}

/// What there is of Litmos in a world: its view.
fn view(world: &World) -> &SystemView {
    world.compared.inputs.systems.iter().find(|view| view.id.as_str() == "litmos").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_of_five_thousand_users_and_three_hundred_teams_takes_at_most_310_requests() {
    let bed = Bed::of(4_900, &[HR, ("litmos", "litmos", "litmos", &["teams=266"])]).await;
    let world = bed.console(&full()).world().await;
    let view = view(&world);
    let (users, teams) = (view.snapshot(Kind::User).unwrap(), view.snapshot(Kind::Group).unwrap());
    let open = users.feeds.iter().chain(&teams.feeds).find(|feed| !feed.proof.complete());
    assert_eq!(open, None);
    // All requests that the service has seen, whoever sent them and whatever for.
    let requests = bed.simulator("litmos").seen.stats().requests;
    let attr = teams.table.schema().find(&AttrPath::new("members")).unwrap();
    let members = |row| teams.table.entries(row, attr).unwrap().len();
    let largest = teams.table.rows().map(members).max().unwrap();
    // Among them one that takes several pages.
    assert!((4_850..5_000).contains(&users.table.len()) && largest > 3_000, "{} {largest}", users.table.len());
    assert_eq!(teams.table.len(), 300);
    // Not one more than the documented pages of 1,000: of the users, of the teams, and of the members of each team. But where
    // a list without a total may have been cut by the service itself, a look behind it.
    let pages = |records: usize| records as u64 / 1_000 + 1;
    let of_team = |members: usize| pages(members) + u64::from(members > 0 && members.is_multiple_of(100));
    let least = pages(users.table.len()) + pages(300) + 1;
    let least = least + teams.table.rows().map(|row| of_team(members(row))).sum::<u64>();
    assert_eq!(requests, least);
    let told: u32 = [users, teams].iter().flat_map(|snapshot| &snapshot.feeds).map(|feed| feed.requests).sum();
    assert_eq!(u64::from(told), requests, "what the screen says was asked is what was asked");
    assert!(requests <= 310, "{requests}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_rows_come_with_the_first_request() {
    // Whatever comes after the first request never arrives.
    let bed = Bed::of(1_500, &[HR, ("litmos", "litmos", "litmos", &["reset=100000,skip=1"])]).await;
    let mut console = bed.console(&full());
    loop {
        if let Report::World(world) = console.next().await
            && let Some(users) = view(&world).snapshot(Kind::User)
            && !users.table.is_empty()
        {
            assert_eq!(users.table.len(), 1_000);
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_older_organisation_does_not_serve_is_unread_and_no_mismatch() {
    let bed = Bed::of(120, &[HR, ("litmos", "litmos", "litmos", &["schema-year=2016"])]).await;
    let world = bed.console(&full()).world().await;
    let users = view(&world).snapshot(Kind::User).unwrap();
    let manager = AttrPath::new("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager");
    let cells = |path: &AttrPath| {
        let attr = users.table.schema().find(path).unwrap();
        users.table.rows().map(move |row| users.table.cell(row, attr))
    };
    assert!(users.table.len() > 80 && cells(&manager).all(|cell| cell == Cell::Unread));
    assert!(cells(&AttrPath::new("title")).any(|cell| matches!(cell, Cell::Value(_))));
    let compared = &world.compared;
    let all = (0..compared.kind(Kind::User).len).flat_map(|identity| facets(compared, Kind::User, identity, 1));
    let verdicts: Vec<Verdict> = all.filter(|facet| facet.path == manager).map(|facet| facet.verdict).collect();
    assert!(verdicts.contains(&Verdict::Unread) && !verdicts.contains(&Verdict::Differs), "{verdicts:?}");
}

/// A console over the beds systems, Litmos with these settings.
fn console_with(bed: &Bed, own: &[(&str, &str)]) -> Console {
    let mut setup = bed.setup(&full());
    let litmos = setup.systems.iter_mut().find(|system| system.config.id.as_str() == "litmos").unwrap();
    let mut config = litmos.config.clone();
    config.own.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    *litmos = SystemSetup::over(config, litmos.connector.mapping().clone()).unwrap();
    Console::over(setup)
}

/// All facets of users or groups at Litmos.
fn all_facets(world: &World, kind: Kind) -> Vec<FacetDiff> {
    let compared = &world.compared;
    (0..compared.kind(kind).len).flat_map(|identity| facets(compared, kind, identity, 1)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_that_comes_html_escaped_is_told_as_such_and_can_be_read_as_it_is_meant() {
    let bed = Bed::of(60, &[HR, LITMOS]).await;
    // Somebody who has one title on both sides.
    let world = bed.console(&full()).world().await;
    let same = |facet: &FacetDiff| facet.path.as_str() == "title" && facet.verdict == Verdict::Same;
    let compared = &world.compared;
    let alike = |identity: &u32| {
        facets(compared, Kind::User, *identity, 1).iter().any(|facet| same(facet) && facet.target.is_some())
    };
    let who = (0..compared.kind(Kind::User).len).find(alike).unwrap();
    let id = |system: usize| {
        let table = &compared.inputs.systems[system].snapshot(Kind::User).unwrap().table;
        table.id(compared.kind(Kind::User).row(who, system).unwrap()).to_owned()
    };
    bed.behind("hr", "PATCH", &format!("/scim/v2/Users/{}", id(0)), &patch("title", "Head of R&D")).await;
    let path = format!("/v1.svc/users/{}", id(1));
    let mut record = bed.get("litmos", &path).await;
    record["JobTitle"] = "Head of R&D".into();
    bed.behind("litmos", "PUT", &path, &record).await;
    bed.faults("litmos", &["html-escape"]);

    let mut console = bed.console(&full());
    let world = console.world().await;
    let told = facets(&world.compared, Kind::User, who, 1);
    let found = told.iter().find(|facet| facet.path.as_str() == "title").unwrap();
    assert_eq!((found.verdict, found.target.as_deref()), (Verdict::Differs, Some("Head of R&amp;D")));
    assert!(found.why.contains("HTML-escaped"), "{}", found.why);
    let states = outcomes(&mut console, vec![title(&id(1), "Head of R&D")]).await;
    let OutcomeState::Differs { now } = &states[0] else { panic!("{states:?}") };
    assert!(now.contains("HTML-escaped"), "{now}");

    let mut console = console_with(&bed, &[("html_escaped", "yes")]);
    let world = console.world().await;
    let told = facets(&world.compared, Kind::User, who, 1);
    assert!(told.iter().any(|facet| same(facet) && facet.target.as_deref() == Some("Head of R&D")), "{told:?}");
    let states = outcomes(&mut console, vec![title(&id(1), "R&D <all>")]).await;
    assert!(matches!(states[0], OutcomeState::Confirmed { .. }), "{states:?}");
    bed.faults("litmos", &[]);
    assert_eq!(bed.get("litmos", &path).await["JobTitle"], "R&D <all>");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_leader_who_leads_no_team_is_told_and_is_none_any_more_once_appointed() {
    let bed = Bed::of(1203, &[HR, LITMOS]).await;
    let mut console = console_with(&bed, &[("team_leaders", "yes")]);
    let world = console.world().await;
    let idle = |world: &World| -> BTreeSet<(String, String)> {
        let lints = world.compared.lints.iter().filter(|lint| lint.rule == Rule::Powerless);
        lints.map(|lint| (lint.key.clone(), lint.record.id.to_string())).collect()
    };
    let planted = bed.simulator("litmos").world.planted("litmos");
    let planted: BTreeSet<String> =
        planted.into_iter().filter(|plant| plant.what == "leader-of-none").map(|plant| plant.key).collect();
    let told = idle(&world);
    assert!(!planted.is_empty());
    assert_eq!(told.iter().map(|(key, _)| key.clone()).collect::<BTreeSet<_>>(), planted);
    // One of them is made leader of a team: a member first.
    let (_, who) = told.first().unwrap().clone();
    let team = ids(&bed, "/v1.svc/teams?limit=1000", |_| true).await.remove(0);
    let leads = |op| {
        let facet = Facet { path: AttrPath::new("leaders"), key: Some(vec![Ref::Id(who.as_str().into())]) };
        change(Kind::Group, &team, op, facet, if op == Op::Drop { Wanted::Clear } else { Wanted::Present })
    };
    let states = outcomes(&mut console, vec![member(&team, &who, Op::Put), leads(Op::Put)]).await;
    assert!(states.iter().all(|state| matches!(state, OutcomeState::Confirmed { .. })), "{states:?}");
    let leaders = ids(&bed, &format!("/v1.svc/teams/{team}/leaders"), |_| true).await;
    assert!(leaders.contains(&who));
    let world = console_with(&bed, &[("team_leaders", "yes")]).world().await;
    assert!(idle(&world).iter().all(|(_, id)| *id != who));
    let states = outcomes(&mut console, vec![leads(Op::Drop)]).await;
    assert!(matches!(states[0], OutcomeState::Confirmed { .. }), "{states:?}");
    // A stranger to the team cannot lead it, and the service's own words say so.
    let states = outcomes(&mut console, vec![member(&team, &who, Op::Drop)]).await;
    assert!(matches!(states[0], OutcomeState::Confirmed { .. }), "{states:?}");
    let states = outcomes(&mut console, vec![leads(Op::Put)]).await;
    assert!(
        matches!(&states[0], OutcomeState::Failed { why } if why.contains("does not exist on the team")),
        "{states:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memberships_of_inactive_users_are_unreadable_by_team_and_alike_where_they_are_listed() {
    // By team nobody inactive is listed; of few users all teams are asked, and there they are.
    for (faults, seen) in [(&[][..], false), (&["team-users-active-only=off"][..], true), (&["teams=500"][..], true)] {
        let bed = Bed::of(400, &[HR, ("litmos", "litmos", "litmos", faults)]).await;
        let world = bed.console(&full()).world().await;
        let table = &view(&world).snapshot(Kind::User).unwrap().table;
        let active = table.schema().find(&AttrPath::new("active")).unwrap();
        let members = all_facets(&world, Kind::Group).into_iter().filter(|facet| facet.path.as_str() == "members");
        let off = members.filter(|facet| {
            let id = facet.key.as_ref().and_then(|(ids, _)| ids.first());
            id.and_then(|id| table.find(id)).is_some_and(|row| table.cell(row, active).text() == "false")
        });
        let off: Vec<FacetDiff> = off.collect();
        assert!(off.iter().all(|facet| facet.verdict != Verdict::Differs), "{faults:?}: {off:?}");
        let hidden = off.iter().filter(|facet| facet.verdict == Verdict::Unreadable).count();
        let alike = off.iter().filter(|facet| facet.verdict == Verdict::Same).count();
        assert!(if seen { alike > 0 } else { hidden > 0 && alike == 0 }, "{faults:?}: {hidden} hidden, {alike} alike");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_set_anew_from_what_is_typed_or_referred_to_and_is_nowhere_else() {
    const TYPED: &str = "c0rrect-horse-battery";
    const SET: &str = "st4ple-from-a-file";
    let bed = Bed::of(120, &[HR, LITMOS]).await;
    let mut setup = bed.setup(&full());
    let mut config = setup.systems[1].config.clone();
    config.own_secrets.insert("new_password".into(), Source::Given(Secret::new(SET)));
    setup.systems[1] = SystemSetup::over(config, setup.systems[1].connector.mapping().clone()).unwrap();
    let mut console = Console::over(setup);
    console.heard = Some(Vec::new());
    let world = console.world().await;
    let mapping = &view(&world).mapping;
    let row = resettable(mapping, Kind::User).unwrap();
    let all = users(&bed, true).await;
    let of = |id: &str, from: From| {
        let key = RecordKey::new(SystemId::new("litmos"), Kind::User, id);
        reset(&key, row, id, None, from)
    };
    let (typed, name) = of(&all[0], From::Typed);
    let (referred, _) = of(&all[1], From::Setting);
    let plan = console.prepare(vec![typed.clone(), referred]).await;
    assert_eq!((plan.refused.clone(), plan.steps.len()), (Vec::new(), 2));
    for step in &plan.steps {
        assert!(step.side_effects.iter().any(|effect| effect.contains("must change it at the next log-in")));
    }
    let hold = Command::Hold { system: SystemId::new("litmos"), name: name.to_string(), secret: Secret::new(TYPED) };
    console.handle.send(hold);
    let states = console.push(acknowledged(&plan)).await;
    for (change, state) in &states {
        assert!(
            matches!(state, OutcomeState::Confirmed { unread, .. } if unread == &["password"]),
            "{change}: {state:?}"
        );
    }
    let told = bed.get("litmos", "/__sim/litmos").await;
    assert_eq!(told["passwords"][&all[0]], true, "it has to be changed at the next log-in: {told}");
    assert_eq!(told["passwords"][&all[1]], true);
    // The journal, the plan and everything that was reported know of neither.
    let undo = trueup::plan::invert(&typed, &[], None);
    assert!(undo.unwrap_err().to_string().contains("nobody kept what it was before"));
    let heard = console.quit().await.join("\n") + &format!("{plan:?}{}", serde_json::to_string(&*plan).unwrap());
    let mut kept: Vec<u8> = Vec::new();
    for entry in std::fs::read_dir(bed.dir.0.join("state")).unwrap() {
        kept.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let journal = String::from_utf8_lossy(&kept).into_owned();
    assert!(journal.contains("Password"), "the step was written down");
    for secret in [TYPED, SET] {
        assert!(!heard.contains(secret) && !journal.contains(secret), "{secret}");
    }

    // Another run does not know what was typed: nothing is sent, and it says what to do.
    let mut console = bed.console(&full());
    console.world().await;
    let states = outcomes(&mut console, vec![of(&all[2], From::Typed).0]).await;
    let words = format!("{states:?}");
    assert!(words.contains("type it again"), "{words}");
    let told = bed.get("litmos", "/__sim/litmos").await;
    assert_eq!(told["passwords"].as_object().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_members_are_one_request_and_each_is_read_back() {
    let bed = Bed::of(300, &[HR, LITMOS]).await;
    let mut console = bed.console(&full());
    console.world().await;
    let team = ids(&bed, "/v1.svc/teams?limit=1000", |_| true).await.remove(0);
    let mine = ids(&bed, &format!("/v1.svc/teams/{team}/users?limit=1000"), |_| true).await;
    let mut who: Vec<String> = users(&bed, true).await.into_iter().filter(|id| !mine.contains(id)).take(37).collect();
    let inactive = users(&bed, false).await.remove(0);
    who.extend([mine[0].clone(), inactive.clone(), "nobody12345_1".to_owned()]);
    bed.simulator("litmos").seen.forget();
    let changes: Vec<Change> = who.iter().map(|who| member(&team, who, Op::Put)).collect();
    let plan = console.prepare(changes.clone()).await;
    assert_eq!((plan.steps.len(), plan.steps[0].serves.len()), (1, 40));
    let states = console.push(acknowledged(&plan)).await;
    assert_eq!(bed.writes("litmos").len(), 1);
    for (change, who) in changes.iter().zip(&who) {
        let state = &states.iter().find(|(id, _)| *id == change.id).unwrap().1;
        match who.as_str() {
            // Nothing was said of this one, and reading back tells.
            "nobody12345_1" => {
                assert!(matches!(state, OutcomeState::Differs { now } if now.contains("does not know")), "{state:?}");
            }
            _ => assert!(matches!(state, OutcomeState::Confirmed { .. }), "{who}: {state:?}"),
        }
    }
    let listed = ids(&bed, &format!("/v1.svc/teams/{team}/users?limit=1000"), |_| true).await;
    assert!(listed.contains(&who[0]) && !listed.contains(&inactive), "inactive members are not listed");
    // And out again, one by one.
    let drops = vec![member(&team, &who[0], Op::Drop), member(&team, &who[1], Op::Drop)];
    for state in outcomes(&mut console, drops).await {
        assert!(matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    }
    let listed = ids(&bed, &format!("/v1.svc/teams/{team}/users?limit=1000"), |_| true).await;
    assert!(!listed.contains(&who[0]) && listed.contains(&who[2]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_written_whole_and_switched_off_and_on_and_one_who_was_deleted_is_told_as_such() {
    let bed = Bed::of(120, &[HR, LITMOS]).await;
    let mut console = bed.console(&full());
    console.world().await;
    let id = users(&bed, true).await.remove(0);
    let before = bed.get("litmos", &format!("/v1.svc/users/{id}")).await;
    let active = |op, text: &str| change(Kind::User, &id, op, Facet::attr("active"), Wanted::Text(text.into()));
    for change in [title(&id, "Keeper of Keys"), active(Op::Deactivate, "false"), active(Op::Reactivate, "true")] {
        let states = outcomes(&mut console, vec![change]).await;
        assert!(matches!(states[0], OutcomeState::Confirmed { .. }), "{states:?}");
    }
    let after = bed.get("litmos", &format!("/v1.svc/users/{id}")).await;
    for (key, value) in before.as_object().unwrap() {
        if !["JobTitle", "LastLogin"].contains(&key.as_str()) {
            assert_eq!(&after[key], value, "{key}");
        }
    }
    assert_eq!(after["JobTitle"], "Keeper of Keys");
    let plan = console.prepare(vec![title(&id, "Ghost")]).await;
    bed.behind("litmos", "DELETE", &format!("/v1.svc/users/{id}"), &Value::Null).await;
    let states = console.push(plan).await;
    let OutcomeState::Stale { what } = &states[0].1 else { panic!("{states:?}") };
    assert!(what.contains("this user no longer exists in SAP Litmos"), "{what}");
    bed.assert_unwritten();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_is_waited_out_whether_it_is_told_by_503_or_429() {
    for status in ["rate-status=503", "rate-status=429"] {
        let bed = Bed::of(60, &[HR, LITMOS]).await;
        let mut console = bed.console(&full());
        console.world().await;
        let id = users(&bed, true).await.remove(0);
        let plan = console.plan(vec![title(&id, "Patient")]).await;
        bed.faults("litmos", &[status, "rate=1", "window=1", "rate-retry-after"]);
        let outcomes = console.push(plan.clone()).await;
        assert_confirmed(&outcomes, &plan);
        let seen = bed.simulator("litmos").seen.all();
        assert!(seen.iter().any(|request| matches!(request.status, 429 | 503)), "{status}: nobody was turned away");
        let carried_out = seen.iter().filter(|request| request.is_write() && request.status < 300).count();
        assert_eq!(carried_out, 1, "{status}: what was turned away is sent again, once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn either_answer_to_what_is_not_known_of_litmos_is_survived() {
    const VARIANTS: [&[&str]; 6] = [
        &["extra-row", "root-parent=zero", "create-status=200"],
        &["loose-types", "root-parent=null", "put-partial=merge"],
        &["schema-year=2016", "root-parent=absent", "team-put=team"],
        &["schema-year=2020", "deleted-put=404", "user-name-case=exact"],
        &["team-users-active-only=off", "limit-over=error", "email-required=always"],
        &["schema-year=2017", "unique-team-names", "skip-first-login-body=honoured"],
    ];
    for faults in VARIANTS {
        let bed = Bed::of(60, &[HR, ("litmos", "litmos", "litmos", faults)]).await;
        let mut console = bed.console(&full());
        let world = console.world().await;
        let system = world.systems.iter().find(|system| system.id.as_str() == "litmos").unwrap();
        assert!(matches!(system.health, Health::Good), "{faults:?}: {:?}", system.health);
        let user = ids(&bed, "/v1.svc/users?limit=1000", |_| true).await.remove(3);
        let team = ids(&bed, "/v1.svc/teams?limit=1000", |_| true).await.remove(0);
        let rename = change(Kind::Group, &team, Op::Set, Facet::attr("displayName"), Wanted::Text("Nord".into()));
        for change in [title(&user, "Survivor"), rename, member(&team, &user, Op::Put)] {
            let states = outcomes(&mut console, vec![change.clone()]).await;
            assert!(matches!(states[0], OutcomeState::Confirmed { .. }), "{faults:?} {}: {states:?}", change.id);
        }
    }
}
