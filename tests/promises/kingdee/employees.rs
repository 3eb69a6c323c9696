//! A site that keeps its people as employees: read, created, changed, forbidden and enabled.

use super::*;

const NUMBER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
const OWN: &[(&str, &str)] = &[("people", "employees"), ("organisation", "100")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn employees_are_read_and_linked_by_their_numbers() {
    let (bed, _console, world) = world(300, OWN, &[]).await;
    assert!(site(&world).good(), "{:#?}", site(&world).evidence);
    let people = snapshot(&world, Kind::User);
    assert!(people.proved(), "{:?}", people.feeds);
    assert_eq!(people.feeds.iter().map(|feed| &*feed.feed).collect::<Vec<_>>(), ["employees", "employee-posts"]);
    assert!(people.table.schema().find(&AttrPath::new("grants")).is_none(), "employees have no roles");
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == "erp").unwrap();
    assert!(view.snapshot(Kind::Role).is_none());
    let of = |state: trueup::compare::Pairing| {
        let comparison = world.compared.kind(Kind::User);
        comparison.pairings[1].iter().filter(|pairing| **pairing == state).count()
    };
    let planted = bed.simulator("erp").world.planted("kingdee");
    let wanted = |state: &str| planted.iter().filter(|plant| plant.kind == "User" && plant.state == state).count();
    assert_eq!(of(trueup::compare::Pairing::Missing), wanted("missing"));
    assert_eq!(of(trueup::compare::Pairing::Extra), wanted("extra"));
    assert_eq!(of(trueup::compare::Pairing::Leaver), wanted("leaver"));
    assert!(rows(&world, Kind::User).all(|row| text(&world, Kind::User, row, DEPARTMENT).starts_with("BM")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_employee_is_created_changed_forbidden_and_enabled() {
    let (bed, mut console, world) = world(60, OWN, &[]).await;
    let texts = [(NUMBER, "E-9001"), ("displayName", "钱七"), ("phoneNumbers[mobile]", "138 0000 0001")];
    let new = create(Kind::User, "E-9001", (NUMBER, "E-9001"), &texts);
    let (plan, outcomes) = pushed(&mut console, vec![new]).await;
    assert_eq!((plan.steps.len(), outcomes[0].1.word()), (3, "confirmed"), "{outcomes:?}");
    assert_eq!(["Save", "Submit", "Audit"].map(|service| calls(&bed, service)), [1, 1, 1]);
    let find = |world: &World| rows(world, Kind::User).find(|row| text(world, Kind::User, *row, NUMBER) == "E-9001");
    let mut world = loop_until(&mut console, world, |world| find(world).is_some()).await;
    let row = find(&world).unwrap();
    let id = snapshot(&world, Kind::User).table.id(row).to_owned();
    let kept = record(&bed, "BD_Empinfo", &id).await;
    let is = |kept: &Value, field: &str, value: &str| assert_eq!(kept[field], value, "{field}: {kept}");
    is(&kept, "FStaffNumber", "E-9001");
    is(&kept, "FMobile", "138 0000 0001");
    is(&kept, "FDocumentStatus", "C");
    assert_eq!(text(&world, Kind::User, row, "documentStatus"), "audited");

    let change = set(&world, Kind::User, row, "emails[work]", "qian@example.com");
    let (plan, outcomes) = pushed(&mut console, vec![change]).await;
    assert_eq!((plan.steps.len(), outcomes[0].1.word()), (4, "confirmed"), "{outcomes:?}");
    for (on, status) in [(false, "B"), (true, "A")] {
        world = loop_until(&mut console, world, |world| text(world, Kind::User, row, "active") != on.to_string()).await;
        assert_eq!(one(&mut console, switch(&world, Kind::User, row, on)).await.word(), "confirmed");
        let kept = record(&bed, "BD_Empinfo", &id).await;
        is(&kept, "FForbidStatus", status);
        is(&kept, "FEmail", "qian@example.com");
        is(&kept, "FDocumentStatus", "C");
        is(&kept, "FMobile", "138 0000 0001");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_reply_to_the_save_of_a_new_employee_is_looked_up_by_its_number() {
    let (bed, mut console, world) = world(40, OWN, &[]).await;
    let texts = [(NUMBER, "E-9002"), ("displayName", "孙八")];
    let plan = console.plan(vec![create(Kind::User, "E-9002", (NUMBER, "E-9002"), &texts)]).await;
    bed.faults("erp", &["lost=1@.Save."]);
    let outcomes = console.push(plan).await;
    assert_eq!(outcomes[0].1.word(), "confirmed", "{outcomes:?}");
    assert_eq!(["Save", "Submit", "Audit"].map(|service| calls(&bed, service)), [1, 1, 1]);
    let find =
        |world: &World| rows(world, Kind::User).filter(|row| text(world, Kind::User, *row, NUMBER) == "E-9002").count();
    let world = loop_until(&mut console, world, |world| find(world) > 0).await;
    assert_eq!(find(&world), 1);
}
