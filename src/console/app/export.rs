//! What is on a tab as a sheet for other programs.
//!
//! Pure: it makes the sheet; who writes it to a file is not known here.

use std::sync::Arc;

use crate::compare::{Compared, SystemView, Verdict, facets, label};
use crate::engine::protocol::PastPush;
use crate::model::{self, Attr, AttrDef, AttrPath, Entry, Form, Kind, Table};
use crate::plan::{Change, Expect, Facet, Seen, Wanted};

use super::columns;
use super::lines::{Line, Tone};
use super::mask::{personal, personal_path};
use super::note::{Note, Purpose};
use super::order::Order;
use super::popup::Popup;
use super::rows::{Mark, Rows};
use super::sheet::Cell;
pub use super::sheet::{As, Sheet};
use super::systems::plural;
use super::text::text;
use super::{App, Wish};

/// What is to be exported.
#[derive(Clone, Debug)]
pub enum What {
    /// The rows of a list, of all systems or of one; with the columns that were chosen, or with all there are.
    List(Arc<Compared>, Kind, Order, Option<usize>, Option<Vec<columns::Column>>),
    /// The same rows as mismatches: one line for each attribute that differs.
    Mismatches(Arc<Compared>, Kind, Order, Option<usize>),
    /// Past pushes, one line for each facet of each change.
    History(Vec<PastPush>),
}

impl What {
    /// The sheet.
    pub fn sheet(&self) -> Sheet {
        match self {
            Self::List(compared, kind, order, system, chosen) => {
                list(compared, *kind, order, *system, chosen.as_deref())
            }
            Self::Mismatches(compared, kind, order, system) => {
                let mut sheet = mismatch_columns();
                for at in 0..order.len() {
                    if let Some(identity) = order.get(at) {
                        mismatches(compared, *kind, identity, *system, &mut sheet);
                    }
                }
                sheet
            }
            Self::History(pushes) => history(pushes),
        }
    }
}

/// Where the cells of a column come from.
enum Fill {
    Name,
    Second,
    System(usize),
    Id(usize),
    /// In each system, and whether it says something of a person.
    Attr(Vec<Option<Attr>>, bool),
    Out,
}

fn list(
    compared: &Compared,
    kind: Kind,
    order: &Order,
    system: Option<usize>,
    chosen: Option<&[columns::Column]>,
) -> Sheet {
    let rows = Rows::new(compared, kind);
    let (columns, cells): (Vec<String>, Vec<Fill>) = list_columns(&rows, system, chosen).into_iter().unzip();
    let mut sheet = Sheet { columns, rows: Vec::new() };
    let people = kind == Kind::User;
    let some = |text: &str, private: bool| (!text.is_empty()).then(|| Cell::of(text, private));
    for identity in (0..order.len()).filter_map(|at| order.get(at)).filter(|identity| *identity < rows.len()) {
        let cell = |from: &Fill| match from {
            Fill::Name => some(rows.name(identity, system), people),
            Fill::Second => some(rows.second(identity, system), people),
            Fill::System(at) => {
                let (mark, lint) = rows.mark(identity, *at);
                let words = standing(mark);
                let words = if lint { format!("{words}, lint").trim_start_matches(", ").to_owned() } else { words };
                Some(Cell::open(words))
            }
            Fill::Id(at) => rows.record(identity, *at).map(|(table, row)| Cell::of(table.id(row), people)),
            Fill::Attr(attrs, private) => value(&rows, attrs, identity, system, *private),
            Fill::Out => some(&rows.words(identity, system), false),
        };
        sheet.rows.push(cells.iter().map(cell).collect());
    }
    sheet
}

/// What somebody has for an attribute, as [`Rows::value`] takes it; a list with its entries by name.
fn value(rows: &Rows<'_>, attrs: &[Option<Attr>], identity: u32, system: Option<usize>, private: bool) -> Option<Cell> {
    let listed = |at: usize| {
        let attr = attrs.get(at).copied().flatten()?;
        let (table, row) = rows.record(identity, at)?;
        let entries = table.entries(row, attr)?;
        let view = &rows.compared.inputs.systems[at];
        let texts = entries.iter().map(|entry| entry_name(view, table, attr, *entry)).collect();
        Some(Cell::each(texts, private))
    };
    let is_list = |at: usize| {
        let attr = attrs.get(at).copied().flatten()?;
        let table = &rows.compared.inputs.systems[at].snapshot(rows.kind)?.table;
        Some(matches!(table.schema().def(attr).form, Form::List(_)))
    };
    // In one system, else in the first that has it, what all are compared with before the others.
    let order = || match system {
        Some(at) => vec![at],
        None => rows.compared.inputs.base().into_iter().chain(0..attrs.len()).collect(),
    };
    if order().into_iter().any(|at| is_list(at) == Some(true)) {
        return order().into_iter().find_map(listed);
    }
    match rows.value(attrs, identity, system) {
        model::Cell::Value(text) => Some(Cell::of(text, private)),
        // Nobody there has nothing, which is not the same as an empty value.
        model::Cell::Empty => {
            system.is_none_or(|at| rows.record(identity, at).is_some()).then(|| Cell::of(String::new(), private))
        }
        model::Cell::Unread | model::Cell::Unreadable => None,
    }
}

/// An entry of a list by the names of what it refers to: `Mobile App: reviewer`.
fn entry_name(view: &SystemView, table: &Table, attr: Attr, entry: Entry) -> String {
    let Form::List(def) = &table.schema().def(attr).form else { return String::new() };
    let (keys, value) = table.entry_text(attr, entry);
    let named = |text: &str, refers: Option<Kind>| {
        let found = refers.and_then(|kind| {
            let other = &view.snapshot(kind)?.table;
            Some(label(other, other.find(text)?).to_owned())
        });
        found.unwrap_or_else(|| text.to_owned())
    };
    let count = if def.two { 2 } else { 1 };
    let parts = keys.iter().zip(&def.key).take(count).map(|(text, refers)| named(text, *refers));
    let said = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    match (value, &def.value) {
        (value, Some(refers)) if !value.is_empty() => format!("{said}: {}", named(value, *refers)),
        _ => said,
    }
}

/// The columns of a list: those that were chosen, in their order; else name, login and how each stands in the targets, and
/// for one system's list all that it has of them.
fn list_columns(rows: &Rows<'_>, system: Option<usize>, chosen: Option<&[columns::Column]>) -> Vec<(String, Fill)> {
    let inputs = &rows.compared.inputs;
    let named = |name: &str, from: Fill| (name.to_owned(), from);
    let targets = || {
        let at = match system {
            Some(at) if Some(at) == inputs.base() => Vec::new(),
            Some(at) => vec![at],
            None => rows.targets(),
        };
        at.into_iter().map(|at| named(inputs.systems[at].id.as_str(), Fill::System(at))).collect::<Vec<_>>()
    };
    let attr = |path: &AttrPath| {
        let mut defs = inputs.systems.iter().filter_map(|view| {
            let schema = view.snapshot(rows.kind)?.table.schema();
            Some(schema.def(schema.find(path)?))
        });
        named(path.as_str(), Fill::Attr(rows.column(path), defs.any(|def| personal(rows.kind, def))))
    };
    let mut found = Vec::new();
    for column in chosen.unwrap_or(&columns::USUAL) {
        match column {
            columns::Column::Name => found.push(named("name", Fill::Name)),
            columns::Column::Second => found.push(named("username", Fill::Second)),
            columns::Column::Systems => {
                found.extend(targets());
                let table = system
                    .filter(|_| chosen.is_none())
                    .and_then(|at| Some((at, &inputs.systems[at].snapshot(rows.kind)?.table)));
                if let Some((at, table)) = table {
                    found.push(named("id", Fill::Id(at)));
                    // The id stands there already.
                    let more = |def: &&AttrDef| !def.unreadable && !def.path.as_str().eq_ignore_ascii_case("id");
                    found.extend(table.schema().attrs().iter().filter(more).map(|def| attr(&def.path)));
                }
            }
            columns::Column::Attr(path) => found.push(attr(path)),
            columns::Column::Out => found.push(named("out of true", Fill::Out)),
        }
    }
    found
}

/// How somebody stands in a target, in a word: marks like `=` would be taken for formulas.
fn standing(mark: Mark) -> String {
    match mark {
        Mark::Nothing => String::new(),
        Mark::Unread => "not read".to_owned(),
        Mark::Shown => "there".to_owned(),
        Mark::Same => "same".to_owned(),
        Mark::Differs(n) => format!("differs {n}"),
        Mark::Extra => "extra".to_owned(),
        Mark::Missing => "missing".to_owned(),
        Mark::Undecided => "undecided".to_owned(),
    }
}

/// The columns of mismatches.
pub fn mismatch_columns() -> Sheet {
    Sheet::new(&[
        "system",
        "kind",
        "state",
        "key",
        "source_id",
        "target_id",
        "attribute",
        "source",
        "target",
        "direction",
    ])
}

/// The mismatches of an identity in one target or in all.
pub fn mismatches(compared: &Compared, kind: Kind, identity: u32, system: Option<usize>, sheet: &mut Sheet) {
    let inputs = &compared.inputs;
    let comparison = compared.kind(kind);
    let rows = Rows::new(compared, kind);
    let wanted = |at: &usize| {
        Some(*at) != inputs.base() && system.is_none_or(|system| system == *at || Some(system) == inputs.base())
    };
    for at in (0..inputs.systems.len()).filter(wanted) {
        let Some(state) = comparison.state(identity, at).filter(|state| state.pairing.counts()) else { continue };
        let people = kind == Kind::User;
        let id = |of: usize| {
            let row = comparison.row(identity, of)?;
            Some(Cell::of(inputs.systems[of].snapshot(kind)?.table.id(row), people))
        };
        let head = [
            Some(Cell::open(inputs.systems[at].id.to_string())),
            Some(Cell::open(kind.name())),
            Some(Cell::open(state.pairing.state())),
            Some(Cell::of(rows.label(identity), people)),
            inputs.base().and_then(id),
            id(at),
        ];
        let differ: Vec<_> =
            facets(compared, kind, identity, at).into_iter().filter(|facet| facet.verdict.counts()).collect();
        if differ.is_empty() || state.pairing.state() != "differs" {
            sheet.rows.push(head.iter().cloned().chain([None, None, None, None]).collect());
            continue;
        }
        for facet in differ {
            let path = match &facet.key {
                Some((_, called)) => format!("{}[{called}]", facet.path),
                None => facet.path.to_string(),
            };
            let words = if facet.verdict == Verdict::Awaits { facet.why.as_str() } else { facet.direction.words() };
            let words = (!words.is_empty()).then(|| Cell::open(words));
            let def = inputs.systems[at].snapshot(kind).and_then(|snapshot| {
                let schema = snapshot.table.schema();
                Some(schema.def(schema.find(&facet.path)?))
            });
            let private = def.is_none_or(|def| personal(kind, def));
            let value = |text: Option<String>| text.map(|text| Cell::of(text, private));
            let path = Cell::of(path, private && facet.key.is_some());
            let cells = [Some(path), value(facet.source), value(facet.target), words];
            sheet.rows.push(head.iter().cloned().chain(cells).collect());
        }
    }
}

/// Past pushes: one line for each facet of each change. Sensitive values are the hashes that the record holds.
pub fn history(pushes: &[PastPush]) -> Sheet {
    let mut sheet = Sheet::new(&[
        "push",
        "began",
        "who",
        "reason",
        "system",
        "kind",
        "operation",
        "key",
        "outcome",
        "why",
        "facet",
        "before",
        "after",
    ]);
    let text = |text: String| Some(Cell::open(text));
    for push in pushes {
        for change in &push.plan.changes {
            let outcome = push.outcomes.iter().find(|outcome| outcome.change == change.id);
            let people = change.kind == Kind::User;
            let head = [
                text(push.plan.id.to_string()),
                text(push.began.to_string()),
                Some(Cell::private(push.who.clone())),
                push.reason.clone().map(Cell::private),
                text(change.system.to_string()),
                text(change.kind.name().to_owned()),
                text(change.op.name().to_owned()),
                Some(Cell::of(&*change.label, people)),
                outcome.and_then(|outcome| text(outcome.state.word().to_owned())),
                outcome.and_then(|outcome| super::preview::why(&outcome.state)).map(Cell::private),
            ];
            if change.want.is_empty() {
                sheet.rows.push(head.iter().cloned().chain([None, None, None]).collect());
            }
            for want in &change.want {
                let after = match &want.value {
                    Wanted::Text(text) => Some(text.clone()),
                    Wanted::Ref(reference) => Some(reference.to_string()),
                    Wanted::Present => Some("present".to_owned()),
                    Wanted::Secret(_) => Some("***".to_owned()),
                    Wanted::Clear => None,
                };
                let private = personal_path(change.kind, &want.facet.path);
                let value = |text: Option<String>| text.map(|text| Cell::of(text, private));
                let facet = Cell::of(want.facet.to_string(), private && want.facet.key.is_some());
                let facets = [Some(facet), value(before(change, &want.facet)), value(after)];
                sheet.rows.push(head.iter().cloned().chain(facets).collect());
            }
        }
    }
    sheet
}

fn before(change: &Change, facet: &Facet) -> Option<String> {
    let Expect::Facets(facets) = &change.expect else { return None };
    match facets.iter().find(|(have, _)| have == facet)? {
        (_, Seen::Value(text)) if text.is_empty() => Some("present".to_owned()),
        (_, Seen::Value(text)) => Some(text.clone()),
        _ => None,
    }
}

impl App {
    /// Asks for the name of the file.
    pub(super) fn ask_export(&mut self) {
        let stamp = self.now.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y%m%d-%H%M%S").to_string();
        let what = self.kind().map_or_else(|| "history".to_owned(), |kind| kind.plural().to_ascii_lowercase());
        let mut lines = vec![Line::of(Tone::Plain, text!("export.where"))];
        if self.mask {
            lines.push(Line::of(Tone::Warn, text!("export.masked")));
        }
        let called = self.kind().map_or(text!("tab.history"), plural);
        let note = Note::new(text!("export.title", what = called), lines, Purpose::Export);
        let note = note.asking(text!("export.file"), text!("export.file-hint"), format!("trueup-{what}-{stamp}.csv"));
        let note = match self.kind() {
            Some(_) => note.asking(text!("export.rows"), text!("export.rows-hint"), text!("export.list").to_owned()),
            None => note,
        };
        self.popup = Some(Popup::Note(note));
    }

    /// What is on the tab goes into the file.
    pub(super) fn export(&mut self, mut note: Note, wishes: &mut Vec<Wish>) {
        let name = note.value(0).to_owned();
        let is = |word: &str| note.value(1).eq_ignore_ascii_case(word);
        let listed = is(text!("export.list")) || is("list");
        let whole = is(text!("export.all")) || is("all");
        let each = is(text!("export.mismatches")) || is("mismatches");
        let what = match self.list().map(|list| (list.kind, list.order.clone(), list.shown.clone())) {
            None => self.history.pushes.clone().map(What::History),
            Some((kind, order, Some(compared))) if each => {
                Some(What::Mismatches(compared, kind, order, self.system_index()))
            }
            Some((kind, order, Some(compared))) if listed || whole => {
                let chosen = self.list().and_then(|list| list.columns.clone()).filter(|_| listed);
                Some(What::List(compared, kind, order, self.system_index(), chosen))
            }
            Some((.., None)) => None,
            Some(_) => {
                note.error = Some(text!("export.rows-hint").to_owned());
                self.popup = Some(Popup::Note(note));
                return;
            }
        };
        if name.is_empty() {
            note.error = Some(text!("export.no-name").to_owned());
            self.popup = Some(Popup::Note(note));
            return;
        }
        match what {
            Some(what) => wishes.push(Wish::Export { what, name, mask: self.mask.then_some(self.setup.salt) }),
            None => self.say(Tone::Warn, text!("export.nothing")),
        }
    }
}
