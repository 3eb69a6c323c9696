//! Whether a document meets a filter.

use std::cmp::Ordering;

use serde_json::Value;

use super::clock;
use super::filter::{Filter, Operator};
use super::path::Steps;
use super::schema::Type;

impl Filter {
    /// Whether `document`, or one value of a complex list, meets the filter.
    pub fn matches(&self, document: &Value) -> bool {
        match self {
            Self::And(left, right) => left.matches(document) && right.matches(document),
            Self::Or(left, right) => left.matches(document) || right.matches(document),
            Self::Not(inner) => !inner.matches(document),
            Self::Present(steps) => steps.any(document, &mut is_present),
            Self::Test(steps, operator, literal) => test(steps, *operator, literal, document),
            Self::Each(steps, inner) => steps.any(document, &mut |value| inner.matches(value)),
            Self::Elsewhere => false,
        }
    }

    /// The name and text of an equality that every match must meet and that an index could answer.
    pub fn equality(&self) -> Option<(&str, &str)> {
        match self {
            Self::Test(steps, Operator::Eq, Value::String(text)) => Some((steps.top()?, text)),
            Self::And(left, right) => left.equality().or_else(|| right.equality()),
            _ => None,
        }
    }
}

/// RFC 7644 table 3: a value, and for complex ones a part with a value.
fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_present),
        Value::Object(parts) => parts.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn test(steps: &Steps, operator: Operator, literal: &Value, document: &Value) -> bool {
    if literal.is_null() {
        let present = steps.any(document, &mut is_present);
        return present == (operator == Operator::Ne);
    }
    let mut found = false;
    let matched = steps.any(document, &mut |value| {
        found = true;
        holds(steps, operator, value, literal)
    });
    // What has no value is not equal to any.
    matched || (operator == Operator::Ne && !found)
}

fn holds(steps: &Steps, operator: Operator, value: &Value, literal: &Value) -> bool {
    let order = order(steps.kind, steps.case_exact, value, literal);
    match operator {
        Operator::Eq => order == Some(Ordering::Equal),
        Operator::Ne => order != Some(Ordering::Equal),
        Operator::Gt => order == Some(Ordering::Greater),
        Operator::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Lt => order == Some(Ordering::Less),
        Operator::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Co | Operator::Sw | Operator::Ew => {
            let (Some(value), Some(wanted)) = (text(value, steps.case_exact), text(literal, steps.case_exact)) else {
                return false;
            };
            match operator {
                Operator::Co => value.contains(&wanted),
                Operator::Sw => value.starts_with(&wanted),
                _ => value.ends_with(&wanted),
            }
        }
    }
}

/// How two values of one type stand to each other; `None` if they cannot be compared.
pub fn order(kind: Type, case_exact: bool, left: &Value, right: &Value) -> Option<Ordering> {
    match kind {
        Type::Boolean => Some(truth(left)?.cmp(&truth(right)?)),
        Type::Integer | Type::Decimal => left.as_f64()?.partial_cmp(&right.as_f64()?),
        Type::DateTime => match (clock::read(left.as_str()?), clock::read(right.as_str()?)) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => Some(left.as_str()?.cmp(right.as_str()?)),
        },
        Type::String | Type::Reference | Type::Binary => Some(text(left, case_exact)?.cmp(&text(right, case_exact)?)),
        Type::Complex => None,
    }
}

fn text(value: &Value, case_exact: bool) -> Option<String> {
    match value {
        Value::String(text) if case_exact => Some(text.clone()),
        Value::String(text) => Some(text.to_lowercase()),
        // Ids that a service writes as numbers are searched for as text.
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A truth value, also as the text that some clients send (targets/scim.md A3).
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::core;
    use super::super::filter::{Scope, read};
    use super::*;
    use serde_json::json;

    fn lena() -> Value {
        json!({
            "id": "AbC",
            "externalId": "E-1",
            "userName": "Lena.Fischer@example.com",
            "name": { "familyName": "Fischer", "givenName": "L\u{e9}na" },
            "active": true,
            "emails": [
                { "value": "lena@example.com", "type": "work", "primary": true },
                { "value": "lena@home.example", "type": "home" },
            ],
            "groups": [{ "value": "g1", "display": "Product" }],
            "meta": { "lastModified": "2026-03-01T09:00:00Z" },
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                "department": "R&D \"East\"",
                "manager": { "value": "m1" },
            },
        })
    }

    fn matches(filter: &str) -> bool {
        let kind = core::users();
        read(filter, Scope::Resource { kind: &kind, lenient: false }).unwrap().matches(&lena())
    }

    fn keyword(filter: &str) -> &'static str {
        let kind = core::users();
        read(filter, Scope::Resource { kind: &kind, lenient: false }).unwrap_err().kind.unwrap()
    }

    #[test]
    fn letter_case_counts_where_the_schema_says_so() {
        assert!(matches("userName eq \"lena.fischer@EXAMPLE.com\""));
        assert!(matches("USERNAME EQ \"lena.fischer@example.com\""));
        assert!(!matches("externalId eq \"e-1\""));
        assert!(matches("externalId eq \"E-1\""));
        assert!(!matches("id eq \"abc\""));
        assert!(matches("id eq \"AbC\""));
    }

    #[test]
    fn every_operator_means_what_the_rfc_says() {
        for (filter, wanted) in [
            ("userName co \"FISCHER\"", true),
            ("userName sw \"lena\"", true),
            ("userName sw \"fischer\"", false),
            ("userName ew \".COM\"", true),
            ("userName ne \"lena.fischer@example.com\"", false),
            ("title ne \"x\"", true),
            ("title pr", false),
            ("title eq null", true),
            ("title ne null", false),
            ("name pr", true),
            ("active eq true", true),
            ("active eq \"True\"", true),
            ("active ne true", false),
            ("name.familyName gt \"fische\"", true),
            ("name.familyName ge \"fischer\"", true),
            ("name.familyName lt \"fischer\"", false),
            ("name.familyName le \"FISCHER\"", true),
            ("meta.lastModified gt \"2026-03-01T16:59:59+08:00\"", true),
            ("meta.lastModified eq \"2026-03-01T17:00:00+08:00\"", true),
            ("meta.lastModified lt \"2026-03-01T09:00:00Z\"", false),
        ] {
            assert_eq!(matches(filter), wanted, "{filter}");
        }
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_needs_its_parentheses() {
        assert!(matches("active eq true or title pr and title pr"));
        assert!(!matches("(active eq true or title pr) and title pr"));
        assert!(matches("not (title pr) AND not(title eq \"x\")"));
        assert!(!matches("not (active eq true or title pr)"));
        assert_eq!(keyword("not active eq true"), "invalidFilter");
    }

    #[test]
    fn a_value_path_wants_one_value_to_meet_all_of_it() {
        assert!(matches("emails[type eq \"work\" and value co \"@example.com\"]"));
        assert!(!matches("emails[type eq \"home\" and value co \"@example.com\"]"));
        assert!(matches("emails.type eq \"home\" and emails.value co \"@example.com\""));
        assert!(matches("emails[not (type eq \"work\")] and active eq true"));
        assert!(matches("emails[type eq \"work\"].value eq \"LENA@example.com\""));
        assert!(!matches("emails[type eq \"home\"].value eq \"lena@example.com\""));
    }

    #[test]
    fn a_list_is_compared_by_its_values() {
        assert!(matches("emails co \"home.example\""));
        assert!(matches("groups.display eq \"product\""));
        assert!(matches("groups eq \"g1\""));
        assert!(!matches("groups eq \"G1\""));
    }

    #[test]
    fn urns_and_escapes_are_understood() {
        let urn = core::ENTERPRISE_USER;
        assert!(matches(&format!("{urn}:department eq \"r&d \\\"east\\\"\"")));
        assert!(matches(&format!("{urn}:manager.value eq \"m1\"")));
        assert!(matches(&format!("{}:userName sw \"L\"", core::USER)));
        assert!(matches("name.givenName eq \"l\\u00e9na\""));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            "",
            "userName",
            "userName eq",
            "userName eq lena",
            "userName is \"x\"",
            "userName eq \"x",
            "userName eq \"x\" and",
            "(userName eq \"x\"",
            "userName eq \"x\")",
            "nothing eq \"x\"",
            "name eq \"x\"",
            "active gt true",
            "active co \"t\"",
            "userName eq 5",
            "userName[type eq \"x\"]",
            "emails[type eq \"work\"",
            "emails[nothing eq \"work\"]",
            "emails[emails[type eq \"x\"]]",
            "userName gt null",
            "é",
        ] {
            assert_eq!(keyword(filter), "invalidFilter", "{filter}");
        }
        assert_eq!(keyword(&format!("{}active eq true", "(".repeat(5_000))), "invalidFilter");
        assert_eq!(keyword(&format!("active pr{}", " and active pr".repeat(5_000))), "invalidFilter");
    }

    #[test]
    fn a_secret_cannot_be_searched_for() {
        assert_eq!(keyword("password sw \"a\""), "sensitive");
    }

    #[test]
    fn a_search_over_all_types_passes_over_names_of_other_types() {
        let kind = core::groups();
        let read = |filter| read(filter, Scope::Resource { kind: &kind, lenient: true }).unwrap();
        let group = json!({ "displayName": "Product" });
        assert!(!read("userName eq \"x\"").matches(&group));
        assert!(read("userName eq \"x\" or displayName eq \"product\"").matches(&group));
        assert!(!read("emails[type eq \"]\" and value pr]").matches(&group));
    }

    #[test]
    fn an_equality_that_must_hold_is_offered_to_an_index() {
        let kind = core::users();
        let read = |filter| read(filter, Scope::Resource { kind: &kind, lenient: false }).unwrap();
        assert_eq!(read("userName eq \"X\"").equality(), Some(("userName", "X")));
        assert_eq!(read("active eq true and (id eq \"1\")").equality(), Some(("id", "1")));
        assert_eq!(read("userName eq \"X\" or active eq true").equality(), None);
        assert_eq!(read("not (userName eq \"X\")").equality(), None);
        assert_eq!(read("name.givenName eq \"X\"").equality(), None);
    }
}
