//! What a mapping says of faults that an operator should be told of: texts that a service mangles, and levels that give no
//! power as things are.

use serde::Deserialize;

use super::fault::Placed;
use super::{KindMap, MappingError};
use crate::model::{AttrPath, Kind};

/// How a service writes characters otherwise than they were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Escape {
    /// As HTML does: `&amp;` for `&`.
    Html,
}

/// Texts that a service stores or sends mangled: the same, and yet not letter for letter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mangled {
    /// How.
    pub form: Escape,
    /// What the operator is told of a text that differs by this alone.
    pub text: String,
    /// The same in Chinese.
    pub text_zh: Option<String>,
    /// Where it is stated.
    pub cite: String,
}

impl Mangled {
    /// The text as it was given, where it was mangled.
    pub fn undone(&self, text: &str) -> Option<String> {
        let Escape::Html = self.form;
        let plain = unescaped(text);
        (plain != text).then_some(plain)
    }
}

/// A value that means nothing unless some list has its bearer, too.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Powerless {
    /// Whose value it is.
    pub kind: Kind,
    /// The attribute.
    pub attr: AttrPath,
    /// The value.
    pub is: String,
    /// The kind of the records that have the lists.
    pub listed_by: Kind,
    /// The lists; one of them has to have the bearer. Where any of them was not read, nothing is said.
    pub lists: Vec<AttrPath>,
    /// What the operator is told.
    pub text: String,
    /// The same in Chinese.
    pub text_zh: Option<String>,
    /// Where it is stated.
    pub cite: String,
}

/// Rules about what gives no power: what they name must be there.
pub(super) fn powerless(specs: Vec<Placed<Powerless>>, kinds: &[KindMap]) -> Result<Vec<Powerless>, MappingError> {
    let attr = |kind: Kind, path: &AttrPath| {
        let map = kinds.iter().find(|map| map.kind == kind)?;
        map.rows.iter().find(|row| row.attr == *path)
    };
    specs
        .into_iter()
        .map(|Placed { at, it }| {
            if attr(it.kind, &it.attr).is_none_or(|row| row.list.is_some()) {
                return Err(at.error(format_args!("`powerless`: {} has no text `{}`", it.kind, it.attr)));
            }
            for list in &it.lists {
                if attr(it.listed_by, list).is_none_or(|row| row.list.is_none()) {
                    return Err(at.error(format_args!("`powerless`: {} has no list `{list}`", it.listed_by)));
                }
            }
            Ok(it)
        })
        .collect()
}

/// A text without HTML's entities. What is none stays as it is.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        let end = from.char_indices().take(12).find(|(_, c)| *c == ';').map(|(end, _)| end);
        match end.and_then(|end| Some((entity(&from[1..end])?, end + 1))) {
            Some((c, length)) => {
                plain.push(c);
                rest = &from[length..];
            }
            None => {
                plain.push('&');
                rest = &from[1..];
            }
        }
    }
    plain + rest
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::mapping::Mapping;

    #[test]
    fn entities_are_undone_and_nothing_else_is() {
        for (text, plain) in [
            ("R&amp;D", "R&D"),
            ("&lt;b&gt; &quot;x&quot; &#39;y&apos; &#x4e2d;", "<b> \"x\" 'y' 中"),
            ("A & B; C &unknown; D", "A & B; C &unknown; D"),
            ("&amp;amp;", "&amp;"),
            ("&#1114112; &", "&#1114112; &"),
        ] {
            assert_eq!(unescaped(text), plain, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[&#;a-z0-9中x]{0,40}") {
            let _ = unescaped(&text);
        }
    }

    #[test]
    fn a_rule_names_what_there_is() {
        let litmos = Mapping::builtin("litmos").unwrap();
        assert_eq!(litmos.powerless.len(), 1);
        let over = |attr: &str, list: &str| {
            let rule = format!(
                "[[powerless]]\nkind = \"User\"\nattr = \"{attr}\"\nis = \"x\"\nlisted_by = \"Group\"\nlists = [\"{list}\"]\n\
                 text = \"t\"\ncite = \"c\"\n"
            );
            Mapping::overlaid(Mapping::builtin_text("litmos").unwrap(), &rule, "more.toml")
        };
        assert_eq!(over("title", "members").unwrap().powerless.len(), 2);
        for (attr, list, said) in [("nothing", "members", "no text `nothing`"), ("title", "displayName", "no list")] {
            let fault = over(attr, list).unwrap_err();
            assert!(fault.to_string().contains(said) && fault.to_string().contains("more.toml"), "{fault}");
        }
    }
}
