//! Promise 13: data cannot hurt the terminal, and is sent as it is.

use trueup::compare::{Agreement, Decision, Rule};
use trueup::engine::protocol::{Command, World};
use trueup::model::text;
use trueup::plan::unagreed;

use crate::bed::{
    Bed, DIRECTORY, HR, acknowledged, assert_confirmed, assert_refused, full, offers, patch, sets, staged, user_path,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_could_hurt_a_terminal_is_lint_and_cannot_be_staged_until_it_is_agreed_to() {
    let bed = Bed::of(300, &[HR, DIRECTORY]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let change = staged(sets(&all, "directory", "title").into_iter().take(1)).remove(0);
    console.quit().await;

    let source = change.source.clone().unwrap();
    let hurting = "Clerk\u{1b}]0;owned\u{7}\u{202e}";
    bed.behind("hr", "PATCH", &format!("/scim/v2/Users/{}", source.id), &patch("title", hurting)).await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    let lint =
        world.compared.lints.iter().find(|lint| lint.rule == Rule::HostileText && lint.record == source).unwrap();
    assert!(lint.blocks);
    let all = offers(&world);
    let offer = all.iter().find(|offer| offer.change.id == change.id).unwrap();
    let why = offer.blocked.as_deref().unwrap();
    assert_eq!(why, lint.text);
    for shown in [why, &offer.text, &lint.text] {
        assert_eq!(text::clean(shown), shown, "what is shown is harmless");
        assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']));
    }

    // Not even a change that was staged before can be pushed, until the operator agrees to this very value.
    let odd = offer.change.clone();
    let plan = console.prepare(vec![odd.clone()]).await;
    assert_eq!(plan.guards.iter().map(|guard| &*guard.rule).collect::<Vec<_>>(), ["hostile-text"]);
    let outcomes = console.push(acknowledged(&plan)).await;
    assert_refused(&outcomes, &["hostile-text"]);
    bed.assert_unwritten();

    let [(record, path, value)] = &unagreed(&odd, &[])[..] else { panic!("{odd:?}") };
    assert_eq!((record, path.as_str(), value.as_str()), (&source, "title", hurting));
    let agreement = Agreement::to(record.clone(), path.clone(), value, jiff::Timestamp::now());
    console.handle.send(Command::Decide(vec![Decision::Agree(agreement)]));
    let free = |world: &World| {
        let all = offers(world);
        all.into_iter().find(|offer| offer.change.id == change.id && offer.blocked.is_none())
    };
    let offer = loop {
        if let Some(offer) = free(&*console.world().await) {
            break offer;
        }
    };
    let plan = console.plan(vec![offer.change]).await;
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    assert_eq!(bed.get("directory", &user_path(&change)).await["title"], hurting, "as it is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_carried_over_is_sent_as_it_is_however_it_looks() {
    let bed = Bed::of(300, &[HR, ("directory", "scim", "directory", &["no-patch"])]).await;
    let mut console = bed.console(&full());
    let all = offers(&*console.world().await);
    let change = staged(sets(&all, "directory", "title").into_iter().take(1)).remove(0);
    let hurting = "Lena\u{1b}[31m \u{202e}Fischer";
    let mut record = bed.get("directory", &user_path(&change)).await;
    record["nickName"] = hurting.into();
    bed.behind("directory", "PUT", &user_path(&change), &record).await;
    let plan = console.plan(vec![change.clone()]).await;
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    let body: serde_json::Value = serde_json::from_str(&bed.simulator("directory").seen.writes()[0].body).unwrap();
    assert_eq!(body["nickName"], hurting);
    assert_eq!(bed.get("directory", &user_path(&change)).await["nickName"], hurting);
}
