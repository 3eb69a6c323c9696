//! Whether a query can hold for anybody: it asks for attributes that there are, and for answers that they give.

use super::field::{Field, field, part, picked_entries};
use crate::compare::{Direction, Pairing, Rule, SystemView};
use crate::model::filter::{Filter, Op, Query, Test, Value};
use crate::model::{AttrPath, Cell, Fold, Form, Kind, Schema};

/// What can be asked of an identity beside its attributes; see [`crate::compare::Identity`].
const ASKED: [&str; 6] = ["state", "direction", "differs", "lint", "waived", "staged"];

/// What a query is asked of: these kinds of these systems, by all the attributes that are known of them.
pub struct Sense<'s> {
    systems: Vec<&'s SystemView>,
    schemas: Vec<&'s Schema>,
    /// Whether all attributes are known: a service may have more than its mapping says.
    read: bool,
}

impl<'s> Sense<'s> {
    /// Of these kinds of these systems. Names of attributes are judged once they were `read`.
    pub fn new(systems: impl Iterator<Item = &'s SystemView>, kinds: &[Kind], read: bool) -> Self {
        let systems: Vec<_> = systems.collect();
        let schema = |view: &'s SystemView, kind: Kind| -> Option<&'s Schema> {
            let read = view.snapshot(kind).map(|snapshot| &**snapshot.table.schema());
            read.or_else(|| view.mapping.kind(kind).map(|map| &*map.schema))
        };
        let schemas = systems.iter().flat_map(|view| kinds.iter().filter_map(|kind| schema(view, *kind))).collect();
        Self { systems, schemas, read }
    }

    /// The attributes that a query asks for and nobody has, each with the known name that is nearest to it. Plain text asks for
    /// none; where nothing is known, nothing is said.
    pub fn unknown(&self, query: &Query) -> Vec<(String, Option<String>)> {
        let filter = match query {
            Query::Not(inner) => return self.unknown(inner),
            Query::All | Query::Plain { .. } => return Vec::new(),
            Query::Filter(filter) if !self.schemas.is_empty() => filter,
            Query::Filter(_) => return Vec::new(),
        };
        let mut unknown: Vec<(String, Option<String>)> = Vec::new();
        filter.paths(&mut |path| {
            let is = |schema: &&Schema| !picked_entries(schema, path.as_str()).is_empty();
            if !self.has(path) && !self.schemas.iter().any(is) && unknown.iter().all(|(have, _)| have != path.as_str())
            {
                let names = self.names();
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                unknown.push((path.as_str().to_owned(), near(path.as_str(), &names).map(str::to_owned)));
            }
        });
        unknown
    }

    /// Why a query can hold for nobody whatever was read, with what would be right; `None` where it can.
    pub fn lacks(&self, query: &Query) -> Option<String> {
        match query {
            Query::All | Query::Plain { .. } => None,
            Query::Not(inner) => self.lacks(inner),
            Query::Filter(filter) => self.filter(filter),
        }
    }

    fn filter(&self, filter: &Filter) -> Option<String> {
        match filter {
            Filter::And(parts) | Filter::Or(parts) => parts.iter().find_map(|part| self.filter(part)),
            Filter::Not(inner) => self.filter(inner),
            Filter::Present(path) => self.name(path),
            Filter::Compare { attr, op, value } => self.name(attr).or_else(|| self.answer(attr, *op, value)),
            Filter::Within { attr, filter } => self.within(attr, filter),
        }
    }

    /// Whether there is such an attribute.
    fn name(&self, path: &AttrPath) -> Option<String> {
        let known = !self.read || self.has(path);
        (!known).then(|| self.no_attribute(path.as_str(), self.names()))
    }

    fn has(&self, path: &AttrPath) -> bool {
        ASKED.iter().any(|asked| path.as_str().eq_ignore_ascii_case(asked))
            || self.system(path).is_some()
            || self.schemas.iter().any(|schema| field(schema, path.as_str()).is_some())
    }

    /// The system that `state.NAME` asks about.
    fn system(&self, path: &AttrPath) -> Option<&SystemView> {
        let (state, name) = path.as_str().split_once('.')?;
        let named = |view: &&&SystemView| view.id.as_str().eq_ignore_ascii_case(name);
        state.eq_ignore_ascii_case("state").then(|| self.systems.iter().find(named).copied()).flatten()
    }

    /// Whether it ever answers like that.
    fn answer(&self, path: &AttrPath, op: Op, value: &Value) -> Option<String> {
        let all = || self.schemas.iter().flat_map(|schema| schema.attrs()).map(|def| def.path.local(&[]));
        let answers: Vec<&str> = match path.as_str().to_ascii_lowercase().as_str() {
            "direction" => Direction::ALL.iter().map(|direction| direction.name()).collect(),
            "lint" => Rule::ALL.iter().map(|rule| rule.name()).collect(),
            "waived" | "staged" => vec!["true", "false"],
            "differs" if self.read => all().collect(),
            asked if asked == "state" || self.system(path).is_some() => {
                let all = Pairing::ALL.iter().map(|pairing| pairing.answer());
                all.filter(|answer| !answer.is_empty()).collect()
            }
            _ if self.flag(path) => vec!["true", "false"],
            _ => return None,
        };
        // What is not equal to something that never is has the same slip in it.
        let (op, fold) = (if op == Op::Ne { Op::Eq } else { op }, Fold::Caseless);
        if *value == Value::Null {
            return None;
        }
        let test = Test::new(op, value, fold);
        let mut scratch = String::new();
        if answers.iter().any(|answer| test.holds(Cell::Value(answer), &mut scratch) == Some(true)) {
            return None;
        }
        let said = match value {
            Value::Text(text) | Value::Number(text) => text.clone(),
            Value::Flag(flag) => flag.to_string(),
            Value::Null => String::new(),
        };
        let right = right(&said, &answers, 40);
        Some(format!("`{path}` is never `{said}`{right}"))
    }

    /// Whether an attribute is true or false.
    fn flag(&self, path: &AttrPath) -> bool {
        self.schemas.iter().any(|schema| match field(schema, path.as_str()) {
            Some(Field::Text(attr)) => schema.def(attr).fold == Fold::Flag,
            _ => false,
        })
    }

    /// Whether there is such a list, and what is asked of its entries.
    fn within(&self, list: &AttrPath, inner: &Filter) -> Option<String> {
        let has = |schema: &&&Schema| {
            matches!(field(schema, list.as_str()), Some(Field::Part(..)))
                || !picked_entries(schema, list.as_str()).is_empty()
        };
        let lists: Vec<&Schema> = self.schemas.iter().filter(has).copied().collect();
        if !self.read {
            return None;
        }
        if lists.is_empty() {
            let all = self.schemas.iter().flat_map(|schema| schema.attrs());
            let names = all.filter(|def| matches!(def.form, Form::List(_))).map(|def| def.path.local(&[]).to_owned());
            return Some(self.no_attribute(list.as_str(), names.collect()));
        }
        let mut unknown = None;
        inner.paths(&mut |path| {
            if unknown.is_none() && !lists.iter().any(|schema| entry_has(schema, list, path.as_str())) {
                unknown = Some(path.clone());
            }
        });
        unknown.map(|path| format!("the entries of `{list}` have no `{path}`"))
    }

    /// Every name that can be asked for.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = ASKED.iter().map(|asked| (*asked).to_owned()).collect();
        names.extend(self.systems.iter().map(|view| format!("state.{}", view.id)));
        for def in self.schemas.iter().flat_map(|schema| schema.attrs()) {
            let path = def.path.as_str();
            // `emails[type eq "work"].value` is asked as `emails`; what only brackets tell apart is one name.
            names.push(path.split_once('[').map_or_else(|| def.path.local(&[]), |(base, _)| base).to_owned());
        }
        names.sort_unstable_by_key(|name| name.to_lowercase());
        names.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        names
    }

    fn no_attribute(&self, path: &str, names: Vec<String>) -> String {
        let systems: Vec<&str> = self.systems.iter().map(|view| view.id.as_str()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let local = path.rsplit_once(':').map_or(path, |(_, local)| local);
        format!("there is no attribute `{path}` in {}{}", systems.join(", "), right(local, &names, 40))
    }
}

/// Whether an entry of a list has a part of this name.
fn entry_has(schema: &Schema, list: &AttrPath, path: &str) -> bool {
    if let Some(Field::Part(attr, _)) = field(schema, list.as_str()) {
        return matches!(&schema.def(attr).form, Form::List(def) if part(def, path).is_some());
    }
    picked_entries(schema, list.as_str()).iter().any(|entry| {
        entry.by.as_ref().is_some_and(|(by, _)| by.eq_ignore_ascii_case(path))
            || entry.texts.iter().any(|(leaf, _)| leaf.eq_ignore_ascii_case(path))
    })
}

/// The name that is nearest to what was said, where one is close.
fn near<'n>(said: &str, names: &[&'n str]) -> Option<&'n str> {
    let lower = said.to_lowercase();
    // `emails` is near to `emails[work]`, and `givenName` to `name.givenName`.
    let parts = |name: &str| {
        let base = name.split_once('[').map_or(name, |(base, _)| base);
        let leaf = name.rsplit_once('.').map_or(name, |(_, leaf)| leaf);
        [name.to_lowercase(), base.to_lowercase(), leaf.to_lowercase()]
    };
    let far = |name: &str| parts(name).iter().map(|part| strsim::damerau_levenshtein(&lower, part)).min().unwrap_or(0);
    let best = names.iter().map(|name| (far(name), *name)).min();
    best.filter(|(distance, name)| *distance <= 1 + name.len() / 3).map(|(_, name)| name)
}

/// `; did you mean ...` where one of the names is close, else all of them, up to `most`.
fn right(said: &str, names: &[&str], most: usize) -> String {
    match near(said, names) {
        Some(name) => format!("; did you mean `{name}`?"),
        None if names.len() > most => format!("; there are: {}, ...", names[..most].join(", ")),
        None => format!("; there are: {}", names.join(", ")),
    }
}
