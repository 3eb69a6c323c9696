use super::*;

fn at(seconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(seconds).unwrap()
}

impl SystemView {
    /// As if it had been read at this time.
    fn taken(mut self, seconds: i64) -> Self {
        for snapshot in self.snapshots.iter_mut().flatten() {
            Arc::make_mut(snapshot).taken = at(seconds);
        }
        self
    }
}

fn hr(records: &[Rec]) -> SystemView {
    system("hr", "scim").read(Kind::User, records)
}

fn dir(records: &[Rec]) -> SystemView {
    system("dir", "scim").read(Kind::User, records)
}

/// The comparison of `now`, which knows `before` and these bases.
fn after(before: &Compared, now: Vec<SystemView>, known: &Bases) -> (Compared, Followed) {
    let mut found = compare(Arc::new(Inputs { bases: known.clone(), ..inputs(now) }));
    let followed = follow(&found, &|system, kind| before.inputs.systems[system].snapshot(kind).cloned());
    Arc::make_mut(&mut found.inputs).bases = followed.bases.clone();
    (found, followed)
}

fn titled(id: &str, title: &str) -> Rec {
    user(id, "a@x").with("title", title)
}

#[test]
fn what_goes_from_equal_to_different_keeps_its_last_common_value_and_says_who_moved() {
    let before = compared(vec![hr(&[titled("1", "Clerk")]).taken(100), dir(&[titled("a", "clerk")]).taken(110)]);
    for (ours, theirs, expected, since) in [
        ("Chief", "clerk", Direction::SourceChanged, 200),
        ("Clerk", "Boss", Direction::TargetDrifted, 210),
        ("Chief", "Boss", Direction::Both, 210),
    ] {
        let now = vec![hr(&[titled("1", ours)]).taken(200), dir(&[titled("a", theirs)]).taken(210)];
        let (found, followed) = after(&before, now, &Bases::default());
        let [base] = &followed.new[..] else { panic!("{followed:?}") };
        assert_eq!(
            (base.source.as_str(), base.value.as_str(), base.at, base.since),
            ("Clerk", "clerk", at(100), at(since))
        );
        let facet = found.facet(Kind::User, "1", "title");
        assert_eq!((facet.direction, facet.since), (expected, Some(at(since))));
        assert_eq!(facet.why, expected.words());
    }
}

#[test]
fn a_base_stays_until_both_are_equal_again() {
    let equal = compared(vec![hr(&[titled("1", "Clerk")]), dir(&[titled("a", "Clerk")])]);
    let moved = || vec![hr(&[titled("1", "Chief")]), dir(&[titled("a", "Clerk")])];
    let (found, first) = after(&equal, moved(), &Bases::default());
    let (found, second) = after(&found, moved(), &first.bases);
    assert_eq!((&second.bases, second.new.len(), second.gone.len()), (&first.bases, 0, 0));
    // Further moves are told from the same common value.
    let (found, third) = after(&found, vec![hr(&[titled("1", "Chief")]), dir(&[titled("a", "Boss")])], &second.bases);
    assert_eq!((third.new.len(), found.facet(Kind::User, "1", "title").direction), (0, Direction::Both));
    let (_, last) = after(&found, vec![hr(&[titled("1", "Boss")]), dir(&[titled("a", "Boss")])], &third.bases);
    assert_eq!((last.gone.len(), last.bases.is_empty()), (1, true));
}

#[test]
fn what_was_never_equal_has_no_direction() {
    let before = compared(vec![hr(&[titled("1", "Clerk")]), dir(&[titled("a", "Boss")])]);
    let (found, followed) =
        after(&before, vec![hr(&[titled("1", "Chief")]), dir(&[titled("a", "Boss")])], &Bases::default());
    assert_eq!(followed, Followed::default());
    assert_eq!(found.facet(Kind::User, "1", "title").direction, Direction::Unknown);
    // And neither has who was not there, or was not read.
    let alone = compared(vec![hr(&[titled("1", "Clerk")]), dir(&[user("z", "z@x")])]);
    let unread = compared(vec![hr(&[titled("1", "(unread)")]), dir(&[titled("a", "(unread)")])]);
    for before in [alone, unread] {
        let now = vec![hr(&[titled("1", "Chief")]), dir(&[titled("a", "Boss")])];
        assert_eq!(after(&before, now, &Bases::default()).1, Followed::default());
    }
}

#[test]
fn entries_of_a_list_are_followed_one_by_one() {
    let products = || {
        [
            rec("p1").with("referencePrefix", "A").with("name", "A"),
            rec("p2").with("referencePrefix", "B").with("name", "B"),
        ]
    };
    let theirs = || {
        [
            rec("901").with("referencePrefix", "A").with("name", "A"),
            rec("902").with("referencePrefix", "B").with("name", "B"),
        ]
    };
    let roles = || [rec("viewer").with("name", "Viewer"), rec("owner").with("name", "Owner")];
    let world = |ours: &[(&str, &str)], have: &[(&str, &str)]| {
        let hr = system("hr", "scim").read(Kind::Product, &products()).read(Kind::Role, &roles());
        let aha = system("aha", "aha").read(Kind::Product, &theirs()).read(Kind::Role, &roles());
        vec![
            hr.read(Kind::User, &[user("1", "a@x").list("productRoles", ours)]),
            aha.read(Kind::User, &[user("a", "a@x").list("productRoles", have)]),
        ]
    };
    let before = compared(world(&[("p1", "viewer")], &[("901", "viewer")]));
    let now = world(&[("p1", "viewer"), ("p2", "viewer")], &[("901", "owner")]);
    let (found, followed) = after(&before, now, &Bases::default());
    let told: Vec<_> = followed.new.iter().map(|base| (&*base.entry, &*base.source, &*base.value)).collect();
    assert_eq!(told, [("901", "viewer", "viewer"), ("902", "", "")]);
    let all = found.facets_of(Kind::User, "1");
    let directions: Vec<_> = all.iter().filter(|facet| facet.key.is_some()).map(|facet| facet.direction).collect();
    assert_eq!(directions, [Direction::TargetDrifted, Direction::SourceChanged]);
    // The one that is equal again is forgotten, the other one stays.
    let (_, then) = after(&found, world(&[("p1", "viewer"), ("p2", "viewer")], &[("901", "viewer")]), &followed.bases);
    let left: Vec<_> = then.bases.iter().map(|base| &*base.entry).collect();
    assert_eq!(left, ["902"]);
}

#[test]
fn references_are_followed_by_who_they_are_to() {
    let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    let people = |prefix: &str, boss: &str| {
        let all = [("1", "a@x"), ("2", "b@x"), ("3", "c@x")];
        let mut all: Vec<Rec> = all.iter().map(|(id, login)| user(&format!("{prefix}{id}"), login)).collect();
        all[0] = all[0].clone().with(path, &format!("{prefix}{boss}"));
        all
    };
    let before = compared(vec![hr(&people("s", "2")), dir(&people("t", "2"))]);
    assert_eq!(before.stands(Kind::User, "s1"), Pairing::Same);
    let (found, followed) = after(&before, vec![hr(&people("s", "3")), dir(&people("t", "2"))], &Bases::default());
    let told: Vec<_> = followed.new.iter().map(|base| (&*base.source, &*base.value)).collect();
    assert_eq!(told, [("s2", "t2")]);
    assert_eq!(found.facet(Kind::User, "s1", path).direction, Direction::SourceChanged);
}

#[test]
fn what_is_still_being_read_moves_nothing() {
    let before = compared(vec![hr(&[titled("1", "Clerk")]), dir(&[titled("a", "Clerk")])]);
    let reading = Proof::Reading { read: 1, of: None };
    let now = || system("dir", "scim").read_as(Kind::User, &[titled("a", "Boss")], reading.clone());
    let (found, followed) = after(&before, vec![hr(&[titled("1", "Clerk")]), now()], &Bases::default());
    assert_eq!((found.stands(Kind::User, "1"), followed), (Pairing::Differs, Followed::default()));
}

#[test]
fn an_adopted_entry_leaves_the_others_counted() {
    let groups = |members: &[&str]| {
        let members: Vec<_> = members.iter().map(|member| (*member, "")).collect();
        [rec("g").with("displayName", "All").list("members", &members)]
    };
    let people = ["a", "b", "c"].map(|login| user(login, login));
    let world = |there: &[&str]| {
        let (hr, dir) = (system("hr", "scim"), system("dir", "scim"));
        vec![
            hr.read(Kind::User, &people).read(Kind::Group, &groups(&["a"])),
            dir.read(Kind::User, &people).read(Kind::Group, &groups(there)),
        ]
    };
    let found = compared(world(&["a", "b", "c"]));
    let identity = found.of(Kind::Group, 0, "g");
    let waivers: Vec<Waiver> = found
        .facets_of(Kind::Group, "g")
        .iter()
        .filter_map(|facet| facet.waiver(found.record(Kind::Group, identity, 1).unwrap(), "a guest", None))
        .collect();
    assert_eq!(waivers.iter().map(|waiver| &*waiver.entry).collect::<Vec<_>>(), ["b", "c"]);
    let with = |waivers: &[Waiver], there: &[&str]| {
        compare(Arc::new(Inputs { waivers: waivers.to_vec(), ..inputs(world(there)) }))
    };
    let one = with(&waivers[..1], &["a", "b", "c"]);
    assert_eq!(
        (one.stands(Kind::Group, "g"), one.differs(Kind::Group, "g")),
        (Pairing::Differs, vec!["members".into()])
    );
    let verdicts: Vec<_> =
        one.facets_of(Kind::Group, "g").iter().filter(|facet| facet.key.is_some()).map(|facet| facet.verdict).collect();
    assert_eq!(verdicts, [Verdict::Same, Verdict::Waived, Verdict::Differs]);
    let both = with(&waivers, &["a", "b", "c"]);
    assert_eq!((both.stands(Kind::Group, "g"), both.kind(Kind::Group).waived(identity, 1)), (Pairing::Same, true));
    assert_eq!(both.kind(Kind::Group).tallies[1].same, 1);
    // Who is no longer there is no longer adopted.
    assert!(!with(&waivers[..1], &["a"]).kind(Kind::Group).waived(identity, 1));
}

#[test]
fn an_account_that_nobody_knows_or_that_should_be_off_can_be_adopted() {
    let world = |active: &str| {
        vec![
            hr(&[user("1", "a@x").with("active", "false")]),
            dir(&[user("a", "a@x").with("active", active), user("bot", "bot@x").with("active", active)]),
        ]
    };
    let found = compared(world("true"));
    assert_eq!(
        (found.stands(Kind::User, "1"), found.stands_there(Kind::User, "bot")),
        (Pairing::Leaver, Pairing::Extra)
    );
    let waivers: Vec<Waiver> = [found.of(Kind::User, 1, "a"), found.of(Kind::User, 1, "bot")]
        .into_iter()
        .map(|identity| {
            let all = facets(&found, Kind::User, identity, 1);
            let active = all.iter().find(|facet| facet.path == AttrPath::new("active")).unwrap();
            active.waiver(found.record(Kind::User, identity, 1).unwrap(), "a service account", None).unwrap()
        })
        .collect();
    let adopted = compare(Arc::new(Inputs { waivers, ..inputs(world("true")) }));
    for id in ["a", "bot"] {
        let identity = adopted.of(Kind::User, 1, id);
        let state = adopted.kind(Kind::User).state(identity, 1).unwrap();
        assert_eq!((state.pairing, state.waived, state.differ), (Pairing::Same, true, 0), "{id}");
        let all = facets(&adopted, Kind::User, identity, 1);
        let active = all.iter().find(|facet| facet.path == AttrPath::new("active")).unwrap();
        assert_eq!((active.verdict, &*active.why), (Verdict::Waived, "a service account"), "{id}");
    }
    let query = crate::model::filter::Query::parse("waived=true");
    assert_eq!(select(&adopted, Kind::User, &query, None, &|_| false, &|| false).len(), 2);
    for identity in 0..adopted.kind(Kind::User).len {
        let subject = Identity::new(&adopted, Kind::User, identity, None);
        assert_eq!(query.eval(&subject), Some(true));
    }
}
