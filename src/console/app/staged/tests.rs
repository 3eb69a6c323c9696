#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use crate::model::{AttrPath, Kind, Op};
use crate::plan::{By, Expect, Facet, Want, Wanted};

fn key(system: &str, id: &str) -> RecordKey {
    RecordKey::new(SystemId::new(system), Kind::User, id)
}

fn change(id: &str, path: &str, needs: &[&Change]) -> Change {
    let facet = Facet::attr(path);
    Change {
        id: Change::name(&SystemId::new("aha"), Kind::User, id, Op::Set, Some(&facet)),
        system: SystemId::new("aha"),
        kind: Kind::User,
        target: Target::Record(key("aha", id)),
        label: id.into(),
        source: Some(key("hr", id)),
        op: Op::Set,
        want: vec![Want {
            facet: Facet { path: AttrPath::new(path), key: None },
            value: Wanted::Text("x".into()),
            by: By::Source,
        }],
        expect: Expect::Facets(Vec::new()),
        needs: needs.iter().map(|change| change.id.clone()).collect(),
    }
}

#[test]
fn marks_follow_what_is_staged_and_what_needs_it_goes_with_it() {
    let aha = SystemId::new("aha");
    let (first, title) = (change("a", "department", &[]), change("a", "title", &[]));
    let needing = change("b", "manager", &[&first]);
    let mut staged = Staged::default();
    staged.add_all([first.clone(), title.clone(), needing.clone()]);
    let about = |staged: &Staged, system: &str, id: &str| {
        staged.about(&key(system, id), &aha).map(|change| change.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(about(&staged, "aha", "a"), [first.id.clone(), title.id.clone()]);
    assert_eq!(about(&staged, "hr", "a").len(), 2);
    staged.remove(&first.id);
    assert_eq!(about(&staged, "aha", "a"), std::slice::from_ref(&title.id));
    assert!(about(&staged, "hr", "b").is_empty(), "what needed it went too");
    staged.remove(&title.id);
    assert_eq!(**staged.marks(), Marks::default());
}

#[test]
fn one_of_the_same_name_takes_the_place_of_the_other_and_its_marks() {
    let aha = SystemId::new("aha");
    let first = change("a", "department", &[]);
    let mut other = first.clone();
    other.source = Some(key("hr", "c"));
    let mut staged = Staged::default();
    staged.add(first);
    staged.add(other);
    assert_eq!(staged.len(), 1);
    assert_eq!(staged.about(&key("hr", "a"), &aha).count(), 0);
    assert_eq!(staged.about(&key("hr", "c"), &aha).count(), 1);
}

#[test]
fn the_engine_is_told_what_came_and_what_went_and_nothing_twice() {
    let (one, two) = (change("a", "title", &[]), change("b", "title", &[]));
    let mut staged = Staged::default();
    staged.found(vec![one.clone()]);
    assert_eq!(staged.news(), (Vec::new(), Vec::new()), "what it found itself it knows");
    staged.add(two.clone());
    staged.remove(&one.id);
    assert_eq!(staged.news(), (vec![two.clone()], vec![one.id.clone()]));
    assert_eq!(staged.news(), (Vec::new(), Vec::new()));
    staged.add(one.clone());
    staged.remove(&one.id);
    staged.clear();
    let (came, went) = staged.news();
    assert_eq!((came, went), (Vec::new(), vec![one.id, two.id]));
}
