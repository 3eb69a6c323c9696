use super::*;

#[test]
fn a_key_that_several_share_is_a_duplicate() {
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "Twin@x"), user("2", "twin@x"), user("3", "c@x")]);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "c@x"), user("b", "d@x"), user("c", "D@x")]);
    let directory = system("dir", "scim").read(Kind::User, &[]);
    let found = compared(vec![hr, aha, directory]);
    let expected =
        ["duplicate hr 1 userName", "duplicate hr 2 userName", "duplicate aha b userName", "duplicate aha c userName"];
    let told: Vec<String> = found.lint().into_iter().filter(|lint| lint.starts_with("duplicate")).collect();
    assert_eq!(told, expected);
}

#[test]
fn text_that_could_hurt_a_terminal_is_lint_where_it_is() {
    let many: Vec<Rec> = (0..50)
        .map(|n| {
            let title = if n == 7 { "Chief\u{202e}" } else { "Chief" };
            user(&n.to_string(), &format!("u{n}@x")).with("title", title).with("displayName", "王小明")
        })
        .collect();
    let hr = system("hr", "scim").read(Kind::User, &many);
    let aha = system("aha", "aha").read(Kind::User, &[user("a", "u3@x").with("displayName", "a\u{1b}[2Jb")]);
    let found = compared(vec![hr, aha]);
    assert_eq!(
        found.lint().into_iter().filter(|lint| lint.starts_with("hostile")).collect::<Vec<_>>(),
        ["hostile_text hr 7 title", "hostile_text aha a displayName"]
    );
    let lint = found.lints.iter().find(|lint| lint.rule == Rule::HostileText && lint.record.id == "a".into()).unwrap();
    assert!(lint.blocks && lint.text.contains("<1B>"), "{}", lint.text);
    assert!(found.kind(Kind::User).state(found.of(Kind::User, 0, "7"), 1).unwrap().lint);
    assert!(
        !found.kind(Kind::User).state(found.of(Kind::User, 0, "8"), 1).unwrap().lint
            || found.lint().iter().any(|lint| lint.contains("mandatory aha 8"))
    );
}

#[test]
fn what_a_create_lacks_is_told_before_it_is_staged() {
    let role = [rec("viewer").with("name", "Viewer")];
    let product = |id: &str| rec(id).with("referencePrefix", "PRJ1").with("name", "One");
    let whole = |id: &str, login: &str| {
        user(id, login).with("emails[work]", login).with("name.givenName", "A").with("name.familyName", "B")
    };
    let hr = system("hr", "scim").read(Kind::Role, &role).read(Kind::Product, &[product("p")]).read(
        Kind::User,
        &[
            whole("1", "a@x").list("productRoles", &[("p", "viewer")]),
            whole("2", "b@x").list("productRoles", &[("gone", "viewer")]),
            user("3", "c@x").list("productRoles", &[("p", "viewer")]).with("name.givenName", "(unread)"),
        ],
    );
    let aha = system("aha", "aha").read(Kind::Role, &role).read(Kind::Product, &[product("9")]).read(Kind::User, &[]);
    let found = compared(vec![hr, aha]);
    let mut lint = found.lint();
    lint.sort_unstable();
    assert_eq!(
        lint,
        [
            "mandatory aha 2 productRoles",
            "mandatory aha 3 emails[work]",
            "mandatory aha 3 name.familyName",
            "unknown_product aha 2 productRoles",
        ]
    );
}

#[test]
fn a_level_that_gives_no_power_is_told_once_all_lists_are_read() {
    let rule = r#"
[[row]]
kind = "User"
attr = "level"
read = "level"
cite = "here"

[[row]]
kind = "Group"
attr = "leaders"
read = "leaders[]"
access = "read-write"
cite = "here"

[row.list]
key = [{ name = "value", read = "id", ref = "User" }]

[[powerless]]
kind = "User"
attr = "level"
is = "leader"
listed_by = "Group"
lists = ["members", "leaders"]
text = "leads no team"
cite = "here"
"#;
    let mapping = Arc::new(Mapping::overlaid(ACTIVE_ONLY, rule, "rule.toml").unwrap());
    let people = [
        user("a", "a@x").with("level", "leader"),
        user("b", "b@x").with("level", "leader"),
        user("c", "c@x").with("level", "leader"),
        user("d", "d@x").with("level", "leader").with("active", "false"),
        user("e", "e@x").with("level", "learner"),
    ];
    let teams = |second: Rec| {
        let first = rec("t").with("displayName", "T").list("leaders", &[("b", "")]).list("members", &[]);
        let view = SystemView { mapping: mapping.clone(), ..system("litmos", "scim") };
        compared(vec![view.read(Kind::User, &people).read(Kind::Group, &[first, second])])
    };
    let second = rec("u").with("displayName", "U").list("members", &[("c", "")]);
    assert_eq!(teams(second.clone().list("leaders", &[])).lint(), ["powerless litmos a level"]);
    assert_eq!(teams(second.with("leaders", "(unread)")).lint(), [""; 0], "one list was not read");
}

#[test]
fn the_last_billing_administrator_is_not_switched_off() {
    let admin = |id: &str, login: &str, active: &str| {
        user(id, login).with("active", active).with("administratorRoles.billing", "true")
    };
    let hr = system("hr", "scim").read(Kind::User, &[user("1", "a@x").with("active", "false")]);
    let aha = |others: &[Rec]| {
        let all: Vec<Rec> = [admin("a", "a@x", "true")].into_iter().chain(others.iter().cloned()).collect();
        system("aha", "aha").read(Kind::User, &all)
    };
    let found = compared(vec![hr.clone(), aha(&[])]);
    assert_eq!(found.lint(), ["last_billing_admin aha a"]);
    assert!(found.lints[0].blocks);
    assert_eq!(compared(vec![hr.clone(), aha(&[admin("b", "b@x", "false")])]).lint().len(), 1);
    assert_eq!(compared(vec![hr, aha(&[admin("b", "b@x", "true")])]).lint().len(), 0);
}
