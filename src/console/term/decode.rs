//! Bytes of the terminal into keys.
//!
//! Own, and not crossterm's reader, for three reasons: that one spins when the line is lost, may leave bytes lying until
//! the next key, and takes the two halves of a sequence that came in two packets for separate keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// A paste longer than this is cut.
const LONGEST: usize = 1 << 20;

/// What was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// A key.
    Key(KeyEvent),
    /// A bracketed paste.
    Paste(String),
    /// The terminal's answer to a status request: nobody typed it.
    Answer,
}

/// What a terminal answers to `CSI 5 n`: "ready" (ECMA-48 8.3.35).
const READY: &[u8] = b"\x1b[0n";

/// Takes bytes as they come and gives what is complete.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Vec<u8>,
    paste: Option<Vec<u8>>,
    awaits: bool,
    /// So many bytes at the front of an answer were given up waiting for: the rest may still come.
    torn: usize,
}

enum Step {
    /// So many bytes were this.
    Took(usize, Option<KeyEvent>),
    /// So many bytes began a paste.
    Paste(usize),
    /// So many bytes answered a question.
    Answer(usize),
    /// More bytes are needed.
    More,
}

impl Decoder {
    /// Takes bytes; gives what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Typed> {
        let rest = &READY[std::mem::take(&mut self.torn)..];
        if rest.len() < READY.len()
            && let Some(bytes) = bytes.strip_prefix(rest)
        {
            let mut typed = vec![Typed::Answer];
            self.pending.extend_from_slice(bytes);
            typed.extend(self.drain(false));
            return typed;
        }
        self.pending.extend_from_slice(bytes);
        self.drain(false)
    }

    /// Whether an answer of the terminal is outstanding: what looks like its beginning is then no key that was cut.
    pub fn expect(&mut self, awaits: bool) {
        self.awaits = awaits;
    }

    /// Whether a sequence has begun and not ended: a lone Esc, or a sequence cut in two.
    pub fn waits(&self) -> bool {
        !self.pending.is_empty() && self.paste.is_none()
    }

    /// Nothing more will come soon: what waits is taken as it stands.
    pub fn flush(&mut self) -> Vec<Typed> {
        if self.paste.is_some() {
            return Vec::new();
        }
        if self.awaits && READY.starts_with(&self.pending) {
            self.torn = self.pending.len();
        }
        self.drain(true)
    }

    fn drain(&mut self, last: bool) -> Vec<Typed> {
        let mut typed = Vec::new();
        let mut at = 0;
        loop {
            if let Some(paste) = &mut self.paste {
                let rest = &self.pending[at..];
                let Some(end) = rest.windows(6).position(|window| window == b"\x1b[201~") else {
                    // The end mark may be cut in two: its possible beginning stays.
                    let keep = rest.len().min(5);
                    paste.extend_from_slice(&rest[..rest.len() - keep]);
                    paste.truncate(LONGEST);
                    at += rest.len() - keep;
                    break;
                };
                paste.extend_from_slice(&rest[..end]);
                paste.truncate(LONGEST);
                typed.push(Typed::Paste(String::from_utf8_lossy(paste).into_owned()));
                self.paste = None;
                at += end + 6;
                continue;
            }
            if at >= self.pending.len() {
                break;
            }
            match step(&self.pending[at..], last) {
                Step::Took(bytes, key) => {
                    at += bytes;
                    typed.extend(key.map(Typed::Key));
                }
                Step::Answer(bytes) => {
                    at += bytes;
                    typed.push(Typed::Answer);
                }
                Step::Paste(bytes) => {
                    at += bytes;
                    self.paste = Some(Vec::new());
                }
                Step::More => break,
            }
        }
        self.pending.drain(..at);
        typed
    }
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn took(bytes: usize, code: KeyCode) -> Step {
    Step::Took(bytes, Some(key(code)))
}

fn step(bytes: &[u8], last: bool) -> Step {
    match bytes[0] {
        0x1b => escape(bytes, last),
        b'\r' | b'\n' => took(1, KeyCode::Enter),
        b'\t' => took(1, KeyCode::Tab),
        0x7f | 0x08 => took(1, KeyCode::Backspace),
        0 => Step::Took(1, None),
        control @ 1..=0x1a => {
            let letter = KeyCode::Char((control - 1 + b'a') as char);
            Step::Took(1, Some(KeyEvent::new(letter, KeyModifiers::CONTROL)))
        }
        0x1c..=0x1f => Step::Took(1, None),
        _ => letter(bytes, last),
    }
}

fn letter(bytes: &[u8], last: bool) -> Step {
    let length = match bytes[0] {
        0x00..=0x7f => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Step::Took(1, None),
    };
    if bytes.len() < length {
        return if last { Step::Took(bytes.len(), None) } else { Step::More };
    }
    match std::str::from_utf8(&bytes[..length]).ok().and_then(|text| text.chars().next()) {
        Some(letter) => took(length, KeyCode::Char(letter)),
        None => Step::Took(1, None),
    }
}

fn escape(bytes: &[u8], last: bool) -> Step {
    match bytes.get(1) {
        None if last => took(1, KeyCode::Esc),
        None => Step::More,
        Some(b'[') => sequence(bytes, last),
        Some(b'O') => match bytes.get(2) {
            None if last => Step::Took(2, None),
            None => Step::More,
            Some(end) => Step::Took(3, finals(*end).map(key)),
        },
        // Two Esc: the first one is one, the second may begin something.
        Some(0x1b) => took(1, KeyCode::Esc),
        // Alt with a letter: nothing of ours is bound to it, and it must not count as the letter.
        Some(_) => match letter(&bytes[1..], last) {
            Step::Took(length, event) => Step::Took(
                1 + length,
                event.map(|event| KeyEvent::new(event.code, event.modifiers | KeyModifiers::ALT)),
            ),
            other => other,
        },
    }
}

fn finals(end: u8) -> Option<KeyCode> {
    Some(match end {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        b'M' => KeyCode::Enter,
        b'P'..=b'S' => KeyCode::F(end - b'P' + 1),
        b'Z' => KeyCode::BackTab,
        _ => return None,
    })
}

/// `CSI parameters final` (ECMA-48 5.4).
fn sequence(bytes: &[u8], last: bool) -> Step {
    // The Linux console's function keys: `CSI [ A`.
    if bytes.get(2) == Some(&b'[') {
        return match bytes.get(3) {
            None if last => Step::Took(3, None),
            None => Step::More,
            Some(end @ b'A'..=b'E') => took(4, KeyCode::F(end - b'A' + 1)),
            Some(_) => Step::Took(4, None),
        };
    }
    let Some(end) = bytes[2..].iter().position(|byte| (0x40..=0x7e).contains(byte)) else {
        let broken = bytes.len() > 64 || bytes[2..].iter().any(|byte| !(0x20..=0x3f).contains(byte));
        return match (broken, last) {
            (true, _) | (_, true) => Step::Took(bytes.len(), None),
            _ => Step::More,
        };
    };
    let parameters = &bytes[2..2 + end];
    let taken = 3 + end;
    if parameters.iter().any(|byte| !(0x20..=0x3f).contains(byte)) {
        return Step::Took(2, None);
    }
    let mut numbers = parameters.split(|byte| *byte == b';').map(|part| {
        part.iter()
            .take_while(|byte| byte.is_ascii_digit())
            .fold(0_u32, |n, digit| n.saturating_mul(10).saturating_add(u32::from(digit - b'0')))
    });
    let first = numbers.next().unwrap_or(0);
    let held = numbers.next().unwrap_or(1).saturating_sub(1);
    let code = match bytes[2 + end] {
        b'~' => match first {
            1 | 7 => Some(KeyCode::Home),
            2 => Some(KeyCode::Insert),
            3 => Some(KeyCode::Delete),
            4 | 8 => Some(KeyCode::End),
            5 => Some(KeyCode::PageUp),
            6 => Some(KeyCode::PageDown),
            11..=15 => Some(KeyCode::F((first - 10) as u8)),
            17..=21 => Some(KeyCode::F((first - 11) as u8)),
            23 | 24 => Some(KeyCode::F((first - 12) as u8)),
            200 => return Step::Paste(taken),
            _ => None,
        },
        // "Ready", or "malfunction": either way it has read what it was sent.
        b'n' => return Step::Answer(taken),
        end => finals(end),
    };
    let mut modifiers = KeyModifiers::NONE;
    for (bit, modifier) in [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL)] {
        if held & bit != 0 {
            modifiers |= modifier;
        }
    }
    Step::Took(taken, code.map(|code| KeyEvent::new(code, modifiers)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codes(typed: &[Typed]) -> Vec<KeyCode> {
        typed
            .iter()
            .map(|typed| match typed {
                Typed::Key(key) => key.code,
                Typed::Paste(_) | Typed::Answer => KeyCode::Null,
            })
            .collect()
    }

    #[test]
    fn letters_arrows_and_chinese_come_out_as_keys() {
        let mut decoder = Decoder::default();
        let typed = decoder.push("a\x1b[A\x1bOB王\r\x1b[6~\x1b[1;5C".as_bytes());
        assert_eq!(
            codes(&typed),
            [
                KeyCode::Char('a'),
                KeyCode::Up,
                KeyCode::Down,
                KeyCode::Char('王'),
                KeyCode::Enter,
                KeyCode::PageDown,
                KeyCode::Right
            ]
        );
    }

    #[test]
    fn a_sequence_cut_in_two_is_one_key() {
        let mut decoder = Decoder::default();
        assert!(decoder.push(b"\x1b").is_empty());
        assert!(decoder.waits());
        assert_eq!(codes(&decoder.push(b"[A")), [KeyCode::Up]);
        let mut half = "王".as_bytes().to_vec();
        let tail = half.split_off(2);
        assert!(decoder.push(&half).is_empty());
        assert_eq!(codes(&decoder.push(&tail)), [KeyCode::Char('王')]);
    }

    #[test]
    fn a_lone_escape_is_escape_when_nothing_follows() {
        let mut decoder = Decoder::default();
        assert!(decoder.push(b"\x1b").is_empty());
        assert_eq!(codes(&decoder.flush()), [KeyCode::Esc]);
    }

    #[test]
    fn alt_and_a_letter_is_not_the_letter() {
        let typed = Decoder::default().push(b"\x1bP");
        assert!(matches!(&typed[..], [Typed::Key(key)] if key.modifiers == KeyModifiers::ALT));
    }

    #[test]
    fn a_paste_is_one_text_however_it_is_cut() {
        let whole = b"\x1b[200~P 12\r\x1b[201~x";
        for cut in 0..whole.len() {
            let mut decoder = Decoder::default();
            let mut typed = decoder.push(&whole[..cut]);
            typed.extend(decoder.push(&whole[cut..]));
            assert_eq!(typed[0], Typed::Paste("P 12\r".into()), "cut at {cut}");
            assert_eq!(codes(&typed[1..]), [KeyCode::Char('x')]);
        }
    }

    #[test]
    fn an_answer_is_never_a_key_wherever_it_is_cut() {
        for cut in 0..=READY.len() {
            for late in [false, true] {
                let mut decoder = Decoder::default();
                decoder.expect(true);
                let mut typed = decoder.push(&READY[..cut]);
                if late && cut > 0 {
                    typed.extend(decoder.flush());
                }
                typed.extend(decoder.push(&[&READY[cut..], b"j"].concat()));
                let keys: Vec<_> = typed.iter().filter(|typed| **typed != Typed::Answer).cloned().collect();
                // A lone Esc that nothing followed for a while cannot be told from the key.
                let escaped = usize::from(late && cut == 1);
                assert_eq!(codes(&keys)[escaped..], [KeyCode::Char('j')], "cut at {cut}, late: {late}");
                assert_eq!(typed.len(), keys.len() + 1, "one answer, cut at {cut}");
            }
        }
    }

    #[test]
    fn escape_and_an_answer_are_both_taken() {
        assert_eq!(Decoder::default().push(b"\x1b\x1b[0nq"), {
            let mut whole = Decoder::default().push(b"\x1b\x1b");
            whole.push(Typed::Answer);
            whole.extend(Decoder::default().push(b"q"));
            whole
        });
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_none_wait_after_a_flush(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..8)) {
            let mut decoder = Decoder::default();
            for chunk in &chunks {
                decoder.push(chunk);
            }
            decoder.flush();
            prop_assert!(!decoder.waits());
        }
    }
}
