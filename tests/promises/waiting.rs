//! Who is still to be created and belongs into something that is there: told at once, staged together, carried out in order,
//! and taken back.

use serde_json::Value;
use trueup::engine::protocol::{Command, Report, World};
use trueup::model::{Kind, Op};
use trueup::plan::stage::Offer;
use trueup::plan::{Change, ChangeId, Plan, Target, Undo, undo};

use crate::bed::{Bed, Console, HR, acknowledged, assert_confirmed, full, offers, staged};

/// Takes somebody out of a system who is in a group there, behind everybody's back.
async fn forgotten(bed: &Bed, litmos: bool) {
    if litmos {
        for team in bed.get("there", "/v1.svc/teams?limit=1000").await.as_array().unwrap() {
            let id = team["Id"].as_str().unwrap();
            let members = bed.get("there", &format!("/v1.svc/teams/{id}/users?limit=1000")).await;
            if let Some(user) = members.as_array().and_then(|members| members.get(2)) {
                let path = format!("/v1.svc/users/{}", user["Id"].as_str().unwrap());
                bed.behind("there", "DELETE", &path, &Value::Null).await;
                return;
            }
        }
    } else {
        let groups = bed.get("there", "/scim/v2/Groups").await;
        let group = groups["Resources"].as_array().unwrap().iter().find(|group| group["members"].is_array()).unwrap();
        let member = group["members"][1]["$ref"].as_str().unwrap();
        let path = url::Url::parse(member).unwrap().path().to_owned();
        bed.behind("there", "DELETE", &path, &Value::Null).await;
        return;
    }
    panic!("nobody is in any team");
}

/// Offers that wait for the create of somebody else.
fn waiting(all: &[Offer]) -> Vec<&Offer> {
    let others = |change: &Change| {
        matches!(change.target, Target::Record(_)) && change.kind == Kind::Group && !change.needs.is_empty()
    };
    all.iter().filter(|offer| others(&offer.change)).collect()
}

async fn read_again(console: &mut Console, enough: impl Fn(&World) -> bool) {
    console.handle.send(Command::Refresh { system: None, kind: None });
    loop {
        if let Report::World(world) = console.next().await
            && enough(&world)
        {
            return;
        }
    }
}

async fn joined(connector: &'static str, faults: &'static [&'static str]) -> (Bed, Console, std::sync::Arc<Plan>) {
    let litmos = connector == "litmos";
    let view = if litmos { "litmos" } else { "directory" };
    let bed = Bed::of(60, &[HR, ("there", connector, view, faults)]).await;
    forgotten(&bed, litmos).await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    let all = offers(&world);
    let joins = waiting(&all);
    assert!(!joins.is_empty(), "{faults:?}: somebody is missing in a group");
    for offer in &joins {
        assert!(offer.ticked && offer.blocked.is_none() && offer.text.contains("created first"), "{offer:?}");
    }
    // Without the create it is refused, and says who is waited for.
    let alone = console.prepare(staged(joins.iter().copied().take(1))).await;
    let (_, why) = alone.refused.first().expect("it cannot be done alone");
    assert!(why.starts_with("waits for ") && why.ends_with("whose create is not staged: stage it too"), "{why}");
    assert_eq!(alone.steps, Vec::new());

    let needs: Vec<_> = joins.iter().flat_map(|offer| &offer.change.needs).collect();
    let creates = all.iter().filter(|offer| needs.contains(&&offer.change.id));
    let plan = console.prepare(staged(creates.chain(joins.iter().copied()))).await;
    let plan = acknowledged(&plan);
    assert_eq!(plan.refused, Vec::new());
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
    let pushed = plan.clone();
    read_again(&mut console, move |world| {
        let left = offers(world);
        !left.iter().any(|offer| pushed.change(&offer.change.id).is_some()) && waiting(&left).is_empty()
    })
    .await;
    (bed, console, plan)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_created_comes_into_the_groups_that_are_there_in_the_same_push() {
    for faults in [&[][..], &["no-patch"], &["member-username"], &["member-username", "no-patch"]] {
        joined("scim", faults).await;
    }
    joined("litmos", &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_membership_of_somebody_who_was_created_by_the_same_push_is_taken_back_with_it() {
    let (_bed, mut console, plan) = joined("scim", &[]).await;
    console.handle.send(Command::History);
    let past = loop {
        if let Report::History(pushes) = console.next().await
            && let Some(past) = pushes.into_iter().find(|past| past.plan.id == plan.id)
        {
            break past;
        }
    };
    let created = |id: &ChangeId| past.created.iter().find(|(of, _)| of == id).map(|(_, made)| made.clone());
    let Undo { back, cannot, .. } = undo(&past.plan, &past.outcomes, &created);
    assert_eq!(cannot, Vec::new());
    let ops: Vec<Op> = back.iter().map(|change| change.op).collect();
    assert!(ops.contains(&Op::Drop) && ops.last() == Some(&Op::Deactivate), "{ops:?}");
    let plan = console.prepare(back).await;
    let plan = acknowledged(&plan);
    let outcomes = console.push(plan.clone()).await;
    assert_confirmed(&outcomes, &plan);
}
