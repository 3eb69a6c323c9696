//! The rows that are always there above: header, tabs, strip.

use ratatui::layout::Rect;

use crate::console::app::action::Action;
use crate::console::app::confirm::mode;
use crate::console::app::gaps::Gap;
use crate::console::app::lines::Tone;
use crate::console::app::list::List;
use crate::console::app::mask::private;
use crate::console::app::popup::Popup;
use crate::console::app::systems::{plural, short};
use crate::console::app::text::{count, listed, text};
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
    let flagged = if production.is_empty() { format!(" {words} ") } else { format!(" {production} {words} ") };
    let right = width(&flagged) as u16;
    let right_at = end.saturating_sub(right + 1);
    if right_at > x {
        let style = if production.is_empty() { theme.tone(Tone::Strong) } else { theme.flag() };
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
        rest.sort_by_key(|(tone, ..)| *tone != Tone::Bad);
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
        // What has no room is counted: half a name says nothing.
        let left = states.len() - place;
        let more: u16 = if left > 1 { 6 } else { 0 } + if place > 0 { 3 } else { 0 };
        if usize::from(at + more) + width(name) + width(words) + 1 > usize::from(stop) {
            if place == 0 {
                let room = stop.saturating_sub(at + more);
                at += pen.put(at, area.y, room, &format!("{name} {words}"), theme.tone(*tone));
            }
            let left = if place == 0 { left - 1 } else { left };
            if left > 0 {
                pen.put(at, area.y, stop.saturating_sub(at), &format!(" | +{left}"), theme.tone(Tone::Dim));
            }
            break;
        }
        if place > 0 {
            at += pen.put(at, area.y, stop.saturating_sub(at), " | ", theme.tone(Tone::Dim));
        }
        at += pen.put(at, area.y, stop.saturating_sub(at), name, theme.tone(Tone::Plain));
        at += pen.put(at, area.y, stop.saturating_sub(at), " ", theme.tone(Tone::Plain));
        at += pen.put(at, area.y, stop.saturating_sub(at), words, theme.tone(*tone));
    }
}

/// What may be done to the system that is looked at, or to all targets where they agree; and what of it is production.
fn modes(app: &App) -> (String, String) {
    let Some(world) = &app.world else { return (String::new(), String::new()) };
    let chosen = app.system_index().filter(|_| app.kind().is_some());
    let looked: Vec<_> = world
        .systems
        .iter()
        .enumerate()
        .filter(|(at, status)| chosen.map_or(!status.source, |chosen| chosen == *at))
        .map(|(_, status)| status)
        .collect();
    let production: Vec<_> = looked.iter().filter(|status| status.production).collect();
    let production = match production.as_slice() {
        [] => String::new(),
        all if all.len() == looked.len() => text!("mode.production").to_owned(),
        // Which one it is, where the others are not.
        [one] => text!("mode.production-one", system = fit(one.id.as_str(), 14)),
        some => text!("mode.production-some", n = some.len()),
    };
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
            // That something is being written is seen from everywhere.
            Tab::Plan if app.plan.pushing() => {
                let all = app.plan.plan().map_or(0, |plan| plan.changes.len());
                let of = format!("{}/{}", count(app.plan.settled() as u64), count(all as u64));
                return format!("{} {} {of}", at + 1, text!("tab.pushing"));
            }
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
    let words = tally(app);
    let least = words.last().map_or(0, |words| width(words) + 2).min(usize::from(area.width) / 2);
    let window = Window::new(names.collect(), chosen, usize::from(area.width) - least);
    if window.more.0 {
        x += pen.put(x, area.y, 2, "< ", theme.tone(Tone::Dim));
    }
    for (at, name) in window.names.iter().enumerate().map(|(at, name)| (at + window.first, name)) {
        let room = area.right().saturating_sub(x);
        if at == chosen {
            x += pen.put(x, area.y, room, &format!("[{name}]"), theme.chosen());
        } else {
            x += pen.put(x, area.y, room, &format!(" {name} "), theme.tone(Tone::Plain));
        }
    }
    if window.more.1 {
        x += pen.put(x, area.y, 2, " >", theme.tone(Tone::Dim));
    }
    let room = usize::from(area.right().saturating_sub(x + 1));
    let mut end = area.right();
    if let Some(words) = words.into_iter().find(|words| width(words) < room) {
        end -= width(&words) as u16 + 1;
        pen.data(end, area.y, area.right() - end, &words, theme.tone(Tone::Strong));
    }
    // Where one came from, as far as there is room between.
    if let Some(from) = app.came_from() {
        let key = app.keymap.shown(Action::Older);
        let words = text!("hint.came-from", name = from);
        let room = end.saturating_sub(x + 4);
        if usize::from(room) > width(&key) + width(&words).min(26) {
            let used = pen.put(x + 2, area.y, room, &key, theme.tone(Tone::Key)) + 1;
            pen.data(x + 2 + used, area.y, room - used, &words, theme.tone(Tone::Dim));
        }
    }
}

/// The names of the strip that there is room for, the chosen one among them.
struct Window {
    first: usize,
    names: Vec<String>,
    /// There are more to the left, to the right.
    more: (bool, bool),
}

impl Window {
    fn new(mut names: Vec<String>, chosen: usize, room: usize) -> Self {
        let cells = |names: &[String]| names.iter().map(|name| width(name) + 2).sum::<usize>();
        if cells(&names) > room {
            for name in &mut names {
                *name = fit(name, 14).into_owned();
            }
        }
        let (mut first, mut last) = (0, names.len());
        // What is farther from the chosen one goes first; two signs say that there is more.
        while last - first > 1
            && cells(&names[first..last]) + if (first, last) == (0, names.len()) { 0 } else { 4 } > room
        {
            if chosen - first > last - 1 - chosen { first += 1 } else { last -= 1 }
        }
        let more = (first > 0, last < names.len());
        Self { first, names: names.drain(first..last).collect(), more }
    }
}

/// How many stand how, from the longest words to the shortest; the filter where there is one.
fn tally(app: &App) -> Vec<String> {
    let (Some(world), Some(list)) = (&app.world, app.list()) else { return Vec::new() };
    let working = if list.working() { format!("{}  ", text!("list.working")) } else { String::new() };
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
    let qualms = app.qualms(list.kind);
    if out == 0 {
        let systems = &world.compared.inputs.systems;
        let based = world.compared.inputs.base().is_some_and(|base| systems[base].snapshot(list.kind).is_some());
        // What could not be read at all was compared with nothing: nobody may call that true.
        let blind = app.gaps(list.kind).into_iter().filter(|(_, gap)| matches!(gap, Gap::Unread(_) | Gap::Reading(0)));
        let blind: Vec<String> = blind.map(|(system, _)| system.to_string()).collect();
        let unread = text!("strip.unread", systems = listed(&blind));
        let words = match (comparison.len > 0 && based, qualms.is_empty()) {
            (false, _) => "",
            (true, _) if !blind.is_empty() => unread.as_str(),
            (true, false) => text!("strip.reading"),
            (true, true) => text!("strip.true"),
        };
        let words = format!("{working}{words}");
        let Some(of) = filtered(app, list, comparison.len) else { return vec![words] };
        let mut all: Vec<String> = of.iter().take(1).map(|of| format!("{of}  {words}")).collect();
        all.extend(of);
        return all;
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
    // Extra ones and those to leave have the same mark in the rows.
    let marks = parts.chunk_by(|one, next| one.2 == next.2).map(|same| {
        let n: u32 = same.iter().map(|(n, ..)| n).sum();
        format!("{}{}", same[0].2, count(n))
    });
    let marks = marks.collect::<Vec<_>>().join(" ");
    // On the list of all systems a record is one row, though it may be out of true in several of them.
    let records = if chosen.is_some() { out } else { comparison.out };
    let plain = match records {
        n if n == out => text!("strip.out", n = count(out)),
        1 => text!("strip.record", n = count(out)),
        n => text!("strip.records", records = count(n), n = count(out)),
    };
    let brief = if qualms.is_empty() { plain.clone() } else { format!("{plain} {qualms}") };
    let least = if qualms.is_empty() { plain } else { text!("strip.partly", n = count(out)) };
    if let Some(of) = filtered(app, list, comparison.len) {
        let mut all = vec![format!("{working}{}   {brief}: {marks}", of[0]), format!("{working}{}   {brief}", of[0])];
        all.extend(of);
        return all;
    }
    let only_least = if list.only { text!("list.only", out = least) } else { least.clone() };
    let only = if list.only { text!("list.only", out = brief) } else { brief.clone() };
    vec![
        format!("{working}{only}: {}", words.join(" ")),
        format!("{working}{only}: {marks}"),
        format!("{working}{only}"),
        only,
        brief,
        format!("{only_least}: {marks}"),
        format!("{least}: {marks}"),
        least,
    ]
}

/// What the list is filtered by and how many rows that leaves, from the longest words to the shortest; `None`: it is not.
fn filtered(app: &App, list: &List, total: u32) -> Option<Vec<String>> {
    let mut what: Vec<String> = Vec::new();
    if !list.filter.is_empty() {
        // A lens is called by its name, which is shorter than its filter.
        what.push(match app.lenses().into_iter().find(|lens| lens.filter == list.filter) {
            Some(lens) => lens.name,
            None => format!("/{}", private(&list.filter)),
        });
    }
    what.extend(app.narrowed());
    if what.is_empty() {
        return None;
    }
    let (what, n) = (what.join("  "), count(list.order.len() as u64));
    let short = text!("list.filtered", what = what, n = n);
    let least = text!("list.filtered", what = fit(&what, 18), n = n);
    Some(match (list.only, app.system.is_none()) {
        (true, _) => vec![text!("list.filtered-out", what = what, n = n), short, least],
        (false, true) => vec![text!("list.filtered-of", what = what, n = n, total = count(total)), short, least],
        (false, false) => vec![short, least],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn of_many_systems_the_chosen_one_is_always_named() {
        let names: Vec<String> = (0..12).map(|at| format!("system-{at}")).collect();
        let window = Window::new(names, 9, 50);
        assert_eq!(window.names, ["system-7", "system-8", "system-9", "system-10"]);
        assert_eq!((window.first, window.more), (7, (true, true)));
    }

    proptest! {
        #[test]
        fn the_strip_fits_and_names_the_chosen_one(
            names in proptest::collection::vec("[a-z]{1,40}", 1..15), chosen in 0_usize..15, room in 20_usize..120
        ) {
            let chosen = chosen % names.len();
            let window = Window::new(names.clone(), chosen, room);
            let signs = 2 * (usize::from(window.more.0) + usize::from(window.more.1));
            prop_assert!(window.names.iter().map(|name| width(name) + 2).sum::<usize>() + signs <= room);
            let cut = names[chosen].chars().next();
            prop_assert_eq!(window.names[chosen - window.first].chars().next(), cut);
        }
    }
}
