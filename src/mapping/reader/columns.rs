//! Rows of texts under named columns (CSV) as rows of a table: which column is which attribute, and how the entries of a
//! list are written in one cell.
//!
//! Knows nothing of quotes, separators and line ends: it is given the texts.

use crate::mapping::fault::did_you_mean;
use crate::mapping::path::{self, Seg};
use crate::mapping::{Feed, Fields, ListMap, MapRow, Mapping, Transform};
use crate::model::TableBuilder;

use super::Taken;
use super::fill::{ListOp, Program, Shape, TextOp};
use super::parse::{Found, RawEntry, Span};

/// More columns than any export has.
const MOST: usize = 4096;

/// Why the columns of a header cannot be read under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderFault {
    /// The column, from 0; `None`: one is missing.
    pub column: Option<usize>,
    /// What is wrong with it.
    pub what: String,
}

/// A header, held against a feed's rows.
#[derive(Debug)]
pub struct Columns {
    program: Program,
    width: usize,
    lists: Vec<ListColumn>,
    /// Columns that no row of the mapping reads, and what was probably meant.
    unknown: Vec<(usize, String)>,
    /// The column that says which record a row is.
    key: usize,
}

/// A column whose cells hold lists.
#[derive(Debug)]
struct ListColumn {
    column: usize,
    shape: u16,
    /// Where the parts of an entry go, in the order in which they are written (`role@productId`: the value, then the key).
    parts: Vec<usize>,
    /// How an entry is written, for errors.
    form: String,
}

/// An entry of a list that is not written as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// The row among those given.
    pub row: usize,
    /// Its column.
    pub column: usize,
    /// What is wrong.
    pub what: String,
}

/// Rows, ready to be filled in.
#[derive(Debug)]
pub struct Rows {
    text: String,
    found: Found,
    /// Entries that were left out.
    pub odd: Vec<Odd>,
}

impl Columns {
    /// Holds a header against the rows of a feed. A column's name is a canonical path (`name.givenName`), its last part
    /// where it is one of an extension's (`department`), or what a row of the mapping reads (`read = "Login"`), whatever the case.
    ///
    /// # Errors
    /// When two columns have one name, or none says which record a row is.
    pub fn new(mapping: &Mapping, feed: &Feed, header: &[&str]) -> Result<Self, HeaderFault> {
        let names: Vec<&str> = header.iter().map(|name| name.trim()).collect();
        if names.len() > MOST {
            let what = format!("there are more than {MOST} columns: is the separator the right one?");
            return Err(HeaderFault { column: Some(MOST), what });
        }
        for (column, name) in names.iter().enumerate() {
            if !name.is_empty() && names[..column].iter().any(|before| before.eq_ignore_ascii_case(name)) {
                let what = format!("there are two columns `{name}`, and nobody can say which one counts");
                return Err(HeaderFault { column: Some(column), what });
            }
        }
        let rows = mapping.kind(feed.kind).map_or(&[][..], |map| map.rows.as_slice());
        let schema = mapping.kind(feed.kind).map(|map| &map.schema);
        let key = std::iter::once(&feed.id).chain(&feed.or_id).find_map(|id| {
            let named = names.iter().position(|name| rank(name, &[id.as_str()]).is_some());
            named.or_else(|| {
                let row = rows.iter().find(|row| row.attr.as_str().eq_ignore_ascii_case(id) && row.list.is_none())?;
                columns_of(row, &row.fields(feed)?, &names).first().copied()
            })
        });
        let Some(key) = key else {
            let wanted: Vec<String> =
                std::iter::once(&feed.id).chain(&feed.or_id).map(|name| format!("`{name}`")).collect();
            let what = format!(
                "no column says which {} a row is: name one {}, or say in a mapping file which one it is",
                feed.kind,
                wanted.join(" or ")
            );
            return Err(HeaderFault { column: None, what });
        };
        let mut columns = Self {
            program: Program {
                detail: false,
                id: vec![slot(key)],
                texts: Vec::new(),
                lists: Vec::new(),
                shapes: Vec::new(),
                unread: Vec::new(),
                lacking: Vec::new(),
            },
            width: names.len(),
            lists: Vec::new(),
            unknown: Vec::new(),
            key,
        };
        let mut used = vec![false; names.len()];
        used[key] = true;
        for row in rows {
            let Some(attr) = schema.and_then(|schema| schema.find(&row.attr)) else { continue };
            if row.attr.as_str().eq_ignore_ascii_case("id") {
                continue;
            }
            let here = row.fields(feed).map(|fields| columns_of(row, &fields, &names)).unwrap_or_default();
            for &column in &here {
                used[column] = true;
            }
            if here.is_empty() {
                columns.program.unread.push(attr);
                if row.key.is_some() {
                    columns.program.lacking.push(attr);
                }
                continue;
            }
            match &row.list {
                None => columns.program.texts.push(text_op(attr, row, &here)),
                Some(list) => columns.list(attr, list, &here),
            }
        }
        let known = || rows.iter().map(|row| row.attr.local(&[]));
        columns.unknown = (0..names.len())
            .filter(|column| !used[*column])
            .map(|column| (column, did_you_mean(names[column], known())))
            .collect();
        Ok(columns)
    }

    fn list(&mut self, attr: crate::model::Attr, list: &ListMap, here: &[usize]) {
        let via = |at: usize| list.key.get(at).map(|part| part.via.clone()).unwrap_or_default();
        let value = list.value.as_ref();
        // The value comes first and the key after it, from its last part to its first: who is what, where.
        let mut parts: Vec<(usize, &str)> = value.iter().map(|part| (2, part.name.as_str())).collect();
        parts.extend(list.key.iter().enumerate().rev().map(|(at, part)| (at, part.name.as_str())));
        for &column in here {
            self.lists.push(ListColumn {
                column,
                shape: slot(self.program.shapes.len()),
                parts: parts.iter().map(|(at, _)| *at).collect(),
                form: parts.iter().map(|(_, name)| *name).collect::<Vec<_>>().join("@"),
            });
            self.program.shapes.push(Shape { list: self.program.lists.len(), of_record: Vec::new(), flat: false });
        }
        let of_value = value.map(|part| part.via.clone()).unwrap_or_default();
        let pair = list.key.len() > 1;
        self.program.lists.push(ListOp { attr, via: [via(0), via(1), of_value], void: list.void.clone(), pair });
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The column that says which record a row is.
    pub fn key(&self) -> usize {
        self.key
    }

    /// Columns that no row of the mapping reads, with what was probably meant (`; did you mean …`, or nothing).
    pub fn unknown(&self) -> &[(usize, String)] {
        &self.unknown
    }

    /// Takes rows apart. `text`: their cells one after the other; `ends`: where each one ends, as many to a row as there are
    /// columns.
    pub fn rows(&self, text: String, ends: &[usize]) -> Rows {
        let mut found = Found::default();
        let mut odd = Vec::new();
        let mut start = 0;
        found.spans.reserve(ends.len());
        for (row, cells) in ends.chunks_exact(self.width.max(1)).enumerate() {
            let first = found.spans.len();
            for &end in cells {
                found.spans.push(Span::at(start, end));
                start = end;
            }
            for list in &self.lists {
                let from = if first + list.column == 0 { 0 } else { ends[first + list.column - 1] };
                let cell = text.get(from..ends[first + list.column]).unwrap_or_default();
                for wrong in list.entries(cell, from, &mut found) {
                    odd.push(Odd { row, column: list.column, what: wrong });
                }
            }
            found.ends.push(u32::try_from(found.entries.len()).unwrap_or(u32::MAX));
        }
        Rows { text, found, odd }
    }

    /// Puts rows into a table, and tells which of them were not taken, by number: their id was there already, or is empty.
    pub fn fill(&self, rows: &Rows, into: &mut TableBuilder, refused: &mut dyn FnMut(usize, &str)) -> Taken {
        self.program.fill(&rows.text, &rows.found, None, into, refused)
    }
}

impl ListColumn {
    /// The entries of a cell: `;` between them, `@` between their parts, `\` before one of these that is part of a text.
    fn entries(&self, cell: &str, at: usize, found: &mut Found) -> Vec<String> {
        let mut wrong = Vec::new();
        for (start, end) in cut(cell, b';') {
            let written = cell[start..end].trim();
            if written.is_empty() {
                continue;
            }
            let start = start + (cell[start..end].len() - cell[start..end].trim_start().len());
            let pieces =
                if self.parts.len() == 1 { vec![(0, written.len())] } else { cut(written, b'@').collect::<Vec<_>>() };
            let blank = pieces.iter().any(|(from, to)| written[*from..*to].trim().is_empty());
            if pieces.len() != self.parts.len() || blank {
                wrong.push(format!("`{written}` is not written as {}", self.form));
                continue;
            }
            let mut entry = RawEntry { shape: self.shape, parts: [Span::default(); 3] };
            for (&part, (from, to)) in self.parts.iter().zip(pieces) {
                let piece = &written[from..to];
                let lead = piece.len() - piece.trim_start().len();
                let piece = piece.trim();
                entry.parts[part] = if piece.contains('\\') {
                    let mut plain = String::with_capacity(piece.len());
                    let mut escaped = false;
                    for c in piece.chars() {
                        if c == '\\' && !escaped {
                            escaped = true;
                        } else {
                            plain.push(c);
                            escaped = false;
                        }
                    }
                    found.keep(&plain)
                } else {
                    let from = at + start + from + lead;
                    Span::at(from, from + piece.len())
                };
            }
            found.entries.push(entry);
        }
        wrong
    }
}

/// The parts of a text between separators that have no `\` before them.
fn cut(text: &str, by: u8) -> impl Iterator<Item = (usize, usize)> {
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let start = from?;
        let mut escaped = false;
        for (at, &byte) in text.as_bytes().iter().enumerate().skip(start) {
            if byte == by && !escaped {
                from = Some(at + 1);
                return Some((start, at));
            }
            escaped = byte == b'\\' && !escaped;
        }
        from = None;
        Some((start, text.len()))
    })
}

fn slot(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

/// The columns that a row is read from, the one that counts first.
fn columns_of(row: &MapRow, fields: &Fields, names: &[&str]) -> Vec<usize> {
    let mut wanted = vec![row.attr.as_str()];
    wanted.extend(fields.read.iter().map(String::as_str));
    let local = row.attr.local(&[]);
    if local != row.attr.as_str() {
        wanted.push(local);
    }
    let mut found: Vec<(usize, usize)> = names
        .iter()
        .enumerate()
        .filter_map(|(column, name)| rank(name, &wanted).map(|rank| (rank, column)))
        .take(usize::from(u16::MAX))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, column)| column).collect()
}

/// Which of the wanted names a column has.
fn rank(name: &str, wanted: &[&str]) -> Option<usize> {
    let is = |wanted: &str| {
        name.eq_ignore_ascii_case(wanted)
            || wanted.strip_suffix("[]").is_some_and(|list| name.eq_ignore_ascii_case(list))
            // A name that holds dots or blanks stands in quotes in a mapping file.
            || matches!(path::parse(wanted).as_deref(), Ok([Seg::Key(key)]) if key.eq_ignore_ascii_case(name))
    };
    if name.is_empty() { None } else { wanted.iter().position(|wanted| is(wanted)) }
}

fn text_op(attr: crate::model::Attr, row: &MapRow, here: &[usize]) -> TextOp {
    let (join, via) = match row.via.split_first() {
        Some((Transform::Join(by), rest)) => (Some(by.clone()), rest),
        _ => (None, row.via.as_slice()),
    };
    TextOp {
        attr,
        slots: here.iter().map(|column| slot(*column)).collect(),
        null: row.null.clone(),
        // A column that is missing is unread, whatever the row says.
        absent_unread: false,
        join,
        via: via.to_vec(),
        default: row.default.clone(),
    }
}
