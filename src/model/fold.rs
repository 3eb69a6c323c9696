//! How two values are made alike before they are compared. What is stored, shown and sent is never changed.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use super::{Fold, zone};

/// The text as it is compared under a rule. Borrowed where the text is in that form already.
pub fn fold(text: &str, how: Fold) -> Cow<'_, str> {
    if let Some(same) = settled(text, how) {
        return Cow::Borrowed(same);
    }
    let mut made = String::with_capacity(text.len());
    write(text, how, &mut made);
    Cow::Owned(made)
}

/// As [`fold`], into a text that is used again and again: for folding a million values without a million allocations.
pub fn folded<'a>(text: &'a str, how: Fold, scratch: &'a mut String) -> &'a str {
    if let Some(same) = settled(text, how) {
        return same;
    }
    scratch.clear();
    write(text, how, scratch);
    scratch
}

/// Whether two texts are alike under a rule. The texts as they are come first: most pairs are equal byte for byte.
pub fn same(a: &str, b: &str, how: Fold) -> bool {
    a == b || (how != Fold::Exact && fold(a, how) == fold(b, how))
}

/// The instant that a date or time names. A time without a zone is taken as UTC, and a date as its first moment in UTC:
/// an assumption, since no service here says otherwise.
pub fn instant(text: &str) -> Option<jiff::Timestamp> {
    let text = text.trim();
    if !text.as_bytes().first().is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-')) {
        return None;
    }
    text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

/// The text itself, or the part of it between outer blanks, where nothing else has to be changed.
fn settled(text: &str, how: Fold) -> Option<&str> {
    match how {
        Fold::Exact | Fold::Never => Some(text),
        Fold::Caseless | Fold::Email => {
            // Most are like this, and without a way out of the loop many bytes are looked at at once.
            let odd = text.bytes().fold(0, |odd, byte| odd | u8::from(byte.is_ascii_uppercase()) | (byte >> 7));
            if odd == 0 {
                return Some(trimmed(text));
            }
            if text.is_ascii() {
                // An upper-case letter in it.
                return None;
            }
            let inner = text.trim();
            let settled = inner.chars().all(|c| simple(c) == Some(c))
                || is_nfkc_quick(inner.chars()) == IsNormalized::Yes && inner.chars().all(caseless);
            settled.then_some(inner)
        }
        Fold::Name => {
            let inner = text.trim();
            let normal = inner.is_ascii() || is_nfkc_quick(inner.chars()) == IsNormalized::Yes;
            (normal && !ragged(inner)).then_some(inner)
        }
        Fold::Flag => {
            let inner = text.trim();
            if inner.eq_ignore_ascii_case("true") {
                Some("true")
            } else if inner.eq_ignore_ascii_case("false") {
                Some("false")
            } else {
                Some(inner)
            }
        }
        Fold::Phone => {
            let digits = text.strip_prefix('+').unwrap_or(text);
            (text.is_empty() || !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
        }
        Fold::Instant | Fold::Zone => text.is_empty().then_some(text),
    }
}

/// The text between outer blanks; what has none, which is most, is not searched for them.
fn trimmed(text: &str) -> &str {
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| *byte <= b' ');
    if edge(text.as_bytes().first()) || edge(text.as_bytes().last()) { text.trim() } else { text }
}

/// Whether blanks inside a text are other than single spaces.
fn ragged(text: &str) -> bool {
    let mut after_blank = false;
    text.chars().any(|c| {
        let blank = c.is_whitespace();
        let bad = blank && (after_blank || c != ' ');
        after_blank = blank;
        bad
    })
}

/// The folded form of a character that neither NFKC nor full case folding has anything special to do with, whatever stands
/// beside it: most of what is written in names and addresses. `None` sends the whole text the long way.
fn simple(c: char) -> Option<char> {
    match c {
        '\0'..='\x7f' => Some(c.to_ascii_lowercase()),
        // Latin-1 letters but for the sharp s, and Latin Extended-A but for the Turkish i and what NFKC takes apart.
        'À'..='Ö' | 'Ø'..='Þ' => char::from_u32(c as u32 + 0x20),
        'à'..='ö' | 'ø'..='ÿ' | '\u{4e00}'..='\u{9fff}' => Some(c),
        '\u{130}'..='\u{133}' | '\u{13f}' | '\u{140}' | '\u{149}' | '\u{17f}' => None,
        '\u{100}'..='\u{17e}' => c.to_lowercase().next(),
        // Vietnamese and the other letters with two marks, Cyrillic, Arabic letters, kana and Hangul, each as one character.
        '\u{1e00}'..='\u{1e95}' | '\u{1ea0}'..='\u{1eff}' | '\u{400}'..='\u{45f}' => c.to_lowercase().next(),
        '\u{621}'..='\u{64a}' | '\u{3041}'..='\u{3094}' | '\u{30a1}'..='\u{30fa}' | '\u{ac00}'..='\u{d7a3}' => Some(c),
        // Full-width forms of ASCII.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).map(|c| c.to_ascii_lowercase()),
        _ => None,
    }
}

/// Whether folding of case leaves a character as it is.
fn caseless(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_uppercase();
    }
    // Han, Hiragana, Katakana and Hangul have no case; asking is the slow part.
    if matches!(c, '\u{3040}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}') {
        return true;
    }
    let mut folded = fold_case(c);
    folded.next() == Some(c) && folded.next().is_none()
}

/// Upper case and back: for all but a few letters the same as Unicode's full case folding (`ß` is `ss`, every sigma is
/// `σ`). The dotless `ı` stays itself, or it would meet the dotted `i`.
fn fold_case(c: char) -> impl Iterator<Item = char> {
    let (keep, change) = if c == '\u{131}' { (Some(c), None) } else { (None, Some(c)) };
    keep.into_iter().chain(change.into_iter().flat_map(char::to_uppercase).flat_map(char::to_lowercase))
}

fn write(text: &str, how: Fold, into: &mut String) {
    match how {
        Fold::Exact | Fold::Never | Fold::Flag => into.push_str(text),
        Fold::Caseless | Fold::Email => {
            let inner = text.trim();
            if inner.is_ascii() {
                into.push_str(inner);
                into.make_ascii_lowercase();
            } else if inner.chars().all(|c| c == 'ß' || simple(c).is_some()) {
                for c in inner.chars() {
                    match simple(c) {
                        Some(c) => into.push(c),
                        None => into.push_str("ss"),
                    }
                }
            } else {
                // Folding can bring forms that NFKC composes, and the other way round: twice settles it.
                let once: String = inner.nfkc().flat_map(fold_case).nfkc().collect();
                into.extend(once.trim().chars().flat_map(fold_case).nfkc());
            }
        }
        Fold::Name => {
            let normal: String = text.nfkc().collect();
            for word in normal.split_whitespace() {
                if !into.is_empty() {
                    into.push(' ');
                }
                into.push_str(word);
            }
        }
        Fold::Phone => {
            let mut digits = false;
            for c in text.nfkc() {
                if c.is_ascii_digit() || c == '+' && into.is_empty() {
                    digits |= c.is_ascii_digit();
                    into.push(c);
                }
            }
            if !digits {
                // `n/a` is no number: it stays a text, or it would be the same as none.
                into.clear();
                write(text, Fold::Caseless, into);
            }
        }
        Fold::Instant => match instant(text) {
            Some(instant) => into.push_str(&instant.to_string()),
            None => write(text, Fold::Caseless, into),
        },
        Fold::Zone => write(zone::windows(text).unwrap_or(text), Fold::Caseless, into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Fold; 9] = [
        Fold::Exact,
        Fold::Caseless,
        Fold::Name,
        Fold::Email,
        Fold::Flag,
        Fold::Phone,
        Fold::Instant,
        Fold::Zone,
        Fold::Never,
    ];

    #[test]
    fn a_text_in_its_form_already_is_borrowed() {
        for (text, how) in [
            ("lena.fischer@example.com", Fold::Email),
            ("王小明", Fold::Caseless),
            ("Lena Fischer", Fold::Name),
            ("+493012345", Fold::Phone),
            ("True", Fold::Flag),
        ] {
            assert!(matches!(fold(text, how), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn case_width_and_outer_blanks_do_not_tell_logins_apart() {
        assert_eq!(fold(" Lena.FISCHER@Example.com ", Fold::Email), "lena.fischer@example.com");
        assert_eq!(fold("ＬＥＮＡ＠example.com", Fold::Email), "lena@example.com");
        assert_eq!(fold("Straße", Fold::Caseless), fold("STRASSE", Fold::Caseless));
        assert_eq!(fold("ΣΊΣΥΦΟΣ", Fold::Caseless), fold("σίσυφος", Fold::Caseless));
        assert!(!same("ı", "i", Fold::Caseless));
        assert!(!same("Lena", "lena", Fold::Exact));
    }

    #[test]
    fn names_keep_their_case_and_lose_their_ragged_blanks() {
        assert_eq!(fold("  Lena \u{a0} Fischer\t", Fold::Name), "Lena Fischer");
        assert!(!same("lena fischer", "Lena Fischer", Fold::Name));
        assert!(same("Jose\u{301}", "José", Fold::Name));
    }

    #[test]
    fn telephone_numbers_are_their_digits() {
        assert_eq!(fold("+49 (30) 123-45", Fold::Phone), "+493012345");
        assert_eq!(fold("n/a", Fold::Phone), "n/a");
        assert!(!same("", "n/a", Fold::Phone));
    }

    #[test]
    fn instants_are_compared_and_not_their_notation() {
        assert!(same("2024-03-01T10:00:00.000Z", "2024-03-01T11:00:00+01:00", Fold::Instant));
        assert!(same("2024-03-01", "2024-03-01T00:00:00Z", Fold::Instant));
        assert!(!same("2024-03-01T10:00:00Z", "2024-03-01T10:00:01Z", Fold::Instant));
        assert!(same("Never", "never", Fold::Instant));
    }

    #[test]
    fn time_zones_are_alike_that_are_one_to_windows() {
        assert!(same("Europe/Vienna", "Europe/Berlin", Fold::Zone));
        assert!(same("W. Europe Standard Time", "europe/rome", Fold::Zone));
        assert!(!same("Europe/Vienna", "Europe/London", Fold::Zone));
        assert!(same("Mars", "mars", Fold::Zone) && !same("Mars", "", Fold::Zone));
    }

    /// The long way alone.
    fn long_way(text: &str) -> String {
        let once: String = text.trim().nfkc().flat_map(fold_case).nfkc().collect();
        once.trim().chars().flat_map(fold_case).nfkc().collect()
    }

    #[test]
    fn the_short_way_of_every_character_is_the_long_one() {
        for c in ('\0'..=char::MAX).filter(|c| simple(*c).is_some()) {
            let text = format!("x{c}y");
            assert_eq!(fold(&text, Fold::Caseless), long_way(&text), "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_is_the_long_one(text in "[a-zA-ZÀ-žＡ-ｚ王小\u{300}-\u{304}ßıſ ]{0,10}") {
            let folded = fold(&text, Fold::Caseless);
            prop_assert_eq!(&*folded, long_way(&text));
        }

        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,12}|[\\x00-\\x7f]{0,12}") {
            for how in ALL {
                let once = fold(&text, how).into_owned();
                let twice = fold(&once, how).into_owned();
                prop_assert_eq!(&once, &twice, "{:?}", how);
            }
        }

        #[test]
        fn both_ways_of_folding_give_the_same(text in "\\PC{0,12}") {
            let mut scratch = String::from("old");
            for how in ALL {
                prop_assert_eq!(fold(&text, how).into_owned(), folded(&text, how, &mut scratch));
            }
        }
    }
}
