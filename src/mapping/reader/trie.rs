//! The fields that a feed's rows are read from, as a trie of keys.
//!
//! A path that is read has a slot. Slots of the record itself come first and are kept per record; the others belong to
//! elements of arrays and are cleared when an element begins.

use std::collections::HashMap;

use crate::mapping::path::{Seg, Which};

/// The record.
pub(super) const ROOT: u32 = 0;

/// A field.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Its members that somebody reads.
    pub keys: Vec<(Box<str>, u32)>,
    /// Its members whose name is any URN.
    pub urns: Option<u32>,
    /// Its elements by position.
    pub at: Vec<(u32, u32)>,
    /// The slots that its own value goes to.
    pub leaf: Vec<u16>,
    /// Its elements, as an index in [`Trie::elems`].
    pub elem: Option<u32>,
}

/// The elements of an array.
#[derive(Debug)]
pub(super) struct Elem {
    /// An element.
    pub node: u32,
    /// The slots below it, cleared when one begins.
    pub clear: Vec<u16>,
    /// What is taken out of one when it has ended.
    pub picks: Vec<Pick>,
    /// The lists that have a level here.
    pub lists: Vec<Level>,
}

/// What is taken out of an element that passes a test.
#[derive(Debug)]
pub(super) struct Pick {
    pub test: Test,
    /// From the element's slot to one further out.
    pub moves: Vec<(u16, u16)>,
}

/// Which elements are meant. A field that is tested may come after the one that is taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Test {
    Any,
    Index(u32),
    Is(u16, String),
    Lacks(u16),
}

/// One of the nested arrays that a list's entries are in.
#[derive(Debug)]
pub(super) struct Level {
    /// Which list.
    pub shape: u16,
    /// Each element of it is an entry; otherwise it brings parts for the entries of its inner arrays.
    pub innermost: bool,
    /// Parts of the entry (two for the key, then the value) and the slots that they are in; the first that has a value.
    pub parts: Vec<(u8, Vec<u16>)>,
}

#[derive(Debug, Default)]
pub(super) struct Trie {
    pub nodes: Vec<Node>,
    pub elems: Vec<Elem>,
    /// All slots.
    pub slots: usize,
    /// Slots of the record itself: these, from 0.
    pub kept: usize,
    /// Somebody wants to know whether a field is there at all.
    pub tells_absent: bool,
}

impl Trie {
    /// The member of a node that a key names. Case is folded only where no key is exactly so (RFC 7643 2.1).
    #[inline]
    pub fn resolve(&self, node: u32, key: &str) -> Option<u32> {
        let node = &self.nodes[node as usize];
        let exact = node.keys.iter().find(|(have, _)| **have == *key);
        exact
            .or_else(|| node.keys.iter().find(|(have, _)| have.eq_ignore_ascii_case(key)))
            .map(|(_, child)| *child)
            .or_else(|| node.urns.filter(|_| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:"))))
    }
}

/// Where a list's entry finds the parts that stand in the record and in no array: part and slots.
pub(super) type RecordParts = Vec<(u8, Vec<u16>)>;

/// Puts a trie together.
#[derive(Debug)]
pub(super) struct Planter {
    trie: Trie,
    known: HashMap<(u32, Vec<Seg>), u16>,
    of_record: Vec<bool>,
}

impl Planter {
    /// `paths`: all paths of the record that will be read; extensions that are named get what is read of any extension.
    pub fn new<'p>(paths: impl Iterator<Item = &'p [Seg]>) -> Self {
        let mut planter = Self {
            trie: Trie { nodes: vec![Node::default()], ..Trie::default() },
            known: HashMap::new(),
            of_record: Vec::new(),
        };
        for path in paths {
            if let Some(Seg::Key(key)) = path.first() {
                planter.child(ROOT, key);
            }
        }
        planter
    }

    /// The slot of a text at a path below a node.
    pub fn text(&mut self, base: u32, path: &[Seg]) -> Result<u16, String> {
        if let Some(&slot) = self.known.get(&(base, path.to_vec())) {
            return Ok(slot);
        }
        let slot = u16::try_from(self.of_record.len()).map_err(|_| "too many fields".to_owned())?;
        self.of_record.push(base == ROOT);
        self.known.insert((base, path.to_vec()), slot);
        self.attach(base, path, slot)?;
        Ok(slot)
    }

    fn attach(&mut self, node: u32, path: &[Seg], slot: u16) -> Result<(), String> {
        let Some((first, rest)) = path.split_first() else {
            self.trie.nodes[node as usize].leaf.push(slot);
            return Ok(());
        };
        match first {
            Seg::Up => Err("`^` only stands first in a list's parts".into()),
            Seg::Elem(which) => {
                let elem = self.elem(node);
                let inside = self.trie.elems[elem as usize].node;
                let from = self.text(inside, rest)?;
                let test = match which {
                    Which::Each => Test::Any,
                    Which::Index(at) => Test::Index(*at),
                    Which::Is(field, value) => {
                        Test::Is(self.text(inside, &crate::mapping::path::parse(field)?)?, value.clone())
                    }
                    Which::Lacks(field) => Test::Lacks(self.text(inside, &crate::mapping::path::parse(field)?)?),
                };
                let picks = &mut self.trie.elems[elem as usize].picks;
                match picks.iter_mut().find(|pick| pick.test == test) {
                    Some(pick) => pick.moves.push((from, slot)),
                    None => picks.push(Pick { test, moves: vec![(from, slot)] }),
                }
                Ok(())
            }
            step => self.step(node, step).into_iter().try_for_each(|next| self.attach(next, rest, slot)),
        }
    }

    /// A list whose entries are at `base`; the parts' paths start at an entry, or further out with `^`.
    pub fn list(&mut self, shape: u16, base: &[Seg], parts: &[Vec<Vec<Seg>>]) -> Result<RecordParts, String> {
        let mut of_record = RecordParts::new();
        self.list_at(ROOT, base, &mut Vec::new(), shape, parts, &mut of_record)?;
        Ok(of_record)
    }

    fn list_at(
        &mut self,
        node: u32,
        base: &[Seg],
        levels: &mut Vec<u32>,
        shape: u16,
        parts: &[Vec<Vec<Seg>>],
        of_record: &mut RecordParts,
    ) -> Result<(), String> {
        match base.split_first() {
            Some((Seg::Elem(Which::Each), rest)) => {
                let elem = self.elem(node);
                levels.push(elem);
                let inside = self.trie.elems[elem as usize].node;
                self.list_at(inside, rest, levels, shape, parts, of_record)?;
                levels.pop();
                Ok(())
            }
            Some((Seg::Elem(_) | Seg::Up, _)) => Err("a list is read from `name[]`".into()),
            Some((step, rest)) => self
                .step(node, step)
                .into_iter()
                .try_for_each(|next| self.list_at(next, rest, levels, shape, parts, of_record)),
            None => self.entries(levels, shape, parts, of_record),
        }
    }

    fn entries(
        &mut self,
        levels: &[u32],
        shape: u16,
        parts: &[Vec<Vec<Seg>>],
        of_record: &mut RecordParts,
    ) -> Result<(), String> {
        let mut here: Vec<Vec<(u8, Vec<u16>)>> = vec![Vec::new(); levels.len()];
        of_record.clear();
        for (number, alternatives) in parts.iter().enumerate() {
            for path in alternatives {
                let ups = path.iter().take_while(|seg| **seg == Seg::Up).count();
                let level = levels.len().checked_sub(ups).ok_or("`^` leads out of the record")?;
                let (base, into) = match level.checked_sub(1) {
                    Some(level) => (self.trie.elems[levels[level] as usize].node, &mut here[level]),
                    None => (ROOT, &mut *of_record),
                };
                let slot = self.text(base, &path[ups..])?;
                match into.iter_mut().find(|(part, _)| *part as usize == number) {
                    Some((_, slots)) => slots.push(slot),
                    None => into.push((number as u8, vec![slot])),
                }
            }
        }
        for (at, (&elem, parts)) in levels.iter().zip(here).enumerate() {
            let innermost = at + 1 == levels.len();
            self.trie.elems[elem as usize].lists.push(Level { shape, innermost, parts });
        }
        Ok(())
    }

    /// The nodes one step further in: several where it is any URN.
    fn step(&mut self, node: u32, step: &Seg) -> Vec<u32> {
        match step {
            Seg::Key(key) => vec![self.child(node, key)],
            Seg::At(position) => {
                let have = &self.trie.nodes[node as usize].at;
                if let Some((_, child)) = have.iter().find(|(at, _)| at == position) {
                    return vec![*child];
                }
                let child = self.node();
                self.trie.nodes[node as usize].at.push((*position, child));
                vec![child]
            }
            Seg::AnyUrn => {
                let named = &self.trie.nodes[node as usize].keys;
                let mut all: Vec<u32> = named
                    .iter()
                    .filter(|(key, _)| key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")))
                    .map(|(_, child)| *child)
                    .collect();
                let any = self.trie.nodes[node as usize].urns.unwrap_or_else(|| self.node());
                self.trie.nodes[node as usize].urns = Some(any);
                all.push(any);
                all
            }
            Seg::Elem(_) | Seg::Up => Vec::new(),
        }
    }

    fn node(&mut self) -> u32 {
        self.trie.nodes.push(Node::default());
        self.trie.nodes.len() as u32 - 1
    }

    fn child(&mut self, node: u32, key: &str) -> u32 {
        let have = &self.trie.nodes[node as usize].keys;
        if let Some((_, child)) = have.iter().find(|(name, _)| **name == *key) {
            return *child;
        }
        let child = self.node();
        self.trie.nodes[node as usize].keys.push((key.into(), child));
        child
    }

    fn elem(&mut self, node: u32) -> u32 {
        if let Some(elem) = self.trie.nodes[node as usize].elem {
            return elem;
        }
        let inside = self.node();
        self.trie.elems.push(Elem { node: inside, clear: Vec::new(), picks: Vec::new(), lists: Vec::new() });
        let elem = self.trie.elems.len() as u32 - 1;
        self.trie.nodes[node as usize].elem = Some(elem);
        elem
    }

    /// The trie, and each slot's number in it.
    pub fn finish(self) -> (Trie, Vec<u16>) {
        let Self { mut trie, of_record, .. } = self;
        let kept = of_record.iter().filter(|kept| **kept).count();
        let (mut record, mut other) = (0, kept as u16);
        let numbers: Vec<u16> = of_record
            .iter()
            .map(|&kept| {
                let next = if kept { &mut record } else { &mut other };
                *next += 1;
                *next - 1
            })
            .collect();
        let renumber = |slot: &mut u16| *slot = numbers[*slot as usize];
        for node in &mut trie.nodes {
            node.leaf.iter_mut().for_each(renumber);
        }
        for elem in &mut trie.elems {
            for pick in &mut elem.picks {
                if let Test::Is(slot, _) | Test::Lacks(slot) = &mut pick.test {
                    renumber(slot);
                }
                pick.moves.iter_mut().for_each(|(from, to)| {
                    renumber(from);
                    renumber(to);
                });
            }
            elem.lists.iter_mut().flat_map(|level| &mut level.parts).flat_map(|(_, slots)| slots).for_each(renumber);
        }
        for at in 0..trie.elems.len() {
            let mut below = Vec::new();
            collect(&trie, trie.elems[at].node, &mut below);
            below.sort_unstable();
            below.dedup();
            trie.elems[at].clear = below;
        }
        (trie.slots, trie.kept) = (numbers.len(), kept);
        (trie, numbers)
    }
}

/// All slots below a node.
fn collect(trie: &Trie, node: u32, into: &mut Vec<u16>) {
    let node = &trie.nodes[node as usize];
    into.extend(&node.leaf);
    let members = node.keys.iter().map(|(_, child)| child).chain(node.at.iter().map(|(_, child)| child));
    for &child in members.chain(&node.urns) {
        collect(trie, child, into);
    }
    if let Some(elem) = node.elem {
        let elem = &trie.elems[elem as usize];
        into.extend(elem.picks.iter().flat_map(|pick| &pick.moves).map(|(_, to)| to));
        collect(trie, elem.node, into);
    }
}
