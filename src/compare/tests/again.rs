//! Comparing again after an edit says what comparing from nothing says.

use proptest::prelude::*;

use super::order::{record, told, view};
use super::*;
use crate::mapping::{Mapping, Policy};
use crate::model::Fold;

/// What an operator edits between two comparisons.
#[derive(Clone, Debug)]
enum Edit {
    Nothing,
    Scope(&'static str),
    Manage(&'static str),
    Uncompared(&'static str),
    Policy(&'static str, Policy),
    Fold(&'static str, Fold),
    Key(&'static str, Option<u8>),
    Link(u8, u8, LinkVerdict),
    Adopt,
    Anew,
    AnewProducts,
    AnewSource,
    Unproved,
    Mandatory,
}

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// Somebody who may have somebody above them, and a title that could hurt a terminal.
fn worker(side: &'static str) -> impl Strategy<Value = Rec> {
    (record(side), proptest::option::of(0..6_u8), proptest::bool::weighted(0.2)).prop_map(move |(rec, above, odd)| {
        let rec = if odd { rec.with("title", "Chief\u{202e}") } else { rec };
        match above {
            Some(above) => rec.with(MANAGER, &format!("{side}{above}")),
            None => rec,
        }
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    let path = prop_oneof![
        Just("userName"),
        Just("displayName"),
        Just("emails[work]"),
        Just("active"),
        Just("productRoles"),
        Just("name.givenName"),
    ];
    prop_oneof![
        Just(Edit::Nothing),
        Just(Edit::Scope("userName sw \"a\"")),
        Just(Edit::Manage("active eq true")),
        path.clone().prop_map(Edit::Uncompared),
        (path.clone(), prop_oneof![Just(Policy::Keep), Just(Policy::SkipEmpty)])
            .prop_map(|(path, policy)| Edit::Policy(path, policy)),
        (path.clone(), prop_oneof![Just(Fold::Exact), Just(Fold::Caseless), Just(Fold::Never)])
            .prop_map(|(path, fold)| Edit::Fold(path, fold)),
        (path, prop_oneof![Just(None), Just(Some(1_u8))]).prop_map(|(path, key)| Edit::Key(path, key)),
        (0..7_u8, 0..7_u8, prop_oneof![Just(LinkVerdict::Same), Just(LinkVerdict::NotSame)])
            .prop_map(|(a, b, verdict)| Edit::Link(a, b, verdict)),
        Just(Edit::Adopt),
        Just(Edit::Anew),
        Just(Edit::AnewProducts),
        Just(Edit::AnewSource),
        Just(Edit::Unproved),
        Just(Edit::Mandatory),
    ]
}

/// The target's mapping with its rows of users edited, and the records that were read under the rules of now.
fn remapped(view: &mut SystemView, change: impl Fn(&mut crate::mapping::MapRow)) {
    let mut mapping = Mapping::clone(&view.mapping);
    let map = mapping.kinds.iter_mut().find(|map| map.kind == Kind::User).unwrap();
    map.rows.iter_mut().for_each(change);
    let folds: Vec<Fold> = map.rows.iter().map(|row| row.fold).collect();
    let mut defs = map.schema.attrs().to_vec();
    defs.iter_mut().zip(folds).for_each(|(def, fold)| def.fold = fold);
    map.schema = crate::model::Schema::new(Kind::User, defs);
    let schema = map.schema.clone();
    view.mapping = Arc::new(mapping);
    let snapshot = Arc::make_mut(view.snapshots[0].as_mut().unwrap());
    snapshot.table = snapshot.table.with_schema(schema).unwrap();
}

/// A system's records of a kind read once more, with one record fewer.
fn reread(view: &mut SystemView, kind: Kind) {
    let Some(old) = view.snapshots[kind.index()].clone() else { return };
    let mut builder = TableBuilder::new(old.table.schema().clone());
    for row in old.table.rows().skip(1) {
        assert!(builder.begin(old.table.id(row)));
        for (attr, _) in old.table.schema().iter() {
            if let crate::model::Cell::Value(text) = old.table.cell(row, attr) {
                builder.set(attr, text);
            }
        }
        builder.end();
    }
    Arc::make_mut(view.snapshots[kind.index()].as_mut().unwrap()).table = builder.table();
}

/// What is compared after an edit of the target at this place.
fn edited(before: &Compared, edit: &Edit, place: usize) -> Inputs {
    let mut inputs = (*before.inputs).clone();
    let at = |name: &str| AttrPath::new(name);
    let target = &mut inputs.systems[place];
    match edit.clone() {
        Edit::Nothing => {}
        Edit::Scope(filter) => *target = target.clone().scoped(filter),
        Edit::Manage(filter) => *target = target.clone().managed(filter),
        Edit::Uncompared(path) => remapped(target, |row| row.compare &= row.attr != at(path)),
        Edit::Policy(path, policy) => remapped(target, |row| {
            if row.attr == at(path) {
                row.policy = policy;
            }
        }),
        Edit::Fold(path, fold) => remapped(target, |row| {
            if row.attr == at(path) {
                row.fold = fold;
            }
        }),
        Edit::Key(path, key) => remapped(target, |row| {
            if row.attr == at(path) {
                row.key = key;
            }
        }),
        Edit::Link(a, b, verdict) => inputs.links.push(Link {
            a: key("hr", Kind::User, &format!("s{a}")),
            b: key("aha", Kind::User, &format!("t{b}")),
            by: Rung::Kept,
            verdict,
            since: jiff::Timestamp::UNIX_EPOCH,
        }),
        Edit::Adopt => {
            let users = before.kind(Kind::User);
            inputs.waivers.extend((0..users.len).filter_map(|identity| {
                let all = facets(before, Kind::User, identity, place);
                let facet = all.iter().find(|facet| facet.verdict == Verdict::Differs)?;
                facet.waiver(before.record(Kind::User, identity, place)?, "it is meant", None)
            }));
        }
        Edit::Anew => reread(target, Kind::User),
        Edit::AnewProducts => reread(target, Kind::Product),
        Edit::AnewSource => reread(&mut inputs.systems[0], Kind::User),
        Edit::Unproved => {
            Arc::make_mut(target.snapshots[3].as_mut().unwrap()).feeds[0].proof = partial();
        }
        Edit::Mandatory => {
            let mut mapping = Mapping::clone(&target.mapping);
            let map = mapping.kinds.iter_mut().find(|map| map.kind == Kind::User).unwrap();
            map.mandatory.clear();
            target.mapping = Arc::new(mapping);
        }
    }
    inputs
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn after_any_edits_comparing_again_says_what_comparing_from_nothing_says(
        ours in proptest::collection::vec(worker("s"), 0..7),
        theirs in proptest::collection::vec(record("t"), 0..7),
        others in proptest::collection::vec(worker("u"), 0..7),
        edits in proptest::collection::vec((edit(), 1..3_usize), 1..5),
    ) {
        let numbered = |side: &str, all: &[Rec]| -> Vec<Rec> {
            all.iter().enumerate().map(|(n, rec)| Rec { id: format!("{side}{n}"), ..rec.clone() }).collect()
        };
        let mut before = compared(vec![
            view("hr", "scim", "s", &numbered("s", &ours)),
            view("aha", "aha", "t", &numbered("t", &theirs)),
            view("dir", "scim", "u", &numbered("u", &others)),
        ]);
        for (edit, place) in &edits {
            let inputs = Arc::new(edited(&before, edit, *place));
            let (again, fresh) = (compare_again(inputs.clone(), &before), compare(inputs));
            prop_assert_eq!(told(&again), told(&fresh), "{:?} of {}", edit, place);
            for kind in Kind::ALL {
                prop_assert_eq!(&again.kind(kind).tallies, &fresh.kind(kind).tallies);
                prop_assert_eq!(&again.kind(kind).flags, &fresh.kind(kind).flags);
            }
            before = again;
        }
    }
}

#[test]
fn where_a_reference_leads_is_found_anew_once_who_is_referred_to_stands_otherwise() {
    let crew = |id: &str, members: &[(&str, &str)]| [rec(id).with("displayName", "Crew").list("members", members)];
    let ours =
        system("hr", "scim").read(Kind::User, &[user("s0", "a@x")]).read(Kind::Group, &crew("g0", &[("s0", "")]));
    let theirs = system("dir", "scim")
        .read(Kind::User, &[user("u0", "a@x"), user("u9", "z@x")])
        .read(Kind::Group, &crew("h0", &[("u0", ""), ("u9", "")]));
    let mut before = compared(vec![ours, theirs]);
    let differs = |found: &Compared| -> Vec<Vec<String>> {
        let groups = found.kind(Kind::Group);
        let of = |identity| groups.differing(identity, 1).map(|compares| compares.path.to_string()).collect();
        (0..groups.len).map(of).collect()
    };
    let mut told = Vec::new();
    // A member whom the source does not have is ours to judge, then not, and then ours again.
    for filter in ["userName pr", "userName sw \"a\"", "userName pr"] {
        let mut inputs = (*before.inputs).clone();
        inputs.systems[1] = inputs.systems[1].clone().managed(filter);
        let inputs = Arc::new(inputs);
        let (again, fresh) = (compare_again(inputs.clone(), &before), compare(inputs));
        assert_eq!(differs(&again), differs(&fresh), "{filter}");
        told.push(differs(&again));
        before = again;
    }
    assert_ne!(told[0], told[1], "it matters");
}

#[test]
fn what_nothing_has_changed_for_is_taken_over_as_it_is() {
    let users = [user("s0", "a@x").with("displayName", "Ann"), user("s1", "b@x")];
    let there = [user("t0", "a@x").with("displayName", "Anna"), user("t1", "b@x")];
    let before =
        compared(vec![system("hr", "scim").read(Kind::User, &users), system("dir", "scim").read(Kind::User, &there)]);
    let again = compare_again(before.inputs.clone(), &before);
    let (then, now) = (before.kind(Kind::User), again.kind(Kind::User));
    assert!(Arc::ptr_eq(&then.tied, &now.tied), "nobody was tied anew");
    assert!(Arc::ptr_eq(&then.hostile[1], &now.hostile[1]), "no text was looked through again");
    let sides = crate::compare::lane::facts::Sides {
        kind: Kind::User,
        system: 1,
        compares: &now.compares[1],
        policies: &vec![Policy::Force; now.compares[1].len()],
        of: &now.tied.of[1],
        words: 1,
    };
    let earlier = crate::compare::lane::facts::Earlier { compared: &before, refs: true };
    let carried = crate::compare::lane::facts::carried(earlier, &again.inputs, &sides);
    assert!(!carried.is_empty() && carried.iter().enumerate().all(|(at, from)| *from == Some(at)), "{carried:?}");
}
