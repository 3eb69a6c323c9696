//! Rules that are tried: what an edited configuration would move. While they are tried the whole console shows the world as
//! it would be, and nothing can be staged, planned or pushed from it.

use std::sync::Arc;

use crate::compare::Moved;
use crate::engine::protocol::{Command, SystemStatus, Trial, World};
use crate::model::{Kind, SystemId};

use super::action::{Action, Scope};
use super::keys::Key;
use super::lines::{Line, Tone, column, padded};
use super::narrow::Narrow;
use super::place::Place;
use super::popup::Popup;
use super::said::said;
use super::systems::plural;
use super::text::{self, count, text};
use super::{App, Focus, Tab, Wish};

/// The rules that are tried, and the world by those that hold.
#[derive(Clone, Debug)]
pub(super) struct Trying {
    trial: Arc<Trial>,
    world: Arc<World>,
}

impl Trying {
    /// The world as it would be.
    fn shown(&self) -> Arc<World> {
        let after = &self.trial.after;
        let systems: Vec<SystemStatus> = self
            .world
            .systems
            .iter()
            .map(|status| {
                let view = after.inputs.index(&status.id).map(|at| &after.inputs.systems[at]);
                let mapping = view.map_or_else(|| status.mapping.clone(), |view| view.mapping.clone());
                SystemStatus { mapping, ..status.clone() }
            })
            .collect();
        Arc::new(World { systems: systems.into(), compared: after.clone(), ..World::clone(&self.world) })
    }
}

/// What the rules that are tried move.
#[derive(Clone, Debug)]
pub struct Moves {
    /// What it comes to, in a sentence.
    pub answer: Line,
    /// Each line.
    pub items: Vec<Item>,
    /// The cursor.
    pub at: usize,
    /// What is to be known beside the numbers.
    pub notes: Vec<Line>,
}

/// One line of it.
#[derive(Clone, Debug)]
pub enum Item {
    /// A kind of a system, with its numbers; `None` where nothing of it moves.
    Kind(Line, Option<(SystemId, Kind, Arc<[u32]>)>),
    /// Let them hold.
    Take,
    /// Edit them again.
    Again,
    /// Go back to those that hold.
    Drop,
}

impl Item {
    /// The line in words.
    pub fn line(&self) -> Line {
        match self {
            Self::Kind(line, _) => line.clone(),
            Self::Take => Line::of(Tone::Key, text!("trial.take")),
            Self::Again => Line::of(Tone::Key, text!("trial.again")),
            Self::Drop => Line::of(Tone::Key, text!("trial.drop")),
        }
    }
}

/// The headings over the numbers.
pub fn headings() -> Line {
    let mut line =
        Line::of(Tone::Dim, padded(text!("trial.system"), SYSTEM)).with(Tone::Dim, padded(text!("trial.kind"), KIND));
    for heading in
        [text!("trial.before"), text!("trial.after"), text!("trial.comes"), text!("trial.goes"), text!("trial.other")]
    {
        line = line.with(Tone::Dim, right(heading));
    }
    line
}

/// Cells of the columns.
const SYSTEM: usize = 12;
const KIND: usize = 10;
const NUMBER: usize = 10;

/// A number or its heading, flush right.
fn right(text: &str) -> String {
    let cells = unicode_width::UnicodeWidthStr::width(text);
    format!("{}{text}", " ".repeat(NUMBER.saturating_sub(cells)))
}

fn line(trial: &Trial, moved: &Moved) -> Line {
    let number = |n: usize| right(&if n == 0 { "-".to_owned() } else { count(n as u64) });
    let tone = |n: usize, tone: Tone| if n == 0 { Tone::Dim } else { tone };
    let system = trial.after.inputs.systems.get(moved.system).map(|view| view.id.to_string()).unwrap_or_default();
    let quiet = moved.count() == 0;
    let plain = if quiet { Tone::Dim } else { Tone::Plain };
    let (before, after) = (moved.before.out_of_true() as usize, moved.after.out_of_true() as usize);
    Line::of(plain, padded(&column(&system, SYSTEM - 1), SYSTEM))
        .with(plain, padded(plural(moved.kind), KIND))
        .with(plain, number(before))
        .with(if quiet { Tone::Dim } else { Tone::Strong }, number(after))
        .with(tone(moved.comes.len(), Tone::Differs), number(moved.comes.len()))
        .with(tone(moved.goes.len(), Tone::Good), number(moved.goes.len()))
        .with(tone(moved.other.len(), Tone::Plain), number(moved.other.len()))
}

fn moves(trial: &Trial) -> Moves {
    // What stays as it is would only stand between the lines that are looked for.
    let moving: Vec<&Moved> = trial.moved.iter().filter(|moved| moved.count() > 0).collect();
    let sum = |of: fn(&Moved) -> usize| count(moving.iter().map(|moved| of(moved)).sum::<usize>() as u64);
    let answer = if moving.is_empty() {
        Line::of(Tone::Good, text!("trial.stays"))
    } else {
        let (comes, goes) = (sum(|moved| moved.comes.len()), sum(|moved| moved.goes.len()));
        let (n, other) = (sum(Moved::count), sum(|moved| moved.other.len()));
        Line::of(Tone::Strong, text!("trial.answer", n = n, comes = comes, goes = goes, other = other))
    };
    let mut items: Vec<Item> = moving
        .iter()
        .map(|moved| {
            let all: Arc<[u32]> = moved.comes.iter().chain(&moved.goes).chain(&moved.other).copied().collect();
            let system = trial.after.inputs.systems.get(moved.system).map(|view| view.id.clone());
            let place = system.filter(|_| !all.is_empty()).map(|system| (system, moved.kind, all));
            Item::Kind(line(trial, moved), place)
        })
        .collect();
    items.extend([Item::Take, Item::Again, Item::Drop]);
    let mut notes = Vec::new();
    let (lints, before) = (trial.after.lints.len(), trial.before.lints.len());
    if lints != before {
        let (before, after) = (count(before as u64), count(lints as u64));
        notes.push(Line::of(Tone::Plain, text!("trial.lint", before = before, after = after)));
    }
    for (system, what) in &trial.also {
        notes.push(Line::of(Tone::Warn, text!("trial.also", system = system, what = said(what))));
    }
    for (system, kind, paths) in &trial.anew {
        let kind = plural(*kind);
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let what = if paths.is_empty() { kind.to_owned() } else { format!("{kind}: {}", text::listed(&paths)) };
        notes.push(Line::of(Tone::Warn, text!("trial.anew", system = system, what = what)));
    }
    let first = items.iter().position(|item| matches!(item, Item::Kind(_, Some(_))));
    Moves { at: first.unwrap_or(items.len() - 3), answer, items, notes }
}

impl App {
    /// Rules are being tried.
    pub fn trying(&self) -> bool {
        self.trial.is_some()
    }

    /// A new world: while rules are tried, what is shown of it is what they make of the one that they were tried on.
    pub(super) fn world_came(&mut self, world: Arc<World>) -> bool {
        let world = match &mut self.trial {
            Some(trying) => {
                trying.world = world;
                trying.shown()
            }
            None => world,
        };
        self.world.replace(world).is_none()
    }

    /// Lets the operator's editor have the rules: those of a system, else those that were edited last, else the configuration.
    pub(super) fn edit_rules(&mut self, system: Option<SystemId>, wishes: &mut Vec<Wish>) {
        match &self.trial {
            Some(trying) if system.is_none() => self.popup = Some(Popup::Moves(moves(&trying.trial))),
            _ => {
                self.rules_of = system.or(self.rules_of.take());
                wishes.push(Wish::EditRules(self.rules_of.clone()));
            }
        }
    }

    /// What an edited configuration would move, or why it cannot be tried.
    pub(super) fn tried(&mut self, tried: Result<Arc<Trial>, String>) {
        let trial = match tried {
            Ok(trial) => trial,
            Err(why) => {
                let key = self.keymap.shown(Action::Rules);
                let lines = vec![
                    Line::default().data(Tone::Bad, said(&why).into_owned()),
                    Line::default(),
                    Line::of(Tone::Plain, text!("trial.cannot-now", key = key)),
                ];
                return self.read(text!("trial.cannot"), lines);
            }
        };
        let held = self.trial.take().map(|trying| trying.world).or_else(|| self.world.clone());
        let Some(world) = held else { return };
        let trying = Trying { trial, world };
        self.popup = Some(Popup::Moves(moves(&trying.trial)));
        self.world = Some(trying.shown());
        self.trial = Some(trying);
        self.forget_moved();
    }

    /// The rules that are tried hold from now on.
    pub(super) fn take_rules(&mut self, wishes: &mut Vec<Wish>) {
        // What is shown stays until the engine has compared by them itself.
        if self.trial.take().is_some() {
            self.forget_moved();
            wishes.push(Wish::Engine(Command::TakeRules));
            self.say(Tone::Good, text!("trial.taken"));
        }
    }

    /// Back to the rules that hold.
    pub(super) fn drop_rules(&mut self) {
        if let Some(trying) = self.trial.take() {
            self.forget_moved();
            self.world = Some(trying.world);
            self.say(Tone::Plain, text!("trial.dropped", key = self.keymap.shown(Action::Rules)));
        }
    }

    /// Nothing is staged, planned or pushed by rules that do not hold yet.
    pub(super) fn no_trial(&self) -> Option<String> {
        let (take, drop) = (self.keymap.shown(Action::TakeRules), self.keymap.shown(Action::DropRules));
        self.trying().then(|| text!("trial.first", take = take, drop = drop))
    }

    /// Lists are not narrowed any more to what has moved between two worlds that are not shown.
    fn forget_moved(&mut self) {
        for list in &mut self.lists {
            if matches!(list.narrow, Some(Narrow::Moved { .. })) {
                list.narrow = None;
                list.forget();
            }
        }
        self.trail.forget(|place: &Place| matches!(place.narrow, Some(Narrow::Moved { .. })));
    }

    pub(super) fn moves_key(&mut self, mut moves: Moves, key: Key, wishes: &mut Vec<Wish>) {
        let last = moves.items.len().saturating_sub(1);
        match self.keymap.action(Scope::Checklist, key) {
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Up) => moves.at = moves.at.saturating_sub(1),
            Some(Action::Down) => moves.at = (moves.at + 1).min(last),
            Some(Action::PageUp | Action::Top) => moves.at = 0,
            Some(Action::PageDown | Action::Bottom) => moves.at = last,
            Some(Action::Open) => match moves.items.get(moves.at) {
                Some(Item::Kind(_, Some((system, kind, all)))) => {
                    return self.list_moved(system.clone(), *kind, all.clone());
                }
                Some(Item::Take) => return self.take_rules(wishes),
                Some(Item::Again) => return wishes.push(Wish::EditRules(self.rules_of.clone())),
                Some(Item::Drop) => return self.drop_rules(),
                Some(Item::Kind(_, None)) | None => {}
            },
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Moves(moves));
    }

    /// Lists what moves of one kind in one system.
    fn list_moved(&mut self, system: SystemId, kind: Kind, moved: Arc<[u32]>) {
        self.leave_mark();
        self.tab = Tab::Kind(kind);
        // Who is nobody's business there any more is not in the system's own list.
        self.system = None;
        self.focus = Focus::List;
        let list = &mut self.lists[kind.index()];
        list.filter.clear();
        list.only = false;
        list.anchor = None;
        list.cursor = None;
        list.narrow = Some(Narrow::Moved { system, moved });
        list.forget();
        let (key, take) = (self.keymap.shown(Action::Rules), self.keymap.shown(Action::TakeRules));
        self.say(Tone::Plain, text!("trial.listed", key = key, take = take));
    }
}
