#![allow(clippy::unwrap_used, clippy::panic)]
use super::*;
use crate::model::{AttrPath, Kind};
use crate::plan::fixture::{aha, user};

fn change(op: Op, facet: Facet, value: Wanted) -> Change {
    Change {
        id: Change::name(&aha(), Kind::User, "a1", op, Some(&facet)),
        system: aha(),
        kind: Kind::User,
        target: Target::Record(user("a1")),
        label: "lena".into(),
        source: None,
        op,
        want: vec![Want { facet, value, by: By::Source }],
        expect: Expect::Facets(Vec::new()),
        needs: Vec::new(),
    }
}

fn pair() -> Facet {
    Facet { path: AttrPath::new("productRoles"), key: Some(vec![Ref::Id("p1".into())]) }
}

fn text(text: &str) -> Wanted {
    Wanted::Text(text.into())
}

fn value(text: &str) -> Seen {
    Seen::Value(text.into())
}

#[test]
fn facets_go_back_to_what_they_were_and_expect_what_was_written() {
    let title = || Facet::attr("title");
    let role = || Wanted::Ref(Ref::Id("owner".into()));
    for (done, before, op, back, expected) in [
        (change(Op::Set, title(), text("Dr.")), value("Ms."), Op::Set, text("Ms."), value("Dr.")),
        (change(Op::Set, title(), text("Dr.")), Seen::Absent, Op::Set, Wanted::Clear, value("Dr.")),
        (change(Op::Set, title(), Wanted::Clear), value("Ms."), Op::Set, text("Ms."), Seen::Absent),
        (change(Op::Put, pair(), role()), Seen::Absent, Op::Drop, Wanted::Clear, value("owner")),
        (
            change(Op::Set, pair(), role()),
            value("viewer"),
            Op::Set,
            Wanted::Ref(Ref::Id("viewer".into())),
            value("owner"),
        ),
        (change(Op::Drop, pair(), Wanted::Clear), value("viewer"), Op::Put, text("viewer"), Seen::Absent),
        (change(Op::Drop, pair(), Wanted::Clear), value(""), Op::Put, Wanted::Present, Seen::Absent),
    ] {
        let facet = done.want[0].facet.clone();
        let undo = invert(&done, &[(facet.clone(), before)], None).unwrap();
        assert_eq!((undo.op, &undo.want[0].value), (op, &back));
        assert_eq!(undo.expect, Expect::Facets(vec![(facet, expected)]));
        assert_eq!(undo.want[0].by, By::Operator);
        assert_eq!(undo.target, done.target);
    }
}

#[test]
fn an_account_is_switched_back() {
    let active = || Facet::attr("active");
    let off = change(Op::Deactivate, active(), text("false"));
    let on = invert(&off, &[(active(), value("true"))], None).unwrap();
    assert_eq!((on.op, &on.want[0].value), (Op::Reactivate, &text("true")));
    assert_eq!(on.expect, Expect::Facets(vec![(active(), value("false"))]));
    let again = invert(&on, &[(active(), value("false"))], None).unwrap();
    assert_eq!(again.op, Op::Deactivate);
}

#[test]
fn a_create_is_taken_back_by_switching_the_new_record_off() {
    let mut made = change(Op::Create, Facet::attr("userName"), text("lena"));
    made.target = Target::New(made.id.clone());
    let undo = invert(&made, &[], Some(&user("new1"))).unwrap();
    assert_eq!((undo.op, undo.target), (Op::Deactivate, Target::Record(user("new1"))));
    assert!(invert(&made, &[], None).is_err());
}

#[test]
fn what_cannot_be_undone_says_why() {
    let gone = change(Op::Delete, Facet::attr("active"), Wanted::Clear);
    assert!(invert(&gone, &[], None).unwrap_err().to_string().contains("for good"));
    let name = Facet::attr("name.givenName");
    let written = change(Op::Set, name.clone(), text("Lena"));
    for before in [vec![], vec![(name, Seen::Unreadable)]] {
        assert!(invert(&written, &before, None).unwrap_err().to_string().contains("nobody knows"));
    }
    let key = Some(vec![Ref::New(gone.id.clone())]);
    let member = change(Op::Put, Facet { path: AttrPath::new("members"), key }, Wanted::Present);
    let facet = member.want[0].facet.clone();
    assert!(invert(&member, &[(facet, Seen::Absent)], None).is_err());
}
