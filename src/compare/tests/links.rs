use super::*;

fn by(compared: &Compared, id: &str) -> Option<Rung> {
    compared.kind(Kind::User).state(compared.of(Kind::User, 0, id), 1).unwrap().by
}

fn linked_to(compared: &Compared, id: &str) -> Option<String> {
    let row = compared.kind(Kind::User).row(compared.of(Kind::User, 0, id), 1)?;
    Some(compared.inputs.systems[1].snapshot(Kind::User).unwrap().table.id(row).to_owned())
}

fn link(a: &str, b: &str, verdict: LinkVerdict, since: i64) -> Link {
    Link {
        a: key("hr", Kind::User, a),
        b: key("aha", Kind::User, b),
        by: Rung::Kept,
        verdict,
        since: jiff::Timestamp::from_second(since).unwrap(),
    }
}

fn with_links(systems: Vec<SystemView>, links: Vec<Link>) -> Compared {
    compare(Arc::new(Inputs { links, ..inputs(systems) }))
}

#[test]
fn a_login_links_whatever_its_case_and_an_email_links_who_has_no_login_in_common() {
    let hr = system("hr", "scim").read(
        Kind::User,
        &[
            user("1", "Lena.Fischer@Example.com"),
            user("2", "wang").with("emails[work]", "ＷＡＮＧ@example.com "),
            user("3", "nobody@x"),
        ],
    );
    let aha = system("aha", "aha").read(
        Kind::User,
        &[
            user("a", "lena.fischer@example.com"),
            user("b", "wang@example.com").with("emails[work]", "wang@example.com"),
        ],
    );
    let found = compared(vec![hr, aha]);
    assert_eq!((linked_to(&found, "1").as_deref(), by(&found, "1")), (Some("a"), Some(Rung::Folded)));
    assert_eq!((linked_to(&found, "2").as_deref(), by(&found, "2")), (Some("b"), Some(Rung::Folded)));
    assert_eq!(found.stands(Kind::User, "3"), Pairing::Missing);
}

#[test]
fn an_exact_key_comes_before_a_folded_one() {
    let group = |id: &str, external: &str, name: &str| rec(id).with("externalId", external).with("displayName", name);
    let hr = system("hr", "scim")
        .read(Kind::Group, &[group("1", "E1", "Old"), group("2", "E2", "Other"), group("3", "e1", "Third")]);
    let other = system("dir", "scim")
        .read(Kind::Group, &[group("a", "E1", "Other"), group("b", "", "Old"), group("c", "", "third")]);
    let found = compared(vec![hr, other]);
    let to = |id: &str| found.kind(Kind::Group).row(found.of(Kind::Group, 0, id), 1).map(|row| row.0);
    let rung = |id: &str| found.kind(Kind::Group).state(found.of(Kind::Group, 0, id), 1).unwrap().by;
    assert_eq!((to("1"), rung("1")), (Some(0), Some(Rung::Key)));
    // `e1` is another externalId than `E1`, and `Third` is another name than `third` (a name keeps its case).
    assert_eq!(to("3"), None);
    // Who has an exact link is no candidate for a name any more.
    assert_eq!((to("2"), found.stands(Kind::Group, "2")), (None, Pairing::Missing));
    assert_eq!(found.stands_there(Kind::Group, "b"), Pairing::Extra);
}

#[test]
fn what_several_records_share_is_undecided_on_both_sides() {
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "Twin@x"), user("2", "twin@x"), user("3", "one@x")]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "twin@x"), user("b", "one@x"), user("c", "ONE@x")]);
    let found = compared(vec![hr, aha]);
    for id in ["1", "2", "3"] {
        assert_eq!(found.stands(Kind::User, id), Pairing::Undecided, "{id}");
        assert_eq!(linked_to(&found, id), None);
    }
    for id in ["a", "b", "c"] {
        assert_eq!(found.stands_there(Kind::User, id), Pairing::Undecided, "{id}");
    }
    assert_eq!(found.kind(Kind::User).tallies[1].undecided, 6);
}

#[test]
fn a_shared_mailbox_makes_nobody_missing_or_extra() {
    let hr = system("hr", "scim").read(
        Kind::User,
        &[user("1", "a").with("emails[work]", "desk@x"), user("2", "b").with("emails[work]", "desk@x")],
    );
    let directory = system("dir", "scim").read(Kind::User, &[user("x", "A").with("emails[work]", "desk@x")]);
    let found = compared(vec![hr, directory]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(found.stands(Kind::User, "2"), Pairing::Undecided);
}

#[test]
fn a_decision_comes_first_and_settles_what_the_keys_leave_open() {
    let hr = || system("hr", "scim").read(Kind::User, &[user("1", "Twin@x"), user("2", "twin@x")]);
    let aha = || system("aha", "aha").read(Kind::User, &[user("a", "twin@x"), user("b", "other@x")]);
    let found = with_links(vec![hr(), aha()], vec![link("2", "a", LinkVerdict::Same, 1)]);
    assert_eq!((linked_to(&found, "2").as_deref(), by(&found, "2")), (Some("a"), Some(Rung::Kept)));
    // The account is decided, so the other twin has none.
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Missing);

    let found = with_links(vec![hr(), aha()], vec![link("1", "b", LinkVerdict::Same, 1)]);
    assert_eq!(linked_to(&found, "1").as_deref(), Some("b"));
    assert_eq!((linked_to(&found, "2").as_deref(), by(&found, "2")), (Some("a"), Some(Rung::Folded)));

    let found = with_links(vec![hr(), aha()], vec![link("1", "a", LinkVerdict::NotSame, 1)]);
    assert_eq!(linked_to(&found, "2").as_deref(), Some("a"));
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Missing);
}

#[test]
fn who_is_said_not_to_be_the_same_is_not_linked_by_a_key() {
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "a@x")]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "a@x")]);
    let apart = link("1", "a", LinkVerdict::NotSame, 1);
    let found = with_links(vec![hr.clone(), aha.clone()], vec![apart.clone()]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Missing);
    assert_eq!(found.stands_there(Kind::User, "a"), Pairing::Extra);
    // The newest decision counts, in whatever order they come.
    let later = link("1", "a", LinkVerdict::Same, 2);
    for links in [vec![apart.clone(), later.clone()], vec![later, apart]] {
        let found = with_links(vec![hr.clone(), aha.clone()], links);
        assert_eq!(by(&found, "1"), Some(Rung::Kept));
    }
}

#[test]
fn nobody_can_say_who_has_no_key_at_all() {
    let hr = system("hr", "scim").read(Kind::User, &[rec("1").with("displayName", "A"), user("2", "b@x")]);
    let aha = system("aha", "aha").read(Kind::User, &[rec("a").with("displayName", "A"), user("b", "b@x")]);
    let found = compared(vec![hr, aha]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Undecided);
    assert_eq!(found.stands_there(Kind::User, "a"), Pairing::Undecided);
    assert_eq!(found.stands(Kind::User, "2"), Pairing::Same);
}

#[test]
fn a_key_that_was_not_read_makes_nobody_missing_or_extra() {
    let hr =
        || system("hr", "scim").read(Kind::User, &[user("1", "a@x"), user("2", "b@x").with("emails[work]", "b@x")]);
    let aha = system("aha", "aha")
        .read(Kind::User, &[user("a", "(unread)").with("emails[work]", "(unread)"), user("b", "b@x")]);
    let found = compared(vec![hr(), aha]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Shown);
    assert_eq!(found.stands_there(Kind::User, "a"), Pairing::Undecided);
    let unread = system("hr", "scim").read(Kind::User, &[user("1", "(unread)")]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "a@x")]);
    let found = compared(vec![unread, aha]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Undecided);
    assert_eq!(found.stands_there(Kind::User, "a"), Pairing::Shown);
}

#[test]
fn one_who_is_extra_in_two_systems_is_one_identity() {
    let hr = system("hr", "scim").read(Kind::User, &[]);
    let directory = system("dir", "scim").read(Kind::User, &[user("x", "ghost@x"), user("y", "only@x")]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "Ghost@x"), user("b", "bee@x")]);
    let found = compared(vec![hr, directory, aha]);
    let users = found.kind(Kind::User);
    assert_eq!(users.len, 3);
    let ghost = found.of(Kind::User, 1, "x");
    assert_eq!(found.of(Kind::User, 2, "a"), ghost);
    assert_eq!(users.state(ghost, 1).unwrap().pairing, Pairing::Extra);
    assert_eq!(users.state(ghost, 2).unwrap().pairing, Pairing::Extra);
    assert_eq!(users.state(found.of(Kind::User, 2, "b"), 1).unwrap().pairing, Pairing::None);
}

#[test]
fn the_card_says_why() {
    let hr = system("hr", "scim").read(
        Kind::User,
        &[user("1", "a@x").with("title", "guest"), user("2", "b@x").with("active", "false"), user("3", "c@x")],
    );
    let aha = system("aha", "aha")
        .read(Kind::User, &[user("a", "a@x"), user("z", "zoe@x")])
        .scoped(r#"not (title eq "guest")"#);
    let found = with_links(vec![hr, aha], vec![link("1", "a", LinkVerdict::Same, 0)]);
    let answer = |identity: u32| {
        let lines = why(&found, Kind::User, identity, 1);
        let red = lines.iter().find(|line| line.ok == Some(false)).map(|line| line.text.clone());
        (lines, red)
    };
    let (lines, red) = answer(found.of(Kind::User, 0, "1"));
    assert_eq!(red.as_deref(), Some(r#"out of the scope of aha: not (title eq "guest")"#));
    assert!(
        lines.iter().any(|line| line.text == "linked to aha a by decision since 1970-01-01T00:00:00Z"),
        "{lines:#?}"
    );
    assert_eq!(answer(found.of(Kind::User, 0, "2")).1.as_deref(), Some("inactive in hr"));
    let (lines, red) = answer(found.of(Kind::User, 0, "3"));
    assert_eq!(red.as_deref(), Some("not in aha"));
    assert!(lines.iter().any(|line| line.text == "mandatory productRoles: hr has none, it has to be given"));
    assert_eq!(answer(found.of(Kind::User, 1, "z")).1.as_deref(), Some("not in hr"));
}

#[test]
fn among_many_an_email_still_links_those_whom_no_login_does() {
    let people = |prefix: &str, login: &dyn Fn(u32) -> String| -> Vec<Rec> {
        (0..60).map(|n| user(&format!("{prefix}{n}"), &login(n)).with("emails[work]", &format!("M{n}@x"))).collect()
    };
    let hr = system("hr", "scim").read(Kind::User, &people("s", &|n| format!("u{n}")));
    let other = |n: u32| if n.is_multiple_of(5) { format!("other{n}") } else { format!("U{n}") };
    let directory = system("dir", "scim").read(Kind::User, &people("t", &other));
    let found = compared(vec![hr, directory]);
    for n in 0..60 {
        assert_eq!(linked_to(&found, &format!("s{n}")), Some(format!("t{n}")));
    }
    assert_eq!(found.kind(Kind::User).len, 60);
}
