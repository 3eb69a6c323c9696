//! What is out of true, by the way in which it is: counts to narrow the list by, or to stage from.

use std::sync::atomic::Ordering as Memory;

use unicode_width::UnicodeWidthStr;

use crate::compare::Pairing;
use crate::plan::{OutcomeState, Want, Wanted};

use super::action::{Action, Scope};
use super::checklist::Gather;
use super::keys::Key;
use super::lines::{Line, Tone};
use super::narrow::{Narrow, Way};
use super::order::Order;
use super::popup::Popup;
use super::rows::Rows;
use super::survey::{Asks, Found, Survey, Surveyed};
use super::text::{self, text};
use super::{App, Wish};

/// What is expected stands in at most so many cells; what is longer pushes aside what was found.
const EXPECTED: usize = 24;

/// The ways of a list.
#[derive(Clone, Debug)]
pub struct Ways {
    /// Each way, its size, and it in words.
    pub items: Vec<(Way, usize, Line)>,
    /// The cursor.
    pub at: usize,
    /// What they were counted over.
    survey: Survey,
}

/// A value, or that there is none.
fn shown(text: &str) -> String {
    if text.is_empty() { text!("detail.none").to_owned() } else { text.to_owned() }
}

/// A way in words; what is expected takes `cells`, so that what was found stands in a column.
fn line(way: &Way, n: usize, cells: usize) -> Line {
    let size = format!("{:>7}  ", text::count(n as u64));
    match (&way.path, &way.change) {
        (None, _) => {
            let tone = match way.pairing {
                Pairing::Missing => Tone::Missing,
                Pairing::Undecided => Tone::Warn,
                _ => Tone::Extra,
            };
            Line::of(Tone::Strong, size)
                .with(Tone::Plain, super::lines::padded(way.system.as_str(), 11))
                .with(tone, state(way.pairing))
        }
        (Some(path), None) => Line::of(Tone::Strong, size)
            .with(Tone::Plain, super::lines::padded(way.system.as_str(), 11))
            .with(Tone::Differs, path.local(&[]).to_owned()),
        (Some(_), Some((expected, found))) => Line::of(Tone::Dim, format!("{size}{:<11}", ""))
            .with(Tone::Dim, text!("ways.expected"))
            .data(Tone::Plain, super::lines::padded(&shown(expected), cells))
            .with(Tone::Dim, text!("ways.found"))
            .data(Tone::Differs, shown(found)),
    }
}

fn state(pairing: Pairing) -> &'static str {
    match pairing {
        Pairing::Missing => text!("ways.missing"),
        Pairing::Extra => text!("ways.extra"),
        Pairing::Leaver => text!("ways.leaver"),
        Pairing::Leaving => text!("ways.leaving"),
        Pairing::Undecided => text!("ways.undecided"),
        _ => "",
    }
}

/// Whether the service said yes to a change.
pub(super) fn taken(state: &OutcomeState) -> bool {
    matches!(state, OutcomeState::Confirmed { .. } | OutcomeState::Accepted | OutcomeState::Differs { .. })
}

impl App {
    /// Counts what is out of true in the list, by the way in which it is.
    pub(super) fn open_ways(&mut self, wishes: &mut Vec<Wish>) {
        let Some(order) = self.list().map(|list| list.order.clone()) else { return };
        self.survey(Asks::Ways(order), wishes);
    }

    /// Begins a survey of the list's kind.
    pub(super) fn survey(&mut self, asks: Asks, wishes: &mut Vec<Wish>) {
        let Some(kind) = self.kind() else { return };
        let Some(compared) = self.lists[kind.index()].shown.clone() else { return };
        let token = self.token();
        self.surveying = token;
        let survey = Survey { token, asks, kind, system: self.system_index(), compared };
        if survey.quick() {
            let surveyed = survey.run();
            self.surveyed(surveyed);
        } else {
            self.say(Tone::Plain, text!("ways.working"));
            wishes.push(Wish::Survey(survey));
        }
    }

    /// Whether just the role that is expected was pushed before and taken: then the service may have put its default in its
    /// place (Aha! limitation 6).
    fn defaulted(&self, way: &Way) -> bool {
        let (Some(path), Some((expected, _))) = (&way.path, &way.change) else { return false };
        if !path.local(&[]).to_ascii_lowercase().contains("role") {
            return false;
        }
        let pushes = self.history.pushes.iter().flatten();
        pushes.into_iter().any(|push| {
            push.plan.changes.iter().filter(|change| change.system == way.system).any(|change| {
                let wanted = |want: &Want| want.facet.path == *path && want.value == Wanted::Text(expected.clone());
                change.want.iter().any(wanted)
                    && push.outcomes.iter().any(|outcome| outcome.change == change.id && taken(&outcome.state))
            })
        })
    }

    pub(super) fn surveyed(&mut self, surveyed: Surveyed) {
        let Surveyed { survey, found } = surveyed;
        if survey.token != self.surveying || Some(survey.kind) != self.kind() {
            return;
        }
        if self.popup.as_ref().is_some_and(|popup| !matches!(popup, Popup::Who(_))) {
            return;
        }
        self.notice = None;
        match found {
            Found::Ways(ways) if ways.is_empty() => self.say(Tone::Good, text!("ways.none")),
            Found::Ways(ways) => {
                let wide = |way: &Way| way.change.as_ref().map(|(expected, _)| shown(expected).width());
                let wide = ways.iter().filter_map(|(way, _)| wide(way)).max().unwrap_or(0).min(EXPECTED);
                let told = |way: &Way, n| {
                    let line = line(way, n, wide);
                    let suspect = self.defaulted(way);
                    if suspect { line.with(Tone::Bad, format!("   {}", text!("ways.defaulted"))) } else { line }
                };
                let items = ways.into_iter().map(|(way, n)| (way.clone(), n, told(&way, n))).collect();
                self.popup = Some(Popup::Ways(Ways { items, at: 0, survey }));
            }
            Found::Who(cases, more) => self.show_who(cases, more),
        }
    }

    pub(super) fn ways_key(&mut self, mut ways: Ways, key: Key, wishes: &mut Vec<Wish>) {
        let last = ways.items.len().saturating_sub(1);
        match self.keymap.action(Scope::Checklist, key) {
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Up) => ways.at = ways.at.saturating_sub(1),
            Some(Action::Down) => ways.at = (ways.at + 1).min(last),
            Some(Action::PageUp) => ways.at = ways.at.saturating_sub(10),
            Some(Action::PageDown) => ways.at = (ways.at + 10).min(last),
            Some(Action::Top) => ways.at = 0,
            Some(Action::Bottom) => ways.at = last,
            Some(Action::Open) => {
                if let (Some(kind), Some((way, ..))) = (self.kind(), ways.items.get(ways.at)) {
                    self.leave_mark();
                    self.lists[kind.index()].narrow = Some(Narrow::Way(way.clone()));
                }
                return;
            }
            Some(Action::Toggle) => return self.stage_way(&ways, wishes),
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Ways(ways));
    }

    /// The fixes of one way, to be ticked before they are staged.
    fn stage_way(&mut self, ways: &Ways, wishes: &mut Vec<Wish>) {
        let Some((way, ..)) = ways.items.get(ways.at) else { return };
        if let Some(why) = self.disabled(Action::StageAll) {
            return self.say(Tone::Warn, why);
        }
        let Asks::Ways(order) = &ways.survey.asks else { return };
        let compared = ways.survey.compared.clone();
        let system = compared.inputs.index(&way.system);
        let kind = ways.survey.kind;
        let rows = Rows::new(&compared, kind);
        let set = Narrow::Way(way.clone()).set(&rows);
        let identities: Vec<u32> = (0..order.len())
            .filter_map(|at| Order::get(order, at))
            .filter(|identity| set.get(*identity as usize) == Some(&true))
            .collect();
        drop(rows);
        let gather = Gather { kind, system, identities: identities.into(), compared, path: way.path.clone() };
        self.gather_all(gather, wishes);
    }

    /// Whether somebody waits for a survey.
    pub fn surveying(&self) -> bool {
        self.surveying > self.newest.load(Memory::Relaxed) && self.popup.is_none()
    }
}
