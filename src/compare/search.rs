//! Where a plain text is found, over whole tables: block by block where texts are ASCII, text by text where they are not.

use memchr::memmem::Finder;
use rayon::prelude::*;

use super::column::{Part, Texts};
use crate::model::fold::folded;
use crate::model::{CHUNK_ROWS, Fold, Form, Row, Table};

/// The rows of a table that have a text somewhere.
pub(super) struct Search {
    found: Vec<bool>,
}

/// What is looked for: a folded text.
struct Want<'w> {
    text: &'w str,
    /// The same for texts that are ASCII, where it can be in one at all.
    ascii: Option<Finder<'w>>,
}

/// Room that is used again from block to block.
#[derive(Default)]
struct Room {
    lower: Vec<u8>,
    folded: String,
}

impl Search {
    /// Looks through all rows, or through the blocks in which some are `asked` for, until it is `over`: then nobody waits for
    /// it any more.
    pub(super) fn new(
        table: &Table,
        want: &str,
        asked: Option<&(dyn Fn(u32) -> bool + Sync)>,
        over: &(dyn Fn() -> bool + Sync),
    ) -> Self {
        let want = Want { text: want, ascii: want.is_ascii().then(|| Finder::new(want)) };
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
            if over() || asked.is_some_and(|asked| !(first..).take(out.len()).any(asked)) {
                return;
            }
            let mut room = Room::default();
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
            for (row, out) in (first..).zip(out.iter_mut()) {
                *out = *out || want.is_in(table.id(Row(row)), &mut room);
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
        if text.is_ascii() {
            let Some(finder) = &self.ascii else { return false };
            room.lower.clear();
            room.lower.extend_from_slice(text.as_bytes());
            room.lower.make_ascii_lowercase();
            return finder.find(&room.lower).is_some();
        }
        folded(text, Fold::Caseless, &mut room.folded).contains(self.text)
    }

    /// Marks the rows of a block of texts, which stand one after the other, that have it.
    fn through(&self, text: &str, ends: &[u32], out: &mut [bool], room: &mut Room) {
        let bytes = text.as_bytes();
        let start = |row: usize| if row == 0 { 0 } else { ends[row - 1] as usize };
        if let Some(finder) = &self.ascii {
            room.lower.clear();
            room.lower.extend_from_slice(bytes);
            room.lower.make_ascii_lowercase();
            let (mut from, mut row) = (0, 0);
            while let Some(at) = finder.find(&room.lower[from..]).map(|at| from + at) {
                row += ends[row..].iter().take_while(|end| **end as usize <= at).count();
                let Some(end) = ends.get(row).map(|end| *end as usize) else { break };
                if at + finder.needle().len() > end {
                    // It begins in one text and ends in another.
                    from = at + 1;
                    continue;
                }
                // What is not ASCII is folded first: letters may be joined there that only look apart.
                out[row] |= bytes[start(row)..end].is_ascii();
                from = end;
            }
        }
        if text.is_ascii() {
            return;
        }
        for (row, out) in out.iter_mut().enumerate().filter(|(_, out)| !**out) {
            let own = &text[start(row)..ends[row] as usize];
            *out = !own.is_ascii() && folded(own, Fold::Caseless, &mut room.folded).contains(self.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Attr, AttrDef, AttrPath, Kind, Schema, TableBuilder};

    fn plain(path: &str) -> AttrDef {
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
        let schema =
            Schema::new(Kind::User, vec![plain("department"), AttrDef { unique: true, ..plain("displayName") }]);
        let mut builder = TableBuilder::new(schema);
        let rows = CHUNK_ROWS + 3;
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
            let found = Search::new(&table, want, None, &|| false);
            for row in 0..rows as u32 {
                assert_eq!(found.has(Row(row)), of(row).contains(want), "{want} in {row}");
            }
        }
        let asked = Search::new(&table, &number, Some(&|row| row == last), &|| false);
        assert!(asked.has(Row(last)), "a block in which one is asked for is looked through");
        assert!(!Search::new(&table, &number, None, &|| true).has(Row(last)), "nobody waits for it");
    }

    proptest! {
        #[test]
        fn a_block_is_found_as_its_texts_are_one_by_one(
            texts in prop_oneof![
                proptest::collection::vec("[aAbB ｂéE\u{301}王1]{0,6}", 1..8),
                // So few letters that what is looked for is everywhere: within, side by side, and across two texts.
                proptest::collection::vec("[aAb]{0,3}", 1..8),
            ],
            want in prop_oneof!["[ab eé王1]{1,3}", "[ab]{1,4}"],
        ) {
            let want = crate::model::fold::fold(&want, Fold::Caseless).into_owned();
            prop_assume!(!want.is_empty());
            let want = Want { text: &want, ascii: want.is_ascii().then(|| Finder::new(&want)) };
            let mut block = String::new();
            let ends: Vec<u32> = texts.iter().map(|text| { block.push_str(text); block.len() as u32 }).collect();
            let mut room = Room::default();
            let mut out = vec![false; texts.len()];
            want.through(&block, &ends, &mut out, &mut room);
            for (text, out) in texts.iter().zip(out) {
                let whole = crate::model::fold::fold(text, Fold::Caseless).contains(want.text);
                prop_assert_eq!(out, whole, "{:?} in {:?}", want.text, text);
                prop_assert_eq!(want.is_in(text, &mut room), whole, "{:?} in {:?}", want.text, text);
            }
        }
    }
}
