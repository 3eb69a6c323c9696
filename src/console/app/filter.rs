//! What a typed filter means.

use crate::compare::{Compared, Sense};
use crate::model::Kind;
use crate::model::filter::Query;
use crate::model::text::clean;

use super::text::text;

/// Whether a filter asks for what is staged, so that its list changes with the staging.
pub fn asks_staged(typed: &str) -> bool {
    typed.to_ascii_lowercase().contains("staged")
}

/// What a filter was understood as, in words.
pub fn understood(typed: &str) -> String {
    Query::parse(typed).understood()
}

/// The attributes of a filter that no record of a kind has, each in a sentence.
pub fn unknown(compared: &Compared, kind: Kind, typed: &str) -> Vec<String> {
    let read = compared.inputs.systems.iter().filter(|view| view.snapshot(kind).is_some());
    let unknown = Sense::new(read, &[kind], true).unknown(&Query::parse(typed));
    unknown
        .into_iter()
        .map(|(attribute, near)| match near {
            Some(near) => text!("filter.unknown-near", attribute = clean(&attribute), near = near),
            None => text!("filter.unknown", attribute = clean(&attribute)),
        })
        .collect()
}

/// Why a text that looks like a filter was taken for plain text.
pub fn almost(typed: &str) -> Option<String> {
    let mut query = Query::parse(typed);
    loop {
        query = match query {
            Query::Not(inner) => *inner,
            Query::Plain { almost, .. } => return almost.map(|error| error.to_string()),
            Query::All | Query::Filter(_) => return None,
        }
    }
}

/// Filters that were used before on a list, newest last.
#[derive(Clone, Debug, Default)]
pub struct Past {
    used: Vec<String>,
}

/// So many are remembered.
const MOST: usize = 50;

impl Past {
    /// A filter was used.
    pub fn take(&mut self, filter: &str) {
        if filter.trim().is_empty() {
            return;
        }
        self.used.retain(|have| have != filter);
        self.used.push(filter.to_owned());
        if self.used.len() > MOST {
            self.used.remove(0);
        }
    }

    /// The filter `back` steps before now, 1 being the last one.
    pub fn get(&self, back: usize) -> Option<&str> {
        let at = self.used.len().checked_sub(back)?;
        self.used.get(at).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_last_filter_comes_first_and_each_only_once() {
        let mut past = Past::default();
        for filter in ["a", "b", "a", " "] {
            past.take(filter);
        }
        assert_eq!([past.get(0), past.get(1), past.get(2), past.get(3)], [None, Some("a"), Some("b"), None]);
    }
}
