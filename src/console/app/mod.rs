//! The console's state and its one transition: `update(&mut App, Msg, now) -> Vec<Wish>`.
//!
//! Pure: no I/O, no clock (the time comes in), no terminal. It may know the pure rooms and `engine::protocol`. What must
//! be done outside is handed back as wishes; what came of it comes in as messages.

mod act;
pub mod action;
mod agree;
mod allowed;
pub mod argument;
pub mod checklist;
pub mod columns;
pub mod confirm;
pub mod cutting;
mod decide;
pub mod detail;
pub mod export;
mod facets;
pub mod filter;
pub mod form;
pub mod gaps;
mod heard;
pub mod help;
pub mod history;
mod idle;
mod kept;
mod keyfile;
pub mod keys;
pub mod lens;
pub mod life;
pub mod lines;
pub mod links;
pub mod list;
mod live;
pub mod mask;
pub mod narrow;
pub mod native;
mod news;
pub mod note;
pub mod order;
pub mod palette;
pub mod password;
mod past;
pub mod pick;
mod place;
pub mod planned;
mod planning;
mod planrows;
mod plansums;
mod plantop;
pub mod popup;
pub mod preview;
pub mod reader;
pub mod rows;
pub mod said;
pub mod sheet;
pub mod staged;
mod staging;
pub mod survey;
pub mod systems;
mod tasks;
pub mod text;
mod trace;
pub mod tree;
pub mod trial;
pub mod ways;
pub mod who;
mod why;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::engine::protocol::{Health, Report, World};
use crate::model::{Kind, SystemId};

use self::action::{Action, Scope};
use self::detail::Detail;
use self::history::History;
use self::keys::{Key, Keymap};
use self::lines::{Line, Tone};
use self::list::List;
pub use self::news::{Copied, Msg, Wish};
use self::place::Trail;
use self::planned::Planned;
use self::popup::Popup;
use self::staged::Staged;
use self::systems::Systems;
use self::text::text;

/// The tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// The records of a kind.
    Kind(Kind),
    /// The plan.
    Plan,
    /// Past pushes.
    History,
    /// The connected systems.
    Systems,
}

impl Tab {
    /// All, in order.
    pub const ALL: [Self; 7] = [
        Self::Kind(Kind::User),
        Self::Kind(Kind::Group),
        Self::Kind(Kind::Role),
        Self::Kind(Kind::Product),
        Self::Plan,
        Self::History,
        Self::Systems,
    ];
}

/// How the console is opened.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Over the simulators.
    pub demo: bool,
    /// Nothing of it outlives it: what is staged is gone when it ends.
    pub forgets: bool,
    /// What the header calls it: the configuration's name.
    pub title: String,
    /// The configuration's own lenses: name and filter.
    pub lenses: Vec<(String, String)>,
    /// The operator's own key map; the built-in one where there is none.
    pub keymap: Option<Keymap>,
    /// The names of all themes.
    pub themes: Vec<String>,
    /// Another number in each session: what the privacy mask shows cannot be compared with another session's.
    pub salt: u64,
}

/// A message to the operator in the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// The words.
    pub text: String,
}

/// Which half of a list's screen takes the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Focus {
    /// The list.
    #[default]
    List,
    /// The detail.
    Detail,
}

/// Messages that are kept for the log.
const LOG: usize = 500;

/// Everything that the screen shows.
#[derive(Debug)]
pub struct App {
    /// How it was opened.
    pub setup: Setup,
    /// The time of the last message.
    pub now: jiff::Timestamp,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// Which key does what.
    pub keymap: Keymap,
    /// What the engine last published.
    pub world: Option<Arc<World>>,
    /// The tab.
    pub tab: Tab,
    /// The system in the strip; `None`: all.
    pub system: Option<SystemId>,
    /// A list per kind.
    pub lists: [List; 4],
    /// Which half takes the keys.
    pub focus: Focus,
    /// The record under the cursor.
    pub detail: Detail,
    /// What is staged.
    pub staged: Staged,
    /// The plan.
    pub plan: Planned,
    /// Past pushes.
    pub history: History,
    /// The systems' tab.
    pub systems: Systems,
    /// What lies over the screen.
    pub popup: Option<Popup>,
    /// The message in the footer.
    pub notice: Option<Notice>,
    /// All messages, newest last.
    pub log: VecDeque<(jiff::Timestamp, Notice)>,
    /// Personal data is masked.
    pub mask: bool,
    /// The list has the whole screen: no detail beside it.
    pub whole: bool,
    /// Rules that are tried.
    trial: Option<trial::Trying>,
    /// Whose rules were edited last; `None`: the configuration's.
    rules_of: Option<SystemId>,
    /// Nothing was done here yet.
    fresh: bool,
    surveying: u64,
    newest: Arc<AtomicU64>,
    /// The menu at the top left is marked: Enter opens it.
    pub menu: bool,
    /// What was done by its name, newest first.
    recent: Vec<(Action, String)>,
    trail: Trail,
    tokens: u64,
}

impl App {
    /// A console that has heard nothing yet.
    pub fn new(setup: Setup, size: (u16, u16), now: jiff::Timestamp) -> Self {
        Self {
            keymap: setup.keymap.clone().unwrap_or_else(Keymap::standard),
            setup,
            now,
            size,
            world: None,
            tab: Tab::Kind(Kind::User),
            system: None,
            lists: Kind::ALL.map(List::new),
            focus: Focus::List,
            detail: Detail::default(),
            staged: Staged::default(),
            plan: Planned::default(),
            history: History::default(),
            systems: Systems::default(),
            popup: None,
            notice: None,
            log: VecDeque::new(),
            mask: false,
            whole: false,
            trial: None,
            rules_of: None,
            fresh: true,
            surveying: 0,
            newest: Arc::default(),
            menu: false,
            recent: Vec::new(),
            trail: Trail::default(),
            tokens: 0,
        }
    }

    /// The kind of the tab, where it has one.
    pub fn kind(&self) -> Option<Kind> {
        match self.tab {
            Tab::Kind(kind) => Some(kind),
            _ => None,
        }
    }

    /// The list of the tab, where it has one.
    pub fn list(&self) -> Option<&List> {
        self.kind().map(|kind| &self.lists[kind.index()])
    }

    /// Where keys go when nothing lies over the screen.
    pub fn scope(&self) -> Scope {
        match self.tab {
            Tab::Kind(_) if self.focus == Focus::Detail => Scope::Detail,
            Tab::Kind(_) => Scope::List,
            Tab::Plan => Scope::Plan,
            Tab::History => Scope::History,
            Tab::Systems => Scope::Systems,
        }
    }

    /// The index of the system in the strip.
    pub fn system_index(&self) -> Option<usize> {
        let id = self.system.as_ref()?;
        self.world.as_ref()?.systems.iter().position(|system| &system.id == id)
    }

    /// Whether a detail has room beside the list.
    pub fn wide(&self) -> bool {
        self.size.0 >= 100 && self.size.1 >= 20 && !self.whole
    }

    /// Whether something runs that `stop` would stop.
    pub fn running(&self) -> bool {
        let reading = |world: &Arc<World>| {
            world.systems.iter().any(|system| matches!(system.health, Health::Probing | Health::Reading { .. }))
        };
        self.plan.pushing() || self.plan.preparing() || self.world.as_ref().is_some_and(reading)
    }

    /// Seconds until something that is shown changes by itself; `None`: never.
    pub fn next_tick(&self) -> Option<i64> {
        if self.tab == Tab::Plan && self.plan.stale() || self.plan.waits() || self.counts_down() {
            return Some(1);
        }
        let world = self.world.as_ref()?;
        let ages = world.compared.inputs.systems.iter().flat_map(|system| system.snapshots.iter().flatten());
        let shown = self.detail.rows.iter().filter_map(|row| self.detail.side_of(row)?.since);
        ages.map(|snapshot| snapshot.taken).chain(shown).map(|from| lines::age_changes(from, self.now)).min()
    }

    /// Whether a confirmation waits for its first frame.
    pub fn awaits_draw(&self) -> bool {
        match &self.popup {
            Some(Popup::Confirm(confirm)) => confirm.gate.waits(),
            Some(Popup::Ask(ask)) => ask.gate.waits(),
            _ => false,
        }
    }

    /// Says something in the footer and keeps it in the log.
    pub fn say(&mut self, tone: Tone, text: impl Into<String>) {
        let notice = Notice { tone, text: text.into() };
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back((self.now, notice.clone()));
        self.notice = Some(notice);
    }

    /// Says in the footer what a key would do: not for the log.
    fn hint(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { tone: Tone::Plain, text: text.into() });
    }

    fn token(&mut self) -> u64 {
        self.tokens += 1;
        self.tokens
    }

    fn read(&mut self, title: impl Into<String>, lines: Vec<Line>) {
        let width = self.reader_width();
        let lines = lines.iter().flat_map(|line| line.wrapped(width)).collect();
        self.popup = Some(Popup::Reader(reader::Reader::new(title, lines)));
    }
}

/// Takes in one message; what must be done outside comes back.
pub fn update(app: &mut App, msg: Msg, now: jiff::Timestamp) -> Vec<Wish> {
    app.now = now;
    let mut wishes = Vec::new();
    match msg {
        Msg::Key { key, number } if key.kind != KeyEventKind::Release => app.key(&key, number, &mut wishes),
        Msg::Key { .. } | Msg::Tick => {}
        Msg::Paste(text) => app.paste(&text),
        Msg::Resize(columns, rows) => {
            app.size = (columns, rows);
            app.reread();
        }
        Msg::Drawn { read } => {
            if let Some(popup) = &mut app.popup {
                popup.drawn(read);
            }
            return wishes;
        }
        Msg::Report(Report::Outcome(id, outcome)) => {
            app.plan.outcome(&id, outcome);
            // Outcomes come by the hundred; the words beside the changes are live, the rows follow five times a second.
            if !app.plan.due(now) {
                return wishes;
            }
        }
        Msg::Report(report) => {
            let told = matches!(report, Report::World(_) | Report::History(_) | Report::Tried(_));
            app.report(report, &mut wishes);
            if told {
                app.order(&mut wishes);
                app.reread();
            }
        }
        Msg::Copied(how) => match how {
            Copied::Tmux => app.say(Tone::Plain, text!("notice.copied-tmux")),
            Copied::TmuxUnsure => app.say(Tone::Warn, text!("notice.copied-unsure")),
            Copied::TooLong(n) => app.say(Tone::Warn, text!("notice.copied-long", n = text::count(n as u64))),
        },
        Msg::Edited(text) => app.edited(&text),
        Msg::Ordered(ordered) => app.ordered(ordered),
        Msg::Gathered(gathered) => app.gathered(gathered),
        Msg::Surveyed(surveyed) => app.surveyed(surveyed),
    }
    app.settle(&mut wishes);
    wishes
}

impl App {
    /// After every message: lists, cursor and detail follow what has changed.
    fn settle(&mut self, wishes: &mut Vec<Wish>) {
        self.order(wishes);
        self.look();
        let shown = self.tab == Tab::Plan;
        self.plan.unseen &= !shown;
        if let (true, Some(Popup::Filter(bar))) = (shown, &self.popup) {
            self.plan.narrow(bar.input.value());
        }
        self.plan.refresh(shown, self.world.as_deref(), &self.staged, self.size.0, self.now, &self.keymap);
        if self.tab == Tab::Plan {
            self.step(0);
        }
        let look_up = self.keymap.shown(Action::LookUp);
        let running = self.plan.running().cloned();
        self.history.refresh(self.world.as_deref(), self.size.0, running.as_ref(), &look_up);
        if let Some(Popup::Filter(bar)) = &self.popup
            && let Some(kind) = self.kind()
            && bar.input.value() != self.lists[kind.index()].filter
        {
            bar.input.value().clone_into(&mut self.lists[kind.index()].filter);
            self.order(wishes);
        }
    }

    fn key(&mut self, event: &KeyEvent, number: u64, wishes: &mut Vec<Wish>) {
        self.notice = None;
        self.fresh = false;
        if self.escaped(event, number, wishes) {
            return;
        }
        let Some(key) = Key::of(event) else { return };
        if key.ctrl {
            let everywhere = self.keymap.action(Scope::Plan, key);
            if let Some(action @ (Action::Stop | Action::Redraw | Action::Suspend)) = everywhere {
                self.act(action, wishes);
                return;
            }
        }
        if let Some(popup) = self.popup.take() {
            self.popup_key(popup, event, key, number, wishes);
            return;
        }
        let action = self.keymap.action(self.scope(), key);
        // The menu is left by any key; Enter opens it, and Right only leaves it.
        match action {
            Some(Action::Open) if std::mem::take(&mut self.menu) => self.open_palette(),
            Some(Action::SystemRight) if std::mem::take(&mut self.menu) => {}
            _ => {
                self.menu = false;
                match action {
                    Some(action) => self.act(action, wishes),
                    None => self.idle(key),
                }
            }
        }
    }

    fn paste(&mut self, text: &str) {
        let line: String = text.chars().filter(|c| !c.is_control()).collect();
        match &mut self.popup {
            Some(Popup::Filter(bar)) => bar.paste(&line),
            Some(Popup::Palette(palette)) => palette.paste(&line),
            Some(Popup::Help(help)) => help.paste(&line),
            Some(Popup::Form(form)) => form.paste(&line),
            Some(Popup::Note(note)) => note.paste(&line),
            Some(Popup::Password(form)) => form.paste(&line),
            Some(Popup::Confirm(_) | Popup::Ask(_)) => self.say(Tone::Warn, text!("confirm.no-paste")),
            _ => {}
        }
    }
}
