use super::*;

fn pair(ours: Rec, theirs: Rec) -> Compared {
    let hr = system("hr", "scim")
        .read(Kind::User, &[ours, user("0", "zero@x").with("displayName", "Zero").with("active", "true")]);
    let aha = system("aha", "aha")
        .read(Kind::User, &[theirs, user("z", "zero@x").with("displayName", "Zero").with("active", "true")]);
    compared(vec![hr, aha])
}

#[test]
fn what_differs_is_told_attribute_by_attribute() {
    let found = pair(
        user("1", "a@x").with("emails[work]", "a@x").with("displayName", "Ann Bee"),
        user("a", "a@x").with("emails[work]", "b@x").with("displayName", "Ann Cee"),
    );
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Differs);
    assert_eq!(found.differs(Kind::User, "1"), ["displayName", "emails[work]"]);
    let facet = found.facet(Kind::User, "1", "emails[work]");
    assert_eq!(facet.verdict, Verdict::Differs);
    assert_eq!((facet.source.as_deref(), facet.target.as_deref()), (Some("a@x"), Some("b@x")));
    assert_eq!(facet.want.as_deref(), Some("a@x"));
    assert_eq!(found.stands(Kind::User, "0"), Pairing::Same);
}

#[test]
fn case_of_an_email_and_blanks_of_a_name_are_no_difference_and_case_of_a_name_is() {
    let mail = |text: &str| user("1", "a@x").with("emails[work]", text).with("displayName", "Ann  Bee ");
    assert_eq!(
        pair(mail("A@X"), user("a", "a@x").with("emails[work]", "a@x").with("displayName", "Ann Bee"))
            .differs(Kind::User, "1"),
        [""; 0]
    );
    let found = pair(mail("a@x"), user("a", "a@x").with("emails[work]", "a@x").with("displayName", "ann bee"));
    assert_eq!(found.differs(Kind::User, "1"), ["displayName"]);
}

#[test]
fn a_display_name_is_put_together_where_the_source_has_none() {
    let ours = user("1", "a@x").with("name.givenName", "Ann").with("name.familyName", "Bee");
    let found = pair(ours.clone(), user("a", "a@x").with("displayName", "Ann Bee"));
    assert_eq!(found.differs(Kind::User, "1"), [""; 0]);
    assert_eq!(found.facet(Kind::User, "1", "displayName").verdict, Verdict::Same);
    let found = pair(ours, user("a", "a@x").with("displayName", "Ann Cee"));
    assert_eq!(found.differs(Kind::User, "1"), ["displayName"]);
    let facet = found.facet(Kind::User, "1", "displayName");
    assert_eq!(facet.source.as_deref(), Some("Ann Bee"));
}

#[test]
fn what_a_target_never_returns_never_differs_and_can_still_be_wanted() {
    let found = pair(
        user("1", "a@x").with("name.givenName", "Ann").with("displayName", "Ann"),
        user("a", "a@x").with("displayName", "Ann"),
    );
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    let facet = found.facet(Kind::User, "1", "name.givenName");
    assert_eq!((facet.verdict, facet.want.as_deref()), (Verdict::Unreadable, Some("Ann")));
    assert_eq!(facet.target, None);
}

#[test]
fn an_attribute_that_the_source_serves_for_nobody_is_not_compared() {
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "a@x")]);
    let directory = system("dir", "scim").read(Kind::User, &[user("a", "a@x").with("title", "Chief")]);
    let found = compared(vec![hr, directory.clone()]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(found.facet(Kind::User, "1", "title").verdict, Verdict::Shown);
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "a@x"), user("2", "b@x").with("title", "Clerk")]);
    let found = compared(vec![hr, directory]);
    assert_eq!(found.differs(Kind::User, "1"), ["title"]);
    assert_eq!(found.facet(Kind::User, "1", "title").want.as_deref(), Some(""));
}

#[test]
fn what_was_not_read_is_no_difference() {
    let hr = system("hr", "scim")
        .read(Kind::User, &[user("1", "a@x").with("title", "(unread)"), user("2", "b@x").with("title", "Clerk")]);
    let directory = system("dir", "scim")
        .read(Kind::User, &[user("a", "a@x").with("title", "Chief"), user("b", "b@x").with("title", "(unread)")]);
    let found = compared(vec![hr, directory]);
    for id in ["1", "2"] {
        assert_eq!(found.stands(Kind::User, id), Pairing::Same);
        let state = found.kind(Kind::User).state(found.of(Kind::User, 0, id), 1).unwrap();
        assert!(state.unread);
        assert_eq!(found.facet(Kind::User, id, "title").verdict, Verdict::Unread);
    }
}

#[test]
fn the_systems_own_attributes_are_never_compared() {
    let with = |id: &str, login: &str, at: &str| user(id, login).with("meta.created", at);
    let found = pair(with("1", "a@x", "2020-01-01T00:00:00Z"), with("a", "a@x", "2021-01-01T00:00:00Z"));
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(found.facet(Kind::User, "1", "meta.created").verdict, Verdict::Shown);
}

#[test]
fn a_manager_is_compared_as_a_person_and_wanted_as_the_targets_id() {
    let path = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";
    let hr = system("hr", "scim").read(
        Kind::User,
        &[
            user("1", "boss@x").with("displayName", "Bo Boss"),
            user("2", "a@x").with(path, "1"),
            user("3", "b@x").with(path, "1"),
            user("4", "c@x").with(path, "77"),
            user("5", "new@x"),
            user("6", "d@x").with(path, "5"),
        ],
    );
    let directory = system("dir", "scim").read(
        Kind::User,
        &[
            user("t1", "boss@x").with("displayName", "Bo Boss"),
            user("t2", "a@x").with(path, "t1"),
            user("t3", "b@x").with(path, "t2"),
            user("t4", "c@x").with(path, "t1"),
            user("t6", "d@x"),
        ],
    );
    let found = compared(vec![hr, directory]);
    assert_eq!(found.stands(Kind::User, "2"), Pairing::Same);
    assert_eq!(found.facet(Kind::User, "2", path).source.as_deref(), Some("Bo Boss"));
    assert_eq!(found.differs(Kind::User, "3"), [path]);
    let facet = found.facet(Kind::User, "3", path);
    assert_eq!((facet.want.as_deref(), facet.refers), (Some("t1"), Some(Kind::User)));
    // A manager whom nobody knows is lint and no difference; one who is still to be created is waited for.
    assert_eq!(found.stands(Kind::User, "4"), Pairing::Same);
    assert_eq!(found.facet(Kind::User, "4", path).verdict, Verdict::Unresolved);
    assert_eq!(found.differs(Kind::User, "6"), [path]);
    let waits = found.facet(Kind::User, "6", path);
    assert_eq!((waits.verdict, waits.want), (Verdict::Awaits, None));
    assert_eq!(waits.why, "still to be created: new@x");
    assert_eq!(found.lint(), [format!("unresolved dir 4 {path}")]);
}

#[test]
fn a_waived_difference_does_not_count_until_a_side_moves() {
    let ours = |name: &str| user("1", "a@x").with("displayName", name);
    let theirs = |name: &str| user("a", "a@x").with("displayName", name);
    let found = pair(ours("Ann"), theirs("Anna"));
    let identity = found.of(Kind::User, 0, "1");
    let facet = found.facet(Kind::User, "1", "displayName");
    let waiver = facet.waiver(found.record(Kind::User, identity, 1).unwrap(), "her wish", None).unwrap();
    let again = |name: &str| {
        let mut inputs = (*pair(ours("Ann"), theirs(name)).inputs).clone();
        inputs.waivers = vec![waiver.clone()];
        compare(Arc::new(inputs))
    };
    let waived = again("Anna");
    assert_eq!(waived.stands(Kind::User, "1"), Pairing::Same);
    assert!(waived.kind(Kind::User).state(identity, 1).unwrap().waived);
    let facet = waived.facet(Kind::User, "1", "displayName");
    assert_eq!((facet.verdict, facet.why.as_str()), (Verdict::Waived, "her wish"));
    assert_eq!(again("Annie").stands(Kind::User, "1"), Pairing::Differs);
}

#[test]
fn the_last_common_value_says_who_moved() {
    for (ours, theirs, expected) in [
        ("New", "Old", Direction::SourceChanged),
        ("Old", "New", Direction::TargetDrifted),
        ("New", "Newer", Direction::Both),
    ] {
        let mut inputs =
            (*pair(user("1", "a@x").with("displayName", ours), user("a", "a@x").with("displayName", theirs)).inputs)
                .clone();
        let unknown = compare(Arc::new(inputs.clone()));
        assert_eq!(unknown.facet(Kind::User, "1", "displayName").direction, Direction::Unknown);
        inputs.bases = vec![Base {
            target: key("aha", Kind::User, "a"),
            path: AttrPath::new("displayName"),
            entry: String::new(),
            source: "Old".into(),
            value: "Old".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            since: jiff::Timestamp::UNIX_EPOCH,
        }]
        .into();
        let found = compare(Arc::new(inputs));
        assert_eq!(found.facet(Kind::User, "1", "displayName").direction, expected);
        let query = crate::model::filter::Query::parse(&format!("direction={}", expected.name()));
        let identity = Identity::new(&found, Kind::User, found.of(Kind::User, 0, "1"), None);
        assert_eq!(query.eval(&identity), Some(true));
    }
}

#[test]
fn an_identity_answers_for_its_states() {
    let found = pair(user("1", "a@x").with("displayName", "A"), user("a", "a@x").with("displayName", "B"));
    let identity = Identity::new(&found, Kind::User, found.of(Kind::User, 0, "1"), None);
    for (text, expected) in [
        ("state=differs", Some(true)),
        ("state=missing", Some(false)),
        ("state.aha=differs", Some(true)),
        ("state.litmos=differs", None),
        ("staged=false", Some(true)),
        ("lint pr", Some(false)),
        (r#"userName sw "a""#, Some(true)),
        ("a@", Some(true)),
        ("ID_1", Some(false)),
        ("nobody", Some(false)),
        ("!nobody", Some(true)),
        (r#"state eq "differs" and (userName sw "zz" or displayName co "a")"#, Some(true)),
        ("direction=unknown", Some(true)),
        ("direction=both", Some(false)),
        ("lint=hostile_text", Some(false)),
        ("staged=true", Some(false)),
        (r#"emails[type eq "work"]"#, Some(false)),
        ("", Some(true)),
    ] {
        let query = crate::model::filter::Query::parse(text);
        assert_eq!(query.eval(&identity), expected, "{text}");
        let selected = select(&found, Kind::User, &query, None, &|_| false, &|| false);
        let one_by_one: Vec<u32> = (0..found.kind(Kind::User).len)
            .filter(|at| query.eval(&Identity::new(&found, Kind::User, *at, None)) == Some(true))
            .collect();
        assert_eq!(selected, one_by_one, "{text}");
    }
}

#[test]
fn a_missing_person_is_wanted_whole() {
    let hr = system("hr", "scim").read(
        Kind::User,
        &[user("1", "a@x").with("emails[work]", "a@x").with("name.givenName", "Ann").with("title", "Chief")],
    );
    let aha = system("aha", "aha").read(Kind::User, &[user("z", "z@x").with("active", "true")]);
    let found = compared(vec![hr, aha]);
    let facet = found.facet(Kind::User, "1", "emails[work]");
    assert_eq!((facet.verdict, facet.target, facet.want.as_deref()), (Verdict::Differs, None, Some("a@x")));
    assert_eq!(found.facet(Kind::User, "1", "name.givenName").want.as_deref(), Some("Ann"));
    assert_eq!(found.facet(Kind::User, "1", "title").verdict, Verdict::OneSided);
    let extra = facets(&found, Kind::User, found.of(Kind::User, 1, "z"), 1);
    let active = extra.iter().find(|facet| facet.path == AttrPath::new("active")).unwrap();
    assert_eq!((active.verdict, active.want.as_deref()), (Verdict::Differs, Some("false")));
}

#[test]
fn a_mapping_may_leave_alone_what_the_target_has_or_the_source_lacks() {
    let hr = system("hr", "scim").read(
        Kind::User,
        &[
            user("1", "a@x").with("title", "Chief"),
            user("2", "b@x").with("title", "Chief"),
            user("3", "c@x").with("nickName", "Ann"),
            user("4", "d@x"),
        ],
    );
    let mut directory = system("dir", "scim").read(
        Kind::User,
        &[
            user("a", "a@x").with("title", "Boss"),
            user("b", "b@x"),
            user("c", "c@x").with("nickName", "Anna"),
            user("d", "d@x").with("nickName", "Dee"),
        ],
    );
    let overlay = r#"
        [[row]]
        kind = "User"
        attr = "title"
        read = "title"
        write = "title"
        policy = "keep"
        cite = "mine"

        [[row]]
        kind = "User"
        attr = "nickName"
        read = "nickName"
        write = "nickName"
        policy = "skip-empty"
        cite = "mine"
    "#;
    let base = crate::mapping::Mapping::builtin_text("scim").unwrap();
    directory.mapping = Arc::new(crate::mapping::Mapping::overlaid(base, overlay, "mine.toml").unwrap());
    let found = compared(vec![hr, directory]);
    assert_eq!(found.stands(Kind::User, "1"), Pairing::Same);
    assert_eq!(found.facet(Kind::User, "1", "title").verdict, Verdict::Shown);
    assert_eq!(found.differs(Kind::User, "2"), ["title"]);
    assert_eq!(found.differs(Kind::User, "3"), ["nickName"]);
    assert_eq!(found.stands(Kind::User, "4"), Pairing::Same);
}

#[test]
fn what_each_system_gives_by_itself_is_shown_and_never_called_the_same() {
    let of = |name: &str| system(name, "scim").read(Kind::User, &[user("7", "ana@x")]);
    let id = compared(vec![of("hr"), of("copy")]).facet(Kind::User, "7", "id");
    assert_eq!((id.verdict, id.why.as_str()), (Verdict::Shown, "each system's own"));
}
