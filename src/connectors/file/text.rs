//! From the bytes of an export to text: marks, encodings, and what to do when it is another one than was thought.

use encoding_rs::{CoderResult, Decoder, DecoderResult, GB18030, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How an export's text is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    #[default]
    Utf8,
    Utf16Le,
    Utf16Be,
    Gb18030,
    Windows1252,
}

impl Encoding {
    /// By its name in the configuration.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16Le),
            "gb18030" => Some(Self::Gb18030),
            "windows-1252" => Some(Self::Windows1252),
            _ => None,
        }
    }

    /// Its name, as people know it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16 (little endian)",
            Self::Utf16Be => "UTF-16 (big endian)",
            Self::Gb18030 => "GB18030",
            Self::Windows1252 => "Windows-1252",
        }
    }

    /// By the mark at the beginning of a file, and how long the mark is.
    pub(super) fn marked(head: &[u8]) -> Option<(Self, usize)> {
        [(Self::Utf8, &b"\xef\xbb\xbf"[..]), (Self::Utf16Le, b"\xff\xfe"), (Self::Utf16Be, b"\xfe\xff")]
            .into_iter()
            .find(|(_, mark)| head.starts_with(mark))
            .map(|(encoding, mark)| (encoding, mark.len()))
    }

    fn decoder(self) -> Option<Decoder> {
        let of = match self {
            Self::Utf8 => return None,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Gb18030 => GB18030,
            Self::Windows1252 => WINDOWS_1252,
        };
        Some(of.new_decoder_without_bom_handling())
    }
}

/// Why bytes are no text: after how many characters' worth of good text, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoText {
    /// Bytes of the decoded text before it.
    pub(super) good: usize,
    pub(super) what: String,
}

/// Turns the blocks of a file into UTF-8, one after the other.
pub(super) struct Decode {
    encoding: Encoding,
    decoder: Option<Decoder>,
}

impl Decode {
    /// For a file that begins so. A mark counts more than what the configuration says: it cannot be wrong.
    pub(super) fn new(set: Option<Encoding>, head: &[u8]) -> (Self, usize) {
        let (encoding, mark) = Encoding::marked(head).unwrap_or((set.unwrap_or_default(), 0));
        (Self { encoding, decoder: encoding.decoder() }, mark)
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Appends a block's text. For UTF-8 these are the bytes themselves: a character may be cut at the end of a block, so it
    /// is checked line by line ([`check`]).
    pub(super) fn block(&mut self, mut block: &[u8], last: bool, into: &mut Vec<u8>) -> Result<(), NoText> {
        let Some(decoder) = &mut self.decoder else {
            into.extend_from_slice(block);
            return Ok(());
        };
        loop {
            let room = decoder.max_utf8_buffer_length_without_replacement(block.len()).unwrap_or(block.len() * 3 + 16);
            let start = into.len();
            into.resize(start + room, 0);
            let (result, read, written) = decoder.decode_to_utf8_without_replacement(block, &mut into[start..], last);
            into.truncate(start + written);
            block = &block[read..];
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let what = format!("these bytes are no {}", self.encoding.name());
                    return Err(NoText { good: into.len(), what });
                }
            }
        }
    }
}

/// The whole of a text that is said to be UTF-8, or where it is not, and what it may be instead.
pub(super) fn check(text: &[u8]) -> Result<&str, NoText> {
    match std::str::from_utf8(text) {
        Ok(text) => match text.find('\0') {
            // No export holds the character NUL; half of UTF-16 is made of it.
            Some(good) if text.len() > good + 1 || good > 0 => {
                let what = "this is a zero byte, which no text has; if the file is UTF-16, set encoding = \"utf-16\"";
                Err(NoText { good, what: what.to_owned() })
            }
            _ => Ok(text),
        },
        Err(error) => {
            let good = error.valid_up_to();
            let near = &text[good.saturating_sub(64)..text.len().min(good + 64)];
            let line = around(text, good);
            let guess = if near.iter().map(|byte| usize::from(*byte == 0)).sum::<usize>() > near.len() / 4 {
                "; many of them are zero: if the file is UTF-16, set encoding = \"utf-16\""
            } else if fits(GB18030.new_decoder_without_bom_handling(), line) {
                "; they would be good GB18030 (or GBK): if the file comes from such a system, set encoding = \"gb18030\"; \
                 better export it as UTF-8"
            } else {
                "; if the file comes from an old Windows program, set encoding = \"windows-1252\"; better export it as UTF-8"
            };
            Err(NoText { good, what: format!("these bytes are no UTF-8{guess}") })
        }
    }
}

/// The line around a place.
fn around(text: &[u8], at: usize) -> &[u8] {
    let start = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let end = text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |more| at + more);
    &text[start..end.min(start + 4096)]
}

fn fits(mut decoder: Decoder, bytes: &[u8]) -> bool {
    let mut into = String::with_capacity(bytes.len() * 3 + 16);
    let (result, _) = decoder.decode_to_string_without_replacement(bytes, &mut into, true);
    result == DecoderResult::InputEmpty && into.chars().all(|c| !c.is_control() || c.is_whitespace())
}

/// Never used for text that counts: what a head looks like, whatever it is.
pub(super) fn lossy(encoding: Encoding, head: &[u8]) -> String {
    let Some(mut decoder) = encoding.decoder() else { return String::from_utf8_lossy(head).into_owned() };
    let mut into = String::with_capacity(head.len() * 3 + 16);
    let (result, ..) = decoder.decode_to_string(head, &mut into, false);
    debug_assert!(result == CoderResult::InputEmpty);
    into
}
