//! The rows that are always there above: header, tabs, strip.

use ratatui::layout::Rect;

use crate::console::app::action::Action;
use crate::console::app::confirm::mode;
use crate::console::app::lines::Tone;
use crate::console::app::mask::private;
use crate::console::app::popup::Popup;
use crate::console::app::systems::{plural, short};
use crate::console::app::text::{count, text};
use crate::console::app::{App, Tab};
use crate::model::Kind;

use super::cells::{Pen, fit, width};

/// Who we are, how each system stands, and what may be done: in words.
pub fn header(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let mut x = area.x + 1;
    let end = area.right();
    if app.menu {
        pen.put(x - 1, area.y, end - x, &format!("[{}]", text!("header.brand")), theme.chosen());
        x += width(text!("header.brand")) as u16;
    } else {
        x += pen.put(x, area.y, end - x, text!("header.brand"), theme.brand());
    }
    if app.setup.demo {
        x += 2;
        x += pen.put(x, area.y, end.saturating_sub(x), text!("header.demo"), theme.flag());
    } else if !app.setup.title.is_empty() {
        x += 2;
        x += pen.put(x, area.y, (end - x) / 4, &app.setup.title, theme.tone(Tone::Plain));
    }
    if app.trying() {
        x += 2;
        x += pen.put(x, area.y, end.saturating_sub(x), text!("header.trying"), theme.flag());
    }
    if app.mask {
        x += 2;
        x += pen.put(x, area.y, end.saturating_sub(x), text!("header.masked"), theme.flag());
    }
    let Some(world) = &app.world else {
        x += 3;
        pen.put(x, area.y, end.saturating_sub(x), text!("header.starting"), theme.tone(Tone::Dim));
        return;
    };
    let (words, production) = modes(app);
    let flagged = if production { format!(" {} {words} ", text!("mode.production")) } else { format!(" {words} ") };
    let right = width(&flagged) as u16;
    let right_at = end.saturating_sub(right + 1);
    if right_at > x {
        let style = if production { theme.flag() } else { theme.tone(Tone::Strong) };
        pen.put(right_at, area.y, right, &flagged, style);
    }
    let room = right_at.saturating_sub(x + 2);
    let states = |aged: bool| -> Vec<(Tone, String, String)> {
        let state = |status: &crate::engine::protocol::SystemStatus| {
            let (tone, words) = short(status, app.oldest(status).filter(|_| aged), app.now, app.plan.pushing());
            (tone, status.id.to_string(), words)
        };
        world.systems.iter().map(state).collect()
    };
    let cells = |states: &[(Tone, String, String)]| {
        states.iter().map(|(_, name, words)| width(name) + width(words) + 4).sum::<usize>().saturating_sub(3)
    };
    // How old it is matters less than how it stands, and what is well less than what is not.
    let brief = || {
        let (fine, mut rest): (Vec<_>, Vec<_>) = states(false).into_iter().partition(|(tone, ..)| *tone == Tone::Good);
        if !fine.is_empty() {
            rest.push((Tone::Good, count(fine.len() as u64), text!("health.good").to_owned()));
        }
        rest
    };
    let states = [states(true), states(false), brief()];
    let states = states.iter().find(|states| cells(states) <= usize::from(room)).unwrap_or(&states[2]);
    let whole = cells(states);
    let mut at = if whole <= usize::from(room) { right_at - 1 - whole as u16 } else { x + 2 };
    let stop = right_at.saturating_sub(1);
    for (place, (tone, name, words)) in states.iter().enumerate() {
        if place > 0 {
            at += pen.put(at, area.y, stop.saturating_sub(at), " | ", theme.tone(Tone::Dim));
        }
        at += pen.put(at, area.y, stop.saturating_sub(at), name, theme.tone(Tone::Plain));
        at += pen.put(at, area.y, stop.saturating_sub(at), " ", theme.tone(Tone::Plain));
        at += pen.put(at, area.y, stop.saturating_sub(at), words, theme.tone(*tone));
    }
}

/// What may be done to the system that is looked at, or to all targets where they agree; and whether one is production.
fn modes(app: &App) -> (String, bool) {
    let Some(world) = &app.world else { return (String::new(), false) };
    let chosen = app.system_index().filter(|_| app.kind().is_some());
    let looked: Vec<_> = world
        .systems
        .iter()
        .enumerate()
        .filter(|(at, status)| chosen.map_or(!status.source, |chosen| chosen == *at))
        .map(|(_, status)| status)
        .collect();
    let production = looked.iter().any(|status| status.production);
    let first = looked.first().map(|status| status.mode);
    let words = match first {
        None => String::new(),
        Some(first) if looked.iter().all(|status| status.mode == first) => mode(first).to_uppercase(),
        Some(_) => text!("mode.mixed").to_owned(),
    };
    (words, production)
}

/// The seven tabs with their counts; where there is no room, only those that matter.
pub fn tabs(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let counted = |kind: Kind| app.world.as_ref().map(|world| world.compared.kind(kind).len).unwrap_or_default();
    let name = |at: usize, tab: Tab, counts: u8| {
        let (words, n) = match tab {
            Tab::Kind(kind) => (plural(kind), counted(kind) as usize),
            Tab::Plan => (text!("tab.plan"), app.staged.len()),
            Tab::History => (text!("tab.history"), 0),
            Tab::Systems => (text!("tab.systems"), 0),
        };
        let with = n > 0 && (counts == 2 || counts == 1 && (tab == app.tab || tab == Tab::Plan));
        if with { format!("{} {words} {}", at + 1, count(n as u64)) } else { format!("{} {words}", at + 1) }
    };
    let all = |counts| -> Vec<String> { Tab::ALL.iter().enumerate().map(|(at, tab)| name(at, *tab, counts)).collect() };
    let fits = |names: &[String]| names.iter().map(|name| width(name) + 2).sum::<usize>() <= usize::from(area.width);
    let names = [2, 1].into_iter().map(all).find(|names| fits(names)).unwrap_or_else(|| {
        let at = |at: usize, tab: &Tab| if *tab == app.tab { name(at, *tab, 0) } else { (at + 1).to_string() };
        let names: Vec<String> = Tab::ALL.iter().enumerate().map(|(place, tab)| at(place, tab)).collect();
        let full = all(0);
        if fits(&full) { full } else { names }
    });
    let mut x = area.x;
    for (name, tab) in names.iter().zip(Tab::ALL) {
        let room = area.right().saturating_sub(x);
        if tab == app.tab {
            x += pen.put(x, area.y, room, &format!("[{name}]"), pen.theme.chosen());
        } else {
            x += pen.put(x, area.y, room, &format!(" {name} "), pen.theme.tone(Tone::Plain));
        }
    }
}

/// All and each system; on the right how many are out of true, or the filter while it is typed.
pub fn strip(app: &App, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let Some(world) = &app.world else { return };
    if matches!(app.popup, Some(Popup::Filter(_))) {
        return;
    }
    let mut x = area.x;
    let chosen = app.system_index().map_or(0, |at| at + 1);
    let names =
        std::iter::once(text!("strip.all").to_owned()).chain(world.systems.iter().map(|status| {
            if status.source { text!("strip.source", system = status.id) } else { status.id.to_string() }
        }));
    for (at, name) in names.enumerate() {
        let room = area.right().saturating_sub(x);
        if at == chosen {
            x += pen.put(x, area.y, room, &format!("[{name}]"), theme.chosen());
        } else {
            x += pen.put(x, area.y, room, &format!(" {name} "), theme.tone(Tone::Plain));
        }
    }
    let room = usize::from(area.right().saturating_sub(x + 2));
    let mut end = area.right();
    if let Some(words) = tally(app).into_iter().find(|words| width(words) < room) {
        end -= width(&words) as u16 + 1;
        pen.data(end, area.y, area.right() - end, &words, theme.tone(Tone::Strong));
    }
    // Where one came from, as far as there is room between.
    if let Some(from) = app.came_from() {
        let words = text!("hint.came-from", name = private(from), key = app.keymap.shown(Action::Older));
        let room = end.saturating_sub(x + 4);
        if usize::from(room) >= width(&words).min(28) {
            pen.data(x + 2, area.y, room, &words, theme.tone(Tone::Dim));
        }
    }
}

/// How many stand how, from the longest words to the shortest; the filter where there is one.
fn tally(app: &App) -> Vec<String> {
    let (Some(world), Some(list)) = (&app.world, app.list()) else { return Vec::new() };
    let mut flags = String::new();
    if !list.filter.is_empty() {
        // A lens is called by its name, which is shorter than its filter.
        match app.lenses().into_iter().find(|lens| lens.filter == list.filter) {
            Some(lens) => flags.push_str(&format!("{}  ", lens.name)),
            None => flags.push_str(&format!("/{}  ", private(&list.filter))),
        }
    }
    if let Some(narrow) = app.narrowed() {
        flags.push_str(&narrow);
        flags.push_str("  ");
    }
    if list.only {
        flags.push_str(text!("list.only"));
        flags.push_str("  ");
    }
    if list.working() {
        flags.push_str(text!("list.working"));
        flags.push_str("  ");
    }
    let comparison = world.compared.kind(list.kind);
    let chosen = app.system_index().filter(|at| Some(*at) != world.compared.inputs.base());
    let looked = comparison.tallies.iter().enumerate().filter(|(at, _)| chosen.is_none_or(|chosen| chosen == *at));
    let mut sum = crate::compare::Tally::default();
    for (_, tally) in looked {
        sum.differs += tally.differs;
        sum.missing += tally.missing;
        sum.extra += tally.extra;
        sum.leaver += tally.leaver;
        sum.leaving += tally.leaving;
        sum.undecided += tally.undecided;
    }
    let out = sum.out_of_true();
    if out == 0 {
        let systems = &world.compared.inputs.systems;
        let proved = |at: usize| systems[at].snapshot(list.kind).is_none_or(|snapshot| snapshot.proved());
        let based = world.compared.inputs.base().is_some_and(|base| systems[base].snapshot(list.kind).is_some());
        let words = match (comparison.len > 0 && based, (0..systems.len()).all(proved)) {
            (false, _) => "",
            (true, false) => text!("strip.reading"),
            (true, true) => text!("strip.true"),
        };
        return vec![format!("{flags}{words}"), flags];
    }
    let parts: Vec<(u32, &str, &str)> = [
        (sum.missing, text!("strip.missing"), "!"),
        (sum.extra, text!("strip.extra"), "+"),
        (sum.leaver + sum.leaving, text!("strip.leavers"), "+"),
        (sum.differs, text!("strip.differ"), "~"),
        (sum.undecided, text!("strip.undecided"), "?"),
    ]
    .into_iter()
    .filter(|(n, ..)| *n > 0)
    .collect();
    let words: Vec<String> = parts.iter().map(|(n, word, _)| format!("{} {word}", count(*n))).collect();
    let marks: Vec<String> = parts.iter().map(|(n, _, mark)| format!("{mark}{}", count(*n))).collect();
    let brief = text!("strip.out", n = count(out));
    vec![
        format!("{flags}{brief}: {}", words.join(" ")),
        format!("{flags}{brief}: {}", marks.join(" ")),
        format!("{flags}{brief}"),
        format!("{}  {brief}", fit(flags.trim_end(), 18)),
        brief,
    ]
}
