//! A filter over all rows of one kind of one system: paths are looked up once, and what repeats is decided once.

use rayon::prelude::*;

use super::field::{Field, Part, field, part, picked_entries};
use crate::compare::SystemView;
use crate::compare::column::{Part as ColumnPart, Texts};
use crate::compare::label::named;
use crate::model::filter::{Filter, Test, all_of, any_of};
use crate::model::{Attr, CHUNK_ROWS, Cell, Dict, Form, Kind, Row, Schema, Table};

/// A verdict that fits a byte.
const NO: u8 = 0;
const YES: u8 = 1;
const UNKNOWN: u8 = 2;

fn pack(verdict: Option<bool>) -> u8 {
    match verdict {
        Some(false) => NO,
        Some(true) => YES,
        None => UNKNOWN,
    }
}

fn unpack(verdict: u8) -> Option<bool> {
    match verdict {
        NO => Some(false),
        YES => Some(true),
        _ => None,
    }
}

/// A filter bound to the rows of one kind of one system.
pub struct Bound<'a> {
    table: &'a Table,
    root: Node<'a>,
}

enum Node<'a> {
    And(Vec<Node<'a>>),
    Or(Vec<Node<'a>>),
    Not(Box<Node<'a>>),
    /// There is no such attribute.
    Unknown,
    Text {
        texts: Texts<'a>,
        test: Test,
        by_code: Vec<u8>,
    },
    Unreadable,
    Texts(Vec<Node<'a>>),
    /// A constant that stands where a text is not empty.
    Constant {
        texts: Texts<'a>,
        verdict: u8,
    },
    /// Any entry of a list for which a leaf holds.
    Any {
        attr: Attr,
        leaf: Leaf,
        empty: u8,
    },
    /// Any entry of a list for which all of a filter holds.
    Within {
        attr: Attr,
        inner: Inner,
    },
    /// Any entry that picked texts make.
    Picked(Vec<(Vec<Texts<'a>>, Node<'a>)>),
}

/// What is asked of one entry.
enum Inner {
    And(Vec<Inner>),
    Or(Vec<Inner>),
    Not(Box<Inner>),
    Unknown,
    Leaf(Leaf),
}

/// A part of an entry with its verdict by code.
struct Leaf {
    part: Part,
    by_code: Vec<u8>,
}

impl Leaf {
    fn verdict(&self, entry: crate::model::Entry) -> u8 {
        let code = match self.part {
            Part::Key(at) | Part::KeyName(at, _) => entry.key[at],
            Part::Value | Part::ValueName(_) => entry.value,
        };
        self.by_code[code as usize]
    }
}

impl Inner {
    fn eval(&self, entry: crate::model::Entry) -> Option<bool> {
        match self {
            Self::And(parts) => all_of(parts.iter().map(|part| part.eval(entry))),
            Self::Or(parts) => any_of(parts.iter().map(|part| part.eval(entry))),
            Self::Not(inner) => inner.eval(entry).map(|passes| !passes),
            Self::Unknown => None,
            Self::Leaf(leaf) => unpack(leaf.verdict(entry)),
        }
    }
}

impl<'a> Bound<'a> {
    /// Binds a filter; `None` where nothing of the kind was read.
    pub fn new(filter: &Filter, view: &'a SystemView, kind: Kind) -> Option<Self> {
        let table = &view.snapshot(kind)?.table;
        Some(Self { table, root: bind(filter, view, table) })
    }

    /// Whether a row passes; `None` where what decides is not known.
    pub fn eval(&self, row: Row) -> Option<bool> {
        self.root.eval(self.table, row, &mut String::new())
    }

    /// The verdict on every row: 0 no, 1 yes, 2 not known.
    pub fn all(&self) -> Vec<u8> {
        let mut verdicts = vec![UNKNOWN; self.table.len()];
        verdicts.par_chunks_mut(CHUNK_ROWS).enumerate().for_each(|(chunk, out)| {
            let mut scratch = String::new();
            for (at, out) in out.iter_mut().enumerate() {
                let row = Row((chunk * CHUNK_ROWS + at) as u32);
                *out = pack(self.root.eval(self.table, row, &mut scratch));
            }
        });
        verdicts
    }
}

fn by_code(dict: &Dict, mut verdict: impl FnMut(&str) -> Option<bool>) -> Vec<u8> {
    dict.iter().map(|text| pack(verdict(text))).collect()
}

fn cell(text: &str) -> Cell<'_> {
    if text.is_empty() { Cell::Empty } else { Cell::Value(text) }
}

fn test_of(filter: &Filter, schema: &Schema, attr: Option<Attr>) -> Option<Test> {
    match filter {
        Filter::Present(_) => Some(Test::present()),
        Filter::Compare { op, value, .. } => {
            let fold = attr.map_or(crate::model::Fold::Caseless, |attr| schema.def(attr).fold);
            Some(Test::new(*op, value, fold))
        }
        _ => None,
    }
}

fn bind<'a>(filter: &Filter, view: &'a SystemView, table: &'a Table) -> Node<'a> {
    let schema = table.schema();
    match filter {
        Filter::And(parts) => Node::And(parts.iter().map(|part| bind(part, view, table)).collect()),
        Filter::Or(parts) => Node::Or(parts.iter().map(|part| bind(part, view, table)).collect()),
        Filter::Not(inner) => Node::Not(Box::new(bind(inner, view, table))),
        Filter::Present(path) | Filter::Compare { attr: path, .. } => match field(schema, path.as_str()) {
            None => Node::Unknown,
            Some(Field::Text(attr)) => text_node(filter, table, attr),
            Some(Field::Part(attr, part)) => {
                let Some(test) = test_of(filter, schema, None) else { return Node::Unknown };
                let empty = pack(test.holds(Cell::Empty, &mut String::new()));
                Node::Any { attr, leaf: leaf(&test, view, table, attr, part), empty }
            }
            Some(Field::Picks(picks)) => Node::Texts(
                picks
                    .iter()
                    .map(|(attr, constant)| match (constant, Texts::new(table, *attr)) {
                        (Some(constant), Some(texts)) => {
                            let test = test_of(filter, schema, None);
                            let verdict = test.and_then(|test| test.holds(Cell::Value(constant), &mut String::new()));
                            Node::Constant { texts, verdict: pack(verdict) }
                        }
                        _ => text_node(filter, table, *attr),
                    })
                    .collect(),
            ),
        },
        Filter::Within { attr: path, filter: inner } => {
            if let Some(Field::Part(attr, _)) = field(schema, path.as_str()) {
                return Node::Within { attr, inner: bind_inner(inner, view, table, attr) };
            }
            let entries = picked_entries(schema, path.as_str());
            if entries.is_empty() {
                return Node::Unknown;
            }
            Node::Picked(
                entries
                    .iter()
                    .map(|entry| {
                        let texts = entry.texts.iter().filter_map(|(_, attr)| Texts::new(table, *attr)).collect();
                        (texts, bind_picked(inner, table, entry))
                    })
                    .collect(),
            )
        }
    }
}

fn text_node<'a>(filter: &Filter, table: &'a Table, attr: Attr) -> Node<'a> {
    let Some(test) = test_of(filter, table.schema(), Some(attr)) else { return Node::Unknown };
    let Some(texts) = Texts::new(table, attr) else { return Node::Unreadable };
    let coded = texts.parts().iter().any(|part| matches!(part, ColumnPart::Coded(_)));
    let mut scratch = String::new();
    let by_code = if coded { by_code(texts.dict, |text| test.holds(cell(text), &mut scratch)) } else { Vec::new() };
    Node::Text { texts, test, by_code }
}

fn leaf(test: &Test, view: &SystemView, table: &Table, attr: Attr, part: Part) -> Leaf {
    let dicts = table.list(table.schema().def(attr).slot);
    let (dict, refers) = match part {
        Part::Key(at) => (&dicts.key[at], None),
        Part::KeyName(at, kind) => (&dicts.key[at], Some(kind)),
        Part::Value => (&dicts.value, None),
        Part::ValueName(kind) => (&dicts.value, Some(kind)),
    };
    let mut scratch = String::new();
    Leaf { part, by_code: by_code(dict, |text| test.holds(named(view, text, refers), &mut scratch)) }
}

fn bind_inner(filter: &Filter, view: &SystemView, table: &Table, attr: Attr) -> Inner {
    match filter {
        Filter::And(parts) => Inner::And(parts.iter().map(|part| bind_inner(part, view, table, attr)).collect()),
        Filter::Or(parts) => Inner::Or(parts.iter().map(|part| bind_inner(part, view, table, attr)).collect()),
        Filter::Not(inner) => Inner::Not(Box::new(bind_inner(inner, view, table, attr))),
        Filter::Present(path) | Filter::Compare { attr: path, .. } => {
            let Form::List(def) = &table.schema().def(attr).form else { return Inner::Unknown };
            match (part(def, path.as_str()), test_of(filter, table.schema(), None)) {
                (Some(part), Some(test)) => Inner::Leaf(leaf(&test, view, table, attr, part)),
                _ => Inner::Unknown,
            }
        }
        Filter::Within { .. } => Inner::Unknown,
    }
}

fn bind_picked<'a>(filter: &Filter, table: &'a Table, entry: &super::field::PickedEntry) -> Node<'a> {
    match filter {
        Filter::And(parts) => Node::And(parts.iter().map(|part| bind_picked(part, table, entry)).collect()),
        Filter::Or(parts) => Node::Or(parts.iter().map(|part| bind_picked(part, table, entry)).collect()),
        Filter::Not(inner) => Node::Not(Box::new(bind_picked(inner, table, entry))),
        Filter::Present(path) | Filter::Compare { attr: path, .. } => {
            if let Some((by, value)) = &entry.by
                && by.eq_ignore_ascii_case(path.as_str())
            {
                let test = test_of(filter, table.schema(), None);
                return match test.and_then(|test| test.holds(Cell::Value(value), &mut String::new())) {
                    Some(true) => Node::And(Vec::new()),
                    Some(false) => Node::Or(Vec::new()),
                    None => Node::Unknown,
                };
            }
            let found = entry.texts.iter().find(|(leaf, _)| leaf.eq_ignore_ascii_case(path.as_str()));
            found.map_or(Node::Unknown, |(_, attr)| text_node(filter, table, *attr))
        }
        Filter::Within { .. } => Node::Unknown,
    }
}

impl Node<'_> {
    fn eval(&self, table: &Table, row: Row, scratch: &mut String) -> Option<bool> {
        match self {
            Self::And(parts) => all_of(parts.iter().map(|part| part.eval(table, row, scratch))),
            Self::Or(parts) | Self::Texts(parts) => any_of(parts.iter().map(|part| part.eval(table, row, scratch))),
            Self::Not(inner) => inner.eval(table, row, scratch).map(|passes| !passes),
            Self::Unknown | Self::Unreadable => None,
            Self::Text { texts, test, by_code } => {
                let (part, at) = (&texts.parts()[row.0 as usize / CHUNK_ROWS], row.0 as usize % CHUNK_ROWS);
                match part {
                    ColumnPart::Coded(codes) if codes[at] == u32::MAX => None,
                    ColumnPart::Coded(codes) => unpack(by_code[codes[at] as usize]),
                    ColumnPart::Plain { .. } => {
                        part.get(at, texts.dict).and_then(|text| test.holds(cell(text), scratch))
                    }
                }
            }
            Self::Constant { texts, verdict } => match texts.get(row.0) {
                None => None,
                Some("") => Some(false),
                Some(_) => unpack(*verdict),
            },
            Self::Any { attr, leaf, empty } => match table.entries(row, *attr) {
                None => None,
                Some([]) => unpack(*empty),
                Some(entries) => any_of(entries.iter().map(|entry| unpack(leaf.verdict(*entry)))),
            },
            Self::Within { attr, inner } => {
                let entries = table.entries(row, *attr)?;
                any_of(entries.iter().map(|entry| inner.eval(*entry)))
            }
            Self::Picked(entries) => any_of(entries.iter().map(|(texts, node)| {
                let there = texts.is_empty() || texts.iter().any(|texts| texts.get(row.0) != Some(""));
                if there { node.eval(table, row, scratch) } else { Some(false) }
            })),
        }
    }
}
