//! Departments, organisations and employees: what is submitted and audited.

use super::*;

fn new_department(want: &[(&str, &str)]) -> Change {
    let mut all = vec![wish::text("externalId", "BM02"), wish::text("displayName", "二部")];
    all.extend(want.iter().map(|(path, text)| wish::text(path, text)));
    wish::create("new", Kind::Group, &[("externalId", "BM02"), ("displayName", "二部")], all)
}

#[test]
fn a_department_is_saved_submitted_and_audited_in_that_order() {
    let steps = steps(&[new_department(&[("parent", "org/100")])], None);
    let calls: Vec<_> = steps.iter().map(|step| asked(&step.write).0).collect();
    assert_eq!(calls, ["Save", "Submit", "Audit"]);
    assert_eq!(
        model(&steps[0]),
        json!({"FDEPTID":0,"FNumber":"BM02","FName":"二部","FCreateOrgId":{"FNumber":"100"},"FUseOrgId":{"FNumber":"100"}})
    );
    assert_eq!(asked(&steps[1].write).1["data"]["Numbers"], json!(["BM02"]));
    assert!(steps[0].yields.is_some() && steps.iter().all(|step| step.serves == steps[0].serves));
    assert_eq!(steps[0].read.len(), 2, "a number may be an organisation's or a department's");
    let below = render(&[("organisation", "200")], &site(), &[new_department(&[("parent", "BM01")])], None).unwrap();
    assert_eq!(model(&below[0])["FParentID"], json!({"FNumber":"BM01"}));
    assert_eq!(model(&below[0])["FUseOrgId"], json!({"FNumber":"200"}));
    assert!(
        matches!(render(&[], &site(), &[new_department(&[])], None), Err(Refusal::Cannot(why)) if why.contains("`organisation`"))
    );
    let organisation = self::steps(&[new_department(&[("type", "organisation")])], None);
    assert_eq!(
        (asked(&organisation[0].write).1["formid"].clone(), organisation.len()),
        (json!("ORG_Organizations"), 3)
    );
}

#[test]
fn a_department_is_moved_on_only_where_its_state_wants_it() {
    let rename = wish::change("set", Kind::Group, "BM01", Op::Set, vec![wish::text("displayName", "新名")]);
    let calls = |state: &str, lessons: &[&str]| -> Vec<String> {
        let mut site = site();
        site.lessons = lessons.iter().map(|lesson| (*lesson).to_owned()).collect();
        let native = seen(Kind::Group, "BM01", department(state));
        let steps = render(&[], &site, std::slice::from_ref(&rename), Some(&native)).unwrap();
        let ids = steps.iter().filter(|step| asked(&step.write).0 != "Save");
        assert!(ids.into_iter().all(|step| asked(&step.write).1["data"]["Ids"] == "501"));
        steps.iter().map(|step| asked(&step.write).0).collect()
    };
    assert_eq!(calls("C", &[]), ["UnAudit", "Save", "Submit", "Audit"]);
    assert_eq!(calls("A", &[]), ["Save", "Submit", "Audit"]);
    assert_eq!(calls("C", &["direct:BD_Department"]), ["Save"], "this site lets nothing be taken back");
    assert_eq!(calls("", &[]), ["Save"], "it does not show its state");
    assert_eq!(calls("", &["unaudit:BD_Department"]), ["UnAudit", "Save", "Submit", "Audit"]);
    // What is rendered in the middle of a plan still holds what was previewed.
    assert!(calls("D", &[]).ends_with(&["Save".into(), "Submit".into(), "Audit".into()]));
    assert!(calls("B", &[]).contains(&"Audit".into()));
    assert_eq!(render(&[], &site(), &[rename], None).unwrap_err(), Refusal::NeedsNative);
}

#[test]
fn a_department_moves_within_its_organisation_and_is_forbidden_by_its_id() {
    let moved = |to: &str| {
        let change = wish::change("set", Kind::Group, "BM01", Op::Set, vec![wish::text("parent", to)]);
        render(&[], &site(), &[change], Some(&seen(Kind::Group, "BM01", department("C"))))
    };
    assert_eq!(model(&moved("BM09").unwrap()[1]), json!({"FDEPTID":"501","FParentID":{"FNumber":"BM09"}}));
    assert_eq!(model(&moved("org/100").unwrap()[1])["FParentID"], json!({"FNumber":""}), "below its own organisation");
    assert!(matches!(moved("org/200"), Err(Refusal::Cannot(why)) if why.contains("does not move")));
    let off = wish::change("off", Kind::Group, "BM01", Op::Deactivate, vec![wish::text("active", "false")]);
    let native = seen(Kind::Group, "BM01", department("C"));
    let step = &steps(&[off], Some(&native))[0];
    assert_eq!(asked(&step.write).1["formid"], "BD_Department");
    assert_eq!(asked(&step.write).1["data"]["Ids"], "501");
}

#[test]
fn employees_are_written_under_their_own_names() {
    let own = [("people", "employees")];
    let record = json!({"Id":7,"StaffNumber":"E7","Name":"王五","Mobile":"1","ForbidStatus":"A","DocumentStatus":"C"});
    let native = kingdee(&own).observe(&site(), Kind::User, Looked::Id("7"), &[view(record)]).unwrap().unwrap();
    let change = wish::change("set", Kind::User, "7", Op::Set, vec![wish::text("phoneNumbers[mobile]", "138")]);
    let steps = render(&own, &site(), &[change], Some(&native)).unwrap();
    assert_eq!(services(&steps), ["UnAudit", "Save", "Submit", "Audit"]);
    assert_eq!(asked(&steps[1].write).1["formid"], "BD_Empinfo");
    assert_eq!(model(&steps[1]), json!({"FID":"7","FMobile":"138"}));
}

fn services(steps: &[Step]) -> Vec<String> {
    steps.iter().map(|step| asked(&step.write).0).collect()
}

#[test]
fn an_employee_is_created_in_the_organisation_of_the_settings() {
    const NUMBER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber";
    let create = |number: &str| {
        let texts = [(NUMBER, number), ("displayName", "王五"), ("phoneNumbers[mobile]", "138"), ("active", "false")];
        let texts: Vec<_> = texts.into_iter().filter(|(_, text)| !text.is_empty()).collect();
        let want = texts.iter().map(|(path, text)| wish::text(path, text)).collect();
        wish::create("new", Kind::User, &[(NUMBER, number)], want)
    };
    let own = [("people", "employees"), ("organisation", "100")];
    let steps = render(&own, &site(), &[create("E'9")], None).unwrap();
    assert_eq!(services(&steps), ["Save", "Submit", "Audit", "ExcuteOperation"]);
    assert_eq!(
        model(&steps[0]),
        json!({"FID":0,"FStaffNumber":"E'9","FName":"王五","FMobile":"138",
            "FCreateOrgId":{"FNumber":"100"},"FUseOrgId":{"FNumber":"100"}})
    );
    assert_eq!(asked(&steps[0].read[0]).1["data"]["FilterString"], "FStaffNumber='E''9'");
    assert!(steps[0].yields.is_some() && steps[1..].iter().all(|step| step.write.holes.len() == 1));
    assert_eq!(asked(&steps[1].write).1["data"]["Ids"], "{{new}}");
    let why = |own: &[(&str, &str)], number: &str| match render(own, &site(), &[create(number)], None) {
        Err(Refusal::Cannot(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(why(&own[..1], "E9").contains("`organisation`"));
    assert!(why(&own, "").contains("FStaffNumber"));
}

#[test]
fn a_records_state_tells_whether_it_was_moved_on() {
    use crate::connectors::Reached;
    let rename = wish::change("set", Kind::Group, "BM01", Op::Set, vec![wish::text("displayName", "新名")]);
    let steps = steps(&[rename], Some(&seen(Kind::Group, "BM01", department("C"))));
    let kingdee = kingdee(&[]);
    let reached =
        |at: usize, state: &str| kingdee.reached(&steps[at], Some(&seen(Kind::Group, "BM01", department(state))));
    // UnAudit, Save, Submit, Audit.
    for (at, through) in [(0, "DA"), (2, "BC"), (3, "C")] {
        for state in ["A", "B", "C", "D"] {
            let yes = matches!(reached(at, state), Some(Reached::Yes));
            assert_eq!(yes, through.contains(state), "{at} {state}: {:?}", reached(at, state));
        }
        assert!(matches!(reached(at, ""), Some(Reached::Untold(_))));
        assert!(matches!(kingdee.reached(&steps[at], None), Some(Reached::Untold(_))));
    }
    assert!(matches!(reached(3, "B"), Some(Reached::No(stands)) if stands.contains("in review (B)")));
    assert_eq!((reached(1, "C"), kingdee.reached(&steps[1], None)), (None, None), "what is saved is told by itself");
}

#[test]
fn a_new_group_is_known_by_its_number() {
    let save = steps(&[new_department(&[("parent", "org/100")])], None).remove(0);
    let yes = |entity: Value| {
        reply(200, json!({"Result":{"ResponseStatus":{"IsSuccess":true,"Errors":[],"SuccessEntitys":[entity]}}}))
    };
    let id = |step: &Step, said: Reply| match judged(step, said) {
        Verdict::Accepted { id, .. } => id,
        other => panic!("{other:?}"),
    };
    assert_eq!(id(&save, yes(json!({"Id":501,"Number":"BM02"}))).as_deref(), Some("BM02"));
    assert_eq!(id(&save, yes(json!({"Id":501}))).as_deref(), Some("BM02"), "it was we who gave it");
    let organisation = steps(&[new_department(&[("type", "organisation")])], None).remove(0);
    assert_eq!(id(&organisation, yes(json!({"Id":5,"Number":"BM02"}))).as_deref(), Some("org/BM02"));
}
