//! What is said of files that are wrong, and files laid over files.

use super::{builder, take, text};
use crate::mapping::{Mapping, Policy};
use crate::model::{AttrPath, Kind, Op};

const HEAD: &str = r#"connector = "x"
title = "X"
page_size = 10
rate = { per_second = 1.0, burst = 1, parallel = 1 }
"#;

const REST: &str = r#"
[[feed]]
name = "users"
kind = "User"
id = "id"
cite = "here"

[[row]]
kind = "User"
attr = "userName"
read = "login"
write = "login"
cite = "here"
"#;

fn wrong(extra: &str) -> String {
    let text = format!("{HEAD}{REST}{extra}");
    Mapping::parse(&text, "x.toml").map(|_| ()).unwrap_err().to_string()
}

#[test]
fn the_smallest_file_is_a_mapping() {
    let mapping = Mapping::parse(&format!("{HEAD}{REST}"), "x.toml").unwrap();
    assert_eq!(mapping.kinds.len(), 1);
}

#[test]
fn a_row_that_is_laid_over_another_says_only_what_it_changes() {
    let base = format!("{HEAD}{REST}");
    let laid = "[[row]]\nkind = \"User\"\nattr = \"username\"\ncompare = false\n\n[[row]]\nkind = \"User\"\nattr = \"title\"\nread = \"job\"\n";
    let mapping = Mapping::overlaid(&base, laid, "mine.toml").unwrap();
    let row = |path: &str| mapping.row(Kind::User, &AttrPath::new(path)).unwrap();
    assert_eq!((row("userName").compare, row("userName").read.as_slice()), (false, &["login".to_owned()][..]));
    assert_eq!((row("userName").cite.as_str(), row("userName").write.as_deref()), ("here", Some("login")));
    // A row of the operator's own is stated by their own file.
    assert_eq!((row("title").compare, row("title").cite.as_str()), (true, "mine.toml"));
    let wrong =
        Mapping::overlaid(&base, "[[row]]\nkind = \"User\"\nattr = \"userName\"\ncompere = false\n", "mine.toml");
    assert!(wrong.unwrap_err().to_string().contains("line 4"));
}

#[test]
fn a_fault_names_file_and_line_and_the_nearest_right_name() {
    // HEAD has 4 lines and REST 14, so what is added starts with line 19.
    for (extra, wanted) in [
        (
            "\n[[row]]\nkind = \"User\"\nattr = \"a\"\nraed = \"b\"\ncite = \"c\"",
            ["line 22", "`raed`", "did you mean `read`?"],
        ),
        (
            "\n[[row]]\nkind = \"Usr\"\nattr = \"a\"\nread = \"b\"\ncite = \"c\"",
            ["line 20", "`Usr`", "did you mean `User`?"],
        ),
        (
            "\n[[row]]\nkind = \"User\"\nattr = \"a\"\nread = 7\ncite = \"c\"",
            ["line 22", "`read`: ", "a text or a list of texts"],
        ),
        (
            "\n[[row]]\nkind = \"User\"\nattr = \"a\"\nread = \"b\"",
            ["line 19", "`cite` is empty", "say where this is stated"],
        ),
        (
            "\n[[row]]\nkind = \"User\"\nattr = \"a\"\nread = \"b\"\nvia = [\"trimm\"]\ncite = \"c\"",
            ["line 23", "`via`: unknown variant `trimm`", "did you mean `trim`?"],
        ),
        (
            "\n[[row]]\nkind = \"User\"\nattr = \"a\"\nread = \"b\"\nvia = [{ words = \"w\" }]\ncite = \"c\"",
            ["line 19", "no words `w`", ""],
        ),
        ("\n[[row]]\nkind = \"User\"\nattr = \"a\"\nread = \"b[\"\ncite = \"c\"", ["line 19", "User `a`", "bracket"]),
        ("\n[[row]]\nkind = \"User\"\nattr = \"a\"\ncite = \"c\"", ["line 19", "neither read nor written", ""]),
        (
            "\n[[row]]\nkind = \"User\"\nattr = \"USERNAME\"\nread = \"b\"\ncite = \"c\"",
            ["line 19", "mapped twice", ""],
        ),
        (
            "\n[[row]]\nkind = \"User\"\nattr = \"a\"\nin.usres.read = \"b\"\ncite = \"c\"",
            ["line 19", "no feed `usres`", "did you mean `users`?"],
        ),
        (
            "\n[[row]]\nkind = \"User\"\nattr = \"a\"\nwrite = \"b\"\nshows_in = \"usrName\"\ncite = \"c\"",
            ["line 19", "`shows_in`", "did you mean `userName`?"],
        ),
        ("\n[kind.User]\ncan = [\"craete\"]", ["line 20", "`craete`", "did you mean `create`?"]),
        (
            "\n[kind.User]\nmandatory = [{ attr = \"userNam\", cite = \"c\" }]",
            ["line 19", "`userNam`", "did you mean `userName`?"],
        ),
        (
            "\n[[feed]]\nname = \"more\"\nkind = \"User\"\ndetail_of = \"user\"\ncite = \"c\"",
            ["line 19", "no feed `user`", "did you mean `users`?"],
        ),
        (
            "\n[[feed]]\nname = \"users\"\nkind = \"User\"\nid = \"id\"\ncite = \"c\"",
            ["line 19", "two feeds `users`", ""],
        ),
        ("\n[words.w]\nread = { a = [\"1\"], b = [\"1\"] }", ["line 19", "`1` means two things", ""]),
        ("\n[broken", ["line 19", "", ""]),
    ] {
        let message = wrong(extra);
        assert!(message.starts_with("x.toml: "), "{message}");
        for part in wanted {
            assert!(message.contains(part), "{part:?} is not in: {message}");
        }
    }
}

#[test]
fn what_is_missing_at_the_top_is_named() {
    for key in ["connector", "title", "page_size", "rate"] {
        let lines: Vec<&str> = HEAD.lines().filter(|line| !line.starts_with(key)).collect();
        let text = lines.join("\n");
        let message = Mapping::parse(&format!("{text}{REST}"), "x.toml").unwrap_err().to_string();
        assert!(message.contains(&format!("`{key}` is missing")), "{message}");
    }
    let message = Mapping::builtin("ahaa").unwrap_err().to_string();
    assert!(message.contains("did you mean `aha`?"), "{message}");
}

#[test]
fn a_users_file_changes_rows_adds_rows_and_replaces_scalars() {
    let base = Mapping::builtin_text("aha").unwrap();
    let over = r#"
page_size = 50

[[row]]
kind = "User"
attr = "TIMEZONE"
read = "timezone"
write = "timezone"
policy = "keep"
compare = true
cite = "our own"

[[row]]
kind = "User"
attr = "urn:acme:2.0:User:badge"
read = "custom.badge"
cite = "our own"
"#;
    let laid = Mapping::overlaid(base, over, "my-aha.toml").unwrap();
    let plain = Mapping::builtin("aha").unwrap();
    assert_eq!((laid.page_size, laid.rate), (50, plain.rate));
    let row = laid.row(Kind::User, &AttrPath::from("timezone")).unwrap();
    assert_eq!((row.cite.as_str(), row.policy, row.compare), ("our own", Policy::Keep, true));
    let rows = |mapping: &Mapping| mapping.kind(Kind::User).unwrap().rows.len();
    assert_eq!(rows(&laid), rows(&plain) + 1);
    let place = |mapping: &Mapping| mapping.kind(Kind::User).unwrap().schema.find(&AttrPath::from("timezone"));
    assert_eq!(place(&laid), place(&plain), "a changed row stays where it was");
    let mut into = builder(&laid, "users");
    take(&laid, "users", r#"{"users":[{"id":"1","custom":{"badge":"B7"}}]}"#, None, &mut into);
    assert_eq!(text(&into.table(), "1", "urn:acme:2.0:User:badge"), "B7");
    let message = Mapping::overlaid(base, "\n\npage_sise = 1", "my-aha.toml").unwrap_err().to_string();
    assert!(message.starts_with("my-aha.toml: line 3") && message.contains("did you mean `page_size`?"), "{message}");
}

const CHOICE: &str = r#"
[[setting]]
name = "address"
help = "how addresses are read"
one_of = ["guide", "scim"]
default = "guide"

[[setting]]
name = "mail"
help = "whether a mail is sent"
one_of = ["no", "yes"]

[[row]]
kind = "User"
attr = "locality"
read = "State"
write = "State"
cite = "the guide"

[[row]]
kind = "User"
attr = "region"
read = "City"
write = "City"
cite = "the guide"

[[side_effect]]
kind = "User"
op = "create"
when = { mail = "yes" }
text = "a mail is sent"
cite = "here"

[[side_effect]]
kind = "User"
op = "create"
when = { address = "guide" }
text = "swapped"
cite = "here"

[alternative.scim-address]
when = { address = "scim" }
help = "a locality is a city (RFC 7643 4.1.2)"

[[alternative.scim-address.row]]
kind = "User"
attr = "locality"
read = "City"
write = "City"
cite = "RFC 7643 4.1.2"

[[alternative.scim-address.row]]
kind = "User"
attr = "region"
read = "State"
write = "State"
cite = "RFC 7643 4.1.2"
"#;

#[test]
fn a_setting_chooses_another_reading_and_what_happens_beside() {
    let mapping = Mapping::parse(&format!("{HEAD}{REST}{CHOICE}"), "x.toml").unwrap();
    let own = |settings: &[(&str, &str)]| {
        mapping.chosen(&settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    };
    let read = |mapping: &Mapping| {
        let mut into = builder(mapping, "users");
        take(mapping, "users", r#"[{"id":"1","City":"Oslo","State":"OS"}]"#, None, &mut into);
        let at = |path: &str| text(&into.table(), "1", path);
        let written = mapping.kind(Kind::User).unwrap().writer.edit(&AttrPath::from("locality"), "Rome").unwrap();
        (at("locality"), at("region"), format!("{written:?}").contains("City"))
    };
    let texts = |mapping: &Mapping| mapping.side_effects.iter().map(|effect| effect.text.clone()).collect::<Vec<_>>();
    let guide = own(&[]);
    assert_eq!(read(&guide), ("OS".into(), "Oslo".into(), false));
    assert_eq!(texts(&guide), ["swapped"]);
    let scim = own(&[("address", "scim"), ("mail", "yes")]);
    assert_eq!(read(&scim), ("Oslo".into(), "OS".into(), true));
    assert_eq!(texts(&scim), ["a mail is sent"]);
    assert_eq!(read(&own(&[("address", "guide")])), read(&guide));
}

#[test]
fn a_choice_names_a_setting_a_value_and_rows_that_there_are() {
    for (extra, wanted) in [
        (CHOICE.replace("when = { mail = \"yes\" }", "when = { mial = \"yes\" }"), "did you mean `mail`?"),
        (CHOICE.replace("when = { address = \"scim\" }", "when = { address = \"skim\" }"), "`address` is never `skim`"),
        (
            CHOICE.replace(
                "scim-address.row]]\nkind = \"User\"\nattr = \"region\"",
                "scim-address.row]]\nkind = \"User\"\nattr = \"country\"",
            ),
            "no row `country`",
        ),
    ] {
        let message = wrong(&extra);
        assert!(message.contains(wanted), "{wanted:?} is not in: {message}");
    }
}

#[test]
fn a_discovered_attribute_is_read_and_written_as_it_is_called() {
    let scim = Mapping::builtin("scim").unwrap();
    let shoe = AttrPath::from("urn:starling:custom:urn:ietf:params:scim:schemas:core:2.0:User:shoeSize");
    let roles = AttrPath::from("urn:acme:ext:2.0:User:productRoles");
    let department = AttrPath::from("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department");
    let found = [&shoe, &roles, &department, &shoe].map(|path| (Kind::User, path.clone()));
    let grown = scim.with_discovered(found.to_vec());
    let rows = |mapping: &Mapping| mapping.kind(Kind::User).unwrap().rows.len();
    assert_eq!(rows(&grown), rows(&scim) + 1);
    let page = r#"{"Resources":[{"id":"1","urn:starling:custom:urn:ietf:params:scim:schemas:core:2.0:User":{"shoeSize":43},
      "urn:acme:ext:2.0:User":{"productRoles":[{"productId":"p","role":"r"}]}}]}"#;
    let mut into = builder(&grown, "users");
    take(&grown, "users", page, None, &mut into);
    assert_eq!(text(&into.table(), "1", shoe.as_str()), "43");
    assert_eq!(super::entries_of(&into.table(), "1", "productRoles").unwrap(), ["p=r"]);
    let writer = &grown.kind(Kind::User).unwrap().writer;
    let crate::mapping::Edit::Insert { at, .. } = writer.entry(&AttrPath::from("productRoles"), &["p"], "r").unwrap()
    else {
        panic!("no insert")
    };
    assert_eq!(at, "urn:acme:ext:2.0:User:productRoles", "the extension that has it is known now");
}

#[test]
fn every_built_in_file_is_whole() {
    for name in Mapping::builtin_names() {
        let mapping = Mapping::builtin(name).unwrap();
        assert_eq!(mapping.connector, name);
        assert_eq!(mapping.feeds.len(), mapping.readers.len());
        for map in &mapping.kinds {
            assert!(mapping.feeds.iter().any(|feed| feed.kind == map.kind), "{name}: nothing lists {}", map.kind);
            assert_eq!(map.rows.len(), map.schema.attrs().len());
            for (row, def) in map.rows.iter().zip(map.schema.attrs()) {
                assert_eq!(row.attr, def.path);
                assert!(!row.cite.is_empty(), "{name}: {}", row.attr);
            }
            for op in Op::ALL {
                let _ = mapping.can(map.kind, op);
            }
        }
        for kind in Kind::ALL {
            let keys: Vec<_> = mapping.keys(kind).iter().map(|row| row.key).collect();
            assert!(keys.is_sorted() && keys.windows(2).all(|two| two[0] != two[1]), "{name} {kind}: {keys:?}");
        }
    }
}
