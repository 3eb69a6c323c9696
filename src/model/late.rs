//! What a second feed brings, joined to the rows that are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chunk::{Chunk, Column, Edges, Entry, UNREAD, mark, marked};
use super::dict::{Dict, Interner};
use super::open::{OpenColumn, OpenEdges};
use super::row::CHUNK_ROWS;

/// A text of a column that is kept as codes, or as it is.
#[derive(Clone, Debug)]
pub(super) enum LateText {
    Code(u32),
    Text(String),
}

impl LateText {
    fn text<'t>(&'t self, dict: &'t Dict) -> &'t str {
        match self {
            Self::Code(code) => dict.get(*code),
            Self::Text(text) => text,
        }
    }
}

/// What was brought for one row.
#[derive(Debug, Default)]
pub(super) struct Late {
    pub texts: Vec<(u16, LateText)>,
    pub entries: Vec<(u16, Entry)>,
    /// Lists that were read, even if they have no entry.
    pub lists: Vec<u16>,
}

/// What was brought and is not yet in a sealed chunk, and which lists of which rows a second feed has written to already:
/// its first page replaces what the listing had, further pages add to it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub rows: BTreeMap<u32, Late>,
    touched: Vec<Vec<u64>>,
}

impl Pending {
    pub fn new(lists: usize) -> Self {
        Self { rows: BTreeMap::new(), touched: vec![Vec::new(); lists] }
    }

    /// The chunks with everything that is pending for them. `dict` gives the dictionary of a text column.
    pub fn join(&self, chunks: &mut [Arc<Chunk>], dict: &impl Fn(u16) -> Dict) {
        let mut rows = self.rows.iter().peekable();
        while let Some(&(&first, _)) = rows.peek() {
            let number = first as usize / CHUNK_ROWS;
            let mut brought = Vec::new();
            while let Some(next) = rows.next_if(|(row, _)| **row as usize / CHUNK_ROWS == number) {
                brought.push(next);
            }
            if let Some(chunk) = chunks.get_mut(number) {
                *chunk = Arc::new(self.rewritten(chunk, &brought, dict));
            }
        }
    }

    /// Forgets what has been joined to sealed chunks for good.
    pub fn joined(&mut self, sealed: usize) {
        let tail = self.rows.split_off(&((sealed * CHUNK_ROWS) as u32));
        for (row, late) in std::mem::replace(&mut self.rows, tail) {
            for slot in late.lists {
                mark(&mut self.touched[slot as usize], row as usize);
            }
        }
    }

    fn rewritten(&self, chunk: &Chunk, brought: &[(&u32, &Late)], dict: &impl Fn(u16) -> Dict) -> Chunk {
        let mut chunk = chunk.clone();
        for slot in slots(brought.iter().flat_map(|(_, late)| &late.texts).map(|(slot, _)| *slot)) {
            let news = brought.iter().flat_map(|(row, late)| {
                let of = late.texts.iter().filter(move |(of, _)| *of == slot);
                of.map(move |(_, text)| (**row as usize % CHUNK_ROWS, text))
            });
            let column = &mut chunk.cols[slot as usize];
            *column = Arc::new(with_texts(column, news, &dict(slot), chunk.rows as usize));
        }
        for slot in slots(brought.iter().flat_map(|(_, late)| &late.lists).copied()) {
            let touched = &self.touched[slot as usize];
            let edges = &mut chunk.edges[slot as usize];
            *edges = Arc::new(with_entries(edges, slot, brought, touched, chunk.rows as usize));
        }
        chunk
    }
}

fn slots(all: impl Iterator<Item = u16>) -> Vec<u16> {
    let mut slots: Vec<u16> = all.collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

fn with_texts<'l>(
    column: &Column,
    news: impl Iterator<Item = (usize, &'l LateText)>,
    dict: &Dict,
    rows: usize,
) -> Column {
    let news: BTreeMap<usize, &LateText> = news.collect();
    if let Column::Coded { codes } = column
        && news.values().all(|text| matches!(text, LateText::Code(_)))
    {
        let mut codes = codes.clone();
        for (at, text) in news {
            if let LateText::Code(code) = text {
                codes[at] = *code;
            }
        }
        return Column::Coded { codes };
    }
    let mut open = OpenColumn { plain: true, ..OpenColumn::default() };
    let mut unused = Interner::default();
    for at in 0..rows {
        match news.get(&at).map(|text| text.text(dict)).or_else(|| column.text(at, dict)) {
            Some(text) => open.push(text, &mut unused),
            None => open.push_unread(),
        }
    }
    open.seal()
}

fn with_entries(edges: &Edges, slot: u16, brought: &[(&u32, &Late)], touched: &[u64], rows: usize) -> Edges {
    let mut open = OpenEdges::default();
    let mut news = brought.iter().filter(|(_, late)| late.lists.contains(&slot)).peekable();
    for at in 0..rows {
        let new = news.next_if(|(row, _)| **row as usize % CHUNK_ROWS == at);
        let keeps = new.is_none_or(|(row, _)| marked(Some(touched), **row as usize));
        let have = if keeps { edges.of(at) } else { None };
        open.entries.extend_from_slice(have.unwrap_or_default());
        if let Some((_, late)) = new {
            open.entries.extend(late.entries.iter().filter(|(of, _)| *of == slot).map(|(_, entry)| *entry));
        }
        open.read = Some(new.is_some() || have.is_some());
        open.end_row();
    }
    open.seal()
}

/// A column in which nothing is unread any more.
pub(super) fn settled(column: &Column) -> Column {
    match column {
        Column::Plain { ends, text, .. } => Column::Plain { ends: ends.clone(), text: text.clone(), unread: None },
        Column::Coded { codes } => {
            Column::Coded { codes: codes.iter().map(|&code| if code == UNREAD { 0 } else { code }).collect() }
        }
    }
}
