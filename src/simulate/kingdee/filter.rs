//! The filters of a query: conditions as in SQL, or a list of them (targets/kingdee.md 5).
//!
//! Owns their reading and their truth. Text is compared without regard to letter case or trailing blanks, as the database behind
//! the site does; a comparison with nothing is never true.

use std::cmp::Ordering;

use serde_json::Value;

use super::call::{get, text};

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

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Number(String),
    Sign(&'static str),
}

fn tokens(filter: &str) -> Result<Vec<Token>, Wrong> {
    let mut tokens = Vec::new();
    let mut rest = filter;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = &rest[first.len_utf8()..];
        } else if let Some(sign) =
            ["<=", ">=", "<>", "!=", "=", "<", ">", "(", ")", ","].into_iter().find(|sign| rest.starts_with(sign))
        {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '\'' || rest.starts_with("N'") {
            rest = rest.trim_start_matches('N');
            let (text, after) = quoted(&rest[1..])?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if first.is_ascii_digit() || first == '-' {
            let end = rest[1..].find(|c: char| !c.is_ascii_digit() && c != '.').map_or(rest.len(), |end| end + 1);
            tokens.push(Token::Number(rest[..end].to_owned()));
            rest = &rest[end..];
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        } else {
            return Err(Wrong::Grammar(rest.to_owned()));
        }
    }
    Ok(tokens)
}

/// The text up to the closing quote, where two quotes are one, and what comes after.
fn quoted(rest: &str) -> Result<(String, &str), Wrong> {
    let mut text = String::new();
    let mut at = 0;
    while let Some(end) = rest[at..].find('\'') {
        text.push_str(&rest[at..at + end]);
        at += end + 1;
        if !rest[at..].starts_with('\'') {
            return Ok((text, &rest[at..]));
        }
        text.push('\'');
        at += 1;
    }
    Err(Wrong::Grammar(rest.to_owned()))
}

struct Reader<'r, C> {
    tokens: Vec<Token>,
    at: usize,
    column: &'r dyn Fn(&str) -> Option<C>,
}

/// Reads a condition.
///
/// # Errors
/// [`Wrong`] where a field is unknown or it is no condition.
pub fn parse<C>(filter: &str, column: &dyn Fn(&str) -> Option<C>) -> Result<Test<C>, Wrong> {
    let mut reader = Reader { tokens: tokens(filter)?, at: 0, column };
    if reader.tokens.is_empty() {
        return Ok(Test::And(Vec::new()));
    }
    let test = reader.any()?;
    match reader.tokens.get(reader.at) {
        None => Ok(test),
        Some(token) => Err(Wrong::Grammar(format!("{token:?}"))),
    }
}

/// Reads the list form. `67` means equal; what other numbers mean is not known, so that they are refused.
///
/// # Errors
/// As [`parse`].
pub fn parse_list<C>(list: &[Value], column: &dyn Fn(&str) -> Option<C>) -> Result<Test<C>, Wrong> {
    let mut filter = String::new();
    let mut or = false;
    for (place, item) in list.iter().enumerate() {
        let item = item.as_object().ok_or_else(|| Wrong::Grammar(item.to_string()))?;
        let part = |key: &str| get(item, key).and_then(text).unwrap_or_default();
        let op = match part("Compare").as_str() {
            "67" | "=" => "=".to_owned(),
            op @ ("<>" | "!=" | "<" | "<=" | ">" | ">=" | "like") => op.to_owned(),
            other => return Err(Wrong::Grammar(format!("Compare {other}"))),
        };
        if place > 0 {
            filter.push_str(if or { " or " } else { " and " });
        }
        or = part("Logic") == "1";
        let value = part("Value").replace('\'', "''");
        filter.push_str(&format!("{}{} {op} '{value}'{}", part("Left"), part("FieldName"), part("Right")));
    }
    parse(&filter, column)
}

impl<C> Reader<'_, C> {
    fn word(&mut self, word: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        self.at += usize::from(is);
        is
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.tokens.get(self.at), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(is);
        is
    }

    fn want(&mut self, sign: &str) -> Result<(), Wrong> {
        if self.sign(sign) { Ok(()) } else { Err(self.wrong(sign)) }
    }

    fn wrong(&self, wanted: &str) -> Wrong {
        Wrong::Grammar(format!("{wanted}, {:?}", self.tokens.get(self.at)))
    }

    fn any(&mut self) -> Result<Test<C>, Wrong> {
        let mut tests = vec![self.all()?];
        while self.word("or") {
            tests.push(self.all()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::Or(tests) })
    }

    fn all(&mut self) -> Result<Test<C>, Wrong> {
        let mut tests = vec![self.one()?];
        while self.word("and") {
            tests.push(self.one()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::And(tests) })
    }

    fn one(&mut self) -> Result<Test<C>, Wrong> {
        if self.word("not") {
            return Ok(Test::Not(Box::new(self.one()?)));
        }
        if self.sign("(") {
            let test = self.any()?;
            self.want(")")?;
            return Ok(test);
        }
        let left = self.side()?;
        if self.word("is") {
            let not = self.word("not");
            if !self.word("null") {
                return Err(self.wrong("null"));
            }
            return Ok(negated(Test::Null(left), not));
        }
        let not = self.word("not");
        if self.word("like") {
            return match self.side()? {
                Side::Constant(Value::String(pattern)) => Ok(negated(Test::Like(left, pattern), not)),
                _ => Err(self.wrong("like")),
            };
        }
        if self.word("in") {
            self.want("(")?;
            let mut list = Vec::new();
            loop {
                match self.side()? {
                    Side::Constant(value) => list.push(value),
                    Side::Column(_) => return Err(self.wrong("in")),
                }
                if !self.sign(",") {
                    break;
                }
            }
            self.want(")")?;
            return Ok(negated(Test::In(left, list), not));
        }
        let ops = [
            ("=", Op::Equal),
            ("<>", Op::Unequal),
            ("!=", Op::Unequal),
            ("<=", Op::AtMost),
            (">=", Op::AtLeast),
            ("<", Op::Less),
            (">", Op::More),
        ];
        for (sign, op) in ops {
            if !not && self.sign(sign) {
                return Ok(Test::Compare(left, op, self.side()?));
            }
        }
        Err(self.wrong("="))
    }

    fn side(&mut self) -> Result<Side<C>, Wrong> {
        let side = match self.tokens.get(self.at) {
            Some(Token::Text(text)) => Side::Constant(Value::String(text.clone())),
            Some(Token::Number(number)) => {
                let number = serde_json::from_str(number).map_err(|_| self.wrong("0"))?;
                Side::Constant(number)
            }
            Some(Token::Word(word)) => match (self.column)(word) {
                Some(column) => Side::Column(column),
                None => return Err(Wrong::Field(word.clone())),
            },
            _ => return Err(self.wrong("F")),
        };
        self.at += 1;
        Ok(side)
    }
}

fn negated<C>(test: Test<C>, not: bool) -> Test<C> {
    if not { Test::Not(Box::new(test)) } else { test }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use serde_json::json;

    fn column(name: &str) -> Option<String> {
        name.starts_with('F').then(|| name.to_owned())
    }

    fn row(name: &String) -> Value {
        match name.as_str() {
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
            test.pinned(&|column: &String| column == "FId").cloned()
        };
        assert_eq!(pinned("FState='A' and FId=7"), Some(json!(7)));
        assert_eq!(pinned("FState='A' or FId=7"), None);
        assert_eq!(pinned("FId>7"), None);
    }
}
