//! What was found in a page, as rows of a table.

use std::borrow::Cow;

use crate::mapping::path::{self, Seg};
use crate::mapping::{Feed, Fields, MapRow, Transform};
use crate::model::{Attr, Schema, TableBuilder};

use super::Taken;
use super::parse::{Found, RawEntry, Span};
use super::trie::{Planter, ROOT, RecordParts, Trie};

/// The path of the attribute that is the record's id; the builder has it already.
const ID: &str = "id";

/// A text attribute.
#[derive(Debug)]
pub(super) struct TextOp {
    pub(super) attr: Attr,
    pub(super) slots: Vec<u16>,
    pub(super) null: Vec<String>,
    /// Where none of the fields is there at all, nothing is known.
    pub(super) absent_unread: bool,
    pub(super) join: Option<String>,
    pub(super) via: Vec<Transform>,
    pub(super) default: Option<String>,
}

/// One place of a list's entries.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) list: usize,
    pub(super) of_record: RecordParts,
    /// Each record is an entry.
    pub(super) flat: bool,
}

/// A list attribute.
#[derive(Debug)]
pub(super) struct ListOp {
    pub(super) attr: Attr,
    pub(super) via: [Vec<Transform>; 3],
    pub(super) void: Vec<String>,
    /// Its key has two parts, and one without the other is no entry (Kingdee: an organisation without a role).
    pub(super) pair: bool,
}

/// Is told of records that were not taken: their number on the page, and their id.
pub(super) type Refused<'r> = &'r mut dyn FnMut(usize, &str);

/// What is done with each record.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) detail: bool,
    pub(super) id: Vec<u16>,
    pub(super) texts: Vec<TextOp>,
    pub(super) lists: Vec<ListOp>,
    pub(super) shapes: Vec<Shape>,
    /// Attributes that this feed does not bring and no second one will.
    pub(super) unread: Vec<Attr>,
    /// Of these, what a file has no column for and records are linked by: nobody has such a key there.
    pub(super) lacking: Vec<Attr>,
}

/// Compiles a feed's rows.
pub(super) fn compile(feed: &Feed, rows: &[MapRow], schema: &Schema) -> Result<(Trie, Program), String> {
    let fault = |attr: &str, message: String| format!("feed `{}`, `{attr}`: {message}", feed.name);
    let mut wanted: Vec<(Attr, &MapRow, Fields)> = Vec::new();
    let mut program = Program {
        detail: feed.detail_of.is_some(),
        id: Vec::new(),
        texts: Vec::new(),
        lists: Vec::new(),
        shapes: Vec::new(),
        unread: Vec::new(),
        lacking: Vec::new(),
    };
    for row in rows {
        let Some(attr) = schema.find(&row.attr) else { continue };
        if row.attr.as_str().eq_ignore_ascii_case(ID) {
            continue;
        }
        match row.fields(feed) {
            Some(fields) => wanted.push((attr, row, fields)),
            None if !schema.def(attr).unreadable && !schema.def(attr).later => program.unread.push(attr),
            None => {}
        }
    }
    let parse = |attr: &str, texts: &[String]| -> Result<Vec<Vec<Seg>>, String> {
        texts.iter().map(|text| path::parse(text).map_err(|message| fault(attr, message))).collect()
    };
    let mut id = if feed.id.is_empty() { Vec::new() } else { parse(ID, std::slice::from_ref(&feed.id))? };
    for name in &feed.or_id {
        id.extend(parse(ID, std::slice::from_ref(name))?);
        let row = wanted.iter().find(|(_, row, _)| row.attr.as_str().eq_ignore_ascii_case(name) && row.list.is_none());
        if let Some((.., fields)) = row {
            id.extend(parse(ID, &fields.read)?);
        }
    }
    id.dedup();
    let mut places = Vec::with_capacity(wanted.len());
    for (_, row, fields) in &wanted {
        places.push(parse(row.attr.as_str(), &fields.read)?);
    }
    let mut planter = Planter::new(id.iter().chain(places.iter().flatten()).map(Vec::as_slice));
    for path in &id {
        program.id.push(planter.text(ROOT, path).map_err(|message| fault(ID, message))?);
    }
    for ((attr, row, fields), places) in wanted.into_iter().zip(places) {
        let name = row.attr.as_str();
        let Some(list) = &row.list else {
            let (join, via) = match row.via.split_first() {
                Some((Transform::Join(by), rest)) => (Some(by.clone()), rest),
                _ => (None, row.via.as_slice()),
            };
            let slots = places
                .iter()
                .map(|path| planter.text(ROOT, path).map_err(|message| fault(name, message)))
                .collect::<Result<_, _>>()?;
            program.texts.push(TextOp {
                attr,
                slots,
                null: row.null.clone(),
                absent_unread: row.absent_unread,
                join,
                via: via.to_vec(),
                default: row.default.clone(),
            });
            continue;
        };
        let mut parts = Vec::with_capacity(3);
        for at in 0..2 {
            parts.push(parse(name, fields.key.get(at).map_or(&[], Vec::as_slice))?);
        }
        parts.push(parse(name, &fields.value)?);
        for base in places {
            let shape = u16::try_from(program.shapes.len()).map_err(|_| fault(name, "too many lists".into()))?;
            let of_record = planter.list(shape, &base, &parts).map_err(|message| fault(name, message))?;
            let flat = !base.iter().any(|seg| matches!(seg, Seg::Elem(_)));
            program.shapes.push(Shape { list: program.lists.len(), of_record, flat });
        }
        let via = |at: usize| list.key.get(at).map(|part| part.via.clone()).unwrap_or_default();
        let value = list.value.as_ref().map(|part| part.via.clone()).unwrap_or_default();
        program.lists.push(ListOp {
            attr,
            via: [via(0), via(1), value],
            void: list.void.clone(),
            pair: list.key.len() > 1,
        });
    }
    let (mut trie, numbers) = planter.finish();
    trie.tells_absent = program.texts.iter().any(|op| op.absent_unread);
    let renumber = |slot: &mut u16| *slot = numbers[*slot as usize];
    program.id.iter_mut().for_each(renumber);
    program.texts.iter_mut().flat_map(|op| &mut op.slots).for_each(renumber);
    let of_record = program.shapes.iter_mut().flat_map(|shape| &mut shape.of_record);
    of_record.flat_map(|(_, slots)| slots).for_each(renumber);
    Ok((trie, program))
}

/// One record that was found.
struct Record<'f> {
    page: &'f str,
    found: &'f Found,
    spans: &'f [Span],
}

impl<'f> Record<'f> {
    fn text(&self, slot: u16) -> &'f str {
        self.found.text(self.page, self.spans[slot as usize])
    }

    fn has(&self, slots: &[u16]) -> bool {
        slots.iter().any(|&slot| !self.spans[slot as usize].is_absent())
    }

    fn first(&self, slots: &[u16]) -> &'f str {
        slots.iter().map(|&slot| self.text(slot)).find(|text| !text.is_empty()).unwrap_or_default()
    }
}

impl Program {
    /// Whether the first record that was found has an id.
    pub fn names(&self, page: &str, found: &Found) -> bool {
        found.records() > 0 && self.id.iter().any(|&slot| !found.text(page, found.spans[slot as usize]).is_empty())
    }

    /// Rows for all records that were found. `refused` is told of those that were not taken.
    pub fn fill(
        &self,
        page: &str,
        found: &Found,
        owner: Option<&str>,
        into: &mut TableBuilder,
        refused: Refused<'_>,
    ) -> Taken {
        let kept = if found.records() == 0 { 0 } else { found.spans.len() / found.records() };
        let mut taken = Taken { records: found.records() as u32, ..Taken::default() };
        let mut start = 0;
        for (number, &end) in found.ends.iter().enumerate() {
            let record = Record { page, found, spans: &found.spans[number * kept..(number + 1) * kept] };
            let entries = &found.entries[start..end as usize];
            start = end as usize;
            let mut id = record.first(&self.id);
            let begun = if self.detail {
                if id.is_empty() {
                    id = owner.unwrap_or_default();
                }
                into.late(id)
            } else {
                into.begin(id)
            };
            if begun {
                taken.fresh += 1;
                self.row(&record, entries, into);
                into.end();
            } else {
                refused(number, id);
            }
        }
        taken
    }

    fn row(&self, record: &Record<'_>, entries: &[RawEntry], into: &mut TableBuilder) {
        for op in &self.texts {
            op.set(record, into);
        }
        for list in &self.lists {
            into.list_read(list.attr);
        }
        for entry in entries {
            let shape = &self.shapes[entry.shape as usize];
            let mut parts = entry.parts.map(|span| record.found.text(record.page, span));
            self.entry(shape, record, &mut parts, into);
        }
        for shape in self.shapes.iter().filter(|shape| shape.flat) {
            self.entry(shape, record, &mut [""; 3], into);
        }
        for &attr in &self.unread {
            into.unread(attr);
        }
        for &attr in &self.lacking {
            into.lacks(attr);
        }
    }

    fn entry<'f>(&self, shape: &Shape, record: &Record<'f>, parts: &mut [&'f str; 3], into: &mut TableBuilder) {
        for (part, slots) in &shape.of_record {
            parts[*part as usize] = record.first(slots);
        }
        let list = &self.lists[shape.list];
        let [first, second, value] = [0, 1, 2].map(|at| through(&list.via[at], parts[at]));
        if list.pair && (first.is_empty() || second.is_empty()) {
            return;
        }
        if !list.void.iter().any(|void| *void == *value) {
            into.entry(list.attr, [&first, &second], &value);
        }
    }

    /// A page without records says of its owner that there are none.
    pub fn none(&self, owner: Option<&str>, into: &mut TableBuilder) {
        let Some(owner) = owner.filter(|_| self.detail) else { return };
        if into.late(owner) {
            for list in &self.lists {
                into.list_read(list.attr);
            }
            into.end();
        }
    }

    /// Whoever was not mentioned has none.
    pub fn settle(&self, into: &mut TableBuilder) {
        for list in &self.lists {
            into.settle(list.attr);
        }
        for op in &self.texts {
            into.settle(op.attr);
        }
    }
}

impl TextOp {
    fn set(&self, record: &Record<'_>, into: &mut TableBuilder) {
        if self.absent_unread && !record.has(&self.slots) {
            into.unread(self.attr);
            return;
        }
        let known = |text: &str| !text.is_empty() && !self.null.iter().any(|null| null == text);
        let mut texts = self.slots.iter().map(|&slot| record.text(slot)).filter(|text| known(text));
        let text = if let Some(by) = &self.join {
            Cow::Owned(texts.collect::<Vec<_>>().join(by))
        } else {
            Cow::Borrowed(texts.next().unwrap_or_default())
        };
        let text = self.via.iter().fold(text, |text, step| if text.is_empty() { text } else { step.read(text) });
        match &self.default {
            Some(default) if text.is_empty() => into.set(self.attr, default),
            _ => into.set(self.attr, &text),
        }
    }
}

fn through<'t>(via: &[Transform], text: &'t str) -> Cow<'t, str> {
    via.iter().fold(Cow::Borrowed(text), |text, step| if text.is_empty() { text } else { step.read(text) })
}
