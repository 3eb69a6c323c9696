//! Cursors: where a walk goes on, written so that nobody is tempted to read it (RFC 9865).

use super::listing::Spot;

/// Where a walk goes on, and which search it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Of everything else that the client asked.
    pub fingerprint: u64,
    /// The first document of the next page.
    pub next: Spot,
    /// Whether an empty page comes first.
    pub blank: bool,
}

impl Cursor {
    /// The text that a client sends back.
    pub fn write(&self) -> String {
        let plain = format!("{:x}.{}.{}.{}", self.fingerprint, self.next.0, self.next.1, u8::from(self.blank));
        plain.bytes().fold(String::new(), |mut out, byte| {
            for half in [byte >> 4, byte & 15] {
                out.extend(char::from_digit(u32::from(half ^ 5), 16));
            }
            out
        })
    }

    /// The cursor of such a text; `None` if it is none.
    pub fn read(text: &str) -> Option<Self> {
        let bytes: Option<Vec<u8>> = (0..text.len())
            .step_by(2)
            .map(|at| Some(u8::from_str_radix(text.get(at..at + 2)?, 16).ok()? ^ 0x55))
            .collect();
        let plain = String::from_utf8(bytes?).ok()?;
        let mut fields = plain.split('.');
        let cursor = Self {
            fingerprint: u64::from_str_radix(fields.next()?, 16).ok()?,
            next: (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?),
            blank: fields.next()? == "1",
        };
        fields.next().is_none().then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn a_cursor_comes_back_and_anything_else_is_none() {
        let cursor = Cursor { fingerprint: u64::MAX, next: (1, -7), blank: true };
        assert_eq!(Cursor::read(&cursor.write()).unwrap(), cursor);
        for wrong in ["", "a", "zz", "é", "0000", "55745574"] {
            assert_eq!(Cursor::read(wrong), None, "{wrong}");
        }
    }
}
