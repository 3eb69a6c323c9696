use super::*;

fn products() -> [Rec; 3] {
    [
        rec("p1").with("referencePrefix", "PRJ1").with("name", "One"),
        rec("p2").with("referencePrefix", "PRJ2").with("name", "Two"),
        rec("p3").with("referencePrefix", "PRJ3").with("name", "Three"),
    ]
}

fn theirs() -> [Rec; 2] {
    [
        rec("901").with("referencePrefix", "PRJ1").with("name", "One"),
        rec("902").with("referencePrefix", "PRJ2").with("name", "Two"),
    ]
}

fn roles() -> [Rec; 3] {
    [rec("viewer").with("name", "Viewer"), rec("product_owner").with("name", "Owner"), rec("none").with("name", "None")]
}

fn world(ours: &[(&str, &str)], have: &[(&str, &str)]) -> Compared {
    let hr = system("hr", "scim").read(Kind::Product, &products()).read(Kind::Role, &roles()).read(
        Kind::User,
        &[user("1", "a@x").list("productRoles", ours), user("2", "b@x").list("productRoles", &[("p1", "viewer")])],
    );
    let aha = system("aha", "aha").read(Kind::Product, &theirs()).read(Kind::Role, &roles()).read(
        Kind::User,
        &[user("a", "a@x").list("productRoles", have), user("b", "b@x").list("productRoles", &[("901", "viewer")])],
    );
    compared(vec![hr, aha])
}

fn entries(found: &Compared) -> Vec<FacetDiff> {
    let path = AttrPath::new("productRoles");
    found.facets_of(Kind::User, "1").into_iter().filter(|facet| facet.path == path).collect()
}

#[test]
fn pairs_are_compared_as_products_and_roles_and_wanted_in_the_targets_ids() {
    let found = world(&[("p1", "product_owner"), ("p2", "viewer")], &[("901", "viewer")]);
    assert_eq!(found.differs(Kind::User, "1"), ["productRoles"]);
    assert_eq!(found.stands(Kind::User, "2"), Pairing::Same);
    let facets = entries(&found);
    assert_eq!(facets.len(), 2);
    let [changed, missing] = &facets[..] else { unreachable!() };
    assert_eq!(changed.key, Some((vec!["901".into()], "One".into())));
    assert_eq!(changed.source_key, ["p1"]);
    assert_eq!((changed.source.as_deref(), changed.target.as_deref()), (Some("product_owner"), Some("viewer")));
    assert_eq!((changed.want.as_deref(), changed.refers), (Some("product_owner"), Some(Kind::Role)));
    assert_eq!(missing.key, Some((vec!["902".into()], "Two".into())));
    assert_eq!((missing.target.as_deref(), missing.want.as_deref()), (None, Some("viewer")));
}

#[test]
fn a_pair_that_only_the_target_has_is_to_be_taken_away() {
    let found = world(&[], &[("902", "viewer")]);
    assert_eq!(found.differs(Kind::User, "1"), ["productRoles"]);
    let facet = entries(&found).remove(0);
    assert_eq!((facet.source, facet.want.as_deref()), (None, Some("")));
    assert_eq!(facet.source_key, ["p2"]);
}

#[test]
fn a_product_may_be_named_by_its_prefix_and_a_role_by_its_name() {
    let found = world(&[("PRJ1", "Owner"), ("902", "VIEWER")], &[("901", "product_owner"), ("902", "viewer")]);
    assert_eq!(found.differs(Kind::User, "1"), [""; 0]);
    assert_eq!(found.lint(), [""; 0]);
}

#[test]
fn an_entry_that_the_service_never_lists_is_not_readable_and_neither_missing_nor_extra() {
    let people = [user("1", "a@x"), user("2", "b@x"), user("3", "c@x")];
    let team = |id: &str, members: &[&str]| {
        let members: Vec<_> = members.iter().map(|id| (*id, "")).collect();
        rec(id).with("displayName", "North").list("members", &members)
    };
    let compare = |ours: &[&str], theirs: &[&str]| {
        let hr = system("hr", "scim").read(Kind::User, &people).read(Kind::Group, &[team("g", ours)]);
        let accounts =
            [user("a", "a@x").with("active", "true"), user("b", "b@x").with("active", "False"), user("c", "c@x")];
        let there = SystemView { mapping: active_only(), ..system("litmos", "scim") };
        compared(vec![hr, there.read(Kind::User, &accounts).read(Kind::Group, &[team("t", theirs)])])
    };
    let verdicts = |found: &Compared| {
        let facets = found.facets_of(Kind::Group, "g").into_iter().filter(|facet| facet.key.is_some());
        facets.map(|facet| (facet.source_key.concat(), facet.verdict)).collect::<Vec<_>>()
    };
    let found = compare(&["1", "2"], &["a"]);
    assert_eq!(found.stands(Kind::Group, "g"), Pairing::Same);
    assert!(found.kind(Kind::Group).state(found.of(Kind::Group, 0, "g"), 1).unwrap().unread);
    assert_eq!(verdicts(&found), [("1".into(), Verdict::Same), ("2".into(), Verdict::Unreadable)]);
    let found = compare(&["1", "2"], &["a", "b"]);
    assert!(!found.kind(Kind::Group).state(found.of(Kind::Group, 0, "g"), 1).unwrap().unread);
    assert_eq!(verdicts(&found)[1].1, Verdict::Same, "where it is listed all the same, it is there");
    let found = compare(&["1", "2", "3"], &["a"]);
    assert_eq!(found.differs(Kind::Group, "g"), ["members"], "whoever is listed is missing all the same");
    assert_eq!(compare(&["1"], &["a", "b"]).stands(Kind::Group, "g"), Pairing::Same);
    assert_eq!(compare(&["1"], &["a", "c"]).differs(Kind::Group, "g"), ["members"]);
}

#[test]
fn the_role_none_is_no_pair() {
    assert_eq!(world(&[("p1", "none")], &[]).differs(Kind::User, "1"), [""; 0]);
    assert_eq!(world(&[], &[("901", "None")]).differs(Kind::User, "1"), [""; 0]);
    assert_eq!(world(&[("p1", "viewer")], &[("901", "none")]).differs(Kind::User, "1"), ["productRoles"]);
}

#[test]
fn an_unknown_product_is_lint_and_no_difference() {
    let found = world(&[("p1", "viewer"), ("p3", "viewer"), ("PRJ404", "viewer")], &[("901", "viewer")]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(found.lint(), ["unknown_product aha 1 productRoles", "unknown_product aha 1 productRoles"]);
    assert!(found.kind(Kind::User).state(found.of(Kind::User, 0, "1"), 1).unwrap().lint);
    let lost: Vec<_> = entries(&found).into_iter().filter(|facet| facet.verdict == Verdict::Unresolved).collect();
    assert_eq!(lost.len(), 2);
    assert!(lost.iter().all(|facet| facet.want.is_none() && facet.key.as_ref().unwrap().0.is_empty()));
    assert!(found.lints.iter().any(|lint| lint.text.contains("PRJ404")));
}

#[test]
fn an_unknown_role_is_lint_and_neither_adds_nor_removes_its_pair() {
    let found = world(&[("p1", "grand_vizier")], &[("901", "viewer")]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(found.lint(), ["unknown_role aha 1 productRoles"]);
    assert_eq!(entries(&found)[0].verdict, Verdict::Unresolved);
    let found = world(&[("p1", "grand_vizier")], &[]);
    assert_eq!((found.stands(Kind::User, "1"), found.lint().len()), (Pairing::Same, 1));
}

#[test]
fn a_role_that_the_target_does_not_list_is_there_all_the_same() {
    let found = world(&[("p1", "viewer")], &[("901", "aha:role:7")]);
    assert_eq!(found.differs(Kind::User, "1"), ["productRoles"]);
    assert_eq!(entries(&found)[0].target.as_deref(), Some("aha:role:7"));
}

#[test]
fn products_that_were_not_read_completely_make_no_difference_and_no_lint() {
    let hr = system("hr", "scim")
        .read(Kind::Product, &products())
        .read(Kind::Role, &roles())
        .read(Kind::User, &[user("1", "a@x").list("productRoles", &[("p1", "viewer"), ("p2", "viewer")])]);
    let aha = |proof: Proof| {
        system("aha", "aha")
            .read_as(Kind::Product, &theirs()[..1], proof)
            .read(Kind::Role, &roles())
            .read(Kind::User, &[user("a", "a@x").list("productRoles", &[("901", "viewer"), ("999", "viewer")])])
    };
    let found = compared(vec![hr.clone(), aha(partial())]);
    assert_eq!((found.stands(Kind::User, "1"), found.lint().len()), (Pairing::Same, 0));
    assert!(found.kind(Kind::User).state(found.of(Kind::User, 0, "1"), 1).unwrap().unread);
    let found = compared(vec![hr, aha(complete())]);
    assert_eq!(found.lint(), ["unknown_product aha 1 productRoles"]);
}

#[test]
fn a_pair_of_the_target_that_nobody_can_see_is_lint() {
    let found = world(&[("p1", "viewer")], &[("901", "viewer"), ("777", "viewer")]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(found.lint(), ["unknown_product aha a productRoles"]);
}

#[test]
fn members_are_compared_as_people() {
    let people = |prefix: &str, logins: &[&str]| -> Vec<Rec> {
        logins.iter().map(|login| user(&format!("{prefix}{login}"), login)).collect()
    };
    let members = |id: &str, list: &[&str]| {
        let list: Vec<_> = list.iter().map(|member| (*member, "")).collect();
        rec(id).with("displayName", "All").list("members", &list)
    };
    let hr = system("hr", "scim")
        .read(Kind::User, &people("s-", &["a", "b", "c", "guest"]))
        .read(Kind::Group, &[members("g", &["s-a", "s-b", "s-c", "s-guest"])]);
    let directory = |list: &[&str]| {
        system("dir", "scim")
            .read(Kind::User, &people("t-", &["a", "b", "bot"]))
            .read(Kind::Group, &[members("h", list)])
            .scoped(r#"userName ne "guest""#)
            .managed(r#"userName ne "bot""#)
    };
    // `c` is still to be created, `guest` need not be there, `bot` is not ours to judge.
    let found = compared(vec![hr.clone(), directory(&["t-a", "t-b", "t-bot"])]);
    assert_eq!(found.stands(Kind::Group, "g"), Pairing::Differs);
    assert_eq!(found.differs(Kind::Group, "g"), ["members"]);
    assert_eq!(found.lint(), [""; 0]);
    let verdicts: Vec<_> =
        found.facets_of(Kind::Group, "g").into_iter().filter_map(|facet| Some((facet.key?.1, facet.verdict))).collect();
    let expected = [
        ("a", Verdict::Same),
        ("b", Verdict::Same),
        ("bot", Verdict::Shown),
        ("c", Verdict::Awaits),
        ("guest", Verdict::Shown),
    ];
    assert_eq!(verdicts, expected.map(|(name, verdict)| (name.to_owned(), verdict)));
    let waits = found.facets_of(Kind::Group, "g").into_iter().find(|facet| facet.verdict == Verdict::Awaits).unwrap();
    assert_eq!(waits.why, "still to be created: c");
    assert_eq!((waits.source.as_deref(), waits.target, waits.want), (Some(PRESENT), None, None));
    // Some services tell members by userName (targets/scim.md A6 rule 9).
    let found = compared(vec![hr.clone(), directory(&["A", "b"])]);
    let all = found.facets_of(Kind::Group, "g");
    let same: Vec<_> = all.iter().filter(|facet| facet.key.is_some() && facet.verdict == Verdict::Same).collect();
    assert_eq!(same.len(), 2);
    // What is to be taken away there is named as they name it.
    let fewer =
        system("hr", "scim").read(Kind::User, &people("s-", &["a", "b"])).read(Kind::Group, &[members("g", &["s-a"])]);
    let found = compared(vec![fewer, directory(&["A", "B"])]);
    let all = found.facets_of(Kind::Group, "g");
    let surplus = all.iter().find(|facet| facet.verdict == Verdict::Differs).unwrap();
    assert_eq!((surplus.key.clone(), surplus.want.as_deref()), (Some((vec!["B".into()], "b".into())), Some("")));
    // Where not all of the target's members are known, one of them may be who is waited for.
    let open = system("dir", "scim")
        .read(Kind::User, &people("t-", &["a", "b"]))
        .read(Kind::Group, &[members("h", &["t-a", "t-b", "t-elsewhere"])]);
    let doubtful = compared(vec![hr.clone(), open]);
    assert_eq!(doubtful.stands(Kind::Group, "g"), Pairing::Differs, "an unknown member of a proved list is nobody");
    let found = compared(vec![hr, directory(&["t-a"])]);
    assert_eq!(found.differs(Kind::Group, "g"), ["members"]);
    let all = found.facets_of(Kind::Group, "g");
    let missing = all.iter().find(|facet| facet.verdict == Verdict::Differs).unwrap();
    assert_eq!(missing.key, Some((vec!["t-b".into()], "b".into())));
    assert_eq!(
        (missing.source.as_deref(), missing.target.as_deref(), missing.want.as_deref()),
        (Some(PRESENT), None, Some(PRESENT))
    );
}

#[test]
fn a_group_in_a_group_is_a_group() {
    let group = |id: &str, name: &str, member: &str| rec(id).with("displayName", name).list("members", &[(member, "")]);
    let hr = system("hr", "scim")
        .read(Kind::User, &[user("1", "a")])
        .read(Kind::Group, &[group("g1", "Outer", "g2"), group("g2", "Inner", "1")]);
    let directory = system("dir", "scim")
        .read(Kind::User, &[user("x", "a")])
        .read(Kind::Group, &[group("h1", "Outer", "h2"), group("h2", "Inner", "x")]);
    let found = compared(vec![hr, directory]);
    assert_eq!((found.stands(Kind::Group, "g1"), found.lint().len()), (Pairing::Same, 0));
}

#[test]
fn texts_in_a_list_are_compared_folded() {
    let of = |connector: &str, id: &str, list: &[(&str, &str)]| {
        system(connector, "scim").read(Kind::User, &[user(id, "a").list("entitlements", list)])
    };
    let found =
        compared(vec![of("hr", "1", &[("VPN", ""), ("Mail", "")]), of("dir", "a", &[("mail", ""), ("vpn", "")])]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    let found = compared(vec![of("hr", "1", &[("VPN", "")]), of("dir", "a", &[("mail", ""), ("vpn", "")])]);
    assert_eq!(found.differs(Kind::User, "1"), ["entitlements"]);
}

#[test]
fn who_is_in_which_group_is_told_once() {
    let world = |id: &str, group: &str, system_id: &str, groups: &[(&str, &str)], members: &[(&str, &str)]| {
        system(system_id, "scim")
            .read(Kind::User, &[user(id, "a").list("groups", groups)])
            .read(Kind::Group, &[rec(group).with("displayName", "All").list("members", members)])
    };
    let found = compared(vec![world("1", "g", "hr", &[("g", "")], &[("1", "")]), world("a", "h", "dir", &[], &[])]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(found.differs(Kind::Group, "g"), ["members"]);
}

#[test]
fn many_managers_by_login_are_found_by_all_cores_at_once() {
    let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    let people = |prefix: &str| -> Vec<Rec> {
        (0..9000)
            .map(|n| user(&format!("{prefix}{n}"), &format!("u{n}")).with(path, &format!("U{}", (n * 7) % 9000)))
            .collect()
    };
    let hr = system("hr", "scim").read(Kind::User, &people("s"));
    let directory = system("dir", "scim").read(Kind::User, &people("t"));
    let other = system("two", "scim").read(Kind::User, &people("w"));
    let found = compared(vec![hr, directory, other]);
    assert_eq!(found.kind(Kind::User).tallies[1].same, 9000);
    assert_eq!(found.kind(Kind::User).tallies[2].same, 9000);
}

#[test]
fn a_source_may_name_products_that_it_does_not_serve() {
    let hr = |list: &[(&str, &str)]| {
        system("hr", "scim").read(Kind::Role, &roles()).read(Kind::User, &[user("1", "a@x").list("productRoles", list)])
    };
    let aha = |proof: Proof| {
        let has = [user("a", "a@x").list("productRoles", &[("901", "viewer"), ("902", "viewer")])];
        system("aha", "aha").read_as(Kind::Product, &theirs(), proof).read(Kind::Role, &roles()).read(Kind::User, &has)
    };
    let found = compared(vec![hr(&[("901", "viewer"), ("prj2", "viewer")]), aha(complete())]);
    assert_eq!((found.stands(Kind::User, "1"), found.lint().len()), (Pairing::Same, 0));
    let wrong = [("901", "viewer"), ("902", "viewer"), ("PRJ404", "viewer")];
    let found = compared(vec![hr(&wrong), aha(complete())]);
    assert_eq!((found.stands(Kind::User, "1"), found.lint().len()), (Pairing::Same, 1));
    // What was not read completely could still bring it.
    let found = compared(vec![hr(&wrong), aha(partial())]);
    assert_eq!((found.stands(Kind::User, "1"), found.lint().len()), (Pairing::Same, 0));
}

#[test]
fn nothing_is_taken_away_while_an_entry_of_the_source_is_not_known() {
    let hr = system("hr", "scim")
        .read(Kind::Product, &products())
        .read(Kind::Role, &roles())
        .read(Kind::User, &[user("1", "a@x").list("productRoles", &[("p2", "viewer")]), user("2", "b@x")]);
    let aha = |proof: Proof, products: &[Rec]| {
        system("aha", "aha")
            .read_as(Kind::Product, products, proof)
            .read(Kind::Role, &roles())
            .read(Kind::User, &[user("a", "a@x").list("productRoles", &[("901", "viewer")]), user("b", "b@x")])
    };
    let found = compared(vec![hr.clone(), aha(partial(), &theirs()[..1])]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert!(entries(&found).iter().all(|facet| facet.verdict == Verdict::Unread));
    let found = compared(vec![hr, aha(complete(), &theirs())]);
    assert_eq!(found.differs(Kind::User, "1"), ["productRoles"]);
}
