#![allow(clippy::unwrap_used, clippy::expect_used)]
use super::*;
use proptest::prelude::*;

struct Person;

struct Mail(&'static str, &'static str);

impl Subject for Mail {
    fn values(&self, path: &str, push: &mut dyn FnMut(Cell<'_>)) {
        match path.to_ascii_lowercase().as_str() {
            "type" => push(Cell::Value(self.0)),
            "value" => push(Cell::Value(self.1)),
            "primary" => push(Cell::Empty),
            _ => {}
        }
    }
}

const MAILS: [Mail; 2] = [Mail("work", "bjensen@example.com"), Mail("home", "babs@jensen.org")];
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

impl Subject for Person {
    fn values(&self, path: &str, push: &mut dyn FnMut(Cell<'_>)) {
        match path.to_ascii_lowercase().as_str() {
            "username" => push(Cell::Value("bjensen")),
            "externalid" => push(Cell::Value("A17")),
            "name.familyname" => push(Cell::Value("O'Malley")),
            "title" | "nickname" => push(Cell::Empty),
            "active" => push(Cell::Value("true")),
            "usertype" => push(Cell::Value("Employee")),
            "costcenter" => push(Cell::Unread),
            "name.givenname" => push(Cell::Unreadable),
            "emails" | "emails.value" => MAILS.iter().for_each(|mail| push(Cell::Value(mail.1))),
            "meta.lastmodified" => push(Cell::Value("2011-05-13T06:42:34+02:00")),
            "bignumber" => push(Cell::Value("9007199254740993")),
            "salary" => push(Cell::Value("10")),
            "phone" => push(Cell::Value("+49 (30) 12")),
            path if path == ENTERPRISE.to_ascii_lowercase() => push(Cell::Value("R&D")),
            _ => {}
        }
    }

    fn fold(&self, path: &str) -> Fold {
        match path {
            "externalId" => Fold::Exact,
            "meta.lastModified" => Fold::Instant,
            "phone" => Fold::Phone,
            "name.familyName" => Fold::Name,
            _ => Fold::Caseless,
        }
    }

    fn entries(&self, path: &str, each: &mut dyn FnMut(&dyn Subject)) -> bool {
        let known = path.eq_ignore_ascii_case("emails");
        if known {
            for mail in &MAILS {
                each(mail);
            }
        }
        known
    }

    fn shown(&self, push: &mut dyn FnMut(&str)) {
        push("bjensen");
        push("Barbara Jensen 王小明");
    }
}

fn eval(text: &str) -> Option<bool> {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).eval(&Person)
}

#[test]
fn the_examples_of_rfc_7644_are_understood() {
    for (text, expected) in [
        (r#"userName eq "bjensen""#, Some(true)),
        (r#"name.familyName co "O'Malley""#, Some(true)),
        (r#"userName sw "J""#, Some(false)),
        (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J""#, None),
        ("title pr", Some(false)),
        (r#"meta.lastModified gt "2011-05-13T04:42:33Z""#, Some(true)),
        (r#"meta.lastModified ge "2011-05-13T04:42:34Z""#, Some(true)),
        (r#"meta.lastModified lt "2011-05-13T04:42:34Z""#, Some(false)),
        (r#"meta.lastModified le "2011-05-13T04:42:34Z""#, Some(true)),
        (r#"title pr and userType eq "Employee""#, Some(false)),
        (r#"title pr or userType eq "Intern""#, Some(false)),
        (r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#, Some(true)),
        (r#"userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")"#, Some(false)),
        (r#"userType eq "Employee" and (emails.type eq "work")"#, None),
        (r#"userType eq "Employee" and emails[type eq "work" and value co "@example.com"]"#, Some(true)),
        (
            r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
            Some(true),
        ),
        (r#"emails[type eq "home" and value co "@example.com"]"#, Some(false)),
        (r#"emails[type eq "work"].value ew "example.com""#, Some(true)),
        (r#"emails[type eq "home"].value ew "example.com""#, Some(false)),
        (r"emails[not (primary pr)]", Some(true)),
    ] {
        assert_eq!(eval(text), expected, "{text}");
    }
}

#[test]
fn names_and_operators_have_no_case_and_values_have_where_the_system_says_so() {
    assert_eq!(eval(r#"USERNAME Eq "BJensen" AND Title NE "x""#), Some(true));
    assert_eq!(eval(r#"externalId eq "a17""#), Some(false));
    assert_eq!(eval(r#"externalId eq "A17""#), Some(true));
    assert_eq!(eval(r#"name.familyName eq "o'malley""#), Some(true));
    assert_eq!(eval("active eq True"), Some(true));
    assert_eq!(eval(r#"phone co "3012""#), Some(true));
}

#[test]
fn a_urn_path_keeps_its_dots() {
    assert_eq!(eval(&format!(r#"{ENTERPRISE} eq "r&d""#)), Some(true));
}

#[test]
fn null_and_empty_are_the_same() {
    assert_eq!(eval("title eq null"), Some(true));
    assert_eq!(eval("userName eq null"), Some(false));
    assert_eq!(eval(r#"title eq """#), Some(true));
    assert_eq!(eval("title ne null"), Some(false));
    assert_eq!(eval(r#"title gt "a""#), Some(false));
}

#[test]
fn numbers_are_compared_as_numbers_and_lose_no_digit() {
    assert_eq!(eval("bigNumber eq 9007199254740993"), Some(true));
    assert_eq!(eval("bigNumber eq 9007199254740992"), Some(false));
    assert_eq!(eval("bigNumber gt 9007199254740992"), Some(true));
    assert_eq!(eval("salary gt 9"), Some(true));
    assert_eq!(eval("salary ge 1.0e1"), Some(true));
    assert_eq!(eval("userName gt 9"), Some(false));
}

#[test]
fn what_is_not_known_is_undecided_and_never_false() {
    for unknown in [r#"costCenter eq "1""#, "costCenter pr", "name.givenName pr", "noSuch pr", r#"ims[type eq "x"]"#] {
        assert_eq!(eval(unknown), None, "{unknown}");
        assert_eq!(eval(&format!("not ({unknown})")), None, "{unknown}");
        assert_eq!(eval(&format!("{unknown} and active eq true")), None);
        assert_eq!(eval(&format!("{unknown} and active eq false")), Some(false));
        assert_eq!(eval(&format!("{unknown} or active eq true")), Some(true));
        assert_eq!(eval(&format!("{unknown} or active eq false")), None);
    }
}

#[test]
fn escapes_are_those_of_json() {
    let filter = Filter::parse(r#"title eq "a\"b\\\u0041\n""#).unwrap();
    assert_eq!(filter, Filter::Compare { attr: "title".into(), op: Op::Eq, value: Value::Text("a\"b\\A\n".into()) });
    assert!(Filter::parse(r#"title eq "\ud800""#).is_err());
    assert_eq!(Filter::parse("title eq \"a\tb\"").unwrap().to_string(), r#"title eq "a\tb""#);
}

#[test]
fn a_fault_is_shown_where_it_is() {
    for (text, column, expected) in [
        ("", 1, "an attribute"),
        ("userName", 9, "an operator"),
        ("王 eq 1", 1, "an attribute"),
        (r#"userName like "x""#, 10, "an operator"),
        ("userName eq bjensen", 13, "a text in double quotes"),
        (r#"userName eq "x" und title pr"#, 17, "`and`, `or` or the end"),
        (r#"(userName eq "x""#, 17, "`)`"),
        (r#"emails[type eq "x""#, 19, "`]`"),
        (r#"userName eq "x"#, 13, "double quotes"),
        ("active gt true", 11, "a number"),
        ("a co 1", 6, "double quotes"),
        ("a eq 01", 6, "a number"),
        ("title pr and", 13, "an attribute"),
        ("(title eq \"王\") x", 16, "the end"),
    ] {
        let error = Filter::parse(text).expect_err(text);
        assert_eq!(error.column, column, "{text}: {error}");
        assert!(error.expected.contains(expected), "{text}: {error}");
        assert_eq!(error.caret().len(), column);
    }
}

#[test]
fn endless_nesting_is_refused() {
    assert!(Filter::parse(&"(".repeat(100_000)).is_err());
    assert!(Filter::parse(&"not ".repeat(100_000)).is_err());
    assert!(Filter::parse(&"a[".repeat(100_000)).is_err());
    let deep = format!("{}title pr{}", "(".repeat(40), ")".repeat(40));
    assert_eq!(Filter::parse(&deep).unwrap().to_string(), "title pr");
}

#[test]
fn what_is_typed_is_a_filter_a_short_form_or_plain_text() {
    for (text, understood, passes) in [
        ("", "all", Some(true)),
        (r#"userName eq "bjensen""#, r#"filter: userName eq "bjensen""#, Some(true)),
        ("jensen", "text: jensen", Some(true)),
        ("王小明", "text: 王小明", Some(true)),
        ("!jensen", "not text: jensen", Some(false)),
        ("!!jensen", "text: jensen", Some(true)),
        ("active=true", "filter: active eq true", Some(true)),
        ("active!=true", "filter: active ne true", Some(false)),
        ("userType = employee", r#"filter: userType eq "employee""#, Some(true)),
        ("title=", "filter: title eq null", Some(true)),
        ("!title=", "not filter: title eq null", Some(false)),
        ("'title pr", "text: title pr", Some(false)),
        ("'!x", "text: !x", Some(false)),
        ("costCenter=1", r#"filter: costCenter eq "1""#, None),
        ("!costCenter=1", r#"not filter: costCenter eq "1""#, None),
        ("a = b c", r#"filter: a eq "b c""#, None),
        ("a=b and c", r#"filter: a eq "b and c""#, None),
        ("two words", "text: two words", Some(false)),
        ("!", "text: !", Some(false)),
    ] {
        let query = Query::parse(text);
        assert_eq!(query.understood(), understood, "{text}");
        assert_eq!(query.eval(&Person), passes, "{text}");
    }
    assert!(Query::parse("title eq").understood().contains("no filter: column 9"));
    for two in ["a=b and c=d", r#"a="b" or c pr"#, "a==b"] {
        assert!(Query::parse(two).understood().contains("(no filter: column 2"), "{two}");
    }
    assert!(Query::parse("a\u{1b}[2J").understood().contains("<1B>"));
}

fn filters() -> impl Strategy<Value = Filter> {
    let attr = "[a-zA-Z$_][a-zA-Z0-9$_-]{0,6}(\\.[a-z]{1,4})?|urn:a:2\\.0:User:[a-z]{1,4}"
        .prop_filter("a keyword", |name| !name.eq_ignore_ascii_case("not"))
        .prop_map(|name| AttrPath::new(name.as_str()));
    let value = prop_oneof![
        "\\PC{0,8}|[\\x00-\\x7f]{0,8}".prop_map(Value::Text),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?".prop_map(Value::Number),
        any::<bool>().prop_map(Value::Flag),
        Just(Value::Null),
    ];
    let op = (0..Op::ALL.len()).prop_map(|at| Op::ALL[at]);
    let leaf = prop_oneof![
        attr.clone().prop_map(Filter::Present),
        (attr.clone(), op, value).prop_map(|(attr, op, value)| match (&value, op) {
            (Value::Flag(_) | Value::Null, op) if op != Op::Eq && op != Op::Ne => Filter::Present(attr),
            (Value::Number(_), Op::Co | Op::Sw | Op::Ew) => Filter::Present(attr),
            _ => Filter::Compare { attr, op, value },
        }),
    ];
    leaf.prop_recursive(4, 24, 3, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
            inner.clone().prop_map(|inner| match inner {
                Filter::Not(_) => inner,
                other => Filter::Not(Box::new(other)),
            }),
            (attr.clone(), inner).prop_map(|(attr, inner)| Filter::Within { attr, filter: Box::new(inner) }),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_shown_parses_back_to_itself(filter in filters()) {
        let shown = filter.to_string();
        prop_assert_eq!(Filter::parse(&shown).map_err(|error| format!("{shown}: {error}")), Ok(filter));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,40}|[ a-z()\\[\\].\"\\\\=!'0-9eqpr-]{0,40}") {
        let _ = Filter::parse(&text).map_err(|error| error.caret());
        let _ = Query::parse(&text).understood();
        let _ = Query::parse(&text).eval(&Person);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let text = String::from_utf8_lossy(&bytes);
        let _ = Filter::parse(&text);
        let _ = Query::parse(&text).eval(&Person);
    }
}
