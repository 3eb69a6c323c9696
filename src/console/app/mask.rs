//! The privacy mask: names, logins, e-mails and telephone numbers are hidden word by word, and the same word looks the same
//! everywhere in one session, so that people can be told apart and followed without being known.
//!
//! Words that this program itself says stay readable, so that a sentence with a name in it is still a sentence. Where a text
//! is known to be somebody's name or login, [`private`] says so, and then every word of it is hidden.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::sync::OnceLock;

use unicode_width::UnicodeWidthChar;

use crate::model::{AttrDef, AttrPath, Fold, Form, Kind};

/// Stands before a word that is hidden whatever it is. Nothing shows it: the pen takes it out.
const HIDDEN: char = '\u{2063}';

/// All that this program says, in every language: the words in it are no secrets.
const SAID: [&str; 10] = [
    include_str!("../../../assets/text/en.toml"),
    include_str!("../../../assets/text/zh.toml"),
    include_str!("../../../assets/text/said.zh.toml"),
    include_str!("../../../assets/keys.toml"),
    include_str!("../../../assets/connectors/scim.toml"),
    include_str!("../../../assets/connectors/aha.toml"),
    include_str!("../../../assets/connectors/litmos.toml"),
    include_str!("../../../assets/connectors/kingdee.toml"),
    include_str!("../../../assets/connectors/idaas.toml"),
    include_str!("../../../assets/connectors/file.toml"),
];

/// Whether a character belongs to a word.
fn inside(c: char) -> bool {
    c.is_alphanumeric()
}

fn wide(c: char) -> bool {
    c.width() == Some(2)
}

fn words() -> &'static HashSet<&'static str> {
    static WORDS: OnceLock<HashSet<&'static str>> = OnceLock::new();
    WORDS.get_or_init(|| {
        SAID.iter().flat_map(|text| text.split(|c| !inside(c))).filter(|word| !word.is_empty()).collect()
    })
}

/// Whether this program says this word itself. Chinese is written without blanks: a run of it that stands in our texts.
fn known(word: &str) -> bool {
    if word.chars().all(|c| c.is_ascii_digit()) {
        return word.len() <= 3;
    }
    words().contains(word) || word.chars().all(wide) && SAID.iter().any(|text| text.contains(word))
}

/// Somebody's name or login: every word of it is hidden while the mask is on.
pub fn private(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 8);
    let mut before = false;
    for c in text.chars().filter(|c| *c != HIDDEN) {
        if inside(c) && !before {
            marked.push(HIDDEN);
        }
        before = inside(c);
        marked.push(c);
    }
    marked
}

/// What is said of people and does not say who they are: what they may do. A post or a department often has one person in it.
const OPEN: [&str; 13] = [
    "active",
    "userType",
    "locale",
    "timezone",
    "preferredLanguage",
    "roles",
    "productRoles",
    "groups",
    "grants",
    "entitlements",
    "type",
    "accessLevel",
    "products",
];

/// Whether what people have for an attribute says what they may do, and not who they are.
pub fn impersonal(path: &str) -> bool {
    let base = path.split_once(['.', '[']).map_or(path, |(base, _)| base);
    OPEN.iter().any(|name| name.eq_ignore_ascii_case(base))
}

/// Whether an attribute of a kind says who somebody is: names, logins, ids, addresses, telephone numbers, and what nobody
/// knows. Flags, roles, products and groups do not, nor does what is said of no person.
pub fn personal(kind: Kind, def: &AttrDef) -> bool {
    let to_people = match &def.form {
        Form::Text => def.refers == Some(Kind::User),
        Form::List(list) => {
            list.key.iter().flatten().chain(list.value.iter().flatten()).any(|kind| *kind == Kind::User)
        }
    };
    let plain = matches!(def.fold, Fold::Flag | Fold::Zone | Fold::Instant);
    to_people || !plain && personal_path(kind, &def.path)
}

/// The same where no more is known of it than how it is called.
pub fn personal_path(kind: Kind, path: &AttrPath) -> bool {
    let local = path.local(&[]);
    let local = local.split_once(['.', '[']).map_or(local, |(base, _)| base);
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(local));
    is(&["members", "managers", "manager", "owners", "leaders"])
        || kind == Kind::User && !impersonal(local) && !local.eq_ignore_ascii_case("meta")
}

/// A text without the marks of [`private`].
pub fn bare(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains(HIDDEN) { text.replace(HIDDEN, "").into() } else { text.into() }
}

/// A text with what is personal hidden; as wide as before. `salt` is the session's.
pub fn masked(text: &str, salt: u64) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let always = first == HIDDEN;
        if always {
            rest = &rest[HIDDEN.len_utf8()..];
        }
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        if word.is_empty() {
            if let Some(c) = after.chars().next().filter(|_| !always) {
                shown.push(c);
                rest = &after[c.len_utf8()..];
            }
            continue;
        }
        if always || !known(word) {
            shown.push_str(&hidden(word, salt));
        } else {
            shown.push_str(word);
        }
        rest = after;
    }
    shown
}

/// A word as it is hidden: its first letter, then what cannot be read, then two signs that are the same for the same word.
fn hidden(word: &str, salt: u64) -> String {
    const SIGNS: &[u8] = b"23456789abcdefghjkmnpqrstuvwxyz";
    let cells: usize = word.chars().map(|c| c.width().unwrap_or(0)).sum();
    let first = word.chars().next().filter(|c| !c.is_ascii_digit());
    let lead = first.and_then(char::width).unwrap_or(0);
    if cells < lead + 2 {
        return "*".repeat(cells);
    }
    let code = foldhash::fast::FixedState::with_seed(salt).hash_one(word.to_lowercase());
    let sign = |at: u64| SIGNS[(code >> at) as usize % SIGNS.len()] as char;
    let mut shown: String = first.into_iter().collect();
    shown.push_str(&"*".repeat(cells - lead - 2));
    shown.push(sign(0));
    shown.push(sign(16));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn a_person_is_the_same_everywhere_and_not_to_be_known() {
        let name = masked("Lena Fischer", 7);
        let login = masked("lena.fischer@acme-corp.de", 7);
        let (given, family) = name.split_once(' ').unwrap_or_default();
        assert_eq!(given[1..], login[1..4], "{name} {login}");
        assert!(login.contains(&family[1..]), "{name} {login}");
        assert!(name.starts_with("L*") && !name.contains("ena") && !name.contains("scher"));
        assert_ne!(name, masked("Lena Fischer", 8), "another session, another sign");
        assert_ne!(masked("Lara Fischer", 7), name);
    }

    #[test]
    fn chinese_names_and_telephone_numbers_are_hidden() {
        let name = masked("王小明", 7);
        assert!(name.starts_with("王**") && name.width() == 6, "{name}");
        let phone = masked("+49 170 1234567", 7);
        assert!(!phone.contains("1234567") && phone.width() == 15, "{phone}");
    }

    #[test]
    fn our_own_words_stay_and_a_name_among_them_does_not() {
        assert_eq!(masked("linked: it is Zaphod", 7), format!("linked: it is {}", hidden("Zaphod", 7)));
        assert_eq!(masked("原因：王小明", 7), format!("原因：{}", hidden("王小明", 7)));
        // A name that is a word of ours is hidden where it is known to be a name.
        assert_eq!(masked("Plan", 7), "Plan");
        assert_eq!(masked(&private("Plan"), 7), hidden("Plan", 7));
    }

    proptest! {
        #[test]
        fn nothing_grows_or_shrinks(text in "[a-zA-Z0-9@. 王小明é-]{0,40}") {
            prop_assert_eq!(masked(&text, 3).width(), text.width());
            prop_assert_eq!(masked(&private(&text), 3).width(), text.width());
            let marked = private(&text);
            prop_assert_eq!(&*bare(&marked), &text);
        }
    }
}
