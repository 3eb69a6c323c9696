#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::model::{Kind, Op};
use crate::plan::fixture::{aha, time, user};
use crate::plan::{Expect, Facet, Request};

fn change(name: &str, op: Op, target: Target, needs: &[&ChangeId]) -> Change {
    Change {
        id: Change::name(&aha(), Kind::User, name, op, Some(&Facet::attr("x"))),
        system: aha(),
        kind: Kind::User,
        target,
        label: name.into(),
        source: None,
        op,
        want: Vec::new(),
        expect: Expect::Facets(Vec::new()),
        needs: needs.iter().map(|need| (*need).clone()).collect(),
    }
}

fn of(name: &str, op: Op, needs: &[&ChangeId]) -> Change {
    change(name, op, Target::Record(user(name)), needs)
}

fn step(serves: &[&Change], path: &str) -> Step {
    Step {
        side_effects: vec!["a mail is sent".into()],
        ..Step::new(aha(), serves.iter().map(|change| change.id.clone()).collect(), Request::get(path))
    }
}

fn planned(changes: &[Change], groups: Vec<Group>) -> Plan {
    assemble(PlanId("p".into()), time(), changes.to_vec(), groups, Vec::new(), Vec::new())
}

fn each(changes: &[Change]) -> Vec<Group> {
    let one =
        |change: &Change| Group { changes: vec![change.id.clone()], steps: Ok(vec![step(&[change], &change.label)]) };
    changes.iter().map(one).collect()
}

fn paths(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| &*step.write.path).collect()
}

#[test]
fn removals_come_first_and_what_is_needed_before_what_needs_it() {
    let create = of("new", Op::Create, &[]);
    let put = of("team", Op::Put, &[&create.id]);
    let off = of("old", Op::Deactivate, &[]);
    // The entry that goes out of the team needs the create as well: it waits, though removals come first.
    let out = of("out", Op::Drop, &[&create.id]);
    let changes = [put.clone(), create.clone(), out.clone(), off.clone()];
    let plan = planned(&changes, each(&changes));
    let shown: Vec<&str> = plan.changes.iter().map(|change| &*change.label).collect();
    assert_eq!(shown, ["old", "out", "new", "team"]);
    assert_eq!(paths(&plan), ["old", "new", "out", "team"]);
    let ids: Vec<&str> = plan.steps.iter().map(|step| &*step.id.0).collect();
    assert_eq!(ids, ["p/1", "p/2", "p/3", "p/4"]);
    let after: Vec<Vec<&str>> = plan.steps.iter().map(|step| step.after.iter().map(|id| &*id.0).collect()).collect();
    assert_eq!(after, [vec![], vec![], vec!["p/2"], vec!["p/2"]]);
}

#[test]
fn the_steps_of_one_change_stay_in_the_connectors_order() {
    let save = of("dept", Op::Create, &[]);
    let groups = vec![Group {
        changes: vec![save.id.clone()],
        steps: Ok(["save", "submit", "audit"].iter().map(|path| step(&[&save], path)).collect()),
    }];
    let plan = planned(&[save], groups);
    assert_eq!(paths(&plan), ["save", "submit", "audit"]);
    assert_eq!(plan.steps[2].after.len(), 2);
}

#[test]
fn a_step_with_a_hole_comes_after_the_one_that_fills_it() {
    let create = of("new", Op::Create, &[]);
    let pair = of("new", Op::Put, &[]);
    let mut first = step(&[&create], "create");
    first.yields = Some(create.id.clone());
    let mut second = step(&[&pair], "pair");
    second.write.holes = vec![create.id.clone()];
    let groups = vec![Group { changes: vec![create.id.clone(), pair.id.clone()], steps: Ok(vec![first, second]) }];
    let plan = planned(&[create, pair], groups);
    assert_eq!(plan.steps[1].after, [plan.steps[0].id.clone()]);
}

#[test]
fn what_needs_a_refused_change_is_refused_and_so_is_what_shares_its_request() {
    let create = of("new", Op::Create, &[]);
    let put = of("team", Op::Put, &[&create.id]);
    let beside = of("beside", Op::Put, &[]);
    let alone = of("alone", Op::Set, &[]);
    let groups = vec![
        Group { changes: vec![create.id.clone()], steps: Err("no product".into()) },
        Group { changes: vec![put.id.clone(), beside.id.clone()], steps: Ok(vec![step(&[&put, &beside], "team")]) },
        Group { changes: vec![alone.id.clone()], steps: Ok(vec![step(&[&alone], "alone")]) },
    ];
    let plan = planned(&[create, put, beside, alone], groups);
    assert_eq!(paths(&plan), ["alone"]);
    let mut refused: Vec<(&str, &str)> =
        plan.refused.iter().map(|(id, why)| (&*plan.change(id).unwrap().label, &**why)).collect();
    refused.sort_unstable();
    assert_eq!(refused[0].0, "beside");
    assert!(refused[0].1.contains("one request"));
    assert_eq!(refused[1], ("new", "no product"));
    assert!(refused[2].0 == "team" && refused[2].1.contains("cannot be done"));
    assert_eq!(plan.count(), 1);
}

#[test]
fn changes_that_need_each_other_are_refused() {
    let mut one = of("one", Op::Create, &[]);
    let two = of("two", Op::Create, &[&one.id]);
    one.needs = vec![two.id.clone()];
    let changes = [one, two, of("three", Op::Set, &[])];
    let plan = planned(&changes, each(&changes));
    assert_eq!(paths(&plan), ["three"]);
    assert_eq!(plan.refused.len(), 2);
}

#[test]
fn a_change_without_a_request_is_refused() {
    let change = of("one", Op::Set, &[]);
    let plan =
        planned(std::slice::from_ref(&change), vec![Group { changes: vec![change.id.clone()], steps: Ok(Vec::new()) }]);
    assert_eq!((plan.steps.len(), plan.refused.len(), plan.count()), (0, 1, 0));
}

#[test]
fn the_fingerprint_covers_changes_steps_and_what_was_refused() {
    let changes = [of("one", Op::Set, &[]), of("two", Op::Set, &[])];
    let plan = planned(&changes, each(&changes));
    assert_eq!(digest(&plan), plan.fingerprint);
    let mut other = plan.clone();
    other.steps[0].write.path = "elsewhere".into();
    assert_ne!(digest(&other), plan.fingerprint);
    let mut other = plan.clone();
    other.changes[0].label = "x".into();
    assert_ne!(digest(&other), plan.fingerprint);
    let mut other = plan.clone();
    other.refused.push((plan.changes[0].id.clone(), "x".into()));
    assert_ne!(digest(&other), plan.fingerprint);
    let mut other = plan.clone();
    other.steps.swap(0, 1);
    assert_ne!(digest(&other), plan.fingerprint);
}

#[test]
fn side_effects_are_counted() {
    let changes = [of("one", Op::Set, &[]), of("two", Op::Set, &[])];
    let plan = planned(&changes, each(&changes));
    assert_eq!(plan.side_effects(), [(aha(), "a mail is sent".to_owned(), 2)]);
}
