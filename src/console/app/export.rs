//! What is on a tab as a sheet for other programs: CSV with cells that no spreadsheet takes for a formula, or JSON Lines.
//!
//! Pure: it makes the text; who writes it to a file is not known here.

use std::sync::Arc;

use crate::compare::{Compared, Verdict, facets};
use crate::engine::protocol::PastPush;
use crate::model::{Attr, AttrDef, AttrPath, Cell, Form, Kind};
use crate::plan::{Change, Expect, Facet, Seen, Wanted};

use super::columns;
use super::lines::{Line, Tone};
use super::mask;
use super::note::{Note, Purpose};
use super::order::Order;
use super::popup::Popup;
use super::rows::{Mark, Rows};
use super::systems::plural;
use super::text::text;
use super::{App, Wish};

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl As {
    /// The form that a file's name asks for; CSV where it ends in neither.
    pub fn of(name: &str) -> Self {
        let ends = |ending: &str| name.to_ascii_lowercase().ends_with(ending);
        if ends(".jsonl") || ends(".json") || ends(".ndjson") { Self::JsonLines } else { Self::Csv }
    }
}

/// A column: its name, and whether it holds what the privacy mask hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// Personal data.
    pub private: bool,
}

/// Rows under columns; a cell without a value is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, as many cells as columns.
    pub rows: Vec<Vec<Option<String>>>,
}

impl Sheet {
    fn new(columns: &[(&str, bool)]) -> Self {
        let column = |(name, private): &(&str, bool)| Column { name: (*name).to_owned(), private: *private };
        Self { columns: columns.iter().map(column).collect(), rows: Vec::new() }
    }

    /// Only these columns, in this order.
    ///
    /// # Errors
    /// In words, when there is no such column.
    pub fn only(mut self, names: &[String]) -> Result<Self, String> {
        let mut places = Vec::new();
        for name in names {
            let exact = self.columns.iter().position(|column| column.name == *name);
            let at = exact.or_else(|| self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name)));
            let known = || self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
            places.push(at.ok_or_else(|| format!("there is no column `{name}`; there are: {}", known()))?);
        }
        self.columns = places.iter().map(|at| self.columns[*at].clone()).collect();
        self.rows = self.rows.iter().map(|row| places.iter().map(|at| row[*at].clone()).collect()).collect();
        Ok(self)
    }

    /// With personal data hidden, as on a masked screen of the session with this salt.
    pub fn masked(mut self, salt: u64) -> Self {
        for row in &mut self.rows {
            for (cell, _) in row.iter_mut().zip(&self.columns).filter(|(_, column)| column.private) {
                if let Some(text) = cell {
                    *text = mask::masked(&mask::private(text), salt);
                }
            }
        }
        self
    }

    /// The file's text.
    pub fn text(&self, form: As) -> String {
        match form {
            As::Csv => self.csv(),
            As::JsonLines => self.json_lines(),
        }
    }

    fn csv(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: &mut dyn Iterator<Item = &str>| {
            for (at, cell) in cells.enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&csv_cell(cell));
            }
            // RFC 4180 2: lines end in CRLF.
            text.push_str("\r\n");
        };
        line(&mut self.columns.iter().map(|column| column.name.as_str()));
        for row in &self.rows {
            line(&mut row.iter().map(|cell| cell.as_deref().unwrap_or_default()));
        }
        text
    }

    fn json_lines(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let cells = self.columns.iter().zip(row);
            let object: serde_json::Map<String, serde_json::Value> =
                cells.map(|(column, cell)| (column.name.clone(), cell.clone().into())).collect();
            text.push_str(&serde_json::Value::Object(object).to_string());
            text.push('\n');
        }
        text
    }
}

/// A cell that no spreadsheet takes for a formula: one that begins like one gets an apostrophe before it, which they do not
/// show (OWASP, CSV injection).
fn csv_cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let quoted =
        formula || text.contains(['"', ',', '\n', '\r', ';', '\t']) || text.starts_with(' ') || text.ends_with(' ');
    match (formula, quoted) {
        (true, _) => format!("\"'{}\"", text.replace('"', "\"\"")),
        (false, true) => format!("\"{}\"", text.replace('"', "\"\"")),
        (false, false) => text.to_owned(),
    }
}

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
    Attr(Vec<Option<Attr>>),
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
    let (columns, cells): (Vec<Column>, Vec<Fill>) = list_columns(&rows, system, chosen).into_iter().unzip();
    let mut sheet = Sheet { columns, rows: Vec::new() };
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    for identity in (0..order.len()).filter_map(|at| order.get(at)).filter(|identity| *identity < rows.len()) {
        let cell = |from: &Fill| match from {
            Fill::Name => some(rows.name(identity, system)),
            Fill::Second => some(rows.second(identity, system)),
            Fill::System(at) => {
                let (mark, lint) = rows.mark(identity, *at);
                let words = standing(mark);
                Some(if lint { format!("{words}, lint").trim_start_matches(", ").to_owned() } else { words })
            }
            Fill::Id(at) => rows.record(identity, *at).map(|(table, row)| table.id(row).to_owned()),
            Fill::Attr(attrs) => match rows.value(attrs, identity, system) {
                Cell::Value(text) => Some(text.to_owned()),
                // Nobody there has nothing, which is not the same as an empty value.
                Cell::Empty => system.is_none_or(|at| rows.record(identity, at).is_some()).then(String::new),
                Cell::Unread | Cell::Unreadable => None,
            },
            Fill::Out => some(&rows.words(identity, system)),
        };
        sheet.rows.push(cells.iter().map(cell).collect());
    }
    sheet
}

/// The columns of a list: those that were chosen, in their order; else name, login and how each stands in the targets, and
/// for one system's list all that it has of them.
fn list_columns(rows: &Rows<'_>, system: Option<usize>, chosen: Option<&[columns::Column]>) -> Vec<(Column, Fill)> {
    let inputs = &rows.compared.inputs;
    let named = |name: &str, private: bool, from: Fill| (Column { name: name.to_owned(), private }, from);
    let targets = || {
        let at = match system {
            Some(at) if Some(at) == inputs.base() => Vec::new(),
            Some(at) => vec![at],
            None => rows.targets(),
        };
        at.into_iter().map(|at| named(inputs.systems[at].id.as_str(), false, Fill::System(at))).collect::<Vec<_>>()
    };
    let attr = |path: &AttrPath| named(path.as_str(), true, Fill::Attr(rows.column(path)));
    let mut found = Vec::new();
    for column in chosen.unwrap_or(&columns::USUAL) {
        match column {
            columns::Column::Name => found.push(named("name", true, Fill::Name)),
            columns::Column::Second => found.push(named("username", true, Fill::Second)),
            columns::Column::Systems => {
                found.extend(targets());
                let table = system
                    .filter(|_| chosen.is_none())
                    .and_then(|at| Some((at, &inputs.systems[at].snapshot(rows.kind)?.table)));
                if let Some((at, table)) = table {
                    found.push(named("id", false, Fill::Id(at)));
                    let readable = |def: &&AttrDef| def.form == Form::Text && !def.unreadable;
                    found.extend(table.schema().attrs().iter().filter(readable).map(|def| attr(&def.path)));
                }
            }
            columns::Column::Attr(path) => found.push(attr(path)),
            columns::Column::Out => found.push(named("out of true", false, Fill::Out)),
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
        ("system", false),
        ("kind", false),
        ("state", false),
        ("key", true),
        ("source_id", false),
        ("target_id", false),
        ("attribute", false),
        ("source", true),
        ("target", true),
        ("direction", false),
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
        let id =
            |of: usize| Some(inputs.systems[of].snapshot(kind)?.table.id(comparison.row(identity, of)?).to_owned());
        let head = [
            Some(inputs.systems[at].id.to_string()),
            Some(kind.name().to_owned()),
            Some(state.pairing.state().to_owned()),
            Some(rows.label(identity).to_owned()),
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
            let words = Some(words.to_owned()).filter(|words| !words.is_empty());
            sheet.rows.push(head.iter().cloned().chain([Some(path), facet.source, facet.target, words]).collect());
        }
    }
}

/// Past pushes: one line for each facet of each change. Sensitive values are the hashes that the record holds.
pub fn history(pushes: &[PastPush]) -> Sheet {
    let mut sheet = Sheet::new(&[
        ("push", false),
        ("began", false),
        ("who", true),
        ("reason", true),
        ("system", false),
        ("kind", false),
        ("operation", false),
        ("key", true),
        ("outcome", false),
        ("why", true),
        ("facet", false),
        ("before", true),
        ("after", true),
    ]);
    for push in pushes {
        for change in &push.plan.changes {
            let outcome = push.outcomes.iter().find(|outcome| outcome.change == change.id);
            let head = [
                Some(push.plan.id.to_string()),
                Some(push.began.to_string()),
                Some(push.who.clone()),
                push.reason.clone(),
                Some(change.system.to_string()),
                Some(change.kind.name().to_owned()),
                Some(change.op.name().to_owned()),
                Some(change.label.clone()),
                outcome.map(|outcome| outcome.state.word().to_owned()),
                outcome.and_then(|outcome| super::preview::why(&outcome.state)),
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
                let facets = [Some(want.facet.to_string()), before(change, &want.facet), after];
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_cell_that_begins_like_a_formula_is_defused_and_the_rest_stays() {
        for (text, cell) in [
            ("=1+1", "\"'=1+1\""),
            ("+49 30", "\"'+49 30\""),
            ("-5", "\"'-5\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("\r=1", "\"'\r=1\""),
            ("＝1", "\"'＝1\""),
            ("a=1", "a=1"),
            ("say \"hi\", Lena", "\"say \"\"hi\"\", Lena\""),
            ("王小明", "王小明"),
            ("", ""),
        ] {
            assert_eq!(csv_cell(text), cell, "{text:?}");
        }
    }

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(&[("name", true), ("state", false)]);
        sheet.rows.push(vec![Some("=Lena Fischer".into()), Some("missing".into())]);
        sheet.rows.push(vec![None, Some("extra".into())]);
        sheet
    }

    #[test]
    fn a_file_holds_the_columns_that_were_asked_for_masked_where_the_screen_is() {
        assert_eq!(sheet().text(As::Csv), "name,state\r\n\"'=Lena Fischer\",missing\r\n,extra\r\n");
        let shown = mask::masked(&mask::private("=Lena Fischer"), 7);
        assert!(!shown.contains("ena") && !shown.contains("ischer"), "{shown}");
        let masked = sheet().masked(7).text(As::JsonLines);
        let rows = format!("{{\"name\":\"{shown}\",\"state\":\"missing\"}}\n{{\"name\":null,\"state\":\"extra\"}}\n");
        assert_eq!(masked, rows, "as on the screen");
        let turned = sheet().only(&["state".into(), "NAME".into()]).unwrap();
        assert_eq!(turned.text(As::Csv).lines().next(), Some("state,name"));
        let wrong = sheet().only(&["nam".into()]).unwrap_err();
        assert!(wrong.contains("`nam`") && wrong.contains("name, state"), "{wrong}");
    }

    #[test]
    fn the_name_of_a_file_says_its_form() {
        assert_eq!([As::of("a.csv"), As::of("a.JSONL"), As::of("a")], [As::Csv, As::JsonLines, As::Csv]);
    }
}
