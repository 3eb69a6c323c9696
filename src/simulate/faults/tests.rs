//! Faults as they are written, and what is left of each.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;

fn faults(specs: &[&str]) -> Faults {
    Faults::parse(&specs.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>()).unwrap()
}

#[test]
fn a_counted_fault_is_spent_and_then_over() {
    let f = faults(&["500=2@/users"]);
    assert_eq!(f.judge("GET", "/api/v1/products").before, None);
    assert_eq!(f.judge("GET", "/api/v1/users?page=1").before, Some(Before::Status(500)));
    assert_eq!(f.judge("GET", "/api/v1/users?page=1").before, Some(Before::Status(500)));
    assert_eq!(f.judge("GET", "/api/v1/users?page=1").before, None);
}

#[test]
fn a_fault_can_be_limited_to_a_method_and_can_wait() {
    let f = faults(&["503=1,skip=1@POST/users"]);
    assert_eq!(f.judge("GET", "/users").before, None);
    assert_eq!(f.judge("POST", "/users").before, None);
    assert_eq!(f.judge("POST", "/users").before, Some(Before::Status(503)));
}

#[test]
fn a_fault_can_be_limited_to_a_body_and_to_what_comes_after_a_write() {
    let f = faults(&["503=1,in=lena@POST", "html,written@GET", "deaf=1@PUT"]);
    assert_eq!(f.judge_sent("POST", "/users", "omar").before, None);
    assert_eq!(f.judge_sent("POST", "/users", "lena").before, Some(Before::Status(503)));
    f.replace(&faults(&["html,written@GET", "deaf=1@PUT"]));
    assert_eq!(f.judge("GET", "/users").before, None);
    assert_eq!(f.judge("PUT", "/users/1").before, Some(Before::Deaf));
    assert_eq!(f.judge("GET", "/users").before, None, "nothing was carried out yet");
    assert_eq!(f.judge("PUT", "/users/1").before, None);
    assert_eq!(f.judge("GET", "/users").before, Some(Before::Html));
}

#[test]
fn only_writes_lose_their_reply() {
    let f = faults(&["lost=1"]);
    assert_eq!(f.judge("GET", "/users").after, None);
    assert_eq!(f.judge("POST", "/Users/.search").after, None);
    assert_eq!(f.judge("POST", "/users").after, Some(After::Lost));
    assert_eq!(f.judge("POST", "/users").after, None);
}

#[test]
fn a_token_expires_once_and_can_be_renewed() {
    let f = faults(&["expire=2"]);
    assert!(!f.judge("GET", "/").expired);
    assert!(!f.judge("GET", "/").expired);
    assert!(f.judge("GET", "/").expired);
    assert!(f.judge("GET", "/").expired);
    f.renew();
    assert!(!f.judge("GET", "/").expired);
}

#[test]
fn the_forms_of_429_are_told_apart() {
    for (spec, hint) in [
        ("429=1", Hint::Seconds(1)),
        ("429=1,retry-after=7", Hint::Seconds(7)),
        ("429=1,retry-after=date", Hint::Date),
        ("429=1,reset=3", Hint::Reset(3)),
        ("429=1,bare", Hint::Bare),
    ] {
        assert_eq!(faults(&[spec]).judge("GET", "/").before, Some(Before::TooMany(hint)), "{spec}");
    }
}

#[test]
fn the_four_server_errors_come_in_turn() {
    let f = faults(&["5xx=4"]);
    let mut codes: Vec<_> = (0..4).map(|_| f.judge("GET", "/").before.unwrap()).collect();
    codes.sort_by_key(|b| match b {
        Before::Status(code) => *code,
        _ => 0,
    });
    assert_eq!(codes, [500, 502, 503, 504].map(Before::Status));
}

#[test]
fn a_wrong_specification_is_refused_in_a_sentence() {
    for (spec, part) in [
        ("500", "needs a number of requests"),
        ("500=x", "`x` is not a number"),
        ("latency=soon", "needs a time"),
        ("429=1,later", "takes no `later`"),
        ("Oops!", "is not a fault"),
        ("", "is not a fault"),
        ("drift@/users", "cannot be limited"),
    ] {
        let told = Faults::parse(&[spec.to_owned()]).unwrap_err();
        assert!(told.contains(part), "{spec}: {told}");
    }
}

#[test]
fn a_switch_is_read_and_an_unknown_one_is_named() {
    let known = [Switch { name: "drift", form: "drift[=N]", help: "" }];
    let f = faults(&["drift=2"]);
    assert_eq!(f.only(&known), Ok(()));
    assert_eq!(f.flag("drift").as_deref(), Some("2"));
    assert!(f.spend("drift") && f.spend("drift") && !f.spend("drift"));
    assert!(faults(&["drft"]).only(&known).unwrap_err().contains("unknown fault `drft`"));
}
