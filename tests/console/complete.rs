//! What was read and is not proved to be all: taken for complete on Systems, with a reason, and not without.

use std::sync::Arc;

use trueup::compare::compare;
use trueup::engine::protocol::{Command, Health, World};
use trueup::model::{FeedState, Proof, SystemId};

use crate::desk::Desk;
use crate::world;

/// The small world, in which the users of aha are not known to be all.
fn unproved() -> World {
    let mut small = world::small();
    let mut inputs = (*small.compared.inputs).clone();
    let mut users = (*inputs.systems[1].snapshots[0].clone().unwrap()).clone();
    let why = "the service counts 9 and 6 came".to_owned();
    users.feeds =
        vec![FeedState { feed: "users".into(), proof: Proof::Partial { why: why.clone() }, pages: 1, requests: 1 }];
    inputs.systems[1].snapshots[0] = Some(Arc::new(users));
    small.compared = Arc::new(compare(Arc::new(inputs)));
    let mut systems = small.systems.to_vec();
    systems[1].health = Health::Partial(why);
    small.systems = systems.into();
    small
}

fn taken(desk: &Desk) -> Vec<(SystemId, String)> {
    let told = desk.commands().into_iter().filter_map(|command| match command {
        Command::Acknowledge { system, kind: None, why } => Some((system.clone(), why.clone())),
        _ => None,
    });
    told.collect()
}

#[test]
fn what_is_not_proved_is_taken_for_complete_with_a_reason_and_not_without() {
    let mut desk = Desk::with(120, 36, unproved());
    desk.keys("7 j Space");
    let screen = desk.screen();
    assert!(screen.contains("Take what was read of aha for complete"), "{screen}");
    assert!(
        screen.contains("Users  users  the service counts 9 and 6 came"),
        "what lacks its proof, and why: {screen}"
    );
    desk.keys("Enter");
    assert_eq!(taken(&desk), Vec::new(), "no reason, no word");
    assert!(desk.app.popup.is_some(), "the question stands");
    desk.keys("pilot Enter");
    assert_eq!(taken(&desk), [(SystemId::new("aha"), "pilot".to_owned())]);
    assert!(desk.app.popup.is_none());
}

#[test]
fn escape_takes_nothing_for_complete_and_of_what_is_proved_there_is_nothing_to_take() {
    let mut desk = Desk::with(120, 36, unproved());
    desk.keys("7 j Space pilot Esc");
    assert!(desk.app.popup.is_none());
    desk.keys("k Space");
    assert!(desk.app.popup.is_none(), "hr is proved to be all: {}", desk.screen());
    assert_eq!(taken(&desk), Vec::new());
}
