//! Promise 14: a broken part does not break the rest.

use trueup::engine::protocol::Health;
use trueup::model::Kind;

use crate::bed::{Bed, Console, DIRECTORY, HR, assert_confirmed, full, offers, sets, setup, staged, system};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_system_that_is_down_and_one_with_a_wrong_key_leave_the_third_to_be_read_and_pushed_to() {
    let mut bed =
        Bed::of(300, &[HR, DIRECTORY, ("down", "scim", "directory", &[]), ("locked", "aha", "aha", &[])]).await;
    let systems = bed.simulators.iter().map(|(name, running)| {
        let token = if *name == "locked" { "wrong" } else { &running.login["token"] };
        system(name, &running.connector, &running.url, token, &full())
    });
    let setup = setup(systems.collect(), &bed.dir.0);
    bed.simulators.retain(|(name, _)| *name != "down");

    let mut console = Console::over(setup);
    let world = console.world_without(&["down", "locked"]).await;
    let health = |name: &str| &world.systems.iter().find(|status| status.id.as_str() == name).unwrap().health;
    assert_eq!((health("hr"), health("directory")), (&Health::Good, &Health::Good));
    let Health::Bad { word, text } = health("down") else { panic!("{:?}", health("down")) };
    assert_eq!(word, "down", "{text}");
    let Health::Bad { word, text } = health("locked") else { panic!("{:?}", health("locked")) };
    assert_eq!(word, "auth", "{text}");
    for view in world.compared.inputs.systems.iter().filter(|view| ["down", "locked"].contains(&view.id.as_str())) {
        assert!(view.snapshot(Kind::User).is_none_or(|snapshot| !snapshot.proved()), "{}", view.id);
    }

    let all = offers(&world);
    assert!(all.iter().all(|offer| offer.change.system.as_str() == "directory" || offer.blocked.is_some()));
    let plan = console.plan(staged(sets(&all, "directory", "title").into_iter().take(1))).await;
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
}
