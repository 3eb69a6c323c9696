//! Users written: attributes, roles, states, and what a version does otherwise.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_roles_and_states_are_written_read_back_and_nothing_else_is_lost() {
    let (bed, mut console, world) = world(80, &[], &[]).await;
    let row = users_with(&world, true, 2);
    let id = snapshot(&world, Kind::User).table.id(row).to_owned();
    let had = grants(&world, row);
    let role = |role: &[String; 2]| !had.contains(role);
    let new = rows(&world, Kind::Role)
        .map(|at| [had[0][0].clone(), snapshot(&world, Kind::Role).table.id(at).to_owned()])
        .find(role)
        .unwrap();
    let dropped = [had[0][0].as_str(), had[0][1].as_str()];
    let changes = vec![
        set(&world, Kind::User, row, "emails[work]", "new@example.com"),
        grant(&world, row, Op::Put, [&new[0], &new[1]]),
        grant(&world, row, Op::Drop, dropped),
        switch(&world, Kind::User, row, false),
    ];
    let (plan, outcomes) = pushed(&mut console, changes).await;
    let bad: Vec<_> = outcomes.iter().filter(|(_, state)| !matches!(state, OutcomeState::Confirmed { .. })).collect();
    assert_eq!((bad, outcomes.len()), (Vec::new(), 4));
    assert_eq!(plan.steps.len(), 3, "one Save of attributes, one of all grants, one operation");
    let carried = plan.steps.iter().map(|step| step.write.carried.len()).max().unwrap();
    assert!(carried > 0, "what stays is shown as carried over");
    let kept = record(&bed, "SEC_User", &id).await;
    assert_eq!((&kept["FEmail"], &kept["FForbidStatus"]), (&Value::from("new@example.com"), &Value::from("B")));
    let mut now =
        loop_until(&mut console, world.clone(), |world| text(world, Kind::User, row, "active") == "false").await;
    let mut wanted: Vec<_> = had.iter().filter(|have| have.as_slice() != dropped).cloned().chain([new]).collect();
    let mut have = grants(&now, row);
    wanted.sort();
    have.sort();
    assert_eq!(have, wanted);
    assert_eq!(one(&mut console, switch(&now, Kind::User, row, true)).await.word(), "confirmed");
    now = console.world().await;
    assert_eq!(text(&now, Kind::User, row, "userName"), text(&world, Kind::User, row, "userName"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_is_created_with_its_roles_and_a_department_in_three_steps() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let organisation =
        rows(&world, Kind::Group).find(|row| text(&world, Kind::Group, *row, "type") == "organisation").unwrap();
    let organisation = snapshot(&world, Kind::Group).table.id(organisation).to_owned();
    let role = snapshot(&world, Kind::Role).table.id(Row(0)).to_owned();
    let texts = [("userName", "zhaoliu"), ("displayName", "赵六")];
    let user = create(Kind::User, "zhaoliu", ("userName", "zhaoliu"), &texts);
    let mut with = grant(&world, Row(0), Op::Put, [&organisation, &role]);
    (with.target, with.expect, with.needs) = (user.target.clone(), Expect::Facets(Vec::new()), vec![user.id.clone()]);
    with.id = ChangeId("erp/User/+zhaoliu/add".into());
    let texts = [("externalId", "BM9999"), ("displayName", "新部门"), ("parent", organisation.as_str())];
    let department = create(Kind::Group, "BM9999", ("externalId", "BM9999"), &texts);
    let (plan, outcomes) = pushed(&mut console, vec![user, with, department]).await;
    let bad: Vec<_> = outcomes.iter().filter(|(_, state)| !matches!(state, OutcomeState::Confirmed { .. })).collect();
    assert_eq!((bad, outcomes.len()), (Vec::new(), 3));
    let services: Vec<_> = plan.steps.iter().filter_map(|step| step.write.path.rsplit('.').nth(2)).collect();
    assert_eq!((services.iter().filter(|name| **name == "Save").count(), services.len()), (2, 4), "{services:?}");
    assert!(services.ends_with(&["Submit", "Audit"]), "{services:?}");
    assert_eq!((calls(&bed, "Submit"), calls(&bed, "Audit")), (1, 1));
    let world = loop_until(&mut console, world, |world| {
        snapshot(world, Kind::Group).table.find("BM9999").is_some()
            && rows(world, Kind::User).any(|row| text(world, Kind::User, row, "userName") == "zhaoliu")
    })
    .await;
    let row = snapshot(&world, Kind::Group).table.find("BM9999").unwrap();
    assert_eq!(text(&world, Kind::Group, row, "documentStatus"), "audited");
    assert_eq!(text(&world, Kind::Group, row, "parent"), organisation);
    let row = rows(&world, Kind::User).find(|row| text(&world, Kind::User, *row, "userName") == "zhaoliu").unwrap();
    assert_eq!(grants(&world, row), [[organisation, role]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_version_does_not_serve_is_learned_and_done_otherwise() {
    let (bed, mut console, world) =
        world(40, &[], &["role-query=absent", "operation=ExecuteOperation", "forbid=Disable"]).await;
    assert_eq!(site(&world).learned["grants"], "view");
    let users = snapshot(&world, Kind::User);
    assert!(users.proved(), "{:?}", users.feeds);
    assert_eq!(users.feeds[1].requests as usize, users.table.len(), "a View for each");
    let row = users_with(&world, true, 1);
    let off = switch(&world, Kind::User, row, false);
    assert_eq!(one(&mut console, off.clone()).await.word(), "refused", "the misspelt call is not honoured there");
    assert_eq!(one(&mut console, off.clone()).await.word(), "refused", "and the operation has another number there");
    let state = one(&mut console, off).await;
    assert_eq!(state.word(), "confirmed", "{state:?}");
    assert_eq!((calls(&bed, "ExcuteOperation"), calls(&bed, "ExecuteOperation")), (1, 2));
}
