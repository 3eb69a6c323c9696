use super::*;

fn hr(records: &[Rec]) -> SystemView {
    system("hr", "scim").read(Kind::User, records)
}

fn dir(records: &[Rec]) -> SystemView {
    system("dir", "scim").read(Kind::User, records)
}

fn link(a: &str, b: &str, verdict: LinkVerdict) -> Link {
    Link {
        a: key("hr", Kind::User, a),
        b: key("dir", Kind::User, b),
        by: Rung::Kept,
        verdict,
        since: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn person(id: &str, login: &str, name: &str, department: &str) -> Rec {
    user(id, login).with("displayName", name).with("department", department)
}

#[test]
fn a_kept_link_whose_key_is_now_somebody_elses_is_lint() {
    let ours = || hr(&[user("1", "lena@x"), user("2", "omar@x")]);
    let theirs = || dir(&[user("a", "old@x"), user("b", "lena@x"), user("c", "omar@x")]);
    let linked = |links: Vec<Link>| compare(Arc::new(Inputs { links, ..inputs(vec![ours(), theirs()]) }));
    let told = |found: &Compared| {
        found.lint().into_iter().filter(|lint| lint.starts_with("link_contradicted")).collect::<Vec<_>>()
    };
    let found = linked(vec![link("1", "a", LinkVerdict::Same), link("2", "c", LinkVerdict::Same)]);
    assert_eq!(told(&found), ["link_contradicted dir a userName"]);
    let lint = found.lints.iter().find(|lint| lint.rule == Rule::LinkContradicted).unwrap();
    assert!(!lint.blocks && lint.text.contains("lena@x"), "{}", lint.text);
    // Who was merely renamed is no contradiction.
    let renamed = compare(Arc::new(Inputs {
        links: vec![link("1", "a", LinkVerdict::Same)],
        ..inputs(vec![ours(), dir(&[user("a", "old@x")])])
    }));
    assert_eq!(told(&renamed), [""; 0]);
    assert_eq!(told(&linked(vec![link("1", "a", LinkVerdict::NotSame)])), [""; 0]);
}

#[test]
fn candidates_come_with_their_evidence_and_the_likeliest_first() {
    let ours =
        || hr(&[person("1", "ann.lee@x.com", "Ann Lee", "Sales"), person("2", "wang.wei@x.com", "王伟", "Sales")]);
    let theirs = || {
        dir(&[
            person("a", "anne.lee@y.com", "Anne Lee", "Sales"),
            person("b", "ann.lee@y.com", "Lee, Ann", "Legal"),
            person("c", "zoe@y.com", "Zoe Quark", "Sales"),
            person("d", "wang.fang@y.com", "王芳", "Sales"),
        ])
    };
    let found = compared(vec![ours(), theirs()]);
    let suggester = Suggester::new(&found, Kind::User, 1).unwrap();
    let all = suggester.candidates(found.of(Kind::User, 0, "1"), 8);
    let ids: Vec<_> = all.iter().map(|candidate| &*candidate.record.id).collect();
    assert_eq!(ids, ["b", "a"]);
    let texts: Vec<_> = all[0].evidence.iter().map(|evidence| (evidence.speaks, &*evidence.text)).collect();
    assert_eq!(
        texts,
        [
            (true, "the same e-mail before the @ (ann.lee)"),
            (true, "the same name"),
            (false, "another department: sales / legal")
        ]
    );
    assert_eq!((all[0].likely, all[1].likely), (true, false));
    assert!(all[1].evidence[0].text.starts_with("names alike: Ann Lee / Anne Lee ("), "{:?}", all[1].evidence);
    // Half of a name of two signs is another name.
    assert_eq!(suggester.candidates(found.of(Kind::User, 0, "2"), 8), []);
    // The other way round, and what is to be created is probably there.
    let back = suggester.candidates(found.of(Kind::User, 1, "b"), 8);
    assert_eq!(back.iter().map(|candidate| &*candidate.record.id).collect::<Vec<_>>(), ["1"]);
    assert_eq!(suggester.duplicate(found.of(Kind::User, 0, "1")).unwrap().record, key("dir", Kind::User, "b"));
    assert_eq!(suggester.duplicate(found.of(Kind::User, 0, "2")), None);

    let links = vec![link("1", "b", LinkVerdict::NotSame)];
    let apart = compare(Arc::new(Inputs { links, ..inputs(vec![ours(), theirs()]) }));
    let suggester = Suggester::new(&apart, Kind::User, 1).unwrap();
    let identity = apart.of(Kind::User, 0, "1");
    assert_eq!(suggester.duplicate(identity), None);
    let all = suggester.candidates(identity, 8);
    let said: Vec<_> = all.iter().map(|candidate| (&*candidate.record.id, candidate.decided)).collect();
    assert_eq!(said, [("a", None), ("b", Some(LinkVerdict::NotSame))]);
}

#[test]
fn a_value_that_was_agreed_to_stands_in_nobodys_way_and_another_one_does() {
    let odd = |title: &str| hr(&[user("1", "a@x").with("title", title)]);
    let agreed = vec![Agreement::to(
        key("hr", Kind::User, "1"),
        AttrPath::new("title"),
        "Chief\u{202e}",
        jiff::Timestamp::UNIX_EPOCH,
    )];
    let blocks = |title: &str| {
        let found = compare(Arc::new(Inputs {
            agreed: agreed.clone(),
            ..inputs(vec![odd(title), dir(&[user("a", "a@x").with("title", "Chief")])])
        }));
        let lint = found.lints.iter().find(|lint| lint.rule == Rule::HostileText).unwrap().clone();
        (lint.blocks, lint.text.ends_with("(agreed)"))
    };
    assert_eq!(blocks("Chief\u{202e}"), (false, true));
    assert_eq!(blocks("Boss\u{202e}"), (true, false));
}

#[test]
fn odd_entries_of_a_list_are_told_and_hold_up_no_others() {
    let group = |members: &[(&str, &str)]| [rec("g").with("displayName", "All").list("members", members)];
    let people = [user("1", "a@x")];
    let hr = system("hr", "scim").read(Kind::User, &people).read(Kind::Group, &group(&[("1", ""), ("x\u{1b}[2J", "")]));
    let dir = system("dir", "scim").read(Kind::User, &people).read(Kind::Group, &group(&[]));
    let found = compared(vec![hr, dir]);
    let lint = found.lints.iter().find(|lint| lint.rule == Rule::HostileText).unwrap();
    assert_eq!((lint.path.as_ref().map(AttrPath::as_str), lint.blocks), (Some("members"), false));
    assert!(lint.text.contains("x<1B>[2J"), "{}", lint.text);
}

#[test]
fn a_changed_scope_is_counted_by_whom_it_moves() {
    let people = [("1", "Sales"), ("2", "Legal"), ("3", "Legal"), ("4", "")];
    let people = people.map(|(id, department)| person(id, &format!("{id}@x"), id, department));
    let target = dir(&[user("a", "a@x")]).scoped(r#"department eq "Legal""#);
    let found = inputs(vec![hr(&people), target]);
    let before = Filter::parse(r#"department eq "Sales""#).unwrap();
    assert_eq!(shift(&found, 1, false, &Filters::of_users(before)), Shift { comes_in: 2, goes_out: 1, unsure: 0 });
    assert_eq!(shift(&found, 1, false, &Filters::default()), Shift { comes_in: 0, goes_out: 2, unsure: 0 });
    assert_eq!(shift(&found, 1, true, &Filters::default()), Shift::default());
}

#[test]
fn the_attributes_that_differ_can_be_asked_for() {
    let found = compared(vec![
        hr(&[user("1", "a@x").with("title", "Chief"), user("2", "b@x").with("nickName", "B")]),
        dir(&[user("a", "a@x").with("title", "Boss"), user("b", "b@x").with("nickName", "Bo")]),
    ]);
    for (text, expected) in [("differs=title", vec![0]), (r#"differs co "name""#, vec![1]), ("differs=active", vec![])]
    {
        let query = crate::model::filter::Query::parse(text);
        assert_eq!(select(&found, Kind::User, &query, None, &|_| false, &|| false), expected, "{text}");
        let one_by_one: Vec<u32> =
            (0..2).filter(|at| query.eval(&Identity::new(&found, Kind::User, *at, None)) == Some(true)).collect();
        assert_eq!(one_by_one, expected, "{text}");
    }
}
