//! Where a plain text is found, over whole tables: block by block where texts fold byte by byte, text by text where they do
//! not.

use memchr::memmem::Finder;
use rayon::prelude::*;

use super::column::{Part, Texts};
use crate::model::fold::folded;
use crate::model::{CHUNK_ROWS, Column, Fold, Form, Row, Table};

/// The rows of a table that have a text somewhere.
pub(super) struct Search {
    found: Vec<bool>,
}

/// What is looked for: a folded text, which has no outer blanks.
struct Want<'w> {
    text: &'w str,
    finder: Finder<'w>,
}

/// Room that is used again from block to block.
#[derive(Default)]
struct Room {
    lower: Vec<u8>,
    folded: String,
}

/// Where fewer than one row in so many is asked for, these are looked at one by one.
const SPARSE: usize = 8;

impl Search {
    /// Looks through all rows, or through those that are `asked` for, which come in their order, until it is `over`: then
    /// nobody waits for it any more.
    pub(super) fn new(table: &Table, want: &str, asked: Option<&[u32]>, over: &(dyn Fn() -> bool + Sync)) -> Self {
        let want = Want { text: want, finder: Finder::new(want) };
        let columns: Vec<(Texts<'_>, Vec<bool>)> = table
            .schema()
            .iter()
            .filter(|(_, def)| def.form == Form::Text)
            .filter_map(|(attr, _)| Texts::new(table, attr))
            .filter(Texts::served)
            .map(|texts| {
                let mut room = Room::default();
                let by_code: Vec<bool> = texts.dict.iter().map(|text| want.is_in(text, &mut room)).collect();
                (texts, by_code)
            })
            .collect();
        let known: Vec<bool> = columns.iter().map(|(_, by_code)| by_code.contains(&true)).collect();
        let mut found = vec![false; table.len()];
        found.par_chunks_mut(CHUNK_ROWS).enumerate().for_each(|(chunk, out)| {
            let first = (chunk * CHUNK_ROWS) as u32;
            let asked = asked.map(|asked| {
                let from = asked.partition_point(|row| *row < first);
                let count = asked[from..].partition_point(|row| ((*row - first) as usize) < out.len());
                &asked[from..from + count]
            });
            if over() || asked.is_some_and(<[u32]>::is_empty) {
                return;
            }
            let mut room = Room::default();
            if let Some(few) = asked.filter(|asked| asked.len() * SPARSE < out.len()) {
                for row in few {
                    let at = (row - first) as usize;
                    let mut has = |(texts, by_code): &(Texts<'_>, Vec<bool>)| match &texts.parts()[chunk] {
                        Part::Coded(codes) => by_code.get(codes[at] as usize).copied().unwrap_or(false),
                        part @ Part::Plain { .. } => {
                            part.get(at, texts.dict).is_some_and(|text| want.is_in(text, &mut room))
                        }
                    };
                    out[at] = columns.iter().any(&mut has) || want.is_in(table.id(Row(*row)), &mut room);
                }
                return;
            }
            for ((texts, by_code), known) in columns.iter().zip(&known) {
                match &texts.parts()[chunk] {
                    // None of its words has it.
                    Part::Coded(_) if !known => {}
                    Part::Coded(codes) => {
                        for (out, code) in out.iter_mut().zip(*codes) {
                            *out |= by_code.get(*code as usize).copied().unwrap_or(false);
                        }
                    }
                    Part::Plain { ends, text, .. } => want.through(text, ends, out, &mut room),
                }
            }
            if let Column::Plain { ends, text, .. } = table.chunks()[chunk].ids() {
                want.through(text, ends, out, &mut room);
            }
        });
        Self { found }
    }

    pub(super) fn has(&self, row: Row) -> bool {
        self.found.get(row.0 as usize).copied().unwrap_or(false)
    }
}

impl Want<'_> {
    /// Whether it is in one text.
    fn is_in(&self, text: &str, room: &mut Room) -> bool {
        if fold_plain(text, &mut room.lower) {
            return self.finder.find(&room.lower).is_some();
        }
        folded(text, Fold::Caseless, &mut room.folded).contains(self.text)
    }

    /// Marks the rows of a block of texts, which stand one after the other, that have it.
    fn through(&self, text: &str, ends: &[u32], out: &mut [bool], room: &mut Room) {
        let start = |row: usize| if row == 0 { 0 } else { ends[row - 1] as usize };
        let own = |row: usize| &text[start(row)..ends[row] as usize];
        let all_plain = fold_plain(text, &mut room.lower);
        let (mut from, mut row) = (0, 0);
        while let Some(at) = self.finder.find(&room.lower[from..]).map(|at| from + at) {
            row += ends[row..].iter().take_while(|end| **end as usize <= at).count();
            let Some(end) = ends.get(row).map(|end| *end as usize) else { break };
            if at + self.text.len() > end {
                // It begins in one text and ends in another.
                from = at + 1;
                continue;
            }
            out[row] |= all_plain || plain(own(row));
            from = end;
        }
        if all_plain {
            return;
        }
        for (row, out) in out.iter_mut().enumerate().filter(|(_, out)| !**out) {
            let own = own(row);
            *out = !plain(own) && folded(own, Fold::Caseless, &mut room.folded).contains(self.text);
        }
    }
}

/// Whether a text folds byte by byte, whatever stands beside it: ASCII, Latin-1 letters but for the sharp s, and Han. In UTF-8
/// the latter begin with C3 and with E4 to E9; E3 and what is above begin marks that join with what is before them.
#[expect(clippy::needless_bitwise_bool, reason = "without branches many bytes are looked at at once")]
fn plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let odd = |byte: u8| (byte >= 0xC0) & (byte != LATIN) & !(0xE4..=0xE9).contains(&byte);
    let sharp = |(first, second): (&u8, &u8)| (*first == LATIN) & (*second == 0x9F);
    // Without a way out of the loops many bytes are looked at at once.
    let some_odd = bytes.iter().fold(false, |any, byte| any | odd(*byte));
    let some_sharp = bytes.iter().zip(bytes.iter().skip(1)).fold(false, |any, both| any | sharp(both));
    !some_odd && !some_sharp
}

/// What Latin-1 letters begin with in UTF-8.
const LATIN: u8 = 0xC3;

/// Folds a text into bytes as if it were [`plain`], and says whether it is: where it is not, only its plain parts are right.
fn fold_plain(text: &str, into: &mut Vec<u8>) -> bool {
    into.clear();
    into.extend_from_slice(text.as_bytes());
    into.make_ascii_lowercase();
    if text.is_ascii() {
        return true;
    }
    let latin: Vec<usize> = memchr::memchr_iter(LATIN, into).collect();
    for at in latin {
        // From À to Þ, but for the sign of multiplication.
        if let Some(low) = into.get_mut(at + 1).filter(|low| matches!(**low, 0x80..=0x96 | 0x98..=0x9E)) {
            *low += 0x20;
        }
    }
    plain(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Attr, AttrDef, AttrPath, Kind, Schema, TableBuilder};

    /// Which of these texts have a word, as one block.
    fn through(texts: &[&str], want: &str) -> Vec<bool> {
        let want = Want { text: want, finder: Finder::new(want) };
        let mut block = String::new();
        let ends: Vec<u32> = texts
            .iter()
            .map(|text| {
                block.push_str(text);
                block.len() as u32
            })
            .collect();
        let mut out = vec![false; texts.len()];
        want.through(&block, &ends, &mut out, &mut Room::default());
        out
    }

    #[test]
    fn letters_that_are_joined_are_not_found_apart_and_others_as_they_fold() {
        let cases = [
            (["e\u{301}", "ze"], "e", [false, true]),
            (["a\u{3000}b", "a b"], "a b", [true, true]),
            (["STRASSE", "Straße"], "strasse", [true, true]),
            (["ÀÞ×", "àþx"], "àþ×", [true, false]),
            (["ｂ", "ª"], "a", [false, true]),
            (["a", "b"], "ab", [false, false]),
            (["王", "王小明"], "王小", [false, true]),
        ];
        for (texts, want, found) in cases {
            assert_eq!(through(&texts, want), found, "{want} in {texts:?}");
        }
    }

    fn column(path: &str) -> AttrDef {
        AttrDef {
            path: AttrPath::new(path),
            form: Form::Text,
            fold: Fold::Caseless,
            refers: None,
            unreadable: false,
            unique: false,
            later: false,
            slot: 0,
        }
    }

    #[test]
    fn a_table_is_looked_through_in_words_texts_and_ids_and_in_every_block() {
        let words = column("department");
        let schema = Schema::new(Kind::User, vec![words, AttrDef { unique: true, ..column("displayName") }]);
        let mut builder = TableBuilder::new(schema);
        let rows = CHUNK_ROWS + 100;
        for n in 0..rows {
            assert!(builder.begin(&format!("ID{n:05}")));
            builder.set(Attr(0), ["Sales", "Purchasing", "Research"][n % 3]);
            builder.set(Attr(1), &format!("Somebody {n:05}"));
            builder.end();
        }
        let table = builder.table();
        let parts = |attr| Texts::new(&table, Attr(attr)).map(|texts| matches!(texts.parts()[0], Part::Coded(_)));
        assert_eq!((parts(0), parts(1)), (Some(true), Some(false)), "words here, texts there");
        let last = rows as u32 - 1;
        let of = |row: u32| {
            format!("id{row:05} {} somebody {row:05}", ["sales", "purchasing", "research"][row as usize % 3])
        };
        let number = format!("{last:05}");
        for want in ["sales", "research", "somebody 0", &number, &format!("id{number}"), "nobody"] {
            let all: Vec<u32> = (0..rows as u32).collect();
            for asked in [None, Some(&all[..])] {
                let found = Search::new(&table, want, asked, &|| false);
                for row in 0..rows as u32 {
                    assert_eq!(found.has(Row(row)), of(row).contains(want), "{want} in {row}");
                }
            }
            let few = Search::new(&table, want, Some(&[last]), &|| false);
            assert_eq!(few.has(Row(last)), of(last).contains(want), "{want} in the one that is asked for");
        }
        assert!(!Search::new(&table, &number, None, &|| true).has(Row(last)), "nobody waits for it");
    }

    proptest! {
        #[test]
        fn a_block_is_found_as_its_texts_are_one_by_one(
            texts in prop_oneof![
                proptest::collection::vec("[aAbB ｂéÉ×ÞßsE\u{301}王ễÀ1\u{3000}]{0,6}", 1..8),
                // So few letters that what is looked for is everywhere: within, side by side, and across two texts.
                proptest::collection::vec("[aAb]{0,3}", 1..8),
            ],
            want in prop_oneof!["[ab eéßs×þà王1]{1,3}", "[ab]{1,4}"],
        ) {
            let want = crate::model::fold::fold(&want, Fold::Caseless).into_owned();
            prop_assume!(!want.is_empty());
            let blocks: Vec<&str> = texts.iter().map(String::as_str).collect();
            let out = through(&blocks, &want);
            let want = Want { text: &want, finder: Finder::new(&want) };
            let mut room = Room::default();
            for (text, out) in texts.iter().zip(out) {
                let whole = crate::model::fold::fold(text, Fold::Caseless).contains(want.text);
                prop_assert_eq!(out, whole, "{:?} in {:?}", want.text, text);
                prop_assert_eq!(want.is_in(text, &mut room), whole, "{:?} in {:?}", want.text, text);
            }
        }
    }
}
