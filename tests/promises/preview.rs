//! Promise 2: preview is the request.

use std::collections::BTreeMap;

use serde_json::Value;
use trueup::model::{Kind, Op};
use trueup::plan::{Body, ChangeId, Method, Plan, Ref, Request};
use trueup::simulate::seen;

use crate::bed::{
    AHA, Bed, Console, DIRECTORY, HR, assert_confirmed, assert_refused, created, full, of, of_kind, offers, sets,
    staged, user_path, wanted,
};

/// What was previewed, as the simulator would note it. A new record's id is taken from what was sent.
fn shown(request: &Request, sent: &seen::Request) -> (String, String, String, Option<Value>) {
    let (mut path, mut body) = (request.path.clone(), String::new());
    if let Body::Json { json, .. } = &request.body {
        body = json.to_string();
    }
    for change in &request.holes {
        let hole = Ref::New(change.clone()).to_string();
        if let Some((front, back)) = path.split_once(&hole) {
            let id = sent.path.strip_prefix(front).and_then(|rest| rest.strip_suffix(back)).unwrap();
            assert!(!id.is_empty() && !id.contains('/'), "{id}");
            body = body.replace(&hole, id);
            path = path.replace(&hole, id);
        }
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
    (request.method.to_string(), path, query, serde_json::from_str(&body).ok())
}

fn noted(sent: &seen::Request) -> (String, String, String, Option<Value>) {
    (sent.method.clone(), sent.path.clone(), sent.query.clone(), serde_json::from_str(&sent.body).ok())
}

/// What a system was sent is what the plan shows, in this order, and nothing else.
fn assert_sent_as_shown(bed: &Bed, plan: &Plan) {
    for (name, running) in &bed.simulators {
        let steps: Vec<_> = plan.steps.iter().filter(|step| step.system.as_str() == *name).collect();
        let sent = running.seen.writes();
        assert_eq!(sent.len(), steps.len(), "{name}: {:?}", bed.writes(name));
        for (step, sent) in steps.iter().zip(&sent) {
            assert_eq!(noted(sent), shown(&step.write, sent));
            for (header, value) in &step.write.headers {
                assert_eq!(sent.headers.get(&header.to_lowercase()), Some(value));
            }
        }
    }
}

/// Prepares, pushes, and looks at what was sent: after the preview nothing, after the push exactly that.
async fn push_as_shown(bed: &Bed, console: &mut Console, changes: Vec<trueup::plan::Change>) -> Plan {
    bed.simulators.iter().for_each(|(_, running)| running.seen.forget());
    let plan = console.plan(changes).await;
    bed.assert_unwritten();
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    assert_sent_as_shown(bed, &plan);
    (*plan).clone()
}

fn methods(plan: &Plan) -> Vec<Method> {
    plan.steps.iter().map(|step| step.write.method).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_change_in_a_scim_directory_is_the_one_request_that_was_shown() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    for picked in [
        sets(&all, "directory", "title"),
        of(&all, "directory", Op::Deactivate),
        of(&all, "directory", Op::Create),
        of_kind(&all, "directory", Kind::Group, Op::Put),
        of_kind(&all, "directory", Kind::Group, Op::Drop),
    ] {
        let plan = push_as_shown(&bed, &mut console, staged(picked.into_iter().take(1))).await;
        let create = plan.changes[0].op == Op::Create;
        assert_eq!(methods(&plan), [if create { Method::Post } else { Method::Patch }]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_change_at_aha_is_the_one_request_that_was_shown() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let (changed, set): (Vec<_>, Vec<_>) =
        of(&all, "aha", Op::Set).into_iter().partition(|offer| offer.change.want[0].facet.key.is_some());
    for picked in [
        set,
        of(&all, "aha", Op::Put),
        changed,
        of(&all, "aha", Op::Drop),
        of(&all, "aha", Op::Deactivate),
        of(&all, "aha", Op::Reactivate),
    ] {
        let plan = push_as_shown(&bed, &mut console, staged(picked.into_iter().take(1))).await;
        assert_eq!(plan.steps.len(), 1, "{:?}", methods(&plan));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_create_with_three_pairs_is_one_create_and_two_more_requests() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let mut changes = created(&all);
    let keys = of(&all, "aha", Op::Put).into_iter().filter_map(|offer| offer.change.want[0].facet.key.clone());
    for key in keys {
        let have = changes.iter().any(|change| change.want[0].facet.key.as_ref() == Some(&key));
        if changes.len() < 4 && !have {
            let mut more = changes[1].clone();
            more.want[0].facet.key = Some(key);
            more.id = ChangeId(format!("{}, one more of {}", more.id, changes.len()).into());
            changes.push(more);
        }
    }
    assert_eq!(changes.len(), 4, "the create and three pairs");
    let plan = push_as_shown(&bed, &mut console, changes).await;
    let creates = plan.steps.iter().filter(|step| step.write.path.contains("/products/")).count();
    assert_eq!((creates, plan.steps.len()), (1, 3), "every further pair is a request of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_only_whole_records_are_taken_the_rest_is_carried_over_and_shown_as_carried_over() {
    let bed = Bed::of(300, &[HR, ("directory", "scim", "directory", &["no-patch"])]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let change = staged(sets(&all, "directory", "title").into_iter().take(1)).remove(0);
    let path = user_path(&change);
    let mut was = bed.get("directory", &path).await;
    let plan = push_as_shown(&bed, &mut console, vec![change.clone()]).await;
    assert_eq!(methods(&plan), [Method::Put]);
    assert!(
        plan.steps[0].write.carried.iter().any(|pointer| pointer == "/userName"),
        "{:?}",
        plan.steps[0].write.carried
    );
    assert!(plan.steps[0].write.carried.iter().all(|pointer| pointer != "/title"));
    let body = &bed.simulator("directory").seen.writes()[0].body;
    let mut sent: Value = serde_json::from_str(body).unwrap();
    let mut now = bed.get("directory", &path).await;
    assert_eq!((&sent["title"], &now["title"]), (&wanted(&change).into(), &wanted(&change).into()));
    let manager = format!("/{}/manager", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User");
    for record in [&mut was, &mut sent, &mut now] {
        // The service's own (RFC 7643 3.1, 4.1.2 and 4.3): the name of the manager is made by it, or left out.
        for (parent, own) in [("", "title"), ("", "meta"), ("", "groups"), (manager.as_str(), "displayName")] {
            record.pointer_mut(parent).and_then(Value::as_object_mut).map(|parent| parent.remove(own));
        }
    }
    let record = |record: Value| record.as_object().unwrap().clone().into_iter().collect::<BTreeMap<_, _>>();
    let (was, sent, now) = (record(was), record(sent), record(now));
    assert_eq!(sent, was, "everything else is carried over");
    assert_eq!(now, was, "nothing else has changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_that_the_service_refuses_is_learnt_and_the_next_plan_previews_the_other_one() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let changes = staged(sets(&all, "directory", "title").into_iter().take(1));
    let plan = console.plan(changes.clone()).await;
    assert_eq!(methods(&plan), [Method::Patch]);
    bed.faults("directory", &["no-patch"]);
    let outcomes = console.push(plan).await;
    assert_refused(&outcomes, &["prepare it again"]);
    assert_eq!(bed.writes("directory").len(), 1, "the other form is not sent without a preview");
    let plan = push_as_shown(&bed, &mut console, changes).await;
    assert_eq!(methods(&plan), [Method::Put]);
    assert!(!matches!(plan.steps[0].write.body, Body::None));
}
