//! Reads filters.

use serde_json::Value;

use super::super::call::{get, text};
use super::{Op, Side, Test, Wrong};

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
