//! Where a plain text is found, over whole tables: block by block where texts fold byte by byte, text by text where they do
//! not.

use memchr::memmem::Finder;
use rayon::prelude::*;

use crate::compare::column::{Part, Texts};
use crate::model::fold::folded;
use crate::model::{CHUNK_ROWS, Column, Fold, Form, Row, Table};

/// The rows of a table that have a text somewhere.
pub(in crate::compare) struct Search {
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
    odd: Vec<bool>,
}

/// Where fewer than one row in so many is asked for, these are looked at one by one.
const SPARSE: usize = 8;

impl Search {
    /// Looks through all rows, or through those that are `asked` for, which come in their order, until it is `over`: then
    /// nobody waits for it any more.
    pub(in crate::compare) fn new(
        table: &Table,
        want: &str,
        asked: Option<&[u32]>,
        over: &(dyn Fn() -> bool + Sync),
    ) -> Self {
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

    pub(in crate::compare) fn has(&self, row: Row) -> bool {
        self.found.get(row.0 as usize).copied().unwrap_or(false)
    }
}

impl Want<'_> {
    /// Whether it is in one text.
    fn is_in(&self, text: &str, room: &mut Room) -> bool {
        lower(text, &mut room.lower);
        if !odd_texts(text, &[text.len() as u32], &mut room.odd) {
            return self.finder.find(&room.lower).is_some();
        }
        folded(text, Fold::Caseless, &mut room.folded).contains(self.text)
    }

    /// Marks the rows of a block of texts, which stand one after the other, that have it.
    fn through(&self, text: &str, ends: &[u32], out: &mut [bool], room: &mut Room) {
        let start = |row: usize| if row == 0 { 0 } else { ends[row - 1] as usize };
        let own = |row: usize| &text[start(row)..ends[row] as usize];
        lower(text, &mut room.lower);
        let some_odd = odd_texts(text, ends, &mut room.odd);
        let (mut from, mut row) = (0, 0);
        while let Some(at) = self.finder.find(&room.lower[from..]).map(|at| from + at) {
            row += ends[row..].iter().take_while(|end| **end as usize <= at).count();
            let Some(end) = ends.get(row).map(|end| *end as usize) else { break };
            if at + self.text.len() > end {
                // It begins in one text and ends in another.
                from = at + 1;
                continue;
            }
            out[row] |= !room.odd[row];
            from = end;
        }
        if some_odd {
            for (row, out) in out.iter_mut().enumerate().filter(|(row, _)| room.odd[*row]) {
                *out |= folded(own(row), Fold::Caseless, &mut room.folded).contains(self.text);
            }
        }
    }
}

/// What Latin-1 letters begin with in UTF-8, and how the sharp s ends.
const LATIN: u8 = 0xC3;
const SHARP: u8 = 0x9F;

/// So many bytes are looked at at once.
const PIECE: usize = 64;

/// Folds texts into bytes as if they folded byte by byte; of those that do not, only parts are right then.
fn lower(text: &str, into: &mut Vec<u8>) {
    into.clear();
    into.extend_from_slice(text.as_bytes());
    into.make_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = memchr::memchr(LATIN, &into[from..]).map(|at| from + at + 1) {
        // From À to Þ, but for the sign of multiplication.
        if let Some(low) = into.get_mut(at).filter(|low| matches!(**low, 0x80..=0x96 | 0x98..=0x9E)) {
            *low += 0x20;
        }
        from = at;
    }
}

/// Marks those of the texts that stand one after the other which do not fold byte by byte, and says whether there are any.
///
/// Those do, whatever stands beside them: ASCII, Latin-1 letters but for the sharp s, and Han. In UTF-8 the latter begin with
/// C3 and with E4 to E9; E3 and others begin what is taken apart, or marks that join with what is before them.
fn odd_texts(text: &str, ends: &[u32], into: &mut Vec<bool>) -> bool {
    into.clear();
    into.resize(ends.len(), false);
    if text.is_ascii() {
        return false;
    }
    let bytes = text.as_bytes();
    let odd = |byte: u8| matches!(byte, 0xC0..=0xC2 | 0xC4..=0xE3 | 0xEA..);
    let (mut any, mut row) = (false, 0);
    for (piece, at) in bytes.chunks(PIECE).zip((0..).step_by(PIECE)) {
        // Without a way out of the loop all of them are looked at together.
        if piece.iter().fold(0, |any, byte| any | u8::from(odd(*byte)) | u8::from(*byte == SHARP)) == 0 {
            continue;
        }
        for (at, byte) in (at..).zip(piece) {
            if odd(*byte) || *byte == SHARP && at > 0 && bytes[at - 1] == LATIN {
                while ends.get(row).is_some_and(|end| *end as usize <= at) {
                    row += 1;
                }
                if let Some(mark) = into.get_mut(row) {
                    (*mark, any) = (true, true);
                }
            }
        }
    }
    any
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
        AttrDef::text(AttrPath::new(path))
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
