//! Products, teams and organisations under what they belong to.

use std::collections::{BTreeSet, HashMap};

use crate::compare::NO_ROW;
use crate::model::{AttrPath, Cell, Form, Kind, RecordKey};

use super::rows::Rows;

/// One row of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    /// The identity.
    pub identity: u32,
    /// How far in.
    pub depth: u16,
    /// Whether something belongs to it that is listed.
    pub parent: bool,
    /// It is closed: what belongs to it is not shown.
    pub closed: bool,
}

/// What belongs to what.
pub struct Tree {
    /// `over[identity]`: what it belongs to; [`NO_ROW`] for nothing.
    over: Vec<u32>,
}

/// Whether records of a kind belong to each other as far as a system says.
pub fn grows(rows: &Rows<'_>) -> bool {
    matches!(rows.kind, Kind::Group | Kind::Product)
        && rows.compared.inputs.systems.iter().any(|system| {
            system.snapshot(rows.kind).is_some_and(|snapshot| {
                let schema = snapshot.table.schema();
                schema.iter().any(|(_, def)| match &def.form {
                    Form::Text => def.path == AttrPath::new("parent"),
                    Form::List(list) => def.path == AttrPath::new("children") && list.key[0] == Some(rows.kind),
                })
            })
        })
}

impl Tree {
    /// What belongs to what, by one system or by the first that says it.
    pub fn new(rows: &Rows<'_>, system: Option<usize>) -> Self {
        let mut tree = Self { over: vec![NO_ROW; rows.len() as usize] };
        let inputs = &rows.compared.inputs;
        let order: Vec<usize> = match system {
            Some(at) => vec![at],
            None => inputs.base().into_iter().chain(0..inputs.systems.len()).collect(),
        };
        for at in order {
            tree.of_system(rows, at);
        }
        tree
    }

    fn of_system(&mut self, rows: &Rows<'_>, at: usize) {
        let Some(snapshot) = rows.compared.inputs.systems[at].snapshot(rows.kind) else { return };
        let table = &snapshot.table;
        let comparison = rows.compared.kind(rows.kind);
        let identity = |id: &str| table.find(id).and_then(|row| comparison.identity_of(at, row));
        for (attr, def) in table.schema().iter() {
            match &def.form {
                Form::Text if def.path == AttrPath::new("parent") => {
                    for row in table.rows() {
                        let Cell::Value(id) = table.cell(row, attr) else { continue };
                        self.put(comparison.identity_of(at, row), identity(id));
                    }
                }
                Form::List(list) if def.path == AttrPath::new("children") && list.key[0] == Some(rows.kind) => {
                    for row in table.rows() {
                        for entry in table.entries(row, attr).unwrap_or_default() {
                            let ([id, _], _) = table.entry_text(attr, *entry);
                            self.put(identity(id), comparison.identity_of(at, row));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn put(&mut self, child: Option<u32>, parent: Option<u32>) {
        let (Some(child), Some(parent)) = (child, parent) else { return };
        if self.over[child as usize] == NO_ROW && !self.above(parent).any(|over| over == child) {
            self.over[child as usize] = parent;
        }
    }

    /// An identity and all that it belongs to, from below.
    fn above(&self, from: u32) -> impl Iterator<Item = u32> {
        let mut next = from;
        std::iter::from_fn(move || {
            let here = next;
            next = *self.over.get(here as usize)?;
            Some(here)
        })
    }

    /// The rows of the tree: `kept` in their order, each under what it belongs to; what they belong to is shown too.
    pub fn branches(&self, rows: &Rows<'_>, kept: &[u32], closed: &BTreeSet<RecordKey>) -> Vec<Branch> {
        let mut listed = vec![false; self.over.len()];
        let mut order: Vec<u32> = Vec::with_capacity(kept.len());
        for identity in kept {
            let missing: Vec<u32> = self.above(*identity).take_while(|over| !listed[*over as usize]).collect();
            for over in missing.into_iter().rev() {
                listed[over as usize] = true;
                order.push(over);
            }
        }
        let mut under: HashMap<u32, Vec<u32>> = HashMap::new();
        for identity in order {
            under.entry(self.over[identity as usize]).or_default().push(identity);
        }
        let mut found = Vec::with_capacity(kept.len());
        let mut stack: Vec<(u32, u16)> = Vec::new();
        let push = |stack: &mut Vec<(u32, u16)>, of: u32, depth: u16| {
            stack.extend(under.get(&of).into_iter().flatten().rev().map(|identity| (*identity, depth)));
        };
        push(&mut stack, NO_ROW, 0);
        while let Some((identity, depth)) = stack.pop() {
            let parent = under.contains_key(&identity);
            let shut = parent && rows.key(identity).is_some_and(|key| closed.contains(&key));
            found.push(Branch { identity, depth, parent, closed: shut });
            if !shut {
                push(&mut stack, identity, depth + 1);
            }
        }
        found
    }
}

/// The nearest branch above a position that it belongs to.
pub fn parent_of(branches: &[Branch], at: usize) -> Option<usize> {
    let depth = branches.get(at)?.depth;
    (0..at).rev().find(|above| branches[*above].depth < depth)
}
