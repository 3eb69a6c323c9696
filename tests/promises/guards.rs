//! Promise 5: guards fire before the first write.

use trueup::compare::shift;
use trueup::model::Op;
use trueup::model::filter::{Filter, Filters};
use trueup::plan::{Plan, Policy};

use crate::bed::{
    Bed, Console, DIRECTORY, HR, acknowledged, assert_confirmed, assert_refused, full, of, offers, patch, sets, staged,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eleven_deactivations_are_refused_before_the_first_write_until_they_are_acknowledged() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let people = bed.get("hr", "/scim/v2/Users?count=60").await;
    let active = people["Resources"].as_array().unwrap().iter().filter(|person| person["active"] == true);
    for person in active.take(16) {
        let path = format!("/scim/v2/Users/{}", person["id"].as_str().unwrap());
        bed.behind("hr", "PATCH", &path, &patch("active", false)).await;
    }
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let mut changes = staged(of(&all, "directory", Op::Deactivate).into_iter().take(11));
    changes.extend(staged(sets(&all, "directory", "title").into_iter().take(1)));
    assert_eq!(changes.len(), 12);

    let plan = console.prepare(changes).await;
    assert_eq!(plan.guards.iter().map(|guard| &*guard.rule).collect::<Vec<_>>(), ["limit-deactivate"]);
    let words = ["limit-deactivate", "11 users of directory", "at most 10", "limits.deactivate", "Acknowledge"];
    let outcomes = console.push(plan.clone()).await;
    assert_eq!(outcomes.len(), 12, "all of it is refused, not only what is too much");
    assert_refused(&outcomes, &words);
    bed.assert_unwritten();

    let plan = acknowledged(&plan);
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    assert_eq!(bed.writes("directory").len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_in_percent_says_the_percentage() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut policy = full();
    policy.limits.percent = 0;
    let mut console = bed.console(&policy);
    let all = offers(&*console.world().await);
    let plan = console.prepare(staged(of(&all, "directory", Op::Deactivate).into_iter().take(1))).await;
    let outcomes = console.push(plan).await;
    assert_refused(&outcomes, &["limit-percent", "1 of ", "(0.4 %)", "at most 0 %"]);
    bed.assert_unwritten();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_protected_record_is_not_touched_and_that_cannot_be_acknowledged() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let changes = staged(sets(&all, "directory", "title").into_iter().take(2));
    console.quit().await;

    let protect = Filters::of_all(&Filter::parse(&format!("userName eq \"{}\"", changes[0].label)).unwrap());
    let mut console = bed.console(&Policy { protect, ..full() });
    console.world().await;
    let plan = acknowledged(&*console.prepare(changes.clone()).await);
    let outcomes = console.push(plan).await;
    assert_refused(&outcomes, &["protected", &changes[0].label, "1 protected records of directory"]);
    bed.assert_unwritten();
    let plan = console.plan(changes[1..].to_vec()).await;
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scope_that_was_changed_since_the_last_push_is_told_with_its_numbers() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let scoped = |scope: Option<&str>| {
        let mut setup = bed.setup(&full());
        setup.systems[1].config.scope =
            scope.map(|scope| Filters::of_users(Filter::parse(scope).unwrap())).unwrap_or_default();
        Console::over(setup)
    };
    let rules = |plan: &Plan| plan.guards.iter().map(|guard| guard.rule.clone()).collect::<Vec<_>>();
    let mut console = scoped(None);
    let all = offers(&*console.world().await);
    let changes = staged(sets(&all, "directory", "title").into_iter().take(2));
    assert_eq!(rules(&*console.prepare(changes.clone()).await), [""; 0]);
    console.quit().await;

    let mut console = scoped(Some(r#"userName pr and not (userName sw "a")"#));
    let world = console.world().await;
    let inputs = &world.compared.inputs;
    let gone = shift(inputs, 1, false, &Filters::default()).goes_out;
    assert!(gone > 0);
    let plan = console.prepare(changes.clone()).await;
    assert_eq!(rules(&plan), ["scope-changed"]);
    let outcomes = console.push(plan.clone()).await;
    assert_refused(&outcomes, &["scope-changed", &format!("{gone} go out of it"), "it was: all"]);
    bed.assert_unwritten();
    let plan = acknowledged(&plan);
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    console.quit().await;

    // It was acknowledged by that push, and is the rule from then on.
    let mut console = scoped(Some(r#"userName pr and not (userName sw "a")"#));
    let all = offers(&*console.world().await);
    let changes = staged(sets(&all, "directory", "title").into_iter().take(1));
    assert_eq!(rules(&*console.prepare(changes).await), [""; 0]);
}
