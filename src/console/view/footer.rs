//! The last row: what can be done here, or what was said last; on the right where the cursor is.

use ratatui::layout::Rect;

use crate::console::app::App;
use crate::console::app::action::{Action, Scope};
use crate::console::app::lines::{Line, Tone};
use crate::console::app::popup::Popup;
use crate::console::app::text::{count, text};

use super::cells::{Pen, width};

/// What can be done here, or what was said last; on the right where the cursor is.
pub fn draw(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let position = position(app);
    let right = width(&position) as u16;
    let mut x = area.x + 1;
    let stop = area.right().saturating_sub(right + 2);
    if right > 0 && stop > x {
        pen.put(stop, area.y, right, &position, theme.tone(Tone::Plain));
    }
    if let Some(notice) = &app.notice {
        let room = stop.saturating_sub(x + 1);
        let lines = Line::default().data(notice.tone, notice.text.as_str()).wrapped(usize::from(room));
        // What has no room in one row takes more of them, so that its end is not lost; not from what is being asked.
        let rows = if app.popup.is_none() { lines.len().clamp(1, ROWS) } else { 1 };
        if rows == 1 {
            pen.data(x, area.y, room, &notice.text, theme.tone(notice.tone));
            return;
        }
        for (y, line) in (area.y + 1 - rows as u16..=area.y).zip(&lines) {
            if y < area.y {
                pen.put(area.x, y, area.width, &" ".repeat(usize::from(area.width)), theme.tone(Tone::Plain));
            }
            pen.line(x, y, room, line);
        }
        return;
    }
    // What lies over the screen names its own keys.
    if app.popup.as_ref().is_some_and(|popup| !matches!(popup, Popup::Filter(_))) {
        return;
    }
    for (key, words) in hints(app) {
        let cells = (width(&key) + width(words) + 3) as u16;
        if x + cells > stop {
            continue;
        }
        x += pen.put(x, area.y, stop - x, &key, theme.tone(Tone::Key));
        x += pen.put(x + 1, area.y, stop - x, words, theme.tone(Tone::Dim)) + 3;
    }
}

/// The most rows that something said takes.
const ROWS: usize = 4;

/// Among so many changes it is worth to look for some.
const MANY: usize = 20;

/// The hints of the place, the most wanted first.
fn hints(app: &App) -> Vec<(String, &'static str)> {
    let key = |action: Action| app.keymap.shown(action);
    let mut hints = Vec::new();
    if app.menu {
        return vec![(key(Action::Open), text!("hint.menu")), (key(Action::SystemRight), text!("hint.back"))];
    }
    if matches!(app.popup, Some(Popup::Filter(_))) {
        let named = |name: &str, words: &'static str| (name.to_owned(), words);
        if let Some(Popup::Filter(bar)) = &app.popup
            && bar.chosen
        {
            return vec![
                named("Esc", text!("hint.filter-undo")),
                named("Enter", text!("hint.filter-keep")),
                named("Left Right", text!("hint.filter-change")),
                named("Up Down", text!("hint.filter-used")),
                (key(Action::Edit), text!("hint.edit")),
            ];
        }
        let mut hints = vec![
            named("Esc", text!("hint.filter-undo")),
            named("Enter", text!("hint.filter-keep")),
            named("PgUp PgDn", text!("hint.filter-move")),
            (key(Action::Edit), text!("hint.edit")),
        ];
        if app.kind().is_some() {
            hints.insert(2, named("Up Down", text!("hint.filter-used")));
        }
        return hints;
    }
    let mut hint = |action: Action, words: &'static str| hints.push((key(action), words));
    match app.scope() {
        Scope::List => {
            if app.list().is_some_and(|list| list.anchor.is_some()) {
                hint(Action::Range, text!("hint.range-done"));
                hint(Action::Escape, text!("hint.range-leave"));
                return hints;
            }
            hint(Action::Help, text!("hint.help"));
            hint(Action::Filter, text!("hint.filter"));
            hint(Action::Stage, text!("hint.stage"));
            hint(Action::Prepare, text!("hint.plan"));
            hint(Action::OnlyOut, text!("hint.only"));
            hint(Action::Open, text!("hint.open"));
            hint(Action::Why, text!("hint.why"));
            hint(Action::Ways, text!("hint.ways"));
            hint(Action::Who, text!("hint.who"));
            hint(Action::Native, text!("hint.native"));
            hint(Action::Range, text!("hint.range"));
            hint(Action::StageAll, text!("hint.all"));
            hint(Action::Sort, text!("hint.sort"));
            hint(Action::Related, text!("hint.related"));
        }
        Scope::Detail => {
            hint(Action::Help, text!("hint.help"));
            hint(Action::Stage, text!("hint.stage-one"));
            hint(Action::Escape, text!("hint.back"));
            hint(Action::SystemRight, text!("hint.next-system"));
            hint(Action::Why, text!("hint.why"));
            hint(Action::Native, text!("hint.native"));
            hint(Action::Trace, text!("hint.trace"));
            hint(Action::Prepare, text!("hint.plan"));
        }
        Scope::Plan if app.plan.pushing() => {
            hint(Action::Help, text!("hint.help"));
            hint(Action::Stop, text!("hint.stop"));
            if app.plan.waits() {
                hint(Action::Retry, text!("hint.try-now"));
            }
            hint(Action::Open, text!("hint.requests"));
        }
        Scope::Plan if app.plan.used() => {
            hint(Action::Help, text!("hint.help"));
            if app.disabled(Action::Retry).is_none() {
                hint(Action::Retry, text!("hint.retry"));
            }
            hint(Action::Open, text!("hint.requests"));
            hint(Action::Fold, text!("hint.fold"));
            if !app.staged.is_empty() {
                hint(Action::Prepare, text!("hint.plan"));
            }
            hint(Action::HistoryTab, text!("tab.history"));
            hint(Action::Escape, text!("hint.back"));
        }
        Scope::Plan if app.staged.is_empty() => {
            hint(Action::Help, text!("hint.help"));
            hint(Action::Escape, text!("hint.back"));
        }
        Scope::Plan => {
            // What stands in the way is the next thing to look at; until then nothing can be pushed.
            let guarded = app.plan.plan().is_some_and(|plan| plan.blocked());
            hint(Action::Help, text!("hint.help"));
            if guarded {
                hint(Action::Acknowledge, text!("hint.acknowledge"));
            } else {
                hint(Action::Push, text!("hint.push"));
            }
            hint(Action::Open, text!("hint.requests"));
            if app.staged.len() > MANY {
                hint(Action::Filter, text!("hint.filter"));
            }
            hint(Action::Fold, text!("hint.fold"));
            hint(Action::Unstage, text!("hint.unstage"));
            hint(Action::Pick, text!("hint.leave-out"));
            if !guarded {
                hint(Action::Acknowledge, text!("hint.in-out"));
            }
            hint(Action::Discard, text!("hint.discard"));
            hint(Action::Escape, text!("hint.back"));
        }
        Scope::History => {
            hint(Action::Help, text!("hint.help"));
            if app.history.here().is_some() {
                hint(Action::Open, if app.history.opened() { text!("hint.requests") } else { text!("hint.outcomes") });
            }
            let wanted = [
                (Action::Retry, text!("hint.retry")),
                (Action::Undo, text!("hint.undo")),
                (Action::LookUp, text!("hint.look-up")),
            ];
            for (action, words) in wanted {
                if app.disabled(action).is_none() && !(action == Action::LookUp && app.plan.pushing()) {
                    hint(action, words);
                }
            }
            hint(Action::Escape, text!("hint.back"));
        }
        _ => {
            hint(Action::Help, text!("hint.help"));
            hint(Action::Open, text!("hint.its-users"));
            hint(Action::Test, text!("hint.test"));
            hint(Action::Refresh, text!("hint.refresh"));
            hint(Action::PageDown, text!("hint.scroll"));
            hint(Action::Faster, text!("hint.faster"));
            hint(Action::Slower, text!("hint.slower"));
            hint(Action::Escape, text!("hint.back"));
        }
    }
    hints
}

fn position(app: &App) -> String {
    let of = |at: usize, many: usize| {
        if many == 0 { String::new() } else { format!("{}/{}", count(at as u64 + 1), count(many as u64)) }
    };
    match app.scope() {
        Scope::Detail => of(app.detail.at, app.detail.rows.len()),
        Scope::Plan => of(app.plan.at, app.plan.rows.len()),
        Scope::History => of(app.history.at, app.history.rows.len()),
        Scope::Systems => of(app.systems.at, app.world.as_ref().map_or(0, |world| world.systems.len())),
        _ => app.list().map(|list| of(list.at, list.order.len())).unwrap_or_default(),
    }
}
