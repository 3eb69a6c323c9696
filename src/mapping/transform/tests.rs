//! Each step, there and back.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

fn read(step: &Transform, text: &str) -> String {
    step.read(Cow::Borrowed(text)).into_owned()
}

fn roles() -> Transform {
    let word = |is: &str, native: &[&str], writable| Word {
        is: is.into(),
        native: native.iter().map(|&text| text.into()).collect(),
        writable,
    };
    Transform::Words(Arc::new(Words {
        name: "role".into(),
        words: vec![
            word("product_owner", &["product_owner", "20", "Owner"], true),
            word("developer", &["developer", "35"], false),
        ],
        unknown_number: Some("aha:role:".into()),
        open: false,
    }))
}

#[test]
fn integers_and_names_of_a_role_are_one_token() {
    for native in ["20", "Owner", "owner", "product_owner"] {
        assert_eq!(read(&roles(), native), "product_owner");
    }
    assert_eq!(read(&roles(), "77"), "aha:role:77");
    assert_eq!(read(&roles(), "Wizard"), "Wizard");
}

#[test]
fn a_role_that_the_service_would_silently_replace_is_refused() {
    assert_eq!(roles().write("product_owner").unwrap(), "product_owner");
    for unknown in ["aha:role:77", "Wizard", "developer", "20"] {
        assert!(roles().write(unknown).is_err(), "{unknown}");
    }
}

#[test]
fn every_way_of_writing_an_instant_names_the_same_one() {
    let cases = [
        (DateForm::DotNet, "/Date(1497801750508)/"),
        (DateForm::DotNet, "/Date(1497801750508-0800)/"),
        (DateForm::DotNet, "2017-06-18T16:02:30.508Z"),
        (DateForm::Iso, "2017-06-18T16:02:30.508"),
        (DateForm::Iso, "2017-06-18T18:02:30.508+02:00"),
        (DateForm::UnixMs, "1497801750508"),
    ];
    for (form, text) in cases {
        assert_eq!(read(&Transform::Date(form), text), "2017-06-18T16:02:30.508Z", "{text}");
    }
    assert_eq!(read(&Transform::Date(DateForm::DotNet), "/Date(-1)/"), "1969-12-31T23:59:59.999Z");
    for (form, text) in [(DateForm::MonthDayYear, "01/31/2026"), (DateForm::DayMonthYear, "31/01/2026")] {
        let step = Transform::Date(form);
        assert_eq!(read(&step, text), "2026-01-31T00:00:00Z");
        assert_eq!(step.write("2026-01-31T00:00:00Z").unwrap(), text);
        assert_eq!(step.write("2026-01-31").unwrap(), text);
        assert!(step.invertible() && step.write("soon").is_err());
        assert_eq!(read(&step, "31/31/2026"), "31/31/2026");
    }
    for other in ["/Date(¡)/", "/Date()/", "/Date(--1)/", "/Date(99999999999999999999)/", "/Date("] {
        assert_eq!(read(&Transform::Date(DateForm::DotNet), other), other);
    }
    assert_eq!(read(&Transform::Date(DateForm::Iso), "2026-01-31"), "2026-01-31T00:00:00Z");
    assert_eq!(read(&Transform::Date(DateForm::Iso), "soon"), "soon");
}

#[test]
fn blanks_are_cut_and_collapsed() {
    assert_eq!(read(&Transform::Trim, " a  b "), "a  b");
    assert_eq!(read(&Transform::Collapse, " a \u{3000} b\t"), "a b");
    assert!(matches!(Transform::Collapse.read(Cow::Borrowed("a b")), Cow::Borrowed("a b")));
}

#[test]
fn flags_in_any_notation_become_true_and_false() {
    let flag = Transform::Bool { yes: vec!["A".into()], no: vec!["B".into()] };
    assert_eq!((read(&flag, "a"), read(&flag, "B"), read(&flag, "C")), ("true".into(), "false".into(), "C".into()));
    assert_eq!(flag.write("false").unwrap(), "B");
    assert_eq!(read(&Transform::Not, "True"), "false");
}

#[test]
fn a_windows_time_zone_is_read_as_iana_and_written_as_windows() {
    assert_eq!(read(&Transform::Zone, "Taipei Standard Time"), "Asia/Taipei");
    assert_eq!(read(&Transform::Zone, "Mars"), "Mars");
    assert_eq!(Transform::Zone.write("Europe/Vienna").unwrap(), "W. Europe Standard Time");
    assert_eq!(Transform::Zone.write("GMT Standard Time").unwrap(), "GMT Standard Time");
    assert!(Transform::Zone.write("Mars").unwrap_err().contains("no time zone"));
}

#[test]
fn a_part_is_taken_and_the_last_takes_the_rest() {
    let part = |part| Transform::Split { at: " ".into(), part, of: 2 };
    assert_eq!(read(&part(0), "Ana Maria Silva"), "Ana");
    assert_eq!(read(&part(1), "Ana Maria Silva"), "Maria Silva");
    assert_eq!(read(&part(1), "Ana"), "");
}
