//! The plan: what stands in the way, what is changed, and what is sent for it.

use ratatui::layout::Rect;

use crate::console::app::App;
use crate::console::app::lines::{Line, Tone};
use crate::console::app::mask::private;
use crate::console::app::planned::{PlanRow, Standing};
use crate::console::app::popup::Popup;
use crate::console::app::preview::outcome_tone;
use crate::console::app::said::said;
use crate::console::app::text::{changes, count, text};
use crate::plan::Plan;

use super::cells::{Pen, width};

/// Draws the summary and the rows.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    if !matches!(app.popup, Some(Popup::Filter(_))) {
        pen.line(area.x + 1, area.y, area.width.saturating_sub(2), &summary(app));
    }
    let outcomes = app.plan.used();
    let right: u16 = match outcomes {
        true => 11,
        // Before the push: which of them have no way back.
        false if app.plan.warns() => width(text!("plan.lasting")) as u16 + 1,
        false => 0,
    };
    for (line, row) in app.plan.rows.iter().enumerate().skip(app.plan.top).take(usize::from(area.height - 1)) {
        let y = area.y + 1 + (line - app.plan.top) as u16;
        let cursor = line == app.plan.at;
        if cursor {
            pen.cursor(area.x, y, true);
        }
        let room = area.width.saturating_sub(3 + right);
        match row {
            PlanRow::Text(line) | PlanRow::Guard(_, line) => {
                pen.line(area.x + 2, y, area.width.saturating_sub(3), line);
            }
            PlanRow::Group { line, open, .. } => {
                pen.put(area.x + 1, y, 1, if *open { "-" } else { "+" }, theme.tone(Tone::Dim));
                pen.line(area.x + 3, y, area.width.saturating_sub(4), line);
            }
            PlanRow::Change { id, line, open, on } => {
                let fold = if *open { "-" } else { "+" };
                pen.put(area.x + 2, y, 1, fold, theme.tone(Tone::Dim));
                let used =
                    if *on { 0 } else { pen.put(area.x + 4, y, room, text!("plan.left-out"), theme.tone(Tone::Warn)) };
                let room = room.saturating_sub(2 + used);
                pen.line(area.x + 4 + used, y, room, &line.shortened(usize::from(room)));
                if !outcomes && app.plan.lasts(id) {
                    let x = area.right().saturating_sub(right);
                    pen.put(x, y, right, text!("plan.lasting"), theme.tone(Tone::Warn));
                }
                if outcomes {
                    let x = area.right().saturating_sub(right);
                    match app.plan.outcome_of(id) {
                        Some(outcome) => {
                            pen.put(x, y, right, &said(outcome.state.word()), theme.tone(outcome_tone(&outcome.state)))
                        }
                        None => pen.put(x, y, right, text!("outcome.pending"), theme.tone(Tone::Dim)),
                    };
                }
            }
        }
        if cursor {
            pen.paint(area.x + 1, y, 2, theme.tone(Tone::Strong));
        }
    }
}

/// Where the plan stands; before it the words that it is narrowed to.
fn summary(app: &App) -> Line {
    let line = standing(app);
    if app.plan.filter.is_empty() {
        return line;
    }
    let words = format!("/{}  {}   ", private(&app.plan.filter), count(app.plan.found as u64));
    let mut narrowed = Line::default().data(Tone::Key, words);
    narrowed.parts.extend(line.parts);
    narrowed.private.extend(line.private);
    narrowed
}

fn standing(app: &App) -> Line {
    let staged = count(app.staged.len() as u64);
    match &app.plan.standing {
        Standing::None if app.staged.is_empty() => Line::of(Tone::Heading, text!("plan.title")),
        Standing::None | Standing::Not(_) => Line::of(Tone::Heading, text!("plan.staged", n = staged)),
        Standing::Preparing => Line::of(Tone::Heading, text!("plan.staged", n = staged))
            .with(Tone::Dim, format!("  {}", text!("plan.preparing-short"))),
        Standing::Ready(plan) => ready(app, plan),
    }
}

fn ready(app: &App, plan: &Plan) -> Line {
    if let Some((counts, total)) = app.plan.counts() {
        let words: Vec<String> =
            counts.iter().map(|(word, n)| format!("{} {}", count(*n as u64), said(word))).collect();
        let done = count(app.plan.settled() as u64);
        let title = if app.plan.pushing() {
            text!("plan.pushing", done = done, total = count(total as u64))
        } else if app.plan.turned_away() {
            text!("plan.not-pushed", changes = changes(total))
        } else {
            text!("plan.pushed", changes = changes(total))
        };
        return Line::of(Tone::Heading, title).with(Tone::Plain, format!("  {}", words.join("  ")));
    }
    let writes = plan.steps.len();
    let reads: usize = plan.steps.iter().map(|step| step.read.len() + step.verify.len()).sum();
    let print: String = plan.fingerprint.chars().take(8).collect();
    let mut line = Line::of(Tone::Heading, text!("plan.ready", changes = changes(plan.count())));
    if !app.plan.fresh(&app.staged) {
        let key = app.keymap.shown(crate::console::app::action::Action::Prepare);
        line = line.with(Tone::Warn, text!("plan.outdated", key = key));
    } else if plan.blocked() {
        line = line.with(Tone::Bad, text!("plan.blocked"));
    }
    // What stands in the way matters more than what it costs, where there is not room for both.
    let cost =
        text!("plan.cost", requests = count((writes + reads) as u64), writes = count(writes as u64), print = print);
    line.with(Tone::Dim, cost)
}
