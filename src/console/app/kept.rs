//! What is kept of the screen from one start to the next: columns, order and width of the lists. No data of people.

use crate::model::{AttrPath, Kind, SystemId};

use super::columns::Column;
use super::order::Sort;
use super::{App, Wish};

fn word(sort: &Sort) -> String {
    match sort {
        Sort::AsRead => "as-read".into(),
        Sort::Name => "name".into(),
        Sort::Second => "login".into(),
        Sort::Out => "out".into(),
        Sort::System(system) => format!("system {system}"),
        Sort::Attr(path) => format!("attr {path}"),
    }
}

fn sort(word: &str) -> Sort {
    match word.split_once(' ') {
        Some(("system", name)) => Sort::System(SystemId::new(name)),
        Some(("attr", path)) => Sort::Attr(AttrPath::new(path)),
        _ => match word {
            "name" => Sort::Name,
            "login" => Sort::Second,
            "out" => Sort::Out,
            _ => Sort::AsRead,
        },
    }
}

impl App {
    /// Asks for what is kept of the screen to be written down.
    pub(super) fn keep_place(&self, wishes: &mut Vec<Wish>) {
        wishes.push(Wish::Keep(self.kept()));
    }

    /// What is kept of the screen, as TOML.
    pub fn kept(&self) -> String {
        let mut root = toml::Table::new();
        root.insert("wide".into(), self.whole.into());
        for kind in Kind::ALL {
            let list = &self.lists[kind.index()];
            let mut own = toml::Table::new();
            if let Some(columns) = &list.columns {
                let names: Vec<toml::Value> = columns.iter().map(|column| column.name().into()).collect();
                own.insert("columns".into(), names.into());
            }
            if list.sort != Sort::AsRead {
                own.insert("sort".into(), word(&list.sort).into());
            }
            if list.reverse {
                own.insert("reverse".into(), true.into());
            }
            if !own.is_empty() {
                root.insert(kind.plural().to_lowercase(), own.into());
            }
        }
        root.to_string()
    }

    /// Takes up what was kept; what cannot be read is as if nothing had been.
    pub fn take_up(&mut self, kept: &str) {
        let Ok(root) = kept.parse::<toml::Table>() else { return };
        self.whole = root.get("wide").and_then(toml::Value::as_bool).unwrap_or_default();
        for kind in Kind::ALL {
            let Some(own) = root.get(&kind.plural().to_lowercase()).and_then(toml::Value::as_table) else { continue };
            let list = &mut self.lists[kind.index()];
            let names = own.get("columns").and_then(toml::Value::as_array);
            let columns = names.map(|names| names.iter().filter_map(toml::Value::as_str).map(Column::parse).collect());
            list.columns = columns.filter(|columns: &Vec<Column>| !columns.is_empty());
            list.sort = own.get("sort").and_then(toml::Value::as_str).map(sort).unwrap_or_default();
            list.reverse = own.get("reverse").and_then(toml::Value::as_bool).unwrap_or_default();
        }
    }
}
