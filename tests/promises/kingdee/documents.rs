//! Departments and organisations: saved, submitted and audited, also where a reply is lost on the way.

use super::*;

const SAVES: [&str; 4] = ["UnAudit", "Save", "Submit", "Audit"];

fn services(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().filter_map(|step| step.write.path.rsplit('.').nth(2)).collect()
}

fn counted(bed: &Bed) -> [usize; 4] {
    SAVES.map(|service| calls(bed, service))
}

fn department(world: &World) -> Row {
    let audited = |row: &Row| {
        text(world, Kind::Group, *row, "type") == "department"
            && text(world, Kind::Group, *row, "documentStatus") == "audited"
    };
    rows(world, Kind::Group).find(audited).unwrap()
}

/// The internal id of a group.
async fn internal(bed: &Bed, form: &str, number: &str) -> String {
    let running = bed.simulator("erp");
    let at = url::Url::parse(&running.url).unwrap().join(&format!("/__sim/records?form={form}")).unwrap();
    let all: Vec<Value> = serde_json::from_str(&reqwest::get(at).await.unwrap().text().await.unwrap()).unwrap();
    let found = all.iter().find(|record| record["FNumber"] == number).unwrap_or_else(|| panic!("no {number}"));
    found["id"].as_str().map_or_else(|| found[key(form)].to_string(), str::to_owned)
}

fn key(form: &str) -> &'static str {
    if form == "BD_Department" { "FDEPTID" } else { "FOrgID" }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organisation_is_created_renamed_forbidden_and_enabled() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let texts = [("externalId", "901"), ("displayName", "新公司"), ("type", "organisation")];
    let new = create(Kind::Group, "901", ("externalId", "901"), &texts);
    let (plan, outcomes) = pushed(&mut console, vec![new]).await;
    assert_eq!((services(&plan), outcomes[0].1.word()), (vec!["Save", "Submit", "Audit"], "confirmed"), "{outcomes:?}");
    let id = internal(&bed, "ORG_Organizations", "901").await;
    let kept = record(&bed, "ORG_Organizations", &id).await;
    assert_eq!((&kept["FName"]["2052"], &kept["FDocumentStatus"]), (&Value::from("新公司"), &Value::from("C")));

    let find = |world: &World| snapshot(world, Kind::Group).table.find("org/901");
    let world = loop_until(&mut console, world, |world| find(world).is_some()).await;
    let row = find(&world).unwrap();
    assert_eq!(text(&world, Kind::Group, row, "documentStatus"), "audited");
    let rename = set(&world, Kind::Group, row, "displayName", "改名公司");
    let (plan, outcomes) = pushed(&mut console, vec![rename]).await;
    assert_eq!((services(&plan), outcomes[0].1.word()), (SAVES.to_vec(), "confirmed"), "{outcomes:?}");
    for (on, status) in [(false, "B"), (true, "A")] {
        let world =
            loop_until(&mut console, world.clone(), |world| text(world, Kind::Group, row, "active") != on.to_string())
                .await;
        assert_eq!(one(&mut console, switch(&world, Kind::Group, row, on)).await.word(), "confirmed");
        let kept = record(&bed, "ORG_Organizations", &id).await;
        assert_eq!((&kept["FForbidStatus"], &kept["FName"]["2052"]), (&Value::from(status), &Value::from("改名公司")));
        assert_eq!(kept["FDocumentStatus"], "C");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audited_department_is_taken_back_in_the_first_plan_already() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let row = department(&world);
    let number = snapshot(&world, Kind::Group).table.id(row).to_owned();
    let rename = set(&world, Kind::Group, row, "displayName", "改名部");
    let (plan, outcomes) = pushed(&mut console, vec![rename]).await;
    assert_eq!((services(&plan), outcomes[0].1.word()), (SAVES.to_vec(), "confirmed"), "{outcomes:?}");
    assert_eq!(counted(&bed), [1, 1, 1, 1]);
    let id = internal(&bed, "BD_Department", &number).await;
    let kept = record(&bed, "BD_Department", &id).await;
    assert_eq!((&kept["FName"]["2052"], &kept["FDocumentStatus"]), (&Value::from("改名部"), &Value::from("C")));
    for on in [false, true] {
        let world =
            loop_until(&mut console, world.clone(), |world| text(world, Kind::Group, row, "active") != on.to_string())
                .await;
        assert_eq!(one(&mut console, switch(&world, Kind::Group, row, on)).await.word(), "confirmed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_can_be_taken_back_the_next_plan_saves_what_is_audited() {
    let (bed, mut console, world) = world(60, &[], &["unaudit=refuse", "save-audited=allow"]).await;
    let row = department(&world);
    let rename = set(&world, Kind::Group, row, "displayName", "改名部");
    let OutcomeState::Refused { rule } = one(&mut console, rename.clone()).await else { panic!() };
    assert!(rule.contains("反审核") && rule.contains("prepare it again"), "{rule}");
    let (plan, outcomes) = pushed(&mut console, vec![rename]).await;
    assert_eq!((services(&plan), outcomes[0].1.word()), (vec!["Save"], "confirmed"), "{outcomes:?}");
    assert_eq!(counted(&bed), [1, 1, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_of_any_of_its_steps_is_looked_up_and_what_follows_is_carried_out() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let row = department(&world);
    let number = snapshot(&world, Kind::Group).table.id(row).to_owned();
    let id = internal(&bed, "BD_Department", &number).await;
    let mut world = world;
    for (at, service) in SAVES.iter().enumerate() {
        let name = format!("改名{at}");
        let rename = set(&world, Kind::Group, row, "displayName", &name);
        let plan = console.plan(vec![rename]).await;
        bed.faults("erp", &[&format!("lost=1@.{service}.")]);
        let (before, outcomes) = (counted(&bed), console.push(plan).await);
        assert_eq!(outcomes[0].1.word(), "confirmed", "{service}: {outcomes:?}");
        let sent: Vec<usize> = counted(&bed).iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(sent, [1, 1, 1, 1], "{service}: nothing is sent twice, and nothing left out");
        let kept = record(&bed, "BD_Department", &id).await;
        assert_eq!((&kept["FName"]["2052"], &kept["FDocumentStatus"]), (&Value::from(&*name), &Value::from("C")));
        world = loop_until(&mut console, world, |world| text(world, Kind::Group, row, "displayName") == name).await;
    }
    // The same of one that is created.
    for (at, service) in SAVES.iter().enumerate().skip(1) {
        let number = format!("BM9{at}");
        let organisation = format!("org/{}", text(&world, Kind::Group, row, "organisation").trim_start_matches("org/"));
        let texts = [("externalId", &*number), ("displayName", &*number), ("parent", &*organisation)];
        let plan = console.plan(vec![create(Kind::Group, &number, ("externalId", &number), &texts)]).await;
        bed.faults("erp", &[&format!("lost=1@.{service}.")]);
        let (before, outcomes) = (counted(&bed), console.push(plan).await);
        assert_eq!(outcomes[0].1.word(), "confirmed", "{service}: {outcomes:?}");
        let sent: Vec<usize> = counted(&bed).iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(sent, [0, 1, 1, 1], "{service}");
        let id = internal(&bed, "BD_Department", &number).await;
        assert_eq!(record(&bed, "BD_Department", &id).await["FDocumentStatus"], "C", "{service}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_that_did_not_happen_is_told_as_that_and_one_that_nobody_can_see_is_unknown() {
    let (bed, mut console, world) = world(60, &[], &[]).await;
    let row = department(&world);
    let plan = console.plan(vec![set(&world, Kind::Group, row, "displayName", "改名一")]).await;
    // It is answered with something that is neither a yes nor a no, and nothing is done.
    bed.faults("erp", &["at=Submit", "not-json=1"]);
    let outcomes = console.push(plan).await;
    let OutcomeState::Failed { why } = &outcomes[0].1 else { panic!("{outcomes:?}") };
    assert!(why.contains("Submit was not carried out") && why.contains("to be reviewed again (D)"), "{why}");
    assert!(why.contains("服务器繁忙") && why.contains("finish it in Kingdee"), "{why}");
    assert_eq!(counted(&bed), [1, 1, 1, 0], "nothing is sent again, and nothing after it");

    let world = loop_until(&mut console, world, |world| text(world, Kind::Group, row, "displayName") == "改名一").await;
    let plan = console.plan(vec![set(&world, Kind::Group, row, "displayName", "改名二")]).await;
    assert_eq!(services(&plan), ["Save", "Submit", "Audit"], "it is not audited now");
    // Before each of Save and Submit it is viewed once; after that nobody sees it.
    bed.faults("erp", &["lost=1@.Submit.", "504=99,skip=2@.View."]);
    let outcomes = console.push(plan).await;
    let OutcomeState::Unknown { why } = &outcomes[0].1 else { panic!("{outcomes:?}") };
    assert!(why.contains("looking it up did not tell"), "{why}");
    assert_eq!(counted(&bed), [1, 2, 2, 0]);
}
