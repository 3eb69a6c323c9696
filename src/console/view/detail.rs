//! A record facet by facet: source, target, why.

use ratatui::layout::Rect;

use crate::console::app::detail::{About, DetailRow};
use crate::console::app::lines::{Tone, ago};
use crate::console::app::said::said;
use crate::console::app::text::text;
use crate::console::app::{App, Focus};

use super::cells::{Pen, width};

/// Draws the rule with who it is, lint, and the facets.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    pen.rule(area.x, area.y, area.width, theme.frame());
    let Some(about) = &app.detail.about else { return };
    title(pen, area, about);
    let mut y = area.y + 1;
    for lint in app.detail.lints.iter().take(2) {
        let used = pen.put(area.x, y, 2, "x ", theme.tone(Tone::Bad));
        pen.data(area.x + used, y, area.width - used, lint, theme.tone(Tone::Bad));
        y += 1;
    }
    let room = area.width.saturating_sub(3);
    let name = (room * 3 / 10).clamp(8, 34);
    let value = if about.own { room - name } else { ((room - name) / 3).clamp(8, 40) };
    let xs = [area.x + 2, area.x + 2 + name, area.x + 2 + name + value, area.x + 2 + name + 2 * value];
    let source = about.compared.inputs.base().map(|base| about.compared.inputs.systems[base].id.to_string());
    let system = about.compared.inputs.systems.get(about.system).map(|view| view.id.to_string()).unwrap_or_default();
    let dim = theme.tone(Tone::Dim);
    if y < area.bottom() {
        pen.put(xs[0], y, name - 1, text!("column.attribute"), dim);
        if about.own {
            pen.put(xs[1], y, value - 1, text!("column.value"), dim);
        } else {
            let heading = source.map_or_else(String::new, |name| text!("strip.source", system = name));
            pen.put(xs[1], y, value - 1, &heading, dim);
            pen.put(xs[2], y, value - 1, &system, dim);
            pen.put(xs[3], y, area.right().saturating_sub(xs[3]), text!("column.why"), dim);
        }
    }
    y += 1;
    let focused = app.focus == Focus::Detail;
    for (at, row) in app.detail.rows.iter().enumerate().skip(app.detail.top) {
        if y >= area.bottom() {
            break;
        }
        let why = match row.since {
            Some(since) => format!("{} {}", said(&row.why), ago(since, app.now)),
            None => said(&row.why).into_owned(),
        };
        facet(pen, area, y, row, &why, focused && at == app.detail.at, about.own, name, value, xs);
        y += 1;
    }
}

fn title(pen: &mut Pen<'_>, area: Rect, about: &About) {
    let theme = pen.theme;
    let system = about.compared.inputs.systems.get(about.system).map(|view| view.id.as_str()).unwrap_or_default();
    let mut x = area.x + 2;
    let end = area.right().saturating_sub(2);
    let name = format!(" {} ", about.name);
    x += pen.person(x, area.y, (end - x) / 2, &name, theme.tone(Tone::Strong)) + 2;
    let mut words = format!(" {system}");
    if !about.id.is_empty() {
        words.push(' ');
        words.push_str(&about.id);
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
    } else {
        pen.data(x, y, cells, value, style);
    }
}

#[expect(clippy::too_many_arguments, reason = "one row is drawn from all that the screen knows of it")]
fn facet(
    pen: &mut Pen<'_>,
    area: Rect,
    y: u16,
    row: &DetailRow,
    why: &str,
    cursor: bool,
    own: bool,
    name: u16,
    value: u16,
    xs: [u16; 4],
) {
    let theme = pen.theme;
    let (mark, mark_tone) = if row.staged { ('*', Tone::Staged) } else { (row.mark, row.tone) };
    let lead = if cursor { '>' } else { mark };
    pen.put(area.x, y, 1, &lead.to_string(), theme.tone(if cursor { Tone::Key } else { mark_tone }));
    if cursor {
        pen.cursor(area.x, y, true);
        pen.put(area.x + 1, y, 1, &mark.to_string(), theme.tone(mark_tone));
    }
    let plain =
        theme.tone(if row.tone == Tone::Dim && row.mark != '=' && row.mark != ' ' { Tone::Dim } else { Tone::Plain });
    let style = if cursor { theme.cursor() } else { plain };
    pen.data(xs[0], y, name - 1, &row.name, style);
    if cursor {
        pen.paint(xs[0], y, name - 1, style);
    }
    value_of(pen, xs[1], y, value - 1, &row.name, &row.source, plain);
    if own {
        return;
    }
    let differs = matches!(row.tone, Tone::Differs | Tone::Bad);
    let target = if differs { theme.tone(row.tone) } else { plain };
    value_of(pen, xs[2], y, value - 1, &row.name, &row.target, target);
    let room = area.right().saturating_sub(xs[3]);
    if width(why) > 0 {
        pen.data(xs[3], y, room, why, theme.tone(if differs { Tone::Plain } else { Tone::Dim }));
    }
}
