//! Text hygiene: what other systems send is neutralised before it is shown, and never changed in what is compared or sent.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character could drive the terminal, turn the direction of text or hide: controls (C0, C1, DEL), bidi
/// embeddings, overrides, isolates and marks, zero-width and other format characters, line and paragraph separators,
/// variation selectors and tag characters.
pub fn is_hostile(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a text holds such a character: lint until the operator agrees.
///
/// Zero-width joiners and non-joiners are left out here: names in several scripts need them, and showing them is harmless.
pub fn hostile(text: &str) -> bool {
    !text.is_ascii_printable() && text.chars().any(|c| is_hostile(c) && !matches!(c, '\u{200c}' | '\u{200d}'))
}

/// The text as it may be shown: every hostile character becomes a visible escape (`\u{202e}` shows as `<202E>`), line
/// ends and tabs included.
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.is_ascii_printable() || !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hostile(c) {
            // Writing to a String cannot fail.
            let _ = write!(shown, "<{:02X}>", c as u32);
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

trait AsciiPrintable {
    fn is_ascii_printable(&self) -> bool;
}

impl AsciiPrintable for str {
    fn is_ascii_printable(&self) -> bool {
        self.bytes().all(|byte| (0x20..0x7f).contains(&byte))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_is_shown_and_not_obeyed() {
        assert_eq!(clean("a\u{1b}[31mb"), "a<1B>[31mb");
        assert!(hostile("a\u{1b}[31mb"));
    }

    #[test]
    fn a_right_to_left_override_is_shown() {
        assert_eq!(clean("a\u{202e}b"), "a<202E>b");
        assert!(hostile("a\u{202e}b"));
    }

    #[test]
    fn names_of_all_scripts_pass_as_they_are() {
        for name in ["王小明", "Łukasz O'Brien-Smith", "محمد العلي", "Ngọc", "می\u{200c}خواهم"] {
            assert!(!hostile(name), "{name}");
        }
        assert_eq!(clean("王小明"), "王小明");
        assert_eq!(clean("محمد"), "محمد");
    }

    #[test]
    fn no_cleaned_text_can_drive_a_terminal() {
        for code in 0..0x11_0000_u32 {
            if let Some(c) = char::from_u32(code) {
                assert!(!clean(&c.to_string()).chars().any(is_hostile), "{code:x}");
            }
        }
    }
}
