//! Promise 10: a push has an inverse where one exists.

use trueup::model::Op;
use trueup::plan::{Change, Expect, Seen, invert};

use crate::bed::{
    AHA, Bed, Console, DIRECTORY, HR, assert_confirmed, before, full, of, offers, sets, staged, user_path,
};

/// The change that takes this one back, from what it expected.
fn back(change: &Change) -> Change {
    let Expect::Facets(was) = &change.expect else { panic!("{change:?}") };
    invert(change, was, None).unwrap()
}

async fn there_and_back(console: &mut Console, change: Change) {
    let inverse = back(&change);
    for change in [change, inverse] {
        let plan = console.plan(vec![change]).await;
        let outcomes = console.push(plan.clone()).await;
        assert_confirmed(&outcomes, &plan);
    }
}

/// A record without what a service itself notes of each write.
fn bare(mut record: serde_json::Value) -> serde_json::Value {
    record.as_object_mut().unwrap().remove("meta");
    record
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inverse_of_a_set_and_of_a_deactivation_restores_the_record() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    for picked in [sets(&all, "directory", "title"), of(&all, "directory", Op::Deactivate)] {
        let change = staged(picked.into_iter().take(1)).remove(0);
        let path = user_path(&change);
        let was = bare(bed.get("directory", &path).await);
        there_and_back(&mut console, change).await;
        assert_eq!(bed.writes("directory").len(), 2, "there and back");
        assert_eq!(bare(bed.get("directory", &path).await), was);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inverse_of_a_pair_that_was_added_changed_or_taken_away_restores_it() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let added = of(&all, "aha", Op::Put);
    assert!(added.iter().all(|offer| *before(&offer.change) == Seen::Absent), "what is there is set");
    let changed = sets(&all, "aha", "productRoles");
    for picked in [added, changed, of(&all, "aha", Op::Drop)] {
        let change = staged(picked.into_iter().take(1)).remove(0);
        let trueup::plan::Target::Record(key) = &change.target else { panic!("{change:?}") };
        let path = format!("/api/v1/users/{}", key.id);
        let was = pairs(&bed.get("aha", &path).await);
        assert!(!was.is_empty());
        there_and_back(&mut console, change).await;
        assert_eq!(bed.writes("aha").len(), 2, "there and back");
        assert_eq!(pairs(&bed.get("aha", &path).await), was);
    }
}

/// A user's pairs, in whatever order they are told.
fn pairs(told: &serde_json::Value) -> Vec<String> {
    let list = told["user"]["product_roles"].as_array().unwrap();
    let mut pairs: Vec<String> = list.iter().map(ToString::to_string).collect();
    pairs.sort();
    pairs
}
