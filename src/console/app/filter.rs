//! What a typed filter lets through.

use super::rows::Rows;

/// A filter, ready to be asked.
#[derive(Clone, Debug)]
pub struct Sieve {
    needle: String,
}

impl Sieve {
    /// A filter as it was typed; empty lets everything through.
    pub fn new(typed: &str) -> Self {
        Self { needle: typed.trim().to_lowercase() }
    }

    /// Whether an identity passes.
    pub fn passes(&self, rows: &Rows<'_>, identity: u32, system: Option<usize>) -> bool {
        if self.needle.is_empty() {
            return true;
        }
        let (name, second) = rows.texts(identity, system);
        holds(name, &self.needle) || holds(second, &self.needle)
    }
}

fn holds(text: &str, needle: &str) -> bool {
    if text.is_ascii() && needle.is_ascii() {
        let (text, needle) = (text.as_bytes(), needle.as_bytes());
        return text.windows(needle.len()).any(|window| window.eq_ignore_ascii_case(needle));
    }
    text.to_lowercase().contains(needle)
}
