//! A list of records: the matrix over all systems, or one system's own list. Only the rows on the screen are built.

use ratatui::layout::Rect;

use crate::compare::Compared;
use crate::console::app::App;
use crate::console::app::action::Action;
use crate::console::app::columns::Column;
use crate::console::app::cutting::elided;
use crate::console::app::filter::{understood, unknown};
use crate::console::app::gaps::told;
use crate::console::app::lines::{Line, Tone};
use crate::console::app::list::List;
use crate::console::app::mask::{impersonal, private};
use crate::console::app::order::{Order, Sort};
use crate::console::app::rows::{Mark, Rows};
use crate::console::app::said::said;
use crate::console::app::systems::own_words;
use crate::console::app::text::{count, text};
use crate::engine::protocol::{Health, SystemStatus};
use crate::model::filter::Query;
use crate::model::{Attr, AttrPath, Cell, Form, Kind};

use super::cells::{Pen, fit, width};

/// One column: where it begins and how wide it is.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    x: u16,
    cells: u16,
}

/// The columns of a screen.
#[derive(Default)]
struct Columns {
    name: Span,
    second: Span,
    systems: Vec<(usize, Span)>,
    attrs: Vec<Field>,
    out: Span,
    hidden: usize,
}

/// The column of an attribute: where each system has it.
struct Field {
    path: AttrPath,
    attrs: Vec<Option<Attr>>,
    span: Span,
}

/// A column of fewer cells does not name the systems in which something is missing or extra: their marks do.
const NAMED: usize = 20;

fn take(x: &mut u16, cells: u16) -> Span {
    let span = Span { x: *x, cells };
    *x += if cells > 0 { cells + 2 } else { 0 };
    span
}

/// Draws heading and rows.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let Some(list) = app.list() else { return };
    let Some(compared) = &list.shown else { return waiting(app, pen, area) };
    let rows = Rows::new(compared, list.kind);
    let columns = match &list.columns {
        Some(chosen) => chosen_columns(app, &rows, area, chosen),
        None => columns(app, &rows, area),
    };
    heading(app, pen, area, &rows, &columns);
    if list.order.is_empty() {
        return empty(app, list, pen, area);
    }
    let range = list.range();
    let height = usize::from(area.height.saturating_sub(1));
    for line in 0..height {
        let at = list.top + line;
        let Some(identity) = list.order.get(at) else { break };
        if identity >= rows.len() {
            continue;
        }
        let y = area.y + 1 + line as u16;
        let ranged = range.is_some_and(|(from, to)| (from..=to).contains(&at));
        let indent = branch(&list.order, at);
        row(app, pen, area, y, &rows, &columns, identity, at == list.at, ranged, &indent);
    }
}

fn columns(app: &App, rows: &Rows<'_>, area: Rect) -> Columns {
    let inputs = &rows.compared.inputs;
    let one = app.system_index();
    let total = area.width.saturating_sub(1);
    let mut systems: Vec<(usize, Span)> = Vec::new();
    let targets = match one {
        Some(at) if Some(at) == inputs.base() => Vec::new(),
        Some(at) => vec![at],
        None => rows.targets().into_iter().filter(|at| serves(app, rows, *at)).collect(),
    };
    let own = one.is_some() && targets.is_empty();
    for at in targets {
        let cells = (width(inputs.systems[at].id.as_str()) as u16).clamp(4, 12);
        systems.push((at, Span { x: 0, cells }));
    }
    let out_least: u16 = if own { 0 } else { 14 };
    let names_least: u16 = 12;
    let mut hidden = 0;
    let cost = |systems: &[(usize, Span)]| systems.iter().map(|(_, span)| span.cells + 2).sum::<u16>();
    // Long names are cut before a system is left out.
    for most in [8, 6] {
        if 3 + names_least + cost(&systems) + out_least > total {
            for (_, span) in &mut systems {
                span.cells = span.cells.min(most);
            }
        }
    }
    while systems.len() > 1 && 3 + names_least + cost(&systems) + out_least > total {
        systems.pop();
        hidden += 1;
    }
    let rest = total.saturating_sub(3 + cost(&systems));
    let wide = rest >= 46;
    let out = if own { 0 } else { (rest * 3 / 10).clamp(out_least.min(rest), if app.whole { 24 } else { 40 }) };
    let names = rest - out;
    let (name, second) = if wide || names >= 36 {
        let (name, second) = if one.is_some() || app.whole { (22, 28) } else { (28, 36) };
        // People have logins; what else there is has an id, which says less than its name and its place in a tree.
        let share = if rows.kind == Kind::User { names * 2 / 5 } else { names * 3 / 5 };
        let name = share.clamp(10, if rows.kind == Kind::User { name } else { name + 10 });
        let second = (names.saturating_sub(name + 4)).min(second);
        (name, second)
    } else {
        (names.saturating_sub(2), 0)
    };
    let mut x = area.x + 3;
    let name = take(&mut x, name);
    let second = take(&mut x, second);
    for (_, span) in &mut systems {
        *span = take(&mut x, span.cells);
    }
    let mut attrs = Vec::new();
    let mut out = out;
    // With all the screen to itself the list of all systems shows attributes too, as the source has them.
    if let Some(at) = one.or(inputs.base().filter(|_| app.whole)) {
        let table =
            inputs.systems.get(at).and_then(|system| system.snapshot(rows.kind)).map(|snapshot| &snapshot.table);
        let mut left = area.right().saturating_sub(x + out);
        for wanted in wanted(rows.kind) {
            let found = table.and_then(|table| {
                table.schema().iter().find(|(_, def)| def.path.local(&[]) == *wanted && def.form == Form::Text)
            });
            let Some((_, def)) = found.filter(|(_, def)| !def.unreadable) else { continue };
            let cells = attr_cells(def.path.local(&[]));
            if left >= cells + 2 {
                left -= cells + 2;
                let path = def.path.clone();
                attrs.push(Field { attrs: rows.column(&path), path, span: take(&mut x, cells) });
            }
        }
    }
    if out > 0 {
        out = area.right().saturating_sub(x + 1);
    }
    Columns { name, second, systems, attrs, out: Span { x, cells: out }, hidden }
}

fn attr_cells(local: &str) -> u16 {
    if local.starts_with("emails") { 26 } else { (width(local) as u16).clamp(8, 18) }
}

/// The columns that the operator has chosen, in that order, as many as there is room for.
fn chosen_columns(app: &App, rows: &Rows<'_>, area: Rect, chosen: &[Column]) -> Columns {
    let inputs = &rows.compared.inputs;
    let mut columns = Columns::default();
    let mut x = area.x + 3;
    let end = area.right().saturating_sub(1);
    let left = |x: u16| end.saturating_sub(x);
    let last = chosen.len().saturating_sub(1);
    for (at, column) in chosen.iter().enumerate() {
        let room = left(x);
        if room < 4 {
            columns.hidden += 1;
            continue;
        }
        let fit = |cells: u16| cells.min(room);
        match column {
            Column::Name => columns.name = take(&mut x, fit(26)),
            Column::Second => columns.second = take(&mut x, fit(32)),
            Column::Out => columns.out = take(&mut x, fit(if at == last { room } else { 30 })),
            Column::Systems => {
                let shown = match app.system_index() {
                    Some(at) if Some(at) == inputs.base() => Vec::new(),
                    Some(at) => vec![at],
                    None => rows.targets().into_iter().filter(|at| serves(app, rows, *at)).collect(),
                };
                for system in shown {
                    let cells = (width(inputs.systems[system].id.as_str()) as u16).clamp(4, 12);
                    if left(x) >= cells {
                        columns.systems.push((system, take(&mut x, cells)));
                    }
                }
            }
            Column::Attr(path) => {
                let cells = fit(attr_cells(path.local(&[])));
                let span = take(&mut x, cells);
                columns.attrs.push(Field { attrs: rows.column(path), path: path.clone(), span });
            }
        }
    }
    columns
}

/// Whether a system has this kind, as far as its probe says.
fn serves(app: &App, rows: &Rows<'_>, at: usize) -> bool {
    let view = &rows.compared.inputs.systems[at];
    let status = app.world.as_ref().and_then(|world| world.systems.iter().find(|status| status.id == view.id));
    let told = status.and_then(|status| status.site.as_ref()).filter(|site| !site.endpoints.is_empty());
    view.snapshot(rows.kind).is_some() || told.is_none_or(|site| site.endpoint(rows.kind).is_some())
}

/// Attributes that one system's own list shows where there is room, the most wanted first.
fn wanted(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::User => &["active", "department", "title", "emails[work]", "employeeNumber", "lastAccess"],
        Kind::Group => &["externalId", "meta.lastModified"],
        Kind::Role => &["meta.lastModified"],
        Kind::Product => &["productLine", "workspaceType", "url"],
    }
}

fn heading(app: &App, pen: &mut Pen<'_>, area: Rect, rows: &Rows<'_>, columns: &Columns) {
    let style = pen.theme.tone(Tone::Dim);
    let y = area.y;
    let list = app.list();
    let headed = |words: &str, by: Sort| {
        let sorted = list.filter(|list| list.sort == by);
        sorted.map_or_else(|| words.to_owned(), |list| format!("{words} {}", if list.reverse { "v" } else { "^" }))
    };
    let put = |pen: &mut Pen<'_>, span: Span, words: &str| {
        pen.put(span.x, y, span.cells, words, style);
    };
    put(pen, columns.name, &headed(text!("column.name"), Sort::Name));
    let second = if rows.kind == Kind::User { text!("column.username") } else { text!("column.id") };
    put(pen, columns.second, &headed(second, Sort::Second));
    let inputs = &rows.compared.inputs;
    for (at, span) in &columns.systems {
        let id = &inputs.systems[*at].id;
        // The mark of the order may stand in the gap behind the column.
        let wide = Span { cells: span.cells + 2, ..*span };
        let name = fit(id.as_str(), usize::from(span.cells));
        put(pen, wide, &headed(&name, Sort::System(id.clone())));
    }
    for field in &columns.attrs {
        let wide = Span { cells: field.span.cells + 2, ..field.span };
        put(pen, wide, &headed(field.path.local(&[]), Sort::Attr(field.path.clone())));
    }
    let out = match columns.hidden {
        0 => text!("column.out").to_owned(),
        n => {
            let whole = text!("column.out-hidden", n = n);
            // That there is more than is shown is said first.
            if width(&whole) <= usize::from(columns.out.cells) { whole } else { text!("column.hidden", n = n) }
        }
    };
    put(pen, columns.out, &headed(&out, Sort::Out));
}

fn tone(mark: Mark, lint: bool) -> Tone {
    match mark {
        Mark::Differs(_) => Tone::Differs,
        Mark::Missing => Tone::Missing,
        Mark::Extra => Tone::Extra,
        Mark::Undecided => Tone::Warn,
        _ if lint => Tone::Bad,
        Mark::Same | Mark::Nothing | Mark::Unread | Mark::Shown => Tone::Dim,
    }
}

#[expect(clippy::too_many_arguments, reason = "one row is drawn from all that the screen knows of it")]
fn row(
    app: &App,
    pen: &mut Pen<'_>,
    area: Rect,
    y: u16,
    rows: &Rows<'_>,
    columns: &Columns,
    identity: u32,
    cursor: bool,
    ranged: bool,
    indent: &str,
) {
    let theme = pen.theme;
    let one = app.system_index();
    let (name, second) = rows.texts(identity, one);
    let pointer = match (cursor, ranged) {
        (true, _) => ">",
        (false, true) => "|",
        (false, false) => " ",
    };
    pen.put(area.x, y, 1, pointer, theme.tone(Tone::Key));
    if cursor {
        pen.cursor(area.x, y, true);
    }
    if app.staged.marks().about(rows, identity, one) {
        pen.put(area.x + 1, y, 1, "*", theme.tone(Tone::Staged));
    }
    let style = if cursor { theme.cursor() } else { theme.tone(Tone::Plain) };
    let set = pen.put(columns.name.x, y, columns.name.cells, indent, theme.tone(Tone::Dim));
    pen.person(columns.name.x + set, y, columns.name.cells.saturating_sub(set), name, style);
    pen.person(columns.second.x, y, columns.second.cells, second, theme.tone(Tone::Plain));
    for (at, span) in &columns.systems {
        let (mark, lint) = rows.mark(identity, *at);
        pen.put(span.x, y, span.cells, &mark.text(lint), theme.tone(tone(mark, lint)));
    }
    for field in &columns.attrs {
        match rows.value(&field.attrs, identity, one) {
            Cell::Value(text) if impersonal(field.path.local(&[])) => {
                pen.put(field.span.x, y, field.span.cells, text, theme.tone(Tone::Plain));
            }
            Cell::Value(text) => {
                pen.data(field.span.x, y, field.span.cells, text, theme.tone(Tone::Plain));
            }
            Cell::Unread | Cell::Unreadable => {
                pen.put(field.span.x, y, field.span.cells, ".", theme.tone(Tone::Dim));
            }
            Cell::Empty => {}
        }
    }
    if columns.out.cells > 0 {
        let cells = usize::from(columns.out.cells);
        let mut words = if cells < NAMED { rows.brief(identity, one) } else { rows.words(identity, one) };
        if width(&words) > cells {
            words = rows.brief(identity, one);
        }
        // One attribute keeps its end; of several, the first ones are told.
        let words = if words.contains([',', '、']) { words } else { elided(&words, cells).into_owned() };
        pen.put(columns.out.x, y, columns.out.cells, &words, theme.tone(Tone::Plain));
    }
}

/// How far in a row of a tree stands, and whether something is folded away under it.
fn branch(order: &Order, at: usize) -> String {
    let Some(branch) = order.branch(at) else { return String::new() };
    let fold = match (branch.parent, branch.closed) {
        (true, true) => "+ ",
        (true, false) => "- ",
        (false, _) => "  ",
    };
    format!("{}{fold}", "  ".repeat(usize::from(branch.depth)))
}

/// Nothing to list yet: what is being done about it.
fn waiting(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let words = if app.world.is_some() { text!("list.working") } else { text!("list.starting") };
    pen.put(area.x + 3, area.y + 1, area.width.saturating_sub(4), words, pen.theme.tone(Tone::Dim));
}

fn empty(app: &App, list: &List, pen: &mut Pen<'_>, area: Rect) {
    let Some(world) = &app.world else { return };
    let mut lines: Vec<(Tone, String)> = Vec::new();
    let almost = |lines: &mut Vec<(Tone, String)>| {
        if let Some(why) = crate::console::app::filter::almost(&list.filter) {
            lines.push((Tone::Warn, text!("list.no-filter", why = said(&why))));
        }
    };
    if !list.filter.is_empty() && list.only {
        // Who is looked for may be there and be well.
        let [only, key] = [Action::OnlyOut, Action::Escape].map(|action| app.keymap.shown(action));
        let words = text!("list.no-match-only", filter = private(&list.filter), only = only, key = key);
        lines.push((Tone::Plain, words));
        almost(&mut lines);
        lines.extend(explained(&world.compared, list));
    } else if !list.filter.is_empty() {
        lines.push((
            Tone::Plain,
            text!("list.no-match", filter = private(&list.filter), key = app.keymap.shown(Action::Escape)),
        ));
        almost(&mut lines);
        lines.extend(explained(&world.compared, list));
    } else if let Some(narrow) = app.narrowed() {
        let key = app.keymap.shown(Action::Escape);
        lines.push((Tone::Plain, text!("list.no-narrow", what = private(&narrow), key = key)));
    } else if list.only {
        // What could not be read is not true for that.
        let (gaps, key) = (app.gaps(list.kind), app.keymap.shown(Action::OnlyOut));
        for (system, gap) in &gaps {
            lines.push((Tone::Warn, told(system, gap)));
            lines.extend(world.systems.iter().filter(|status| status.id == *system).filter_map(broken));
        }
        lines.push(match gaps.as_slice() {
            [] => (Tone::Good, text!("list.all-true", key = key)),
            _ => (Tone::Plain, text!("list.true-read", key = key)),
        });
    } else {
        for status in world.systems.iter() {
            match &status.health {
                Health::Reading { read, .. } => {
                    lines.push((Tone::Dim, text!("list.reading", system = status.id, n = count(*read))));
                }
                Health::Probing => lines.push((Tone::Dim, text!("list.probing", system = status.id))),
                Health::Bad { .. } => lines.extend(broken(status)),
                Health::Idle | Health::Good | Health::Partial(_) => {}
            }
        }
        if lines.is_empty() {
            lines.push((Tone::Dim, nothing(&world.compared, list.kind)));
        }
    }
    let room = area.width.saturating_sub(4);
    let rows = lines
        .iter()
        .flat_map(|(tone, words)| words.lines().map(move |words| (*tone, words)))
        .flat_map(|(tone, words)| Line::default().data(tone, words).hanging(2).wrapped(usize::from(room)));
    for (y, line) in (area.y + 2..area.bottom()).zip(rows) {
        pen.line(area.x + 3, y, room, &line);
    }
}

/// What a filter that nothing matches was understood as, and which names in it nobody has.
fn explained(compared: &Compared, list: &List) -> Vec<(Tone, String)> {
    let mut lines = match Query::parse(&list.filter) {
        Query::Filter(_) | Query::Not(_) => vec![(Tone::Dim, said(&understood(&list.filter)).into_owned())],
        Query::Plain { .. } | Query::All => Vec::new(),
    };
    lines.extend(unknown(compared, list.kind, &list.filter).into_iter().map(|words| (Tone::Warn, words)));
    lines
}

/// What is wrong with a system that could not be read.
fn broken(status: &SystemStatus) -> Option<(Tone, String)> {
    let Health::Bad { text, .. } = &status.health else { return None };
    Some((Tone::Bad, format!("{}: {}", status.id, own_words(&status.id, text))))
}

fn nothing(compared: &Compared, kind: Kind) -> String {
    let read = compared.inputs.systems.iter().any(|system| system.snapshot(kind).is_some());
    if read { text!("list.empty").to_owned() } else { text!("list.not-read").to_owned() }
}
