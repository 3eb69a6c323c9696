#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::mapping::Edit;
use crate::model::{Op, RecordKey};
use crate::plan::{Body, By, ChangeId, Facet, Method, Repeat, Request, StepId, Target, invert};

fn hash(text: &str) -> String {
    format!("{VEIL}{:032x}", text.bytes().fold(7_u128, |sum, byte| sum * 31 + u128::from(byte)))
}

fn phone() -> Sensitive {
    let fields = vec!["phoneNumbers".into()];
    Sensitive { system: SystemId::new("aha"), kind: Kind::User, path: AttrPath::new("phone"), fields }
}

fn change(path: &str, from: &str, to: &str) -> Change {
    let facet = Facet::attr(path);
    Change {
        id: ChangeId(format!("set-{path}").into()),
        system: SystemId::new("aha"),
        kind: Kind::User,
        target: Target::Record(RecordKey::new(SystemId::new("aha"), Kind::User, "1")),
        label: "lena".into(),
        source: None,
        op: Op::Set,
        want: vec![Want { facet: facet.clone(), value: Wanted::Text(to.into()), by: By::Source }],
        expect: Expect::Facets(vec![(facet, Seen::Value(from.into()))]),
        needs: Vec::new(),
    }
}

#[test]
fn no_form_of_a_sensitive_value_is_left_in_a_step() {
    let json = serde_json::json!({
        "phoneNumbers": [{ "type": "work", "value": "+49 30 1234" }, { "type": "home", "value": 4711 }],
        "note": "call +49 30 1234 (not +49 30 99)", "title": "Dr.",
    });
    let mut write = Request::new(
        Method::Put,
        "/users/%2B49%2030%201234",
        Body::Json { json, media: "application/json".into() },
        Repeat::Safe,
    )
    .query("q", "+49 30 1234");
    write.edits.push(Edit::Set { at: "/phoneNumbers/0".into(), value: "other".into() });
    write.edits.push(Edit::Set { at: "/title".into(), value: "Dr.".into() });
    let step = Step {
        id: StepId("1".into()),
        system: SystemId::new("aha"),
        serves: Vec::new(),
        after: Vec::new(),
        read: Vec::new(),
        write,
        verify: Vec::new(),
        yields: None,
        side_effects: Vec::new(),
    };
    let values = ["+49 30 1234".to_owned(), "+49 30 99".to_owned()];
    let told = serde_json::to_string(&veil_step(&step, &[phone()], &values, &hash)).unwrap();
    for lost in ["1234", "4711", "30 99", "\"other\""] {
        assert!(!told.contains(lost), "{lost} is in {told}");
    }
    assert!(told.contains(&hash("+49 30 1234")) && told.contains("Dr.") && told.contains("type"), "{told}");
    assert_eq!(veil_step(&step, &[], &[], &hash), step);
}

#[test]
fn a_change_with_a_sensitive_value_shows_a_hash_and_can_be_neither_sent_nor_undone() {
    let open = change("title", "a", "b");
    let secret = change("phone", "+49 30 99", "+49 30 1234");
    assert_eq!(veil_change(&open, &[phone()], &hash), open);
    let hidden = veil_change(&secret, &[phone()], &hash);
    assert_eq!(hidden.want[0].value, Wanted::Text(hash("+49 30 1234")));
    assert!(veiled(&hidden) && !veiled(&open) && !veiled(&secret));
    let Expect::Facets(before) = &hidden.expect else { panic!("{hidden:?}") };
    let why = invert(&hidden, before, None).unwrap_err().to_string();
    assert!(why.contains("hash"), "{why}");
}

#[test]
fn the_field_of_a_native_path_is_the_last_one_that_says_something() {
    assert_eq!(field("phoneNumbers[type=work].value").as_deref(), Some("phoneNumbers"));
    assert_eq!(field("user.mobile_phone").as_deref(), Some("mobile_phone"));
    assert_eq!(field("FMobile").as_deref(), Some("FMobile"));
}

#[test]
fn what_a_service_says_of_a_value_is_veiled_too() {
    let values = ["+49 30 1234".to_owned(), "x".to_owned()];
    assert_eq!(
        veil_text("no such phone: +49 30 1234, xx", &values, &hash),
        format!("no such phone: {}, xx", hash("+49 30 1234"))
    );
}
