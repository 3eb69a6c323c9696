#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::refs::create_id;
use super::*;
use crate::compare::{Direction, FacetDiff, Lint, Pairing, Rule, Verdict};
use crate::plan::fixture::{World, aha, hr, one_user, record, user};
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
        direction: Direction::Unknown,
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
    world.pairings.insert(Kind::User, vec![Pairing::Missing, Pairing::Missing]);
    for (kind, from, to, name) in
        [(Kind::Product, "hp1", "p1", "Mobile App"), (Kind::Role, "hr-viewer", "viewer", "Viewer")]
    {
        world.source.insert(kind, vec![record(from, &[("displayName", name)], &[])]);
        world.target.insert(kind, vec![record(to, &[("displayName", name)], &[])]);
        world.linked.insert(kind, vec![(0, 0)]);
        world.pairings.insert(kind, vec![Pairing::Same]);
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
    let offers = differing(&one_user(), &[diff("title", Some("Dr."), Some("Ms."))]);
    let [offer] = &offers[..] else { panic!() };
    assert_eq!((offer.change.op, &*offer.text, offer.ticked), (Op::Set, "title: Ms. -> Dr.", true));
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
fn entries_are_put_and_dropped_one_by_one_and_a_removal_is_not_ticked() {
    let mut world = one_user();
    world.target.get_mut(&Kind::User).unwrap()[0].entries = vec![("p1", "viewer"), ("p3", "owner")];
    let offers = differing(
        &world,
        &[
            entry("p1", Some("owner"), Some("viewer")),
            entry("p2", Some("viewer"), None),
            FacetDiff { want: Some(String::new()), ..entry("p3", None, Some("owner")) },
        ],
    );
    let told: Vec<_> = offers.iter().map(|offer| (offer.change.op, offer.ticked, &*offer.text)).collect();
    assert_eq!(
        told,
        [
            (Op::Put, true, "productRoles[the p1]: viewer -> owner"),
            (Op::Put, true, "productRoles[the p2]: add viewer"),
            (Op::Drop, false, "productRoles[the p3]: remove owner"),
        ]
    );
    let expects: Vec<Seen> = offers
        .iter()
        .map(|offer| match &offer.change.expect {
            Expect::Facets(facets) => facets[0].1.clone(),
            Expect::Absent { .. } => panic!(),
        })
        .collect();
    assert_eq!(expects, [Seen::Value("viewer".into()), Seen::Absent, Seen::Value("owner".into())]);
    assert_eq!(offers[2].change.want[0].value, Wanted::Clear);
}

#[test]
fn a_member_without_a_value_is_present_or_clear() {
    let mut world = World::default();
    world.source.insert(Kind::Group, vec![record("hg", &[("displayName", "R&D")], &[("h1", "")])]);
    world.target.insert(Kind::Group, vec![record("g", &[("displayName", "R&D")], &[("a2", "")])]);
    world.linked.insert(Kind::Group, vec![(0, 0)]);
    world.pairings.insert(Kind::Group, vec![Pairing::Differs]);
    let compared = world.compared();
    let member = |id: &str, source: Option<&str>, target: Option<&str>| FacetDiff {
        key: Some((vec![id.into()], id.into())),
        ..diff("members", source, target)
    };
    let diffs = [member("a1", Some(""), None), member("a2", None, Some(""))];
    let stager = Stager::new(&compared);
    let offers = stager.case(Kind::Group, 0, AHA).unwrap().differences(&diffs);
    let told: Vec<_> = offers.iter().map(|offer| (offer.change.op, &offer.change.want[0].value)).collect();
    assert_eq!(told, [(Op::Put, &Wanted::Present), (Op::Drop, &Wanted::Clear)]);
}

#[test]
fn a_reference_to_somebody_who_is_still_missing_waits_for_that_create() {
    let mut world = missing();
    let lena = &mut world.target.entry(Kind::User).or_default();
    lena.push(record("a1", &[("userName", "lena"), ("active", "true")], &[]));
    world.linked.insert(Kind::User, vec![(0, 0)]);
    world.pairings.insert(Kind::User, vec![Pairing::Differs, Pairing::Missing]);
    let lost = FacetDiff { verdict: Verdict::Unresolved, want: None, ..diff("manager", Some("omar"), None) };
    let offers = differing(&world, &[lost]);
    let omar = Change::name(&aha(), Kind::User, "+h2", Op::Create, None);
    assert_eq!(offers[0].change.want[0].value, Wanted::Ref(Ref::New(omar.clone())));
    assert_eq!((&offers[0].change.needs, &offers[0].blocked), (&vec![omar.clone()], &None));

    let mut staging = Staging::default();
    staging.add(offers[0].change.clone());
    assert_eq!(staging.lacking(&offers[0].change.id), [omar]);
}

#[test]
fn a_reference_that_leads_nowhere_is_blocked() {
    let mut world = one_user();
    world.source.get_mut(&Kind::User).unwrap()[0].entries = vec![("nowhere", "viewer")];
    let lost = FacetDiff {
        verdict: Verdict::Unresolved,
        want: None,
        key: Some((Vec::new(), "nowhere".into())),
        ..diff("productRoles", Some("viewer"), None)
    };
    let offers = differing(&world, &[lost.clone(), lost]);
    assert_eq!(offers.len(), 1, "each entry once");
    assert!(offers[0].blocked.as_ref().unwrap().contains("nowhere"));
}

#[test]
fn leavers_extras_and_leaving_are_deactivated_and_never_ticked_or_deleted() {
    for (pairing, policy, count) in [
        (Pairing::Leaver, false, 1),
        (Pairing::Extra, false, 1),
        (Pairing::Leaving, false, 0),
        (Pairing::Leaving, true, 1),
        (Pairing::Same, true, 0),
        (Pairing::None, true, 0),
        (Pairing::Shown, true, 0),
    ] {
        let mut world = one_user();
        world.pairings.insert(Kind::User, vec![pairing]);
        world.deactivate_out_of_scope = policy;
        let offers = offered(&world);
        assert_eq!(offers.len(), count, "{pairing:?}");
        for offer in offers {
            assert_eq!((offer.change.op, offer.ticked, &offer.blocked), (Op::Deactivate, false, &None));
            assert_eq!(offer.change.want[0].value, Wanted::Text("false".into()));
            let active = (Facet::attr("active"), Seen::Value("true".into()));
            assert_eq!(offer.change.expect, Expect::Facets(vec![active]));
        }
    }
}

#[test]
fn who_is_switched_off_there_is_reactivated() {
    let offers = differing(&one_user(), &[diff("active", Some("true"), Some("false"))]);
    assert_eq!((offers[0].change.op, offers[0].ticked), (Op::Reactivate, true));
    assert_eq!(offers[0].change.want[0].value, Wanted::Text("true".into()));
}

#[test]
fn nothing_that_removes_is_offered_freely_from_an_unproved_snapshot() {
    for system in ["hr", "aha"] {
        let mut world = one_user();
        world.unproved = Some(system);
        world.pairings.insert(Kind::User, vec![Pairing::Leaver]);
        let why = offered(&world)[0].blocked.clone().unwrap();
        assert!(why.contains("a page is missing") && why.contains(system), "{why}");
        let gone = FacetDiff { want: Some(String::new()), ..entry("p3", None, Some("owner")) };
        let offers = differing(&world, &[gone, diff("title", Some("Dr."), Some("Ms."))]);
        assert!(offers[0].blocked.is_some());
        assert_eq!(offers[1].blocked, None, "what does not take away can be staged");
    }
}

#[test]
fn what_cannot_be_written_says_so() {
    let offers = differing(&one_user(), &[diff("lastLogin", Some("a"), Some("b"))]);
    assert!(offers[0].blocked.as_ref().unwrap().contains("does not let lastLogin be written"));
    let mut world = World::default();
    world.source.insert(Kind::Role, vec![record("r", &[("displayName", "Emperor")], &[])]);
    world.pairings.insert(Kind::Role, vec![Pairing::Missing]);
    let roles = offers_of(&world, Kind::Role);
    assert!(roles[0].blocked.as_ref().unwrap().contains("only reads"));
}

#[test]
fn a_difference_that_nobody_can_decide_is_blocked_with_its_reason() {
    let lost = FacetDiff { want: None, why: "two candidates".into(), ..diff("manager", Some("x"), None) };
    assert_eq!(differing(&one_user(), &[lost])[0].blocked.as_deref(), Some("two candidates"));
}

#[test]
fn lint_blocks_its_attribute_or_the_whole_record() {
    let lint = |path: Option<&str>, blocks: bool, record: RecordKey| Lint {
        rule: Rule::HostileText,
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
    world.pairings.insert(Kind::User, vec![Pairing::Undecided, Pairing::Missing]);
    let offers = offered(&world);
    assert!(!offers.is_empty() && offers.iter().all(|offer| offer.blocked.as_ref().unwrap().contains("link it first")));
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
