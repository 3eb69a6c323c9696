//! What lies over the screen, and where keys go then.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use super::action::{Action, Scope};
use super::checklist::Checklist;
use super::columns::Columns;
use super::confirm::{Answer, Ask, Confirm};
use super::filter::Past;
use super::form::Form;
use super::help::Help;
use super::keys::Key;
use super::lens::Lenses;
use super::life::Life;
use super::lines::Tone;
use super::links::Links;
use super::native::Native;
use super::note::Note;
use super::palette::Palette;
use super::password::Password;
use super::pick::Pick;
use super::reader::Reader;
use super::trial::Moves;
use super::ways::Ways;
use super::who::Who;
use super::{App, Wish};

/// One thing at a time lies over the screen.
#[derive(Clone, Debug)]
pub enum Popup {
    /// Lines to tick.
    Checklist(Checklist),
    /// Values to give.
    Form(Form),
    /// A reason to give.
    Note(Note),
    /// A secret to type.
    Password(Box<Password>),
    /// Who it could be.
    Links(Links),
    /// Filters with a name.
    Lenses(Lenses),
    /// Changes to leave out of the plan, many at once.
    Pick(Pick),
    /// The columns of a list.
    Columns(Columns),
    /// What is out of true, by the way in which it is.
    Ways(Ways),
    /// Everything that waits for a word on who is who.
    Who(Who),
    /// What rules that are tried would move.
    Moves(Moves),
    /// A push to confirm.
    Confirm(Box<Confirm>),
    /// A question.
    Ask(Ask),
    /// A text to read.
    Reader(Reader),
    /// A record as its system sends it.
    Native(Native),
    /// What was pushed about a record.
    Life(Life),
    /// The help.
    Help(Help),
    /// All actions by name.
    Palette(Palette),
    /// The filter being typed.
    Filter(FilterBar),
}

impl Popup {
    /// A frame with it is on the screen.
    pub fn drawn(&mut self, read: u64) {
        match self {
            Self::Confirm(confirm) => confirm.gate.drawn(read),
            Self::Ask(ask) => ask.gate.drawn(read),
            _ => {}
        }
    }

    /// The field that is typed in, where a longer text may be wanted.
    fn field(&self) -> Option<&Input> {
        match self {
            Self::Form(form) => form.fields.get(form.at).map(|field| &field.input),
            Self::Note(note) => note.fields.get(note.at).map(|field| &field.input),
            Self::Filter(bar) => Some(&bar.input),
            _ => None,
        }
    }

    fn field_mut(&mut self) -> Option<&mut Input> {
        match self {
            Self::Form(form) => form.fields.get_mut(form.at).map(|field| &mut field.input),
            Self::Note(note) => note.fields.get_mut(note.at).map(|field| &mut field.input),
            Self::Filter(bar) => Some(&mut bar.input),
            _ => None,
        }
    }

    /// Where its keys belong, for those that have a menu of their own.
    fn scope(&self) -> Option<Scope> {
        match self {
            Self::Checklist(_) => Some(Scope::Checklist),
            Self::Links(_) => Some(Scope::Links),
            Self::Reader(_) => Some(Scope::Reader),
            _ => None,
        }
    }

    /// Whether a key that does nothing else here opens its menu: where only arrows and Enter arrive, every action must be
    /// reachable.
    fn opens_menu(&self, key: Key) -> bool {
        match self {
            Self::Checklist(_) => key.code == KeyCode::Left,
            Self::Links(_) => matches!(key.code, KeyCode::Left | KeyCode::Right | KeyCode::Enter),
            _ => false,
        }
    }
}

/// The filter being typed.
#[derive(Clone, Debug)]
pub struct FilterBar {
    /// What stands there now; the list follows.
    pub input: Input,
    /// What stood there before, for Esc.
    pub before: String,
    /// How many steps back in the filters used before; 0: what was typed.
    pub back: usize,
    /// What was typed before a filter used before was taken.
    pub typed: String,
    /// The filter that holds is chosen as a whole: what is typed takes its place, and whatever else is pressed keeps it.
    pub chosen: bool,
}

impl FilterBar {
    /// A bar with the filter that holds now.
    pub fn new(filter: &str) -> Self {
        let input = Input::new(filter.to_owned());
        Self { input, before: filter.to_owned(), back: 0, typed: String::new(), chosen: !filter.is_empty() }
    }

    /// A key that edits. Whoever looks for somebody else types the next name, and has not to take the last one away first.
    fn edit(&mut self, event: &KeyEvent) {
        let typed = matches!(event.code, KeyCode::Char(_)) && (event.modifiers - KeyModifiers::SHIFT).is_empty();
        let deleted = matches!(event.code, KeyCode::Backspace | KeyCode::Delete);
        if std::mem::take(&mut self.chosen) && (typed || deleted) {
            self.input.reset();
            if deleted {
                return;
            }
        }
        self.input.handle_event(&Event::Key(*event));
    }

    /// A paste, in one line.
    pub fn paste(&mut self, text: &str) {
        if std::mem::take(&mut self.chosen) {
            self.input.reset();
        }
        for c in text.chars() {
            self.input.handle(tui_input::InputRequest::InsertChar(c));
        }
    }

    /// A filter that was used before, or back to what was typed.
    fn step(&mut self, older: bool, past: &Past) {
        let back = if older { self.back + 1 } else { self.back.saturating_sub(1) };
        if self.back == 0 {
            self.input.value().clone_into(&mut self.typed);
        }
        let text = if back == 0 { Some(self.typed.as_str()) } else { past.get(back) };
        self.chosen = false;
        if let Some(text) = text {
            self.input = Input::new(text.to_owned());
            self.back = back;
        }
    }
}

impl App {
    /// What the editor saved goes into the field that it came from; a filter has one line.
    pub(super) fn edited(&mut self, text: &str) {
        let line = matches!(self.popup, Some(Popup::Filter(_)));
        if let Some(input) = self.popup.as_mut().and_then(Popup::field_mut) {
            *input = Input::new(if line { text.replace('\n', " ") } else { text.to_owned() });
        }
        if let Some(Popup::Filter(bar)) = &mut self.popup {
            bar.chosen = false;
        }
    }

    pub(super) fn popup_key(&mut self, popup: Popup, event: &KeyEvent, key: Key, number: u64, wishes: &mut Vec<Wish>) {
        if self.keymap.action(Scope::Input, key) == Some(Action::Edit)
            && let Some(text) = popup.field().map(|input| input.value().to_owned())
        {
            self.popup = Some(popup);
            return wishes.push(Wish::Edit(text));
        }
        if let Some(scope) = popup.scope() {
            let action = self.keymap.action(scope, key);
            if action == Some(Action::Palette)
                || popup.opens_menu(key) && action.is_none_or(|action| action == Action::Open)
            {
                return self.open_menu_over(popup, scope);
            }
        }
        match popup {
            Popup::Help(help) => self.help_key(help, event, key, wishes),
            Popup::Checklist(list) => self.checklist_key(list, key, wishes),
            Popup::Links(links) => self.links_key(links, key, wishes),
            Popup::Lenses(lenses) => self.lens_key(lenses, key),
            Popup::Pick(pick) => self.pick_key(pick, key, wishes),
            Popup::Columns(columns) => self.columns_key(columns, key, wishes),
            Popup::Ways(ways) => self.ways_key(ways, key, wishes),
            Popup::Who(who) => self.who_key(who, key, wishes),
            Popup::Moves(moves) => self.moves_key(moves, key, wishes),
            Popup::Reader(reader) => self.reader_key(reader, key, wishes),
            Popup::Life(life) => self.life_key(life, key, wishes),
            Popup::Native(native) => self.native_key(native, event, key, wishes),
            Popup::Palette(palette) => self.palette_key(palette, event, wishes),
            Popup::Filter(bar) => self.filter_key(bar, event),
            Popup::Form(mut form) => {
                if event.code == KeyCode::Esc {
                    return;
                }
                if form.key(event) {
                    self.hand_in(form, wishes);
                } else {
                    self.popup = Some(Popup::Form(form));
                }
            }
            Popup::Note(mut note) => {
                if event.code == KeyCode::Esc {
                    return;
                }
                if note.key(event) {
                    self.noted(note, wishes);
                } else {
                    self.popup = Some(Popup::Note(note));
                }
            }
            Popup::Password(mut form) => {
                if event.code == KeyCode::Esc {
                    return;
                }
                if form.key(event) {
                    self.password_given(*form, wishes);
                } else {
                    self.popup = Some(Popup::Password(form));
                }
            }
            Popup::Confirm(mut confirm) => {
                let answer = if confirm.gate.takes(number) { confirm.key(event) } else { Answer::Open };
                match answer {
                    Answer::Yes => self.confirmed(*confirm, wishes),
                    Answer::No => {}
                    Answer::Open => self.popup = Some(Popup::Confirm(confirm)),
                }
            }
            Popup::Ask(mut ask) => {
                let answer = if ask.gate.takes(number) { ask.key(event) } else { Answer::Open };
                match answer {
                    Answer::Yes => self.answered(ask.question, wishes),
                    Answer::No => {}
                    Answer::Open => self.popup = Some(Popup::Ask(ask)),
                }
            }
        }
    }

    fn checklist_key(&mut self, mut list: Checklist, key: Key, wishes: &mut Vec<Wish>) {
        let many = list.items.len().cast_signed();
        match self.keymap.action(Scope::Checklist, key) {
            Some(Action::Open) => return self.accept(list, wishes),
            Some(Action::Escape | Action::Back) => return,
            Some(Action::Toggle) => {
                if let Some(why) = list.toggle() {
                    self.say(Tone::Bad, why);
                } else {
                    list.step(1);
                }
            }
            Some(Action::Agree) => {
                let changes: Vec<_> = list.items.get(list.at).into_iter().flat_map(|item| &item.offers).collect();
                if self.ask_agree(changes.into_iter().map(|offer| &offer.change)) {
                    return;
                }
            }
            Some(Action::Up) => list.step(-1),
            Some(Action::Down) => list.step(1),
            Some(Action::PageUp) => list.step(-10),
            Some(Action::PageDown) => list.step(10),
            Some(Action::Top) => list.step(-many),
            Some(Action::Bottom) => list.step(many),
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Checklist(list));
    }

    /// The filter of the plan, which has words alone.
    fn plan_filter_key(&mut self, mut bar: FilterBar, event: &KeyEvent) {
        match event.code {
            KeyCode::Enter => return,
            KeyCode::Esc => return self.plan.narrow(&bar.before),
            KeyCode::PageUp | KeyCode::PageDown => self.step(if event.code == KeyCode::PageUp { -1 } else { 1 }),
            _ => bar.edit(event),
        }
        self.popup = Some(Popup::Filter(bar));
    }

    fn filter_key(&mut self, mut bar: FilterBar, event: &KeyEvent) {
        let Some(kind) = self.kind() else { return self.plan_filter_key(bar, event) };
        let list = &mut self.lists[kind.index()];
        match event.code {
            KeyCode::Enter => {
                list.past.take(bar.input.value());
                return;
            }
            KeyCode::Esc => {
                list.filter = bar.before;
                return;
            }
            KeyCode::Up | KeyCode::Down => bar.step(event.code == KeyCode::Up, &list.past),
            KeyCode::PageUp | KeyCode::PageDown => {
                // The list can be looked through while the filter is open.
                let at = if event.code == KeyCode::PageUp { list.at.saturating_sub(1) } else { list.at + 1 };
                list.go(at);
            }
            _ => {
                bar.edit(event);
                bar.back = 0;
            }
        }
        self.popup = Some(Popup::Filter(bar));
    }
}
