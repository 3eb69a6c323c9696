use super::parse::name_byte;
use super::{Filter, FilterError, Op, Subject, Value};
use crate::model::fold::folded;
use crate::model::text::clean;
use crate::model::{AttrPath, Fold};

/// What an operator typed behind `/` or `--filter`: a filter where it is one, else plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Nothing: all.
    All,
    /// A filter, or the short form `attr=value` of one.
    Filter(Filter),
    /// A text that is looked for in what is shown.
    Plain {
        /// The text as it was typed.
        text: String,
        /// The same folded.
        folded: String,
        /// Why it is no filter, where it looks as if it was meant to be one.
        almost: Option<FilterError>,
    },
    /// What does not pass the inner one.
    Not(Box<Query>),
}

impl Query {
    /// What the text means; every text means something.
    ///
    /// In this order: nothing; `'text` is plain; `!query` is its opposite; a filter; `attr=value` and `attr!=value`;
    /// plain text.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            return Self::All;
        }
        if let Some(plain) = text.strip_prefix('\'') {
            return Self::plain(plain, None);
        }
        // One step, not a recursion over what was typed.
        let inner = text.trim_start_matches('!');
        if inner.len() < text.len() {
            let negated = (text.len() - inner.len()) % 2 == 1;
            if inner.trim().is_empty() {
                return Self::plain(text, None);
            }
            let query = Self::parse(inner);
            return if negated { Self::Not(Box::new(query)) } else { query };
        }
        match Filter::parse(text) {
            Ok(filter) => Self::Filter(filter),
            Err(error) => Self::short(text).map_or_else(|| Self::plain(text, almost(text, error)), Self::Filter),
        }
    }

    fn plain(text: &str, almost: Option<FilterError>) -> Self {
        let mut scratch = String::new();
        let folded = folded(text, Fold::Caseless, &mut scratch).to_owned();
        if folded.is_empty() { Self::All } else { Self::Plain { text: text.to_owned(), folded, almost } }
    }

    /// `attr=value`, the value with or without quotes; no value asks for what is empty.
    fn short(text: &str) -> Option<Filter> {
        let (attr, value) = text.split_once('=')?;
        let (attr, op) = match attr.strip_suffix('!') {
            Some(attr) => (attr.trim_end(), Op::Ne),
            None => (attr.trim_end(), Op::Eq),
        };
        let named = attr.bytes().all(name_byte) && attr.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
        if !named || attr.ends_with('.') || attr.eq_ignore_ascii_case("not") {
            return None;
        }
        let value = value.trim();
        // More than one condition is no value: it was meant as a filter.
        let another = |rest: &str| rest.contains('=') || Filter::parse(rest).is_ok();
        let joined = |word| value.split_once(word).is_some_and(|(_, rest)| another(rest));
        if value.starts_with('=') || joined(" and ") || joined(" or ") {
            return None;
        }
        let quoted = || value.strip_prefix('"')?.strip_suffix('"');
        let value = match value.to_ascii_lowercase().as_str() {
            "true" => Value::Flag(true),
            "false" => Value::Flag(false),
            "" | "null" => Value::Null,
            _ => Value::Text(quoted().unwrap_or(value).to_owned()),
        };
        Some(Filter::Compare { attr: AttrPath::new(attr), op, value })
    }

    /// Whether the subject passes; `None` where that is not known. Plain text is always decided.
    pub fn eval(&self, subject: &dyn Subject) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Filter(filter) => filter.eval(subject),
            Self::Not(inner) => inner.eval(subject).map(|passes| !passes),
            Self::Plain { folded: want, .. } => {
                let mut scratch = String::new();
                let mut found = false;
                subject.shown(&mut |text| found = found || folded(text, Fold::Caseless, &mut scratch).contains(want));
                Some(found)
            }
        }
    }

    /// What was understood, in words, safe to show.
    pub fn understood(&self) -> String {
        let words = match self {
            Self::All => "all".to_owned(),
            Self::Filter(filter) => format!("filter: {filter}"),
            Self::Plain { text, almost: None, .. } => format!("text: {text}"),
            Self::Plain { text, almost: Some(error), .. } => format!("text: {text} (no filter: {error})"),
            Self::Not(inner) => format!("not {}", inner.understood()),
        };
        clean(&words).into_owned()
    }
}

/// The error, where a text that is no filter has the look of one: an attribute and an operator, or brackets.
fn almost(text: &str, error: FilterError) -> Option<FilterError> {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    let meant = Op::parse(second).is_some() && first.bytes().all(name_byte)
        || first.eq_ignore_ascii_case("not")
        || text.starts_with('(')
        || text.split_once('=').is_some_and(|(name, _)| {
            let name = name.trim_end_matches([' ', '!']);
            !name.is_empty() && name.bytes().all(name_byte)
        })
        || text.contains('[') && text.contains(" eq ");
    meant.then_some(error)
}

/// A subject that shows only texts: for looking for plain text in what is no record.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'t>(pub &'t [&'t str]);

impl Subject for Shown<'_> {
    fn values(&self, _path: &str, _push: &mut dyn FnMut(crate::model::Cell<'_>)) {}

    fn shown(&self, push: &mut dyn FnMut(&str)) {
        self.0.iter().for_each(|text| push(text));
    }
}
