//! A record facet by facet: source, target, why.

use ratatui::layout::Rect;

use crate::console::app::cutting::elided;
use crate::console::app::detail::{About, DetailRow};
use crate::console::app::lines::{Tone, ago};
use crate::console::app::mask::impersonal;
use crate::console::app::said::said;
use crate::console::app::text::text;
use crate::console::app::{App, Focus};

use super::cells::{Pen, width};

/// Draws the rule with who it is, lint, and the facets.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    pen.rule(area.x, area.y, area.width, theme.frame());
    let Some(about) = &app.detail.about else { return };
    title(pen, area, about, app.focus == Focus::Detail);
    let mut y = area.y + 1;
    for lint in app.detail.lints.iter().take(2) {
        let used = pen.put(area.x, y, 2, "x ", theme.tone(Tone::Bad));
        pen.data(area.x + used, y, area.width - used, lint, theme.tone(Tone::Bad));
        y += 1;
    }
    let layout = Layout::new(app, about, area);
    if y < area.bottom() {
        headings(app, pen, about, &layout, y);
    }
    y += 1;
    let focused = app.focus == Focus::Detail;
    for (at, row) in app.detail.rows.iter().enumerate().skip(app.detail.top) {
        if y >= area.bottom() {
            break;
        }
        facet(app, pen, area, y, row, focused && at == app.detail.at, about.own, &layout);
        y += 1;
    }
}

/// Where the columns stand: the attribute, the source, the targets that there is room for, and why.
struct Layout {
    name: (u16, u16),
    source: (u16, u16),
    /// The targets shown, by their place among those of the record.
    sides: Vec<(usize, u16, u16)>,
    why: (u16, u16),
    /// There are more to the left, to the right.
    more: (bool, bool),
}

/// A value's column has at least so many cells where several stand side by side.
const LEAST: u16 = 14;

impl Layout {
    fn new(app: &App, about: &About, area: Rect) -> Self {
        let room = area.width.saturating_sub(3);
        let many = about.systems.len();
        let x = area.x + 2;
        if about.own {
            let name = (room * 3 / 10).clamp(8, 34);
            let source = (x + name, room - name);
            return Self { name: (x, name), source, sides: Vec::new(), why: (area.right(), 0), more: (false, false) };
        }
        // Most names fit into as many cells, so that the columns stand still from record to record.
        let longest = app.detail.rows.iter().map(|row| width(&row.name) as u16 + 2).max().unwrap_or(0);
        let most = if many > 1 { room / 5 } else { room * 3 / 10 }.max(if room >= 70 { 23 } else { 12 });
        let name = longest.clamp(most.min(24), most);
        if many <= 1 {
            let value = ((room - name) / 3).clamp(8, 40);
            let why = x + name + 2 * value;
            return Self {
                name: (x, name),
                source: (x + name, value),
                sides: vec![(0, x + name + value, value)],
                why: (why, area.right().saturating_sub(why)),
                more: (false, false),
            };
        }
        let left = room - name;
        // As many targets as fit beside source and why; the one with the cursor is always among them.
        let fit = usize::from(left / LEAST).saturating_sub(2).clamp(1, many);
        let value = (left / (fit as u16 + 2)).clamp(8, 32);
        let active = app.detail.active();
        let first = (active + 1).saturating_sub(fit).min(many - fit);
        let sides: Vec<(usize, u16, u16)> = (first..first + fit)
            .enumerate()
            .map(|(at, place)| (place, x + name + value * (at as u16 + 1), value))
            .collect();
        let why = x + name + value * (fit as u16 + 1);
        Self {
            name: (x, name),
            source: (x + name, value),
            sides,
            why: (why, area.right().saturating_sub(why)),
            more: (first > 0, first + fit < many),
        }
    }
}

fn headings(app: &App, pen: &mut Pen<'_>, about: &About, layout: &Layout, y: u16) {
    let theme = pen.theme;
    let dim = theme.tone(Tone::Dim);
    let inputs = &about.compared.inputs;
    pen.put(layout.name.0, y, layout.name.1 - 1, text!("column.attribute"), dim);
    if about.own {
        pen.put(layout.source.0, y, layout.source.1 - 1, text!("column.value"), dim);
        return;
    }
    let source = inputs.base().map(|base| text!("strip.source", system = inputs.systems[base].id));
    pen.put(layout.source.0, y, layout.source.1 - 1, &source.unwrap_or_default(), dim);
    let last = layout.sides.len().saturating_sub(1);
    for (at, (place, x, cells)) in layout.sides.iter().enumerate() {
        let Some(system) = about.systems.get(*place) else { continue };
        let mut name = inputs.systems.get(*system).map(|view| view.id.to_string()).unwrap_or_default();
        if about.systems.len() > 1 && *place == app.detail.active() {
            name = format!("[{name}]");
        }
        if at == 0 && layout.more.0 {
            name = format!("< {name}");
        }
        if at == last && layout.more.1 {
            name = format!("{name} >");
        }
        let style =
            if *place == app.detail.active() && about.systems.len() > 1 { theme.tone(Tone::Strong) } else { dim };
        pen.put(*x, y, cells - 1, &name, style);
    }
    pen.put(layout.why.0, y, layout.why.1, text!("column.why"), dim);
}

/// So many cells of an id tell it from the others while the cursor is elsewhere.
const ID_CELLS: usize = 8;

/// `focused`: the detail has the cursor, and says what it knows in full.
fn title(pen: &mut Pen<'_>, area: Rect, about: &About, focused: bool) {
    let theme = pen.theme;
    let system = about.compared.inputs.systems.get(about.system).map(|view| view.id.as_str()).unwrap_or_default();
    let mut x = area.x + 2;
    let end = area.right().saturating_sub(2);
    let name = format!(" {} ", about.name);
    x += pen.person(x, area.y, (end - x) / 2, &name, theme.tone(Tone::Strong)) + 2;
    // Behind names of any usual length it stands still, so that a move writes it only where it says something else.
    x = x.max(area.x + (area.width / 4).min(30));
    let mut words = format!(" {system}");
    if !about.id.is_empty() {
        words.push(' ');
        words.push_str(&elided(&about.id, if focused { usize::MAX } else { ID_CELLS }));
    }
    for part in [&about.linked, &about.state, &about.protected] {
        if !part.is_empty() {
            words.push_str(", ");
            words.push_str(part);
        }
    }
    words.push(' ');
    pen.data(x, area.y, end.saturating_sub(x), &words, theme.tone(Tone::Dim));
}

/// Attributes that say who somebody is.
const PERSONAL: [&str; 9] =
    ["userName", "displayName", "nickName", "name", "emails", "phoneNumbers", "manager", "members", "externalId"];

/// A value; one that says who somebody is, as such.
fn value_of(pen: &mut Pen<'_>, x: u16, y: u16, cells: u16, attribute: &str, value: &str, style: ratatui::style::Style) {
    // That there is no value is told in brackets, in our own words.
    let told = value.starts_with(['(', '（']);
    if !told && PERSONAL.iter().any(|name| attribute.starts_with(name)) {
        pen.person(x, y, cells, value, style);
    } else if !told && impersonal(attribute) {
        pen.put(x, y, cells, value, style);
    } else {
        pen.data(x, y, cells, value, style);
    }
}

#[expect(clippy::too_many_arguments, reason = "one row is drawn from all that the screen knows of it")]
fn facet(app: &App, pen: &mut Pen<'_>, area: Rect, y: u16, row: &DetailRow, cursor: bool, own: bool, layout: &Layout) {
    let theme = pen.theme;
    let active = app.detail.side_of(row);
    let (mark, mark_tone) = match active {
        Some(side) if side.staged => ('*', Tone::Staged),
        Some(side) => (side.mark, side.tone),
        None if own => (row.mark, Tone::Dim),
        None => (' ', Tone::Dim),
    };
    let lead = if cursor { '>' } else { mark };
    pen.put(area.x, y, 1, &lead.to_string(), theme.tone(if cursor { Tone::Key } else { mark_tone }));
    if cursor {
        pen.cursor(area.x, y, true);
        pen.put(area.x + 1, y, 1, &mark.to_string(), theme.tone(mark_tone));
    }
    let faint = mark_tone == Tone::Dim && mark != '=' && mark != ' ';
    let plain = theme.tone(if faint { Tone::Dim } else { Tone::Plain });
    let style = if cursor { theme.cursor() } else { plain };
    pen.path(layout.name.0, y, layout.name.1 - 1, &row.name, style);
    if cursor {
        pen.paint(layout.name.0, y, layout.name.1 - 1, style);
    }
    value_of(pen, layout.source.0, y, layout.source.1 - 1, &row.name, &row.source, plain);
    let many = layout.sides.len() > 1;
    for (place, x, cells) in &layout.sides {
        let Some(side) = row.sides.get(*place).and_then(Option::as_ref) else { continue };
        let differs = matches!(side.tone, Tone::Differs | Tone::Bad);
        let style =
            theme.tone(if differs || side.tone == Tone::Dim && side.mark != '=' { side.tone } else { Tone::Plain });
        let mut at = *x;
        // What reads the same need not be read twice, nor sent twice over a slow line.
        let same = side.mark == '=' && side.value == row.source;
        if many || same {
            let (mark, tone) = if side.staged { ('*', Tone::Staged) } else { (side.mark, side.tone) };
            pen.put(at, y, 1, &mark.to_string(), theme.tone(tone));
            at += 2;
        }
        if same {
            continue;
        }
        value_of(pen, at, y, (x + cells - 1).saturating_sub(at), &row.name, &side.value, style);
    }
    if let Some(side) = active {
        let why = match side.since {
            Some(since) => format!("{} {}", said(&side.why), ago(since, app.now)),
            None => said(&side.why).into_owned(),
        };
        let differs = matches!(side.tone, Tone::Differs | Tone::Bad);
        pen.data(layout.why.0, y, layout.why.1, &why, theme.tone(if differs { Tone::Plain } else { Tone::Dim }));
    }
}
