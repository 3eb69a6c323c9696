//! Filters: the whole grammar of RFC 7644, section 3.4.2.2, read into a tree over resolved attributes.
//!
//! Owns reading; `matching` decides. A filter is read for one resource type, because only its schemas say what a name
//! means and whether letter case counts.

use serde_json::Value;

use super::path::{self, Steps, Target};
use super::problem::Problem;
use super::schema::{Attribute, ResourceType, Returned, Type};

/// How deep parentheses may be nested.
const DEPTH: usize = 40;

/// How many expressions a filter may have.
const TERMS: usize = 1_000;

/// A filter that was understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// Both hold.
    And(Box<Filter>, Box<Filter>),
    /// One holds.
    Or(Box<Filter>, Box<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// There is a value.
    Present(Steps),
    /// A value compares so with a literal.
    Test(Steps, Operator, Value),
    /// One value of a complex list meets a filter over its parts.
    Each(Steps, Box<Filter>),
    /// The attribute belongs to another resource type: no value, so nothing holds.
    Elsewhere,
}

/// The operators that compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
}

impl Operator {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "eq" => Self::Eq,
            "ne" => Self::Ne,
            "co" => Self::Co,
            "sw" => Self::Sw,
            "ew" => Self::Ew,
            "gt" => Self::Gt,
            "ge" => Self::Ge,
            "lt" => Self::Lt,
            "le" => Self::Le,
            _ => return None,
        })
    }
}

/// What names are looked up in.
#[derive(Clone, Copy)]
pub enum Scope<'s> {
    /// The attributes of a resource type.
    Resource {
        /// The resource type.
        kind: &'s ResourceType,
        /// Whether a name it does not know is no fault, as in a search over all types (RFC 7644, section 3.4.2.1).
        lenient: bool,
    },
    /// The parts of one complex attribute.
    Parts(&'s Attribute),
}

/// Reads a filter.
///
/// # Errors
/// `invalidFilter` with what was expected where.
pub fn read(text: &str, scope: Scope<'_>) -> Result<Filter, Problem> {
    let mut reader = Reader { text, at: 0, depth: 0, terms: 0 };
    let filter = reader.any_of(scope)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.wrong("the end"));
    }
    Ok(filter)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    terms: usize,
}

impl<'t> Reader<'t> {
    fn any_of(&mut self, scope: Scope<'_>) -> Result<Filter, Problem> {
        let mut left = self.all_of(scope)?;
        while self.keyword("or") {
            let right = self.all_of(scope)?;
            left = Filter::Or(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn all_of(&mut self, scope: Scope<'_>) -> Result<Filter, Problem> {
        let mut left = self.one(scope)?;
        while self.keyword("and") {
            let right = self.one(scope)?;
            left = Filter::And(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn one(&mut self, scope: Scope<'_>) -> Result<Filter, Problem> {
        let before = self.at;
        let negated = self.keyword("not");
        self.space();
        if self.rest().starts_with('(') {
            let inner = self.group(scope)?;
            return Ok(if negated { Filter::Not(Box::new(inner)) } else { inner });
        }
        // `not` without a parenthesis can only be an attribute of that name.
        self.at = before;
        self.expression(scope)
    }

    fn group(&mut self, scope: Scope<'_>) -> Result<Filter, Problem> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Problem::bad("invalidFilter", "the filter is nested too deeply"));
        }
        let inner = self.any_of(scope)?;
        self.take(')')?;
        self.depth -= 1;
        Ok(inner)
    }

    fn expression(&mut self, scope: Scope<'_>) -> Result<Filter, Problem> {
        self.terms += 1;
        if self.terms > TERMS {
            return Err(Problem::bad("invalidFilter", "the filter has too many expressions"));
        }
        let name = self.name()?;
        if self.rest().starts_with('[') {
            return self.value_path(scope, name);
        }
        let found = find(scope, name)?;
        let operator = self.word();
        if operator.eq_ignore_ascii_case("pr") {
            return Ok(found.map_or(Filter::Elsewhere, |(steps, _)| Filter::Present(steps)));
        }
        let operator = Operator::named(operator).ok_or_else(|| self.wrong("an operator"))?;
        let literal = self.literal()?;
        match found {
            Some((steps, whole)) => compare(steps, whole, operator, literal),
            None => Ok(Filter::Elsewhere),
        }
    }

    /// `emails[type eq "work"]`, and the common extension `emails[type eq "work"].value eq "x"`.
    fn value_path(&mut self, scope: Scope<'_>, name: &str) -> Result<Filter, Problem> {
        let Scope::Resource { kind, lenient } = scope else {
            return Err(self.wrong("no value filter inside a value filter"));
        };
        let (extension, attribute) = match path::resolve(kind, name) {
            Some(Target::Attribute { extension, attribute, part: None }) if attribute.kind == Type::Complex => {
                (extension, attribute)
            }
            None if lenient => return self.skip_value_path(),
            _ => {
                return Err(Problem::bad("invalidFilter", format!("{name} has no parts to filter by")));
            }
        };
        self.at += 1;
        let mut inner = self.any_of(Scope::Parts(attribute))?;
        self.take(']')?;
        if self.rest().starts_with('.') {
            self.at += 1;
            let more = self.expression(Scope::Parts(attribute))?;
            inner = Filter::And(Box::new(inner), Box::new(more));
        }
        Ok(Filter::Each(Steps::new(extension, attribute, None), Box::new(inner)))
    }

    /// A value filter over an attribute that this resource type does not have: only its end is looked for.
    fn skip_value_path(&mut self) -> Result<Filter, Problem> {
        while !self.rest().starts_with(']') {
            self.space();
            if self.rest().starts_with('"') {
                self.literal()?;
            } else {
                let next = self.rest().chars().next().ok_or_else(|| self.wrong("]"))?;
                self.at += if next == ']' { 0 } else { next.len_utf8() };
            }
        }
        self.at += 1;
        Ok(Filter::Elsewhere)
    }

    fn name(&mut self) -> Result<&'t str, Problem> {
        self.space();
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | ':' | '-' | '_' | '$' | '/')))
            .unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        if name.is_empty() {
            return Err(self.wrong("an attribute"));
        }
        self.at += end;
        Ok(name)
    }

    fn word(&mut self) -> &'t str {
        self.space();
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let word = rest.get(..end).unwrap_or_default();
        self.at += end;
        word
    }

    /// Takes `and`, `or` or `not` if it comes next as a whole word.
    fn keyword(&mut self, keyword: &str) -> bool {
        let before = self.at;
        let word = self.word();
        let whole = self.rest().chars().next().is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | ']'));
        let found = whole && word.eq_ignore_ascii_case(keyword);
        if !found {
            self.at = before;
        }
        found
    }

    /// A JSON string, number, true, false or null.
    fn literal(&mut self) -> Result<Value, Problem> {
        self.space();
        let rest = self.rest();
        let end = if rest.starts_with('"') {
            string_end(rest)
        } else {
            rest.find(|c: char| c.is_whitespace() || matches!(c, ')' | ']' | '(' | '[')).unwrap_or(rest.len())
        };
        let token = rest.get(..end).unwrap_or_default();
        // Real clients write True and FALSE.
        let folded = if token.starts_with('"') { token.to_owned() } else { token.to_ascii_lowercase() };
        let value: Value = serde_json::from_str(&folded).map_err(|_| self.wrong("a JSON string, number or true"))?;
        self.at += end;
        Ok(value)
    }

    fn take(&mut self, wanted: char) -> Result<(), Problem> {
        self.space();
        if !self.rest().starts_with(wanted) {
            return Err(self.wrong(&wanted.to_string()));
        }
        self.at += wanted.len_utf8();
        Ok(())
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn wrong(&self, expected: &str) -> Problem {
        let column = self.text.get(..self.at).map_or(0, |read| read.chars().count()) + 1;
        Problem::bad("invalidFilter", format!("expected {expected} at character {column} of: {}", self.text))
    }
}

/// The length of the JSON string that `text` starts with, quotes included.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where a name leads, and the complex attribute that it names as a whole, if it does.
type Found<'s> = Option<(Steps, Option<&'s Attribute>)>;

fn find<'s>(scope: Scope<'s>, name: &str) -> Result<Found<'s>, Problem> {
    let unknown = || Problem::bad("invalidFilter", format!("there is no attribute {name}"));
    let whole = |attribute: &'s Attribute| (attribute.kind == Type::Complex).then_some(attribute);
    match scope {
        Scope::Resource { kind, lenient } => match path::resolve(kind, name) {
            Some(Target::Attribute { extension, attribute, part }) => {
                if attribute.returned == Returned::Never {
                    // A filter would let a client guess it letter by letter.
                    return Err(Problem::bad("sensitive", format!("{name} cannot be searched")));
                }
                let whole = if part.is_none() { whole(attribute) } else { None };
                Ok(Some((Steps::new(extension, attribute, part), whole)))
            }
            None if lenient => Ok(None),
            Some(Target::Extension(_)) | None => Err(unknown()),
        },
        Scope::Parts(attribute) => {
            let part = attribute.part(name).ok_or_else(unknown)?;
            Ok(Some((Steps::inside(part), whole(part))))
        }
    }
}

fn compare(steps: Steps, whole: Option<&Attribute>, operator: Operator, literal: Value) -> Result<Filter, Problem> {
    if let Some(attribute) = whole {
        // `emails co "@x"` means the values of the list (RFC 7644, section 3.4.2.2: the default part is `value`).
        let part = attribute.part("value").filter(|_| attribute.multi).ok_or_else(|| {
            Problem::bad("invalidFilter", format!("{} is complex and cannot be compared", attribute.name))
        })?;
        let inner = compare(Steps::inside(part), None, operator, literal)?;
        return Ok(Filter::Each(steps, Box::new(inner)));
    }
    let ordered = matches!(operator, Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le);
    let textual = matches!(operator, Operator::Co | Operator::Sw | Operator::Ew);
    let fits = match (&literal, steps.kind) {
        (Value::Null, _) => matches!(operator, Operator::Eq | Operator::Ne),
        (Value::String(_) | Value::Bool(_), Type::Boolean) => !ordered && !textual,
        (Value::Number(_), Type::Integer | Type::Decimal) => !textual,
        (Value::String(_), Type::Binary) => !ordered,
        (Value::String(_), kind) => !matches!(kind, Type::Integer | Type::Decimal),
        _ => false,
    };
    if !fits {
        return Err(Problem::bad("invalidFilter", format!("{literal} cannot be compared so with this attribute")));
    }
    Ok(Filter::Test(steps, operator, literal))
}
