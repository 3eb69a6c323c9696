//! The filters of a query: conditions as in SQL, or a list of them (targets/kingdee.md 5).
//!
//! Owns their truth; [`read`] their reading. Text is compared without regard to letter case or trailing blanks, as the database behind
//! the site does; a comparison with nothing is never true.

use std::cmp::Ordering;

use serde_json::Value;

use super::call::text;

mod read;

pub use read::{parse, parse_list};

/// A condition over columns `C`.
#[derive(Debug, Clone, PartialEq)]
pub enum Test<C> {
    /// All hold.
    And(Vec<Test<C>>),
    /// One holds.
    Or(Vec<Test<C>>),
    /// It does not hold.
    Not(Box<Test<C>>),
    /// Two sides compared.
    Compare(Side<C>, Op, Side<C>),
    /// A value is one of these.
    In(Side<C>, Vec<Value>),
    /// A text fits a pattern.
    Like(Side<C>, String),
    /// There is no value.
    Null(Side<C>),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Side<C> {
    /// A column.
    Column(C),
    /// A constant.
    Constant(Value),
}

/// How two sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Op {
    Equal,
    Unequal,
    Less,
    AtMost,
    More,
    AtLeast,
}

/// Why a filter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It names a field that the form does not have.
    Field(String),
    /// It is not a condition; where.
    Grammar(String),
}

impl<C> Test<C> {
    /// Whether it holds, given the values of columns.
    pub fn holds(&self, value: &impl Fn(&C) -> Value) -> bool {
        let side = |side: &Side<C>| match side {
            Side::Column(column) => value(column),
            Side::Constant(constant) => constant.clone(),
        };
        match self {
            Test::And(all) => all.iter().all(|test| test.holds(value)),
            Test::Or(any) => any.iter().any(|test| test.holds(value)),
            Test::Not(test) => !test.holds(value),
            Test::Compare(left, op, right) => compare(&side(left), &side(right)).is_some_and(|order| match op {
                Op::Equal => order == Ordering::Equal,
                Op::Unequal => order != Ordering::Equal,
                Op::Less => order == Ordering::Less,
                Op::AtMost => order != Ordering::Greater,
                Op::More => order == Ordering::Greater,
                Op::AtLeast => order != Ordering::Less,
            }),
            Test::In(left, list) => {
                let left = side(left);
                list.iter().any(|one| compare(&left, one) == Some(Ordering::Equal))
            }
            Test::Like(left, pattern) => text(&side(left)).is_some_and(|left| {
                let (left, pattern) = (left.to_lowercase(), pattern.to_lowercase());
                like(&left.chars().collect::<Vec<_>>(), &pattern.chars().collect::<Vec<_>>())
            }),
            Test::Null(left) => side(left).is_null(),
        }
    }

    /// The columns that it asks.
    pub fn columns(&self, into: &mut Vec<C>)
    where
        C: Clone,
    {
        let mut add = |side: &Side<C>| {
            if let Side::Column(column) = side {
                into.push(column.clone());
            }
        };
        match self {
            Test::And(all) | Test::Or(all) => all.iter().for_each(|test| test.columns(into)),
            Test::Not(test) => test.columns(into),
            Test::Compare(left, _, right) => [left, right].into_iter().for_each(add),
            Test::In(left, _) | Test::Like(left, _) | Test::Null(left) => add(left),
        }
    }

    /// The value that a column must equal for this to hold, if it says so.
    pub fn pinned(&self, wanted: &impl Fn(&C) -> bool) -> Option<&Value> {
        match self {
            Test::And(all) => all.iter().find_map(|test| test.pinned(wanted)),
            Test::Compare(Side::Column(column), Op::Equal, Side::Constant(value)) if wanted(column) => Some(value),
            _ => None,
        }
    }
}

/// The order of two values: as numbers where both are, else as text; none where one is nothing.
pub fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    if left.is_null() || right.is_null() {
        return None;
    }
    let number = |value: &Value| match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    if (left.is_number() || right.is_number())
        && let (Some(left), Some(right)) = (number(left), number(right))
    {
        return left.partial_cmp(&right);
    }
    let plain = |value: &Value| match value {
        Value::Bool(truth) => Some(if *truth { "1" } else { "0" }.to_owned()),
        other => text(other).map(|text| text.trim_end().to_lowercase()),
    };
    Some(plain(left)?.cmp(&plain(right)?))
}

/// `%` is any text, `_` any letter, `[..]` one of those letters or, with one letter in it, that very letter.
fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern.split_first() {
        None => text.iter().all(|c| *c == ' '),
        Some(('%', rest)) => (0..=text.len()).any(|from| like(&text[from..], rest)),
        Some(('_', rest)) => !text.is_empty() && like(&text[1..], rest),
        Some(('[', rest)) => match rest.iter().skip(1).position(|c| *c == ']') {
            Some(end) => {
                let (set, rest) = (&rest[..=end], &rest[end + 2..]);
                text.first().is_some_and(|c| set.contains(c)) && like(&text[1..], rest)
            }
            None => text.first() == Some(&'[') && like(&text[1..], rest),
        },
        Some((letter, rest)) => text.first() == Some(letter) && like(&text[1..], rest),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    fn column(name: &str) -> Option<&'static str> {
        ["FId", "FName", "FState", "FBlank", "FOrg.FNumber", "FGone"].into_iter().find(|known| *known == name)
    }

    fn row(name: &&'static str) -> Value {
        match *name {
            "FId" => json!(100_001),
            "FName" => json!("张O'Neill"),
            "FState" => json!("A"),
            "FBlank" => json!(" "),
            "FOrg.FNumber" => json!("100"),
            _ => Value::Null,
        }
    }

    #[test]
    fn conditions_hold_as_in_sql() {
        for (filter, holds) in [
            ("", true),
            ("FState='A'", true),
            ("FState='a' and FId=100001", true),
            ("FState<>'A' or FId>100000", true),
            ("FId in ('100001','2')", true),
            ("FId not in (1,2)", true),
            ("FName like '%O''Neill'", true),
            ("FName like '张%' and not (FState = 'B')", true),
            ("FName not like '张_'", true),
            ("FOrg.FNumber=N'100'", true),
            ("FOrg.FNumber = 100", true),
            ("FBlank=''", true),
            ("FGone is null", true),
            ("FGone is not null", false),
            ("FGone='x'", false),
            ("FGone<>'x'", false),
            ("1=1", true),
            ("1=0 or (FState='B')", false),
            ("FState='A' or FState='B' and 1=0", true),
        ] {
            assert_eq!(parse(filter, &column).unwrap().holds(&row), holds, "{filter}");
        }
    }

    #[test]
    fn wildcards_can_be_escaped() {
        let like = |text: &str, pattern: &str| {
            super::like(&text.chars().collect::<Vec<_>>(), &pattern.chars().collect::<Vec<_>>())
        };
        assert!(like("100%", "100[%]") && !like("1000", "100[%]"));
        assert!(like("a[b", "a[[]b") && like("a_b", "a[_]b") && !like("axb", "a[_]b"));
        assert!(like("ab", "[ax]b") && like("[", "["));
    }

    #[test]
    fn what_is_no_condition_or_names_no_field_is_told() {
        for wrong in ["FState=", "FState='A", "(FState='A'", "FState 'A'", "FState='A' FId=1", "FId in ()", "FId ; 1"] {
            assert!(matches!(parse(wrong, &column), Err(Wrong::Grammar(_))), "{wrong}");
        }
        assert_eq!(parse("Nope='A'", &column), Err(Wrong::Field("Nope".to_owned())));
    }

    #[test]
    fn the_list_form_means_the_same() {
        let list = json!([
            { "Left": "(", "FieldName": "FState", "Compare": "67", "Value": "A", "Right": "", "Logic": 1 },
            { "Left": "", "FieldName": "FState", "Compare": "67", "Value": "it's", "Right": ")", "Logic": 0 },
            { "Left": "", "FieldName": "FId", "Compare": "67", "Value": "100001", "Right": "", "Logic": 0 },
        ]);
        let test = parse_list(list.as_array().unwrap(), &column).unwrap();
        assert!(test.holds(&row));
        let unknown = json!([{ "FieldName": "FState", "Compare": "99", "Value": "A" }]);
        assert!(parse_list(unknown.as_array().unwrap(), &column).is_err());
    }

    #[test]
    fn a_pinned_column_is_seen_through_and_only() {
        let pinned = |filter: &str| {
            let test = parse(filter, &column).unwrap();
            test.pinned(&|column: &&str| *column == "FId").cloned()
        };
        assert_eq!(pinned("FState='A' and FId=7"), Some(json!(7)));
        assert_eq!(pinned("FState='A' or FId=7"), None);
        assert_eq!(pinned("FId>7"), None);
    }
}
