//! What is wrong in a mapping file, where, and what was probably meant.

use std::fmt::Display;
use std::sync::Arc;

use super::MappingError;

/// Where in which file something stands.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub origin: Arc<str>,
    pub line: usize,
}

impl Place {
    pub fn error(&self, message: impl Display) -> MappingError {
        MappingError { origin: self.origin.to_string(), message: format!("line {}: {message}", self.line) }
    }
}

/// Something with its place.
#[derive(Clone, Debug)]
pub(super) struct Placed<T> {
    pub at: Place,
    pub it: T,
}

/// The line, from 1, of a byte offset.
pub(super) fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|&byte| byte == b'\n').count() + 1
}

/// A parser's complaint with file, line, and the nearest right name where it is about a wrong one.
pub(super) fn told(text: &str, origin: &str, error: &toml::de::Error) -> MappingError {
    let at = error.span().map_or(1, |span| line(text, span.start));
    let key = error.span().and_then(|span| key_of(text, span.start));
    // A wrong key is named by the parser itself.
    let key =
        key.filter(|_| !["unknown field", "missing field"].iter().any(|start| error.message().starts_with(start)));
    let key = key.map(|key| format!("`{key}`: ")).unwrap_or_default();
    // The parser says "unknown field `acess`, expected one of `access`, …": the first quoted name is the wrong one.
    let mut quoted = error.message().split('`').skip(1).step_by(2);
    let hint = match quoted.next() {
        Some(wrong) if error.message().starts_with("unknown ") => did_you_mean(wrong, quoted),
        _ => String::new(),
    };
    MappingError { origin: origin.to_owned(), message: format!("line {at}: {key}{}{hint}", error.message().trim_end()) }
}

/// The key whose value stands at a byte offset.
fn key_of(text: &str, offset: usize) -> Option<&str> {
    let (before, between) = text.get(..offset)?.rsplit_once('=')?;
    // A new line between them that no list has opened: it is no value of that key.
    if between.contains('\n') && !between.contains(['[', '{']) {
        return None;
    }
    let of_key = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let key = before.trim_end().rsplit(|c: char| !of_key(c)).next()?;
    (!key.is_empty()).then_some(key)
}

/// `; did you mean `name`?` with the nearest of the right names, or nothing where none is near.
pub(super) fn did_you_mean<'n>(wrong: &str, right: impl Iterator<Item = &'n str>) -> String {
    right
        .map(|name| (strsim::damerau_levenshtein(&wrong.to_lowercase(), &name.to_lowercase()), name))
        .min()
        .filter(|(distance, name)| *distance <= 2.max(name.len() / 3))
        .map_or_else(String::new, |(_, name)| format!("; did you mean `{name}`?"))
}
