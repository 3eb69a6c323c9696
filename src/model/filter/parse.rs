use super::{Filter, Op, Value};
use crate::model::AttrPath;

/// How deep parentheses and brackets may nest: far more than anybody writes, far less than the stack holds.
const DEPTH: usize = 64;

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: expected {expected}, found {found}")]
pub struct FilterError {
    /// The byte at which it went wrong.
    pub at: usize,
    /// The same in characters, from 1.
    pub column: usize,
    /// What was expected there.
    pub expected: String,
    /// What is there instead.
    pub found: String,
}

impl FilterError {
    /// A line of blanks with a caret under the place, to be shown under the filter in a fixed-width font.
    pub fn caret(&self) -> String {
        format!("{}^", " ".repeat(self.column - 1))
    }
}

pub(super) fn parse(text: &str) -> Result<Filter, FilterError> {
    let mut parser = Parser { text, at: 0, depth: 0 };
    let filter = parser.or()?;
    parser.blanks();
    if parser.at < text.len() {
        return Err(parser.expected("`and`, `or` or the end"));
    }
    Ok(filter)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn expected(&self, what: &str) -> FilterError {
        let found: String = self.rest().chars().take_while(|c| !c.is_whitespace()).take(24).collect();
        FilterError {
            at: self.at,
            column: self.text[..self.at].chars().count() + 1,
            expected: what.to_owned(),
            found: if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") },
        }
    }

    /// The word that starts here, without taking it.
    fn word(&self) -> &'t str {
        let rest = self.rest();
        &rest[..rest.bytes().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len())]
    }

    /// Takes a keyword that is followed by something that no name goes on with.
    fn keyword(&mut self, keyword: &str) -> bool {
        self.blanks();
        let word = self.word();
        let ends = self.rest().as_bytes().get(word.len()).is_none_or(|&byte| !name_byte(byte));
        let taken = ends && word.eq_ignore_ascii_case(keyword);
        if taken {
            self.at += word.len();
        }
        taken
    }

    fn or(&mut self) -> Result<Filter, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.expected("fewer parentheses"));
        }
        let mut parts = vec![self.and()?];
        while self.keyword("or") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Ok(one_or(parts, Filter::Or))
    }

    fn and(&mut self) -> Result<Filter, FilterError> {
        let mut parts = vec![self.not()?];
        while self.keyword("and") {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Filter::And))
    }

    fn not(&mut self) -> Result<Filter, FilterError> {
        let mut negated = false;
        while self.keyword("not") {
            negated = !negated;
        }
        let inner = self.primary()?;
        Ok(if negated { Filter::Not(Box::new(inner)) } else { inner })
    }

    fn primary(&mut self) -> Result<Filter, FilterError> {
        self.blanks();
        if self.peek() == Some(b'(') {
            self.at += 1;
            let inner = self.or()?;
            self.close(b')', "`)`")?;
            return Ok(inner);
        }
        let attr = self.path()?;
        if self.peek() != Some(b'[') {
            return self.comparison(attr);
        }
        self.at += 1;
        let inner = self.or()?;
        self.close(b']', "`]`")?;
        if self.peek() != Some(b'.') {
            return Ok(Filter::Within { attr: AttrPath::new(attr), filter: Box::new(inner) });
        }
        // `emails[type eq "work"].value co "x"`: what follows is asked of the same entry.
        self.at += 1;
        let sub = self.path()?;
        let last = self.comparison(sub)?;
        let parts = match inner {
            Filter::And(mut parts) => {
                parts.push(last);
                parts
            }
            other => vec![other, last],
        };
        Ok(Filter::Within { attr: AttrPath::new(attr), filter: Box::new(Filter::And(parts)) })
    }

    fn close(&mut self, byte: u8, what: &str) -> Result<(), FilterError> {
        self.blanks();
        if self.peek() != Some(byte) {
            return Err(self.expected(&format!("`and`, `or` or {what}")));
        }
        self.at += 1;
        Ok(())
    }

    fn path(&mut self) -> Result<&'t str, FilterError> {
        let rest = self.rest();
        let length = rest.bytes().position(|byte| !name_byte(byte)).unwrap_or(rest.len());
        let starts = rest.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'$' | b'_'));
        if !starts || rest[..length].ends_with('.') {
            return Err(self.expected("an attribute"));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn comparison(&mut self, attr: &str) -> Result<Filter, FilterError> {
        self.blanks();
        if self.keyword("pr") {
            return Ok(Filter::Present(AttrPath::new(attr)));
        }
        let word = self.word();
        let Some(op) = Op::parse(word) else {
            return Err(self.expected("an operator (eq, ne, co, sw, ew, gt, ge, lt, le or pr)"));
        };
        self.at += word.len();
        self.blanks();
        let value = self.value(op)?;
        Ok(Filter::Compare { attr: AttrPath::new(attr), op, value })
    }

    fn value(&mut self, op: Op) -> Result<Value, FilterError> {
        let texts_only = matches!(op, Op::Co | Op::Sw | Op::Ew);
        let ordered = matches!(op, Op::Gt | Op::Ge | Op::Lt | Op::Le);
        let what = if texts_only {
            "a text in double quotes"
        } else if ordered {
            "a text in double quotes or a number"
        } else {
            "a text in double quotes, a number, true, false or null"
        };
        match self.peek() {
            Some(b'"') => self.text().map(Value::Text),
            Some(b'-' | b'0'..=b'9') if !texts_only => {
                let rest = self.rest();
                let length = number(rest.as_bytes()).filter(|&length| {
                    rest.as_bytes().get(length).is_none_or(|&next| matches!(next, b')' | b']') || !name_byte(next))
                });
                let Some(length) = length else { return Err(self.expected("a number")) };
                self.at += length;
                Ok(Value::Number(rest[..length].to_owned()))
            }
            Some(_) if !texts_only && !ordered => {
                // RFC 7644 has them in lower case; Entra sends `True` (targets/scim.md A3).
                for (word, value) in [("true", Value::Flag(true)), ("false", Value::Flag(false)), ("null", Value::Null)]
                {
                    if self.keyword(word) {
                        return Ok(value);
                    }
                }
                Err(self.expected(what))
            }
            _ => Err(self.expected(what)),
        }
    }

    /// A text with the escapes of JSON.
    fn text(&mut self) -> Result<String, FilterError> {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.bytes().enumerate().skip(1).find_map(|(at, byte)| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes.then_some(at)
        });
        let Some(end) = end else {
            return Err(FilterError { found: "no closing quote".into(), ..self.expected("a text in double quotes") });
        };
        // Characters that JSON would want escaped are taken as they are: an operator may have pasted them.
        let text = serde_json::from_str(&rest[..=end]).or_else(|_| {
            let escaped: String =
                rest[..=end].chars().map(|c| if c < ' ' { format!("\\u{:04x}", c as u32) } else { c.into() }).collect();
            serde_json::from_str(&escaped)
        });
        let Ok(text) = text else { return Err(self.expected("a text with the escapes of JSON")) };
        self.at += end + 1;
        Ok(text)
    }
}

/// A byte of an attribute's name, its schema included (`urn:…:2.0:User:name.givenName`, `userNav$$dateOfBirth`).
pub(super) fn name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'$' | b'/' | b'%' | b'#')
}

/// The length of the JSON number that a text starts with.
fn number(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| text[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || whole > 1 && text[at] == b'0' {
        return None;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        match digits(at + 1) {
            0 => return None,
            fraction => at += 1 + fraction,
        }
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let signed = at + 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        match digits(signed) {
            0 => return None,
            exponent => at = signed + exponent,
        }
    }
    Some(at)
}

fn one_or(mut parts: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 { parts.remove(0) } else { many(parts) }
}
