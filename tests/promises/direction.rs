//! Beside the promises: each mismatch says which side moved, also in the next run, and a push settles it.

use std::sync::Arc;

use trueup::compare::{Direction, Verdict, facets};
use trueup::engine::protocol::{Command, World};
use trueup::engine::{Setup, read_all};
use trueup::model::{AttrPath, Kind};
use trueup::plan::Change;
use trueup::store::FileCache;

use crate::bed::{Bed, Console, DIRECTORY, HR, assert_confirmed, full, offers, patch, sets, staged, user_path};

/// What is said of a change's title: whether it differs, and which side moved.
fn told(world: &World, change: &Change) -> Option<Direction> {
    let source = change.source.as_ref().unwrap();
    let compared = &world.compared;
    let row = compared.inputs.systems[0].snapshot(Kind::User)?.table.find(&source.id)?;
    let identity = compared.kind(Kind::User).identity_of(0, row)?;
    let all = facets(compared, Kind::User, identity, 1);
    let title = all.into_iter().find(|facet| facet.path == AttrPath::new("title"))?;
    (title.verdict == Verdict::Differs).then_some(title.direction)
}

async fn until(console: &mut Console, is: impl Fn(&World) -> bool) -> Arc<World> {
    console.handle.send(Command::Refresh { system: None, kind: Some(Kind::User) });
    loop {
        let world = console.world().await;
        if is(&world) {
            return world;
        }
    }
}

async fn alike(bed: &Bed) -> Change {
    // Somebody whose title differs now, made alike behind our back.
    let mut console = bed.console(&full());
    let world = console.world().await;
    let all = offers(&world);
    let change = staged(sets(&all, "directory", "title").into_iter().take(1)).remove(0);
    assert_eq!(told(&world, &change), Some(Direction::Unknown));
    console.quit().await;
    bed.behind("directory", "PATCH", &user_path(&change), &patch("title", "Clerk")).await;
    set_source(bed, &change, "Clerk").await;
    change
}

async fn set_source(bed: &Bed, change: &Change, title: &str) {
    let path = format!("/scim/v2/Users/{}", change.source.as_ref().unwrap().id);
    bed.behind("hr", "PATCH", &path, &patch("title", title)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mismatch_says_which_side_moved_and_a_push_makes_the_new_value_the_common_one() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let change = alike(&bed).await;
    let mut console = bed.console(&full());
    assert_eq!(told(&*console.world().await, &change), None);
    set_source(&bed, &change, "Chief").await;
    until(&mut console, |world| told(world, &change) == Some(Direction::SourceChanged)).await;
    // The journal keeps it: without any snapshot of before the next run says the same.
    console.quit().await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    assert_eq!(told(&world, &change), Some(Direction::SourceChanged));
    let plan = console
        .plan(staged(sets(&offers(&world), "directory", "title").into_iter().filter(|o| o.change.id == change.id)))
        .await;
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    until(&mut console, |world| told(world, &change).is_none()).await;
    bed.behind("directory", "PATCH", &user_path(&change), &patch("title", "Boss")).await;
    until(&mut console, |world| told(world, &change) == Some(Direction::TargetDrifted)).await;
    console.quit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_screen_the_run_before_tells_which_side_moved() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let change = alike(&bed).await;
    let setup = || Setup { cache: Some(Arc::new(FileCache::new(bed.dir.0.join("cache")))), ..bed.setup(&full()) };
    let read = || async { read_all(setup(), |_| {}).await.unwrap() };
    assert_eq!(told(&read().await, &change), None);
    bed.behind("directory", "PATCH", &user_path(&change), &patch("title", "Boss")).await;
    assert_eq!(told(&read().await, &change), Some(Direction::TargetDrifted));
    // The files have moved on; the journal has not forgotten.
    assert_eq!(told(&read().await, &change), Some(Direction::TargetDrifted));
}
