use super::*;

/// The twelve cells of DESIGN.md section 1: what the source says, what the target says, what comes of it.
#[test]
fn all_twelve_cells_are_as_the_table_says() {
    for deactivate in [false, true] {
        for (source, target, expected) in [
            (Some(("true", "in")), Some("true"), Pairing::Same),
            (Some(("true", "in")), Some("false"), Pairing::Differs),
            (Some(("true", "in")), None, Pairing::Missing),
            (Some(("false", "in")), Some("true"), Pairing::Leaver),
            (Some(("false", "in")), Some("false"), Pairing::Same),
            (Some(("false", "in")), None, Pairing::None),
            (Some(("true", "out")), Some("true"), Pairing::Leaving),
            (Some(("true", "out")), Some("false"), Pairing::Same),
            (Some(("true", "out")), None, Pairing::None),
            (None, Some("true"), Pairing::Extra),
            (None, Some("false"), Pairing::Same),
        ] {
            let ours = source.map(|(active, title)| user("s", "lena@x").with("active", active).with("title", title));
            let theirs = target.map(|active| user("t", "LENA@x").with("active", active));
            let filler = user("f", "filler@x").with("active", "true").with("title", "in");
            let source_records: Vec<Rec> = ours.into_iter().chain([filler.clone()]).collect();
            let target_records: Vec<Rec> =
                theirs.into_iter().chain([user("g", "filler@x").with("active", "true")]).collect();
            let hr = system("hr", "scim").read(Kind::User, &source_records);
            let mut aha = system("aha", "aha").read(Kind::User, &target_records).scoped(r#"title eq "in""#);
            aha.deactivate_out_of_scope = deactivate;
            let compared = compared(vec![hr, aha]);
            let found = match source {
                Some(_) => compared.stands(Kind::User, "s"),
                None => compared.stands_there(Kind::User, "t"),
            };
            assert_eq!(found, expected, "{source:?} {target:?}");
            assert_eq!(compared.stands(Kind::User, "f"), Pairing::Same);
            // The twelfth: nobody anywhere is no identity.
            let expected_identities = if source.is_some() || target.is_some() { 2 } else { 1 };
            assert_eq!(compared.kind(Kind::User).len, expected_identities);
        }
    }
}

#[test]
fn reactivating_and_deactivating_are_differences_of_active() {
    let hr = system("hr", "scim")
        .read(Kind::User, &[user("1", "on@x").with("active", "true"), user("2", "off@x").with("active", "false")]);
    let aha = system("aha", "aha")
        .read(Kind::User, &[user("a", "on@x").with("active", "false"), user("b", "off@x").with("active", "true")]);
    let compared = compared(vec![hr, aha]);
    assert_eq!(compared.differs(Kind::User, "1"), ["active"]);
    assert_eq!(compared.facet(Kind::User, "1", "active").want.as_deref(), Some("true"));
    assert_eq!(compared.stands(Kind::User, "2"), Pairing::Leaver);
    assert_eq!(compared.differs(Kind::User, "2"), ["active"]);
    let facet = compared.facet(Kind::User, "2", "active");
    assert_eq!((facet.verdict, facet.want.as_deref()), (Verdict::Differs, Some("false")));
    let tally = compared.kind(Kind::User).tallies[1];
    assert_eq!((tally.differs, tally.leaver, tally.out_of_true()), (1, 1, 2));
}

#[test]
fn an_absent_active_is_not_false() {
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "a@x"), user("2", "b@x").with("active", "false")]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "a@x").with("active", "true")]);
    let compared = compared(vec![hr, aha]);
    assert_eq!(compared.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(compared.differs(Kind::User, "1"), [""; 0]);
    assert_eq!(compared.stands(Kind::User, "2"), Pairing::None);
}

#[test]
fn differences_of_those_who_are_off_on_both_sides_are_shown_and_not_counted() {
    let hr = system("hr", "scim")
        .read(Kind::User, &[user("1", "a@x").with("active", "false").with("displayName", "New Name")]);
    let aha = system("aha", "aha")
        .read(Kind::User, &[user("a", "a@x").with("active", "false").with("displayName", "Old Name")]);
    let compared = compared(vec![hr, aha]);
    assert_eq!(compared.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(compared.differs(Kind::User, "1"), [""; 0]);
    let facet = compared.facet(Kind::User, "1", "displayName");
    assert_eq!((facet.verdict, facet.want), (Verdict::Shown, None));
}

#[test]
fn an_unproved_source_makes_nobody_extra() {
    let aha = || system("aha", "aha").read(Kind::User, &[user("a", "a@x"), user("b", "b@x").with("active", "true")]);
    let hr = system("hr", "scim").read_as(Kind::User, &[user("1", "a@x")], partial());
    let found = compared(vec![hr, aha()]);
    assert_eq!(found.stands_there(Kind::User, "b"), Pairing::Shown);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    let nothing_read = compared(vec![system("hr", "scim"), aha()]);
    assert_eq!(nothing_read.stands_there(Kind::User, "b"), Pairing::Shown);
    assert_eq!(nothing_read.kind(Kind::User).tallies[1].out_of_true(), 0);
}

#[test]
fn an_unproved_target_makes_nobody_missing() {
    let hr = || system("hr", "scim").read(Kind::User, &[user("1", "a@x")]);
    let aha = system("aha", "aha").read_as(Kind::User, &[], partial());
    assert_eq!(compared(vec![hr(), aha]).stands(Kind::User, "1"), Pairing::Shown);
    assert_eq!(compared(vec![hr(), system("aha", "aha")]).stands(Kind::User, "1"), Pairing::Shown);
    let reading = Proof::Reading { read: 0, of: Some(2) };
    let aha = system("aha", "aha").read_as(Kind::User, &[], reading);
    assert_eq!(compared(vec![hr(), aha]).stands(Kind::User, "1"), Pairing::Shown);
}

#[test]
fn a_scope_over_what_was_not_read_is_undecided_and_never_false() {
    let hr = system("hr", "scim").read(
        Kind::User,
        &[
            user("1", "a@x").with("title", "(unread)"),
            user("2", "b@x").with("title", "(unread)"),
            user("3", "c@x").with("title", "(unread)").with("active", "false"),
        ],
    );
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "a@x")]).scoped(r#"not (title eq "guest")"#);
    let found = compared(vec![hr, aha]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Undecided);
    assert_eq!(found.stands(Kind::User, "2"), Pairing::Undecided);
    // Nobody who is off needs an account, in scope or not.
    assert_eq!(found.stands(Kind::User, "3"), Pairing::None);
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "a@x")]);
    let aha = system("aha", "aha").read(Kind::User, &[]).scoped(r#"shoeSize eq "44""#);
    assert_eq!(compared(vec![hr, aha]).stands(Kind::User, "1"), Pairing::Undecided);
}

#[test]
fn an_active_that_was_not_read_is_undecided() {
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "a@x").with("active", "(unread)")]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "a@x").with("active", "true")]);
    assert_eq!(compared(vec![hr, aha]).stands(Kind::User, "1"), Pairing::Undecided);
    let hr = system("hr", "scim").read(Kind::User, &[]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "a@x").with("active", "(unread)")]);
    assert_eq!(compared(vec![hr, aha]).stands_there(Kind::User, "a"), Pairing::Undecided);
}

#[test]
fn manage_says_which_of_the_targets_records_are_judged() {
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "svc@x").with("displayName", "A")]);
    let aha = system("aha", "aha")
        .read(Kind::User, &[user("a", "svc@x").with("displayName", "B"), user("b", "bot@svc.x"), user("c", "c@x")])
        .managed(r#"not (userName ew "@svc.x") and not (userName sw "svc")"#);
    let found = compared(vec![hr, aha]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::None);
    assert_eq!(found.stands_there(Kind::User, "b"), Pairing::None);
    assert_eq!(found.stands_there(Kind::User, "c"), Pairing::Extra);
    assert_eq!(found.facet(Kind::User, "1", "displayName").verdict, Verdict::Shown);
}

#[test]
fn a_scope_can_ask_for_groups_by_name() {
    let hr = system("hr", "scim")
        .read(Kind::Group, &[rec("g1").with("displayName", "Product"), rec("g2").with("displayName", "Sales")])
        .read(
            Kind::User,
            &[
                user("1", "a@x").list("groups", &[("g1", ""), ("g2", "")]),
                user("2", "b@x").list("groups", &[("g2", "")]),
                user("3", "c@x"),
                user("4", "d@x").list("groups", &[("g9", "")]),
            ],
        );
    for filter in [r#"groups.display eq "product""#, r#"groups[display eq "Product"]"#, r#"groups.value eq "g1""#] {
        let aha = system("aha", "aha").read(Kind::User, &[]).scoped(filter);
        let found = compared(vec![hr.clone(), aha]);
        assert_eq!(found.stands(Kind::User, "1"), Pairing::Missing, "{filter}");
        assert_eq!(found.stands(Kind::User, "2"), Pairing::None, "{filter}");
        assert_eq!(found.stands(Kind::User, "3"), Pairing::None, "{filter}");
        let unknown = if filter.contains("value") { Pairing::None } else { Pairing::Undecided };
        assert_eq!(found.stands(Kind::User, "4"), unknown, "{filter}");
    }
}

#[test]
fn the_two_ways_of_evaluating_a_filter_agree() {
    let hr = system("hr", "scim").read(Kind::Group, &[rec("g1").with("displayName", "Product")]).read(
        Kind::User,
        &[
            user("1", "a@x").with("emails[work]", "a@x").list("groups", &[("g1", ""), ("g7", "")]),
            user("2", "B@x").with("emails[home]", "b@home").with("department", "R&D").with("active", "True"),
            user("3", "c@x").with("title", "(unread)").list("productRoles", &[("PRJ1", "viewer")]),
        ],
    );
    for filter in [
        r#"emails co "x""#,
        r#"emails.type eq "home""#,
        r#"emails[type eq "work" and value sw "a"]"#,
        r#"emails[type eq "home"].value pr"#,
        "emails[work] pr",
        r#"userName eq "b@X""#,
        "title pr",
        "active eq true",
        r#"department eq "r&d""#,
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department sw "R""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "a""#,
        r#"groups.display eq "Product""#,
        r#"groups[value eq "g7" or display eq "x"]"#,
        "groups pr",
        r#"productRoles.role eq "viewer""#,
        r#"productRoles[productId eq "PRJ1" and role ne "owner"]"#,
        "shoeSize pr",
        "name pr",
    ] {
        // `emails[work]` is a path of the mapping and no filter; it is asked by its entries.
        let Ok(filter) = Filter::parse(filter) else { continue };
        let bound = Bound::new(&filter, &hr, Kind::User).unwrap();
        let all = bound.all();
        for number in 0..3 {
            let one = filter.eval(&Record::new(&hr, Kind::User, row(number)).unwrap());
            assert_eq!(bound.eval(row(number)), one, "{filter} of {number}");
            assert_eq!(all[number as usize], one.map_or(2, u8::from), "{filter} of {number}");
        }
    }
}

#[test]
fn without_a_source_states_are_shown_and_nothing_is_wanted() {
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "a@x").with("displayName", "A"), user("2", "b@x")]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "a@x").with("displayName", "B")]);
    let inputs = Inputs { systems: vec![hr, aha], reference: Some(0), ..Inputs::default() };
    let found = compare(Arc::new(inputs));
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Differs);
    assert_eq!(found.stands(Kind::User, "2"), Pairing::Missing);
    assert!(found.facets_of(Kind::User, "1").iter().all(|facet| facet.want.is_none()));
    let nobody = compare(Arc::new(Inputs { systems: found.inputs.systems.clone(), ..Inputs::default() }));
    assert_eq!(nobody.kind(Kind::User).len, 3);
    assert_eq!(nobody.stands_there(Kind::User, "a"), Pairing::Shown);
}

#[test]
fn reference_data_is_never_missing_or_extra() {
    let product = |id: &str, prefix: &str, name: &str| rec(id).with("referencePrefix", prefix).with("name", name);
    let hr = system("hr", "scim")
        .read(Kind::Product, &[product("1", "P1", "One"), product("2", "P2", "Two"), product("3", "P3", "Three")]);
    let aha = system("aha", "aha")
        .read(Kind::Product, &[product("a", "P1", "One"), product("b", "P2", "Other"), product("c", "P9", "Nine")]);
    let found = compared(vec![hr, aha]);
    assert_eq!(found.stands(Kind::Product, "1"), Pairing::Same);
    assert_eq!(found.stands(Kind::Product, "2"), Pairing::Shown);
    assert_eq!(found.stands(Kind::Product, "3"), Pairing::None);
    assert_eq!(found.stands_there(Kind::Product, "c"), Pairing::Shown);
    assert_eq!(found.kind(Kind::Product).tallies[1].out_of_true(), 0);
}

#[test]
fn a_kind_that_a_target_cannot_hold_is_not_its_business() {
    let hr = system("hr", "scim").read(Kind::Group, &[rec("g").with("displayName", "All")]);
    let found = compared(vec![hr, system("aha", "aha").read(Kind::User, &[])]);
    assert_eq!(found.stands(Kind::Group, "g"), Pairing::None);
}
