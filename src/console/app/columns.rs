//! The columns of a list: which there are, in what order, and how they are kept.

use crate::model::{AttrPath, Form, Kind};

use super::action::{Action, Scope};
use super::keys::Key;
use super::order::Sort;
use super::popup::Popup;
use super::rows::Rows;
use super::text::text;
use super::{App, Wish};

/// A column of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// What people call it.
    Name,
    /// Its login, or what else tells it apart.
    Second,
    /// How it stands in each system.
    Systems,
    /// An attribute.
    Attr(AttrPath),
    /// What is out of true.
    Out,
}

impl Column {
    /// Its name as it is kept.
    pub fn name(&self) -> &str {
        match self {
            Self::Name => "name",
            Self::Second => "login",
            Self::Systems => "systems",
            Self::Attr(path) => path.as_str(),
            Self::Out => "out",
        }
    }

    /// The column of a kept name.
    pub fn parse(name: &str) -> Self {
        match name {
            "name" => Self::Name,
            "login" => Self::Second,
            "systems" => Self::Systems,
            "out" => Self::Out,
            path => Self::Attr(AttrPath::new(path)),
        }
    }

    /// What it is called on the screen.
    pub fn title(&self, kind: Kind) -> String {
        match self {
            Self::Name => text!("column.name").to_owned(),
            Self::Second if kind == Kind::User => text!("column.username").to_owned(),
            Self::Second => text!("column.id").to_owned(),
            Self::Systems => text!("column.systems").to_owned(),
            Self::Attr(path) => path.local(&[]).to_owned(),
            Self::Out => text!("column.out").to_owned(),
        }
    }

    /// How a list is sorted by it; `None`: it is not, by all systems at once.
    fn sort(&self) -> Option<Sort> {
        match self {
            Self::Name => Some(Sort::Name),
            Self::Second => Some(Sort::Second),
            Self::Systems => None,
            Self::Attr(path) => Some(Sort::Attr(path.clone())),
            Self::Out => Some(Sort::Out),
        }
    }
}

/// The columns of a list where none were chosen.
pub const USUAL: [Column; 4] = [Column::Name, Column::Second, Column::Systems, Column::Out];

/// The columns to choose from.
#[derive(Clone, Debug)]
pub struct Columns {
    /// The kind of the list.
    pub kind: Kind,
    /// Each column, and whether it is shown.
    pub items: Vec<(Column, bool)>,
    /// The cursor.
    pub at: usize,
}

impl App {
    /// The columns of the list that is looked at.
    pub fn shown_columns(&self) -> Vec<Column> {
        self.list().and_then(|list| list.columns.clone()).unwrap_or_else(|| USUAL.to_vec())
    }

    pub(super) fn open_columns(&mut self) {
        let Some(kind) = self.kind() else { return };
        let chosen = self.shown_columns();
        let mut items: Vec<(Column, bool)> = chosen.into_iter().map(|column| (column, true)).collect();
        let mut add = |column: Column| {
            if items.iter().all(|(have, _)| *have != column) {
                items.push((column, false));
            }
        };
        USUAL.into_iter().for_each(&mut add);
        if let Some(compared) = self.lists[kind.index()].shown.clone() {
            let systems = &compared.inputs.systems;
            let order = self.system_index().into_iter().chain(compared.inputs.base()).chain(0..systems.len());
            for at in order {
                let Some(snapshot) = systems.get(at).and_then(|system| system.snapshot(kind)) else { continue };
                for (_, def) in snapshot.table.schema().iter() {
                    // Name and login are columns already.
                    let own = kind == Kind::User && ["userName", "displayName"].contains(&def.path.as_str());
                    if def.form == Form::Text && !def.unreadable && !own {
                        add(Column::Attr(def.path.clone()));
                    }
                }
            }
        }
        self.popup = Some(Popup::Columns(Columns { kind, items, at: 0 }));
    }

    pub(super) fn columns_key(&mut self, mut columns: Columns, key: Key, wishes: &mut Vec<Wish>) {
        let last = columns.items.len().saturating_sub(1);
        match self.keymap.action(Scope::Columns, key) {
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Open) => {
                let chosen: Vec<Column> =
                    columns.items.iter().filter(|(_, shown)| *shown).map(|(column, _)| column.clone()).collect();
                let usual = chosen.is_empty() || chosen == USUAL;
                self.lists[columns.kind.index()].columns = (!usual).then_some(chosen);
                self.keep_place(wishes);
                return;
            }
            Some(Action::Up) => columns.at = columns.at.saturating_sub(1),
            Some(Action::Down) => columns.at = (columns.at + 1).min(last),
            Some(Action::PageUp) => columns.at = columns.at.saturating_sub(10),
            Some(Action::PageDown) => columns.at = (columns.at + 10).min(last),
            Some(Action::Top) => columns.at = 0,
            Some(Action::Bottom) => columns.at = last,
            Some(Action::Toggle) => {
                if let Some((_, shown)) = columns.items.get_mut(columns.at) {
                    *shown = !*shown;
                }
                columns.at = (columns.at + 1).min(last);
            }
            Some(Action::Earlier) => {
                let to = columns.at.saturating_sub(1);
                columns.items.swap(columns.at, to);
                columns.at = to;
            }
            Some(Action::Later) => {
                let to = (columns.at + 1).min(last);
                columns.items.swap(columns.at, to);
                columns.at = to;
            }
            Some(Action::Sort) => {
                if let Some(sort) = columns.items.get(columns.at).and_then(|(column, _)| column.sort()) {
                    self.sort_by(sort, wishes);
                    return;
                }
                self.hint(text!("no.sort"));
            }
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Columns(columns));
    }

    /// Sorts the list by the next of the columns that are shown.
    pub(super) fn sort_next(&mut self, wishes: &mut Vec<Wish>) {
        let Some(kind) = self.kind() else { return };
        let mut sorts = vec![Sort::AsRead];
        for column in self.shown_columns() {
            match column.sort() {
                Some(sort) => sorts.push(sort),
                None => sorts.extend(self.shown_systems(kind).into_iter().map(Sort::System)),
            }
        }
        let now = &self.lists[kind.index()].sort;
        let at = sorts.iter().position(|sort| sort == now).map_or(0, |at| (at + 1) % sorts.len());
        self.sort_by(sorts.swap_remove(at), wishes);
    }

    fn shown_systems(&self, kind: Kind) -> Vec<crate::model::SystemId> {
        let Some(compared) = self.lists[kind.index()].shown.as_ref().filter(|_| self.system.is_none()) else {
            return Vec::new();
        };
        let targets = Rows::new(compared, kind).targets();
        targets.into_iter().map(|at| compared.inputs.systems[at].id.clone()).collect()
    }

    fn sort_by(&mut self, sort: Sort, wishes: &mut Vec<Wish>) {
        self.say(super::lines::Tone::Plain, text!("list.sorted", by = sorted_by(&sort)));
        if let Some(kind) = self.kind() {
            self.lists[kind.index()].sort = sort;
        }
        self.keep_place(wishes);
    }
}

/// By what a list is sorted, in words.
pub fn sorted_by(sort: &Sort) -> String {
    match sort {
        Sort::AsRead => text!("sort.as-read").to_owned(),
        Sort::Name => text!("sort.name").to_owned(),
        Sort::Second => text!("sort.second").to_owned(),
        Sort::Out => text!("sort.out").to_owned(),
        Sort::System(system) => text!("sort.system", system = system),
        Sort::Attr(path) => path.local(&[]).to_owned(),
    }
}
