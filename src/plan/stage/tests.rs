#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::refs::create_id;
use super::*;
use crate::compare::{Direction, FacetDiff, Link, LinkVerdict, Lint, Rule, Rung, Verdict};
use crate::plan::fixture::{Record, World, aha, hr, one_user, record, time, user};
use crate::plan::{Expect, Seen, Target};

const AHA: usize = 1;

fn offered(world: &World) -> Vec<Offer> {
    offers_of(world, Kind::User)
}

fn offers_of(world: &World, kind: Kind) -> Vec<Offer> {
    offers(&world.compared(), kind, 0, AHA)
}

/// The offers of the first identity, had the comparison these differences.
fn differing(world: &World, diffs: &[FacetDiff]) -> Vec<Offer> {
    let compared = world.compared();
    let stager = Stager::new(&compared);
    stager.case(Kind::User, 0, AHA).unwrap().differences(diffs)
}

fn diff(path: &str, source: Option<&str>, target: Option<&str>) -> FacetDiff {
    FacetDiff {
        path: AttrPath::new(path),
        key: None,
        source_key: Vec::new(),
        source: source.map(str::to_owned),
        target: target.map(str::to_owned),
        want: Some(source.unwrap_or_default().to_owned()),
        refers: None,
        verdict: Verdict::Differs,
        own: [source, target].map(|side| side.map(str::to_owned)),
        direction: Direction::Unknown,
        since: None,
        why: String::new(),
    }
}

fn entry(product: &str, source: Option<&str>, target: Option<&str>) -> FacetDiff {
    let key = Some((vec![product.to_owned()], format!("the {product}")));
    FacetDiff { key, refers: Some(Kind::Role), ..diff("productRoles", source, target) }
}

/// Lena is missing; Omar, her manager, too. Products and roles are there under other ids.
fn missing() -> World {
    let mut world = World::default();
    world.source.insert(
        Kind::User,
        vec![
            record(
                "h1",
                &[
                    ("userName", "lena"),
                    ("name.givenName", "Lena"),
                    ("active", "true"),
                    ("manager", "h2"),
                    ("lastLogin", "today"),
                ],
                &[("hp1", "hr-viewer")],
            ),
            record("h2", &[("userName", "omar"), ("name.givenName", "Omar"), ("active", "true")], &[]),
        ],
    );
    for (kind, from, to, name) in
        [(Kind::Product, "hp1", "p1", "Mobile App"), (Kind::Role, "hr-viewer", "viewer", "Viewer")]
    {
        world.source.insert(kind, vec![record(from, &[("displayName", name)], &[])]);
        world.target.insert(kind, vec![record(to, &[("displayName", name)], &[])]);
    }
    world
}

#[test]
fn a_missing_person_is_one_create_with_all_that_can_be_written_and_a_pair_that_needs_it() {
    let offers = offered(&missing());
    assert_eq!(offers.len(), 2);
    let (create, pair) = (&offers[0].change, &offers[1].change);
    assert_eq!(create.op, Op::Create);
    assert_eq!(create.target, Target::New(create.id.clone()));
    assert_eq!((&*create.label, create.source.clone()), ("lena", Some(RecordKey::new(hr(), Kind::User, "h1"))));
    let omar = Change::name(&aha(), Kind::User, "+h2", Op::Create, None);
    let wanted: Vec<(&str, &Wanted)> = create.want.iter().map(|want| (want.facet.path.as_str(), &want.value)).collect();
    let text = |text: &str| Wanted::Text(text.into());
    let (lena, given, on) = (text("lena"), text("Lena"), text("true"));
    let manager = Wanted::Ref(Ref::New(omar.clone()));
    assert_eq!(
        wanted,
        [("userName", &lena), ("name.givenName", &given), ("active", &on), ("manager", &manager)],
        "a write-only name is part of it, what is only read is not"
    );
    assert_eq!(create.needs, [omar]);
    assert_eq!(create.expect, Expect::Absent { by: vec![(AttrPath::new("userName"), "lena".into())] });
    assert_eq!((pair.op, &pair.target, &pair.needs), (Op::Put, &create.target, &vec![create.id.clone()]));
    assert_eq!(pair.want[0].facet.key, Some(vec![Ref::Id("p1".into())]), "in the target's own ids");
    assert_eq!(pair.want[0].value, Wanted::Ref(Ref::Id("viewer".into())));
    assert!(
        offers.iter().all(|offer| offer.ticked && offer.blocked.is_none() && offer.blanks.is_empty()),
        "{offers:?}"
    );
}

#[test]
fn a_create_without_a_pair_asks_for_product_and_role_together() {
    let mut world = missing();
    world.source.get_mut(&Kind::User).unwrap()[0].entries.clear();
    let offers = offered(&world);
    assert_eq!(offers.len(), 1);
    let [blank] = &offers[0].blanks[..] else { panic!("{:?}", offers[0].blanks) };
    assert_eq!((blank.path.as_str(), blank.keyed, blank.refers), ("productRoles", true, Some(Kind::Role)));
    assert_eq!(blank.keys, [("p1".to_owned(), "Mobile App".to_owned())]);
    assert_eq!(blank.values, [("viewer".to_owned(), "Viewer".to_owned())]);
    let given = |key: Option<&str>, value: &str| Supplied {
        path: blank.path.clone(),
        key: key.map(|key| vec![key.to_owned()]),
        value: value.into(),
    };
    let change = supply(&offers[0], &[given(Some("p1"), "viewer")]).unwrap();
    let want = change.want.last().unwrap();
    assert_eq!((&want.value, want.by), (&Wanted::Ref(Ref::Id("viewer".into())), By::Operator));
    assert_eq!(want.facet.key, Some(vec![Ref::Id("p1".into())]));
    for bad in [
        vec![],
        vec![given(None, "viewer")],
        vec![given(Some("p1"), "")],
        vec![given(Some("p9"), "viewer")],
        vec![given(Some("p1"), "king")],
    ] {
        assert!(supply(&offers[0], &bad).is_err(), "{bad:?}");
    }
}

#[test]
fn a_mandatory_text_that_the_source_lacks_is_asked_for() {
    let mut world = missing();
    world.source.get_mut(&Kind::User).unwrap()[0].texts.retain(|(path, _)| *path != "name.givenName");
    let offer = offered(&world).remove(0);
    assert_eq!(offer.blanks.len(), 1);
    let given = Supplied { path: AttrPath::new("name.givenName"), key: None, value: "Lena".into() };
    let change = supply(&offer, std::slice::from_ref(&given)).unwrap();
    assert_eq!(change.want.last().unwrap().value, Wanted::Text("Lena".into()));
    let stranger = Supplied { path: AttrPath::new("title"), ..given.clone() };
    assert!(supply(&offer, &[given, stranger]).unwrap_err().contains("title"));
}

#[test]
fn an_unknown_role_blocks_the_pair_and_the_form_asks_for_another() {
    let mut world = missing();
    world.source.get_mut(&Kind::User).unwrap()[0].entries = vec![("hp1", "emperor")];
    let offers = offered(&world);
    assert!(offers[1].blocked.as_ref().unwrap().contains("emperor"), "{offers:?}");
    assert!(offers[0].blocked.is_none() && offers[0].blanks.len() == 1);
}

#[test]
fn a_differing_attribute_is_one_set_that_expects_what_was_seen() {
    let offers = offered(&one_user());
    let [offer] = &offers[..] else { panic!("{offers:?}") };
    assert_eq!((offer.change.op, &*offer.text, offer.ticked), (Op::Set, "title: Ms. -> Dr.", true));
    assert_eq!((&offer.blocked, &offer.blanks), (&None, &Vec::new()));
    assert_eq!(offer.change.want[0].value, Wanted::Text("Dr.".into()));
    assert_eq!(
        offer.change.expect,
        Expect::Facets(vec![
            (Facet::attr("title"), Seen::Value("Ms.".into())),
            (Facet::attr("active"), Seen::Value("true".into()))
        ])
    );
    let cleared = differing(&one_user(), &[diff("title", None, Some("Ms."))]);
    assert_eq!(cleared[0].change.want[0].value, Wanted::Clear);
}

#[test]
fn a_name_that_is_put_together_is_changed_by_writing_its_parts() {
    let mut world = one_user();
    let lena = &mut world.source.get_mut(&Kind::User).unwrap()[0];
    lena.texts = vec![("userName", "lena"), ("displayName", "Lena"), ("name.givenName", "Lena"), ("active", "true")];
    let theirs = &mut world.target.get_mut(&Kind::User).unwrap()[0];
    theirs.texts = vec![("userName", "lena"), ("displayName", "Lea"), ("active", "true")];
    let offers = offered(&world);
    let [offer] = &offers[..] else { panic!("{offers:?}") };
    assert_eq!((&*offer.text, &offer.blocked), ("displayName: Lea -> Lena (writes name.givenName)", &None));
    let [want] = &offer.change.want[..] else { panic!() };
    assert_eq!((want.facet.path.as_str(), &want.value), ("name.givenName", &Wanted::Text("Lena".into())));
    let Expect::Facets(expected) = &offer.change.expect else { panic!() };
    assert!(expected.contains(&(Facet::attr("displayName"), Seen::Value("Lea".into()))));
    assert!(offer.change.id.0.ends_with("set:displayName"), "{}", offer.change.id);
}

#[test]
fn entries_are_set_put_and_dropped_one_by_one_and_a_removal_is_not_ticked() {
    let mut world = missing();
    let products = |ids: [&'static str; 3]| ids.map(|id| record(id, &[("displayName", id)], &[])).to_vec();
    world.source.insert(Kind::Product, products(["p1", "p2", "p3"]));
    world.target.insert(Kind::Product, products(["p1", "p2", "p3"]));
    world.source.get_mut(&Kind::Role).unwrap().push(record("hr-owner", &[("displayName", "Owner")], &[]));
    world.target.get_mut(&Kind::Role).unwrap().push(record("owner", &[("displayName", "Owner")], &[]));
    let lena = &mut world.source.get_mut(&Kind::User).unwrap()[0];
    lena.texts = vec![("userName", "lena"), ("active", "true")];
    lena.entries = vec![("p1", "hr-owner"), ("p2", "hr-viewer")];
    let theirs = record("a1", &[("userName", "lena"), ("active", "true")], &[("p1", "viewer"), ("p3", "owner")]);
    world.target.insert(Kind::User, vec![theirs]);
    let offers = offered(&world);
    let told: Vec<_> = offers.iter().map(|offer| (offer.change.op, offer.ticked, &offer.blocked)).collect();
    assert_eq!(told, [(Op::Set, true, &None), (Op::Put, true, &None), (Op::Drop, false, &None)]);
    assert!(offers[2].text.starts_with("productRoles[p3]: remove"), "{}", offers[2].text);
    let role = |id: &str| Wanted::Ref(Ref::Id(id.into()));
    let wants: Vec<_> = offers.iter().map(|offer| offer.change.want[0].value.clone()).collect();
    assert_eq!(wants, [role("owner"), role("viewer"), Wanted::Clear]);
    let expects: Vec<Seen> = offers
        .iter()
        .map(|offer| match &offer.change.expect {
            Expect::Facets(facets) => facets[0].1.clone(),
            Expect::Absent { .. } => panic!(),
        })
        .collect();
    assert_eq!(expects, [Seen::Value("viewer".into()), Seen::Absent, Seen::Value("owner".into())]);
}

#[test]
fn a_member_without_a_value_is_present_or_clear_and_a_new_one_waits_for_its_create() {
    let mut world = missing();
    let people = |ids: [(&'static str, &'static str); 2]| {
        ids.map(|(id, name)| record(id, &[("userName", name), ("active", "true")], &[]))
    };
    world.source.get_mut(&Kind::User).unwrap().extend(people([("h3", "王小明"), ("h4", "amira")]));
    world.target.insert(Kind::User, people([("a3", "王小明"), ("a4", "amira")]).to_vec());
    world.source.insert(Kind::Group, vec![record("hg", &[("displayName", "R&D")], &[("h1", ""), ("h3", "")])]);
    world.target.insert(Kind::Group, vec![record("g", &[("displayName", "R&D")], &[("a4", "")])]);
    let offers = offers_of(&world, Kind::Group);
    let lena = Change::name(&aha(), Kind::User, "+h1", Op::Create, None);
    let mut told: Vec<_> = offers
        .iter()
        .map(|offer| {
            let want = &offer.change.want[0];
            (offer.change.op, want.facet.to_string(), want.value.clone(), offer.change.needs.clone())
        })
        .collect();
    told.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    assert_eq!(
        told,
        [
            (Op::Drop, "members[a4]".to_owned(), Wanted::Clear, vec![]),
            (Op::Put, "members[a3]".to_owned(), Wanted::Present, vec![]),
            (Op::Put, format!("members[{{{{{lena}}}}}]"), Wanted::Present, vec![lena]),
        ]
    );
    assert!(offers.iter().all(|offer| offer.blocked.is_none()), "{offers:?}");
}

#[test]
fn a_reference_to_somebody_who_is_still_missing_waits_for_that_create() {
    let mut world = missing();
    world.target.insert(Kind::User, vec![record("a1", &[("userName", "lena"), ("active", "true")], &[])]);
    let offers = offered(&world);
    let offer = offers.iter().find(|offer| offer.change.want[0].facet.path == AttrPath::new("manager")).unwrap();
    let omar = Change::name(&aha(), Kind::User, "+h2", Op::Create, None);
    assert_eq!(offer.change.want[0].value, Wanted::Ref(Ref::New(omar.clone())));
    assert_eq!((&offer.change.needs, &offer.blocked), (&vec![omar.clone()], &None));

    let mut staging = Staging::default();
    staging.add(offer.change.clone());
    assert_eq!(staging.lacking(&offer.change.id), [omar]);
}

#[test]
fn a_reference_that_leads_nowhere_is_blocked_and_does_not_hold_up_the_others() {
    let mut world = missing();
    world.source.get_mut(&Kind::User).unwrap()[0].entries = vec![("nowhere", "hr-viewer"), ("hp1", "hr-viewer")];
    world.target.insert(Kind::User, vec![record("a1", &[("userName", "lena"), ("active", "true")], &[])]);
    let offers: Vec<Offer> =
        offered(&world).into_iter().filter(|offer| offer.change.want[0].facet.key.is_some()).collect();
    let blocked: Vec<_> =
        offers.iter().map(|offer| (offer.text.contains("nowhere"), offer.blocked.is_some())).collect();
    assert_eq!(blocked.len(), 2);
    assert!(blocked.iter().all(|(nowhere, blocked)| nowhere == blocked), "{offers:?}");
}

#[test]
fn leavers_extras_and_leaving_are_deactivated_and_never_ticked_or_deleted() {
    let leaver = |world: &mut World| world.source.get_mut(&Kind::User).unwrap()[0].texts[2].1 = "false";
    let extra = |world: &mut World| {
        let lena = world.source.insert(Kind::User, Vec::new());
        assert!(lena.is_some());
    };
    let leaving = |world: &mut World| world.scope = Some("userName eq \"somebody else\"");
    let off = |world: &mut World| world.target.get_mut(&Kind::User).unwrap()[0].texts[2].1 = "false";
    let both_off = |world: &mut World| (leaver(world), off(world)).0;
    type Turn<'t> = &'t dyn Fn(&mut World);
    let cases: [(Turn<'_>, bool, usize); 5] =
        [(&leaver, false, 1), (&extra, false, 1), (&leaving, false, 0), (&leaving, true, 1), (&both_off, true, 0)];
    for (at, (turn, policy, count)) in cases.into_iter().enumerate() {
        let mut world = World { deactivate_out_of_scope: policy, ..one_user() };
        turn(&mut world);
        let offers = offered(&world);
        assert_eq!(offers.len(), count, "case {at}");
        for offer in offers {
            assert_eq!((offer.change.op, offer.ticked, &offer.blocked), (Op::Deactivate, false, &None), "case {at}");
            assert_eq!(offer.change.want[0].value, Wanted::Text("false".into()));
            let active = (Facet::attr("active"), Seen::Value("true".into()));
            assert_eq!(offer.change.expect, Expect::Facets(vec![active]));
        }
    }
}

#[test]
fn who_is_switched_off_there_is_reactivated() {
    let mut world = one_user();
    let theirs = &mut world.target.get_mut(&Kind::User).unwrap()[0];
    theirs.texts = vec![("userName", "lena"), ("title", "Dr."), ("active", "false")];
    let offers = offered(&world);
    let [offer] = &offers[..] else { panic!("{offers:?}") };
    assert_eq!((offer.change.op, offer.ticked), (Op::Reactivate, true));
    assert_eq!(offer.change.want[0].value, Wanted::Text("true".into()));
}

#[test]
fn nothing_that_removes_is_offered_freely_from_an_unproved_snapshot() {
    for system in ["hr", "aha"] {
        let mut world = World { unproved: Some(system), ..one_user() };
        let gone = FacetDiff { want: Some(String::new()), ..entry("p3", None, Some("owner")) };
        let offers = differing(&world, &[gone, diff("title", Some("Dr."), Some("Ms."))]);
        assert!(offers[0].blocked.is_some());
        assert_eq!(offers[1].blocked, None, "what does not take away can be staged");
        world.source.get_mut(&Kind::User).unwrap()[0].texts[2].1 = "false";
        let why = offered(&world)[0].blocked.clone().unwrap();
        assert!(why.contains("a page is missing") && why.contains(system), "{why}");
    }
}

#[test]
fn what_cannot_be_written_says_so() {
    let offers = differing(&one_user(), &[diff("lastLogin", Some("a"), Some("b"))]);
    assert!(offers[0].blocked.as_ref().unwrap().contains("does not let lastLogin be written"));
    let mut world = World::default();
    world.source.insert(Kind::Role, vec![record("r", &[("displayName", "Emperor")], &[])]);
    let roles = offers_of(&world, Kind::Role);
    assert!(roles[0].blocked.as_ref().unwrap().contains("only reads"));
    world.source.insert(Kind::Product, vec![record("p", &[("displayName", "Moon")], &[])]);
    assert_eq!(offers_of(&world, Kind::Product), Vec::new(), "reference data is never staged");
}

#[test]
fn a_difference_that_nobody_can_decide_is_blocked_with_its_reason() {
    let lost = FacetDiff { want: None, why: "two candidates".into(), ..diff("manager", Some("x"), None) };
    assert_eq!(differing(&one_user(), &[lost])[0].blocked.as_deref(), Some("two candidates"));
}

#[test]
fn lint_blocks_its_attribute_or_the_whole_record() {
    let lint = |path: Option<&str>, blocks: bool, record: RecordKey| Lint {
        rule: Rule::LastBillingAdmin,
        system: aha(),
        kind: Kind::User,
        record,
        key: "lena".into(),
        path: path.map(AttrPath::new),
        text: "an override character".into(),
        blocks,
    };
    let diffs = [diff("title", Some("Dr."), Some("Ms.")), diff("userName", Some("a"), Some("b"))];
    for (lint, blocked) in [
        (lint(Some("title"), true, user("a1")), [true, false]),
        (lint(None, true, RecordKey::new(hr(), Kind::User, "h1")), [true, true]),
        (lint(Some("title"), false, user("a1")), [false, false]),
        (lint(None, true, user("a2")), [false, false]),
    ] {
        let world = World { lints: vec![lint], ..one_user() };
        let found: Vec<bool> = differing(&world, &diffs).iter().map(|offer| offer.blocked.is_some()).collect();
        assert_eq!(found, blocked);
    }
}

#[test]
fn without_a_source_of_truth_nothing_is_offered() {
    let world = World { sourceless: true, ..missing() };
    assert_eq!(offered(&world), Vec::new());
    assert_eq!(offers(&missing().compared(), Kind::User, 0, 0), Vec::new(), "the source is not written");
}

#[test]
fn the_undecided_is_shown_blocked() {
    let mut world = missing();
    let twin = record("a", &[("userName", "lena"), ("active", "true")], &[]);
    world.target.insert(Kind::User, vec![twin.clone(), Record { id: "b", ..twin }]);
    let offers = offered(&world);
    assert!(!offers.is_empty() && offers.iter().all(|offer| offer.blocked.as_ref().unwrap().contains("link it first")));
}

#[test]
fn a_value_that_could_hurt_the_terminal_is_not_sent() {
    let mut world = missing();
    world.source.get_mut(&Kind::User).unwrap()[0].texts[1].1 = "Le\u{202e}na";
    let offers = offered(&world);
    assert!(offers[0].blocked.as_ref().unwrap().contains("<202E>"), "{offers:?}");
    let mut world = one_user();
    world.source.get_mut(&Kind::User).unwrap()[0].texts[1].1 = "D\u{1b}[31mr.";
    assert!(offered(&world)[0].blocked.is_some());
    let mut world = one_user();
    world.target.get_mut(&Kind::User).unwrap()[0].texts[1].1 = "M\u{1b}[31ms.";
    assert_eq!(offered(&world)[0].blocked, None, "it is overwritten by what is harmless");
}

#[test]
fn the_summary_counts_what_would_be_staged_and_what_is_left_out() {
    let mut world = one_user();
    world.unproved = None;
    let gone = FacetDiff { want: Some(String::new()), ..entry("p3", None, Some("owner")) };
    let mut all =
        differing(&world, &[gone, diff("title", Some("Dr."), Some("Ms.")), diff("lastLogin", Some("a"), Some("b"))]);
    let mut blank = missing();
    blank.source.get_mut(&Kind::User).unwrap()[0].entries.clear();
    all.extend(offered(&blank));
    let count = |op, offers, ticked, blocked, blanks| Count { system: aha(), op, offers, ticked, blocked, blanks };
    let counts = tally(&all);
    assert_eq!(
        counts,
        [count(Op::Drop, 1, 0, 0, 0), count(Op::Create, 1, 0, 0, 1), count(Op::Set, 2, 1, 1, 0)],
        "removals first"
    );
    assert_eq!(counts.iter().map(Count::left_out).collect::<Vec<_>>(), [1, 0, 0]);
}

#[test]
fn taking_a_create_back_takes_back_what_needs_it() {
    let mut staging = Staging::default();
    for offer in offered(&missing()) {
        staging.add(offer.change);
    }
    assert_eq!(staging.len(), 2);
    let compared = missing().compared();
    staging.remove(&create_id(&compared.inputs.systems[AHA], Kind::User, "h1"));
    assert!(staging.is_empty());
}

#[test]
fn a_create_is_held_while_the_target_has_a_likely_duplicate() {
    let mut world = World::default();
    let lena = |id, login| record(id, &[("userName", login), ("displayName", "Lena Fischer"), ("active", "true")], &[]);
    world.source.insert(Kind::User, vec![lena("h1", "lena.fischer@new.example")]);
    world.target.insert(Kind::User, vec![lena("t1", "lena.fischer@old.example")]);
    let compared = world.compared();
    let held = offers(&compared, Kind::User, 0, AHA);
    let why = held[0].blocked.as_deref().unwrap();
    assert_eq!(held[0].change.op, Op::Create);
    for words in ["possible duplicate of lena.fischer@old.example", "aha t1", "the same name", "link them"] {
        assert!(why.contains(words), "{why}");
    }
    let decided = |verdict: LinkVerdict| {
        let mut inputs = (*compared.inputs).clone();
        let (a, b) = (RecordKey::new(hr(), Kind::User, "h1"), user("t1"));
        inputs.links = vec![Link { a, b, by: Rung::Kept, verdict, since: time() }];
        crate::compare::compare(std::sync::Arc::new(inputs))
    };
    let apart = offers(&decided(LinkVerdict::NotSame), Kind::User, 0, AHA);
    assert_eq!((apart[0].change.op, &apart[0].blocked), (Op::Create, &None));
    let same = offers(&decided(LinkVerdict::Same), Kind::User, 0, AHA);
    assert!(same.iter().all(|offer| offer.change.op == Op::Set), "{same:?}");
}
