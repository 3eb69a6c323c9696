//! Promise 5: guards fire before the first write.

use trueup::compare::Record;
use trueup::compare::shift;
use trueup::engine::Setup;
use trueup::model::filter::{Filter, Filters};
use trueup::model::{Kind, Op};
use trueup::plan::{Plan, Policy};
use trueup::store::{Journal, journal};

use crate::bed::{
    AHA, Bed, Console, DIRECTORY, HR, Part, acknowledged, assert_confirmed, assert_refused, full, journal_in, of,
    offers, patch, sets, staged,
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
    assert_refused(&outcomes, &["protected", &changes[0].label, "1 protected record of directory"]);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_pushes_of_nine_are_no_way_round_a_limit_of_ten() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let people = bed.get("hr", "/scim/v2/Users?count=60").await;
    let active = people["Resources"].as_array().unwrap().iter().filter(|person| person["active"] == true);
    for person in active.take(20) {
        let path = format!("/scim/v2/Users/{}", person["id"].as_str().unwrap());
        bed.behind("hr", "PATCH", &path, &patch("active", false)).await;
    }
    let mut policy = full();
    policy.limits.percent = 100;
    let mut console = bed.console(&policy);
    let all = offers(&*console.world().await);
    let changes = staged(of(&all, "directory", Op::Deactivate).into_iter().take(18));
    assert_eq!(changes.len(), 18);
    let (first, second) = (console.plan(changes[..9].to_vec()).await, console.plan(changes[9..].to_vec()).await);
    let outcomes = console.push(first.clone()).await;
    assert_confirmed(&outcomes, &first);
    // Also where the second was made before the first was pushed.
    let outcomes = console.push(second).await;
    assert_refused(&outcomes, &["limit-deactivate", "9 users of directory", "after 9 in the last hour", "at most 10"]);
    let plan = console.prepare(changes[9..].to_vec()).await;
    assert_eq!(plan.guards.iter().map(|guard| &*guard.rule).collect::<Vec<_>>(), ["limit-deactivate"]);
    let plan = acknowledged(&plan);
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_has_shrunk_since_the_last_time_is_told_with_its_numbers_until_that_is_acknowledged() {
    let before = Bed::of(400, &[HR, DIRECTORY]).await;
    let mut console = before.console(&full());
    let had = console.world().await.compared.inputs.systems[0].snapshot(Kind::User).unwrap().table.len();
    console.quit().await;
    // The same systems a day later, as far as anybody can tell.
    let bed = Bed::of(200, &[HR, DIRECTORY]).await;
    let mut policy = full();
    policy.limits.percent = 100;
    let setup =
        || Setup { journal: Box::new(journal::open(&journal_in(&before.dir.0)).unwrap()), ..bed.setup(&policy) };
    for acknowledges in [false, true] {
        let mut console = Console::over(setup());
        let world = console.world().await;
        let has = world.compared.inputs.systems[0].snapshot(Kind::User).unwrap().table.len();
        let changes = staged(of(&offers(&world), "directory", Op::Deactivate).into_iter().take(1));
        let plan = console.prepare(changes).await;
        let told: Vec<_> = plan.guards.iter().filter(|guard| guard.rule == "shrunk").collect();
        assert_eq!(told.len(), 2, "the source, and the directory itself: {:?}", plan.guards);
        let numbers = format!("hr had {had} users when it was last read whole, and has {has} now");
        assert!(told.iter().any(|guard| guard.text.contains(&numbers)), "{told:?}");
        if acknowledges {
            let plan = acknowledged(&plan);
            let outcomes = console.push(plan.clone()).await;
            assert_confirmed(&outcomes, &plan);
        } else {
            assert_refused(&console.push(plan).await, &["shrunk", &numbers]);
            bed.assert_unwritten();
        }
        console.quit().await;
    }
    let mut console = Console::over(setup());
    let changes = staged(of(&offers(&*console.world().await), "directory", Op::Deactivate).into_iter().take(1));
    let plan = console.prepare(changes).await;
    assert_eq!(plan.guards.iter().filter(|guard| guard.rule == "shrunk").count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_administrators_of_the_connectors_can_be_told_by_what_is_read() {
    let litmos: Part = ("litmos", "litmos", "litmos", &[]);
    let bed = Bed::of(200, &[HR, AHA, litmos]).await;
    let world = bed.console(&full()).world().await;
    let mut seen = 0;
    for view in &world.compared.inputs.systems {
        for (what, filter) in &view.mapping.administrators {
            let table = &view.snapshot(Kind::User).unwrap().table;
            let is = |row| filter.eval(&Record::new(view, Kind::User, row).unwrap());
            let (some, unsure) = (
                table.rows().filter(|row| is(*row) == Some(true)).count(),
                table.rows().filter(|row| is(*row).is_none()).count(),
            );
            assert!(unsure == 0 && some < table.len(), "{}: {what}: {some}, unsure {unsure}", view.id);
            seen += 1;
        }
    }
    assert_eq!(seen, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_without_the_reason_that_a_system_wants_is_refused_by_the_engine_and_one_with_it_keeps_it() {
    let bed = Bed::of(100, &[HR, DIRECTORY]).await;
    let policy = Policy { require_reason: true, ..full() };
    let mut console = bed.console(&policy);
    let all = offers(&*console.world().await);
    let plan = console.plan(staged(sets(&all, "directory", "title").into_iter().take(1))).await;
    for reason in [None, Some(""), Some("  \t")] {
        let outcomes = console.push_for(plan.clone(), plan.fingerprint.clone(), reason).await;
        assert_refused(&outcomes, &["directory wants a reason or ticket"]);
    }
    bed.assert_unwritten();
    let outcomes = console.push_for(plan.clone(), plan.fingerprint.clone(), Some(" CHG-4711 ")).await;
    assert_confirmed(&outcomes, &plan);
    console.quit().await;
    let kept = journal::open(&journal_in(&bed.dir.0)).unwrap().history(1).unwrap().remove(0).by;
    assert_eq!((kept.who.as_str(), kept.reason.as_deref()), ("lena", Some("CHG-4711")));
}
