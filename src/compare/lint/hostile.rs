//! Texts that could hurt a terminal.

use rayon::prelude::*;

use crate::compare::column::{Part, Texts};
use crate::model::{Attr, CHUNK_ROWS, Form, Row, Table, text};

/// Texts with characters that could hurt a terminal. What repeats is looked at once.
pub(in crate::compare) fn hostile(table: &Table) -> Vec<(Attr, Row)> {
    let attrs: Vec<Attr> =
        table.schema().iter().filter(|(_, def)| def.form == Form::Text).map(|(attr, _)| attr).collect();
    attrs
        .into_par_iter()
        .flat_map_iter(|attr| {
            let Some(texts) = Texts::new(table, attr) else { return Vec::new() };
            let bad: Vec<u32> = (0_u32..)
                .zip(texts.dict.iter())
                .filter(|(_, text)| text::hostile(text))
                .map(|(code, _)| code)
                .collect();
            let mut found = Vec::new();
            for (chunk, part) in texts.parts().iter().enumerate() {
                let worth = match part {
                    Part::Coded(_) => !bad.is_empty(),
                    Part::Plain { text, .. } => suspicious(text.as_bytes()),
                };
                if !worth {
                    continue;
                }
                for at in 0..part.len() {
                    let hit = match part {
                        Part::Coded(codes) => bad.binary_search(&codes[at]).is_ok(),
                        Part::Plain { .. } => part.get(at, texts.dict).is_some_and(text::hostile),
                    };
                    if hit {
                        found.push((attr, Row((chunk * CHUNK_ROWS + at) as u32)));
                    }
                }
            }
            found
        })
        .collect()
}

/// Entries of lists with such characters, each with the text that has them. The texts of a list are all in dictionaries,
/// so most tables are done with a look at those.
pub(super) fn hostile_entries(table: &Table) -> Vec<(Attr, Row, &str)> {
    let mut found = Vec::new();
    for (attr, def) in table.schema().iter().filter(|(_, def)| def.form != Form::Text && !def.unreadable) {
        let dicts = table.list(def.slot);
        if !dicts.key.iter().chain([&dicts.value]).any(|dict| dict.iter().any(text::hostile)) {
            continue;
        }
        for row in table.rows() {
            for entry in table.entries(row, attr).unwrap_or_default() {
                let ([first, second], value) = table.entry_text(attr, *entry);
                found.extend(
                    [first, second, value].into_iter().find(|text| text::hostile(text)).map(|text| (attr, row, text)),
                );
            }
        }
    }
    found
}

/// Whether a block of texts has two bytes with which a hostile character starts (see [`text::is_hostile`]); it may say so
/// of a harmless one, never the other way round. Without a branch in the loop, so that many bytes are looked at at once.
#[expect(clippy::needless_bitwise_bool, reason = "a branch would mean one byte at a time")]
fn suspicious(bytes: &[u8]) -> bool {
    let pair = |a: u8, b: u8| {
        (a < 0x20)
            | (a == 0x7f)
            | (a == 0xc2)
            | ((a == 0xd8) & (b == 0x9c))
            | ((a == 0xe1) & (b == 0xa0))
            | ((a == 0xe2) & ((b == 0x80) | (b == 0x81)))
            | ((a == 0xef) & ((b == 0xb8) | (b == 0xbb) | (b == 0xbf)))
            | (a == 0xf3)
    };
    let Some((&last, first)) = bytes.split_last() else { return false };
    let second = &bytes[1..];
    // Most blocks are printable ASCII, which takes two comparisons a byte to see and not twelve.
    let plain = |block: &[u8]| !block.iter().fold(false, |odd, &byte| odd | !(0x20..0x7f).contains(&byte));
    pair(last, 0)
        || first.chunks(256).zip(second.chunks(256)).any(|(first, second)| {
            !plain(first) && first.iter().zip(second).fold(false, |found, (&a, &b)| found | pair(a, b))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hostile_character_is_suspicious_wherever_it_stands() {
        for code in 0..0x11_0000_u32 {
            let Some(c) = char::from_u32(code).filter(|c| text::is_hostile(*c)) else { continue };
            for text in [format!("{c}"), format!("ab{c}"), format!("{}{c}x", "y".repeat(1023))] {
                assert!(suspicious(text.as_bytes()), "{code:x}");
            }
        }
        assert!(!suspicious("Nguyễn 王小明 lena＠example.com José".as_bytes()));
        assert!(!suspicious(b""));
    }
}
