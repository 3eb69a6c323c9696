#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::model::filter::Filter;
use crate::plan::fixture::{World, aha, hr, record, time, user};
use crate::plan::{By, Expect, Facet, Want, Wanted};

fn change(id: &str, op: Op) -> Change {
    let facet = Facet::attr("active");
    Change {
        id: Change::name(&aha(), Kind::User, id, op, None),
        system: aha(),
        kind: Kind::User,
        target: Target::Record(user(id)),
        label: id.into(),
        source: None,
        op,
        want: vec![Want { facet, value: Wanted::Text("false".into()), by: By::Source }],
        expect: Expect::Facets(Vec::new()),
        needs: Vec::new(),
    }
}

fn changes(count: usize, op: Op) -> Vec<Change> {
    (0..count).map(|at| change(&format!("u{at}"), op)).collect()
}

/// A target with so many users.
fn world(users: usize) -> World {
    let mut world = World::default();
    let ids = (0..users).map(|at| &*Box::leak(format!("u{at}").into_boxed_str()));
    world.target.insert(Kind::User, ids.map(|id| record(id, &[], &[])).collect());
    world
}

fn full() -> Policy {
    Policy { mode: Mode::Full, ..Policy::default() }
}

fn found(world: &World, policy: Policy, changes: &[Change]) -> Vec<Guard> {
    guarded(world, policy, changes, &|_| Some(false))
}

fn guarded(
    world: &World,
    policy: Policy,
    changes: &[Change],
    protected: &dyn Fn(&RecordKey) -> Option<bool>,
) -> Vec<Guard> {
    let compared = world.compared();
    let systems = BTreeMap::from([(aha(), Known { policy, ..Known::default() })]);
    guards(changes, &Facts { compared: &compared, systems: &systems, protected, agreed: &[] })
}

fn rules(found: &[Guard]) -> Vec<&str> {
    found.iter().map(|guard| &*guard.rule).collect()
}

#[test]
fn ten_deactivations_of_a_thousand_pass_and_eleven_do_not() {
    let world = world(1000);
    assert_eq!(found(&world, full(), &changes(10, Op::Deactivate)), Vec::new());
    let guards = found(&world, full(), &changes(11, Op::Deactivate));
    assert_eq!(rules(&guards), ["limit-deactivate"]);
    let Guard { text, can_acknowledge, .. } = &guards[0];
    assert!(text.contains("11 users of aha") && text.contains("at most 10") && *can_acknowledge, "{text}");
    assert!(text.contains("Acknowledge") && text.contains("limits.deactivate"), "{text}");
}

#[test]
fn a_kind_may_have_limits_of_its_own() {
    let limits_of = BTreeMap::from([(Kind::User, Limits { deactivate: 1, percent: 100, ..Limits::default() })]);
    let policy = Policy { limits_of, ..full() };
    assert_eq!((policy.limits(Kind::User).deactivate, policy.limits(Kind::Group).deactivate), (1, 10));
    let world = world(1000);
    assert_eq!(found(&world, policy.clone(), &changes(1, Op::Deactivate)), Vec::new());
    let guards = found(&world, policy, &changes(2, Op::Deactivate));
    assert_eq!(rules(&guards), ["limit-deactivate"]);
    assert!(guards[0].text.contains("at most 1 ") && guards[0].text.contains("limits.User.deactivate"));
}

#[test]
fn five_percent_pass_and_more_do_not() {
    let world = world(100);
    assert_eq!(found(&world, full(), &changes(5, Op::Deactivate)), Vec::new());
    let guards = found(&world, full(), &changes(6, Op::Deactivate));
    assert_eq!(rules(&guards), ["limit-percent"]);
    assert!(guards[0].text.contains("6 of 100 users of aha (6.0 %)"), "{}", guards[0].text);
}

#[test]
fn no_delete_passes_unacknowledged() {
    assert_eq!(rules(&found(&world(1000), full(), &changes(1, Op::Delete))), ["limit-delete"]);
}

#[test]
fn entries_that_are_taken_away_have_their_own_limit() {
    let limits = Limits { remove: 2, ..Limits::default() };
    let policy = Policy { limits, ..full() };
    assert_eq!(found(&world(9), policy.clone(), &changes(2, Op::Drop)), Vec::new());
    assert_eq!(rules(&found(&world(9), policy, &changes(3, Op::Drop))), ["limit-remove"]);
}

#[test]
fn a_mode_cannot_be_acknowledged() {
    for (mode, op, refused) in [
        (Mode::ReadOnly, Op::Set, true),
        (Mode::AppendOnly, Op::Set, false),
        (Mode::AppendOnly, Op::Create, false),
        (Mode::AppendOnly, Op::Drop, true),
        (Mode::AppendOnly, Op::Deactivate, true),
        (Mode::Full, Op::Drop, false),
    ] {
        let guards = found(&world(1000), Policy { mode, ..Policy::default() }, &changes(1, op));
        assert_eq!(guards.is_empty(), !refused, "{mode:?} {op:?}");
        assert!(guards.iter().all(|guard| guard.rule == mode.name() && !guard.can_acknowledge));
    }
    assert_eq!(Policy::default().mode, Mode::ReadOnly);
}

#[test]
fn nothing_is_taken_away_on_the_strength_of_an_unproved_list() {
    for system in ["hr", "aha"] {
        let world = World { unproved: Some(system), ..world(1000) };
        let guards = found(&world, full(), &changes(1, Op::Deactivate));
        assert_eq!(rules(&guards), ["incomplete"]);
        assert!(guards[0].text.contains("a page is missing") && !guards[0].can_acknowledge, "{}", guards[0].text);
        assert_eq!(found(&world, full(), &changes(1, Op::Set)), Vec::new());
    }
}

#[test]
fn protected_and_undecided_records_are_named() {
    let policy = Policy { protect: Filters::of_users(Filter::parse("userName ew \"@svc\"").unwrap()), ..full() };
    let verdict = |key: &RecordKey| match &*key.id {
        "u0" => Some(true),
        "u1" => None,
        _ => Some(false),
    };
    let guards = guarded(&world(1000), policy.clone(), &changes(3, Op::Set), &verdict);
    assert_eq!(rules(&guards), ["protected"]);
    assert!(guards[0].text.contains("2 protected") && guards[0].text.contains("(u0, u1)"), "{}", guards[0].text);
    assert!(!guards[0].can_acknowledge);
    assert_eq!(guarded(&world(1000), policy, &changes(3, Op::Set)[2..], &verdict), Vec::new());
}

#[test]
fn the_source_and_unknown_and_blocked_systems_are_never_written() {
    let to = |system: SystemId| Change { system, ..change("u1", Op::Set) };
    let known =
        |blocked: Option<&str>| Known { policy: full(), blocked: blocked.map(str::to_owned), ..Known::default() };
    let compared = world(9).compared();
    let systems = BTreeMap::from([(hr(), known(None)), (aha(), known(Some("another account answers")))]);
    let facts = Facts { compared: &compared, systems: &systems, protected: &|_| Some(false), agreed: &[] };
    assert_eq!(rules(&guards(&[to(hr())], &facts)), ["source"]);
    assert_eq!(rules(&guards(&[to(aha())], &facts)), ["blocked"]);
    assert_eq!(rules(&guards(&[to(SystemId::new("nobody"))], &facts)), ["no-system"]);
}

#[test]
fn production_wants_its_name_and_a_delete_its_key() {
    let production = Known { policy: Policy { production: true, ..full() }, ..Known::default() };
    let systems = BTreeMap::from([(aha(), production), (hr(), Known::default())]);
    let all = [change("u1", Op::Set), change("u2", Op::Delete)];
    assert_eq!(confirm_names(&all, &systems), [aha()]);
    assert_eq!(confirm_keys(&all), ["u2"]);
    let elsewhere = Change { system: hr(), ..change("u1", Op::Set) };
    assert_eq!(confirm_names(&[elsewhere], &systems), Vec::new());
}

#[test]
fn a_value_that_could_hurt_a_terminal_is_not_pushed_until_it_was_agreed_to() {
    let world = world(1);
    let mut change = changes(1, Op::Set).remove(0);
    let facet = crate::plan::Facet::attr("title");
    let value = crate::plan::Wanted::Text("Chief\u{202e}".into());
    change.want = vec![crate::plan::Want { facet: facet.clone(), value, by: crate::plan::By::Source }];
    let found = found(&world, full(), std::slice::from_ref(&change));
    assert_eq!(rules(&found), ["hostile-text"]);
    assert!(!found[0].can_acknowledge && found[0].text.contains("Chief<202E>"), "{}", found[0].text);

    let owner = change.source.clone().unwrap_or_else(|| match &change.target {
        Target::Record(key) => key.clone(),
        Target::New(_) => unreachable!(),
    });
    let compared = world.compared();
    let systems = BTreeMap::from([(aha(), Known { policy: full(), ..Known::default() })]);
    let with = |value: &str| {
        let agreed = [crate::compare::Agreement::to(owner.clone(), facet.path.clone(), value, time())];
        let facts = Facts { compared: &compared, systems: &systems, protected: &|_| Some(false), agreed: &agreed };
        guards(std::slice::from_ref(&change), &facts).len()
    };
    assert_eq!((with("Chief\u{202e}"), with("Chief\u{202d}")), (0, 1));
}

fn known(world: &World, known: Known, changes: &[Change]) -> Vec<Guard> {
    let compared = world.compared();
    let systems = BTreeMap::from([(aha(), known)]);
    let facts = Facts { compared: &compared, systems: &systems, protected: &|_| Some(false), agreed: &[] };
    guards(changes, &facts)
}

#[test]
fn two_pushes_in_an_hour_are_no_way_round_a_limit() {
    let world = world(1000);
    let taken = BTreeMap::from([((Kind::User, Op::Deactivate), 6)]);
    let after = Known { policy: full(), taken, ..Known::default() };
    assert_eq!(known(&world, after.clone(), &changes(4, Op::Deactivate)), Vec::new());
    let guards = known(&world, after.clone(), &changes(5, Op::Deactivate));
    assert_eq!(rules(&guards), ["limit-deactivate"]);
    let text = &guards[0].text;
    assert!(text.contains("5 users of aha would be deactivated after 6 in the last hour; at most 10"), "{text}");
    assert_eq!(known(&world, after, &changes(5, Op::Set)), Vec::new(), "what is not done again is not counted again");
}

#[test]
fn what_makes_has_limits_where_its_owner_says_so() {
    let limits = Limits { create: Some(2), update_percent: Some(20), ..Limits::default() };
    let policy = Policy { limits, ..full() };
    let rules_of = |count, op| {
        found(&world(10), policy.clone(), &changes(count, op)).into_iter().map(|guard| guard.rule).collect::<Vec<_>>()
    };
    assert_eq!((rules_of(2, Op::Create), rules_of(3, Op::Create)), (vec![], vec!["limit-create".to_owned()]));
    assert_eq!((rules_of(2, Op::Set), rules_of(3, Op::Set)), (vec![], vec!["limit-update-percent".to_owned()]));
    // Two attributes of one record are one record.
    let mut twice = changes(2, Op::Set);
    twice.extend(twice.clone());
    assert_eq!(found(&world(10), policy, &twice), Vec::new());
}

#[test]
fn every_beginning_of_what_was_acknowledged_is_covered_and_more_is_not() {
    let world = world(40);
    let all: Vec<Change> = [changes(20, Op::Deactivate), changes(3, Op::Delete)].concat();
    let mut seen = found(&world, full(), &all);
    assert!(seen.len() >= 3, "{seen:?}");
    let uncovered = |seen: &[Guard], changes: &[Change]| {
        let now = found(&world, full(), changes);
        now.into_iter().filter(|guard| !seen.iter().any(|seen| seen.covers(guard))).count()
    };
    assert_eq!(uncovered(&seen, &all), seen.len(), "nothing was acknowledged yet");
    for guard in &mut seen {
        guard.acknowledged = true;
    }
    for end in 1..=all.len() {
        assert_eq!(uncovered(&seen, &all[..end]), 0, "the first {end}");
    }
    let more = [changes(21, Op::Deactivate), changes(3, Op::Delete)].concat();
    assert!(uncovered(&seen, &more) > 0);
}

fn admins() -> (World, Known) {
    let mut world = World::default();
    let admin = |id, active| record(id, &[("title", "Admin"), ("active", active)], &[]);
    let users = vec![admin("u0", "true"), admin("u1", "true"), admin("u2", "false"), record("u3", &[], &[])];
    world.target.insert(Kind::User, users);
    let limits = Limits { percent: 100, delete: 10, ..Limits::default() };
    let administrators = vec![("administrator".to_owned(), Filter::parse("title eq \"Admin\"").unwrap())];
    (world, Known { policy: Policy { limits, ..full() }, administrators, ..Known::default() })
}

#[test]
fn the_last_active_administrator_is_neither_switched_off_nor_deleted() {
    let (world, admins) = admins();
    for op in [Op::Deactivate, Op::Delete] {
        assert_eq!(known(&world, admins.clone(), &[change("u0", op)]), Vec::new(), "u1 stays");
        assert_eq!(known(&world, admins.clone(), &[change("u3", op)]), Vec::new(), "u3 is none");
        let guards = known(&world, admins.clone(), &[change("u0", op), change("u1", op)]);
        assert_eq!(rules(&guards), ["last-administrator"], "u2 is not active");
        let Guard { text, can_acknowledge, .. } = &guards[0];
        assert!(text.contains("u0, u1") && text.contains("last administrator of aha") && !can_acknowledge, "{text}");
    }
}

#[test]
fn the_last_administrator_keeps_the_right() {
    let (world, admins) = admins();
    let set = |id: &str, title: &str| {
        let want = Want { facet: Facet::attr("title"), value: Wanted::Text(title.into()), by: By::Source };
        Change { want: vec![want], ..change(id, Op::Set) }
    };
    assert_eq!(known(&world, admins.clone(), &[set("u0", "Guest"), set("u1", "ADMIN")]), Vec::new(), "u1 keeps it");
    let guards = known(&world, admins.clone(), &[set("u0", "Guest"), set("u1", "")]);
    assert_eq!(rules(&guards), ["last-administrator"]);
    let other = Facet::attr("active");
    let want = Want { facet: other, value: Wanted::Text("true".into()), by: By::Source };
    let harmless = Change { want: vec![want], ..change("u1", Op::Set) };
    assert_eq!(known(&world, admins, &[set("u0", "Guest"), harmless]), Vec::new());
}

#[test]
fn what_shrank_is_asked_about_where_something_is_done_on_the_strength_of_it() {
    let source = Shrunk { system: hr(), kind: Kind::User, before: 1203, now: 620 };
    let target = Shrunk { system: aha(), ..source.clone() };
    let with = |shrunk: &Shrunk| Known { policy: full(), shrunk: vec![shrunk.clone()], ..Known::default() };
    let world = world(1000);
    let of = |shrunk: &Shrunk, op| {
        known(&world, with(shrunk), &changes(1, op))
            .into_iter()
            .map(|guard| (guard.rule, guard.text))
            .collect::<Vec<_>>()
    };
    let told = of(&source, Op::Deactivate);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].0 == "shrunk" && told[0].1.contains("hr had 1203 users") && told[0].1.contains("620 now (48.4 % fewer")
    );
    assert_eq!(of(&source, Op::Create), [], "what the source has is there");
    assert_eq!(of(&target, Op::Create).len(), 1, "it may be there, and only not be shown");
    assert_eq!(of(&target, Op::Set), []);
    assert!(Shrunk::is(100, 79, 20) && !Shrunk::is(100, 80, 20) && !Shrunk::is(4, 0, 20) && Shrunk::is(5, 0, 20));
    assert!(!Shrunk::is(100, 200, 20));
}
