//! Halves of characters: what systems send that cut texts after so many UTF-16 units, right through an emoji.

/// The page with every escaped half of a surrogate pair replaced by U+FFFD; `None` where there is none. JSON allows them
/// (RFC 8259 8.2) and no parser takes them, so that one such name would make a whole page unreadable.
pub(super) fn mend(page: &str) -> Option<String> {
    let mut mended = String::new();
    let mut kept = 0;
    let mut at = 0;
    // A backslash only stands in strings, so the rest of the grammar does not matter here.
    while let Some(found) = page[at..].find('\\') {
        at += found;
        match unit(page, at) {
            Some(0xd800..=0xdbff) if matches!(unit(page, at + 6), Some(0xdc00..=0xdfff)) => at += 12,
            Some(0xd800..=0xdfff) => {
                mended.push_str(&page[kept..at]);
                mended.push_str("\\ufffd");
                at += 6;
                kept = at;
            }
            Some(_) => at += 6,
            // The character after it belongs to it, a second backslash too.
            None => at += 1 + page[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    (kept > 0).then(|| mended + &page[kept..])
}

/// The UTF-16 unit that is escaped at this place.
fn unit(page: &str, at: usize) -> Option<u16> {
    let digits = page.get(at..at + 6)?.strip_prefix("\\u")?;
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_replaced_and_whole_pairs_stay() {
        assert_eq!(
            mend(r#"{"a":"\ud83d\ude00 \\ud83d A\ud83d"}"#).as_deref(),
            Some(r#"{"a":"\ud83d\ude00 \\ud83d A\ufffd"}"#)
        );
        assert_eq!(mend(r#""\ude00\ud83dx""#).as_deref(), Some(r#""\ufffd\ufffdx""#));
        for fine in [r#"{"a":"\ud83d\ude00"}"#, r#""\\ud83d""#, r#""é\n""#, "\\", "\\u", "\\ud8", "\\é"] {
            assert_eq!(mend(fine), None, "{fine}");
        }
    }
}
