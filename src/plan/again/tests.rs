#![allow(clippy::unwrap_used)]
use super::*;
use crate::model::{AttrPath, Kind, SystemId};
use crate::plan::fixture::{aha, time, user};
use crate::plan::{By, Expect, Facet, Group, PlanId, Request, Seen, Step, Want, assemble};

fn change(name: &str, op: Op, target: Target, facet: Facet, value: Wanted) -> Change {
    let expect = Expect::Facets(vec![(facet.clone(), Seen::Absent)]);
    Change {
        id: Change::name(&aha(), Kind::User, name, op, Some(&facet)),
        system: aha(),
        kind: Kind::User,
        target,
        label: name.into(),
        source: None,
        op,
        want: vec![Want { facet, value, by: By::Source }],
        expect,
        needs: Vec::new(),
    }
}

fn set(name: &str) -> Change {
    change(name, Op::Set, Target::Record(user(name)), Facet::attr("title"), Wanted::Text("Dr.".into()))
}

/// A create and a pair that needs it.
fn new_user() -> [Change; 2] {
    let id = Change::name(&aha(), Kind::User, "+h", Op::Create, None);
    let create = Change {
        id: id.clone(),
        ..change("+h", Op::Create, Target::New(id.clone()), Facet::attr("userName"), Wanted::Text("h".into()))
    };
    let pair = Facet { path: AttrPath::new("productRoles"), key: Some(vec![Ref::Id("p1".into())]) };
    let put = change("+h", Op::Put, Target::New(id.clone()), pair, Wanted::Text("viewer".into()));
    [create, Change { needs: vec![id], ..put }]
}

fn plan(changes: &[Change]) -> Plan {
    let group = |change: &Change| Group {
        changes: vec![change.id.clone()],
        steps: Ok(vec![Step::new(SystemId::new("aha"), vec![change.id.clone()], Request::get("/"))]),
    };
    let groups = changes.iter().map(group).collect();
    assemble(PlanId("p".into()), time(), changes.to_vec(), groups, Vec::new(), Vec::new())
}

fn outcome(change: &Change, state: OutcomeState) -> Outcome {
    Outcome { change: change.id.clone(), state, at: time() }
}

fn confirmed(change: &Change) -> Outcome {
    outcome(change, OutcomeState::confirmed(Vec::new()))
}

fn failed(change: &Change) -> Outcome {
    outcome(change, OutcomeState::Failed { why: "no".into() })
}

#[test]
fn only_what_came_about_is_taken_back_and_a_new_account_is_switched_off_once() {
    let [create, put] = new_user();
    let (done, not) = (set("a1"), set("a2"));
    let plan = plan(&[create.clone(), put.clone(), done.clone(), not.clone()]);
    let outcomes = [confirmed(&create), confirmed(&put), confirmed(&done), failed(&not)];
    let Undo { back, cannot, with } = undo(&plan, &outcomes, &|id| (*id == create.id).then(|| "new1".to_owned()));
    let told: Vec<_> = back.iter().map(|change| (change.op, change.target.clone())).collect();
    assert_eq!(told, [(Op::Set, Target::Record(user("a1"))), (Op::Deactivate, Target::Record(user("new1")))]);
    assert_eq!(with, 1, "the pair goes with the account");
    assert_eq!(cannot, Vec::new());
    let Undo { back, cannot, with } = undo(&plan, &outcomes, &|_| None);
    assert_eq!((back.len(), cannot.len(), &cannot[0].0, with), (1, 1, &create.id, 0));
}

#[test]
fn what_was_so_before_the_push_is_not_its_to_take_back() {
    let (own, others) = (set("a1"), set("a2"));
    let [create, put] = new_user();
    let plan = plan(&[own.clone(), others.clone(), create.clone(), put.clone()]);
    let already = |change: &Change| outcome(change, OutcomeState::Confirmed { unread: Vec::new(), already: true });
    let outcomes = [confirmed(&own), already(&others), already(&create), already(&put)];
    let Undo { back, cannot, .. } = undo(&plan, &outcomes, &|_| None);
    let told: Vec<_> = back.iter().map(|change| &change.target).collect();
    assert_eq!((told, cannot), (vec![&Target::Record(user("a1"))], Vec::new()));
}

#[test]
fn what_refers_to_a_record_of_the_same_push_is_taken_back_by_the_id_that_it_got() {
    let [create, _] = new_user();
    let member = Facet { path: AttrPath::new("members"), key: Some(vec![Ref::New(create.id.clone())]) };
    let put = change("g1", Op::Put, Target::Record(user("g1")), member, Wanted::Present);
    let put = Change { needs: vec![create.id.clone()], ..put };
    let plan = plan(&[create.clone(), put.clone()]);
    let outcomes = [confirmed(&create), confirmed(&put)];
    let Undo { back, cannot, .. } = undo(&plan, &outcomes, &|id| (*id == create.id).then(|| "new1".to_owned()));
    assert_eq!(cannot, Vec::new());
    let dropped = back.iter().find(|change| change.op == Op::Drop).unwrap();
    assert_eq!(dropped.want[0].facet.key, Some(vec![Ref::Id("new1".into())]));
    assert_eq!(back.last().map(|change| change.op), Some(Op::Deactivate), "who leaves is taken out first");
    let Undo { cannot, .. } = undo(&plan, &outcomes, &|_| None);
    assert!(cannot.iter().any(|(id, why)| *id == put.id && why.contains("same push created")), "{cannot:?}");
}

#[test]
fn what_failed_is_tried_again_on_the_record_that_was_created_meanwhile() {
    let [create, put] = new_user();
    let done = set("a1");
    let plan = plan(&[create.clone(), put.clone(), done.clone()]);
    let outcomes = [confirmed(&create), failed(&put), confirmed(&done)];
    let again = retry(&plan, &outcomes, &|id| (*id == create.id).then(|| "new1".to_owned()));
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0].target, &again[0].needs), (&Target::Record(user("new1")), &Vec::new()));
    let outcomes =
        [failed(&create), outcome(&put, OutcomeState::Skipped { needs: create.id.clone() }), confirmed(&done)];
    let again = retry(&plan, &outcomes, &|_| None);
    assert_eq!(again.len(), 2);
    assert!(again.contains(&create) && again.contains(&put));
}

#[test]
fn what_is_unknown_is_looked_up_and_not_tried_again() {
    let changes = [set("a1"), set("a2")];
    let plan = plan(&changes);
    let outcomes = [
        outcome(&changes[0], OutcomeState::Stale { what: "x".into() }),
        outcome(&changes[1], OutcomeState::Unknown { why: "x".into() }),
    ];
    assert_eq!(retry(&plan, &outcomes, &|_| None), [changes[0].clone()], "what is stale is made anew");
}

#[test]
fn what_was_written_into_a_new_record_goes_with_it_and_is_taken_back_alone_where_the_record_has_to_stay() {
    use crate::plan::cannot_undo;
    let [create, put] = new_user();
    let put = Change { expect: Expect::Facets(Vec::new()), ..put };
    let mut plan = plan(&[create.clone(), put.clone()]);
    assert_eq!((cannot_undo(&plan, &create), cannot_undo(&plan, &put)), (None, None));
    let outcomes = [confirmed(&create), confirmed(&put)];
    let made = |id: &ChangeId| (*id == create.id).then(|| "new1".to_owned());
    let Undo { back, cannot, .. } = undo(&plan, &outcomes, &made);
    assert_eq!((back.len(), back[0].op, cannot), (1, Op::Deactivate, Vec::new()));
    // Where its kind cannot be switched off, what was put into it is taken out again.
    let why = "it has no way to switch one off";
    plan.one_way = vec![(create.id.clone(), why.to_owned())];
    assert_eq!((cannot_undo(&plan, &create).as_deref(), cannot_undo(&plan, &put)), (Some(why), None));
    let Undo { back, cannot, .. } = undo(&plan, &outcomes, &made);
    assert_eq!(cannot, [(create.id.clone(), why.to_owned())]);
    assert_eq!((back.len(), back[0].op, &back[0].target), (1, Op::Drop, &Target::Record(user("new1"))));
    // What shows is what an existing record is expected to be: of that nobody knows anything here.
    let old = Change { target: Target::Record(user("a1")), needs: Vec::new(), ..put };
    assert!(cannot_undo(&plan, &old).is_some_and(|why| why.contains("nobody knows")));
}
