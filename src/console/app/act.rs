//! What each action does.

use crate::engine::protocol::Command;
use crate::model::{Kind, SystemId};

use super::action::Action;
use super::confirm::{Ask, Question, leave};
use super::lines::Tone;
use super::live::Stops;
use super::mask::private;
use super::popup::{FilterBar, Popup};
use super::rows::Rows;
use super::systems::Testing;
use super::text::{self, Language, text};
use super::{App, Focus, Tab, Wish};

impl App {
    /// Does an action, or says why not.
    pub(super) fn act(&mut self, action: Action, wishes: &mut Vec<Wish>) {
        if let Some(why) = self.disabled(action) {
            return self.say(Tone::Warn, why);
        }
        match action {
            Action::Users => self.go_tab(Tab::Kind(Kind::User), wishes),
            Action::Groups => self.go_tab(Tab::Kind(Kind::Group), wishes),
            Action::Roles => self.go_tab(Tab::Kind(Kind::Role), wishes),
            Action::Products => self.go_tab(Tab::Kind(Kind::Product), wishes),
            Action::PlanTab => self.go_tab(Tab::Plan, wishes),
            Action::HistoryTab => self.go_tab(Tab::History, wishes),
            Action::SystemsTab => self.go_tab(Tab::Systems, wishes),
            Action::NextTab => self.step_tab(true, wishes),
            Action::PreviousTab => self.step_tab(false, wishes),
            Action::SystemLeft | Action::SystemRight => {
                let forward = action == Action::SystemRight;
                let moved = match self.tab {
                    Tab::Kind(_) if self.focus == Focus::Detail => self.step_target(forward),
                    Tab::Kind(_) => self.step_system(forward),
                    _ => false,
                };
                // Left of everything is the menu.
                self.menu = !moved && !forward;
                if !moved && forward && self.kind().is_none() {
                    self.hint(text!("no.beside"));
                }
            }
            Action::Up => self.step(-1),
            Action::Down => self.step(1),
            Action::PageUp => self.step(-self.page()),
            Action::PageDown => self.step(self.page()),
            Action::Top => self.step(isize::MIN / 2),
            Action::Bottom => self.step(isize::MAX / 2),
            Action::Open => self.open(wishes),
            Action::Back => self.back(true, wishes),
            Action::Escape => self.back(false, wishes),
            Action::Older => self.go_older(wishes),
            Action::Newer => self.go_newer(wishes),
            Action::Filter => {
                let filter = match self.tab {
                    Tab::Plan => self.plan.filter.clone(),
                    _ => self.list().map(|list| list.filter.clone()).unwrap_or_default(),
                };
                self.popup = Some(Popup::Filter(FilterBar::new(&filter)));
            }
            Action::OnlyOut => self.with_list(|list| list.only = !list.only),
            Action::NextOut | Action::PreviousOut if self.tab == Tab::Plan => {
                if !self.plan.next_group(action == Action::PreviousOut) {
                    self.hint(text!("no.more-groups"));
                }
                self.step(0);
            }
            Action::NextOut | Action::PreviousOut => {
                if !self.next_out(action == Action::PreviousOut) {
                    self.say(Tone::Plain, text!("no.more-out"));
                }
            }
            Action::Sort => self.sort_next(wishes),
            Action::Reverse => {
                self.with_list(|list| list.reverse = !list.reverse);
                self.keep_place(wishes);
            }
            Action::Columns => self.open_columns(),
            Action::Wide => {
                self.whole = !self.whole;
                self.keep_place(wishes);
            }
            Action::Ways => self.open_ways(wishes),
            Action::Rules => self.edit_rules(None, wishes),
            Action::TakeRules => self.take_rules(wishes),
            Action::DropRules => self.drop_rules(),
            Action::Related => self.related(),
            Action::Life => {
                wishes.push(Wish::Engine(Command::Prove));
                self.open_life();
            }
            Action::Who => self.open_who(wishes),
            Action::Stage => self.stage(wishes),
            Action::Range => {
                if self.list().is_some_and(|list| list.anchor.is_some()) {
                    self.stage_range(wishes);
                } else {
                    self.with_list(|list| {
                        list.go(list.at);
                        list.anchor = list.cursor.clone();
                        list.anchor_at = list.at;
                    });
                }
            }
            Action::StageAll => self.stage_all(wishes),
            Action::Unstage => self.unstage(wishes),
            Action::Adopt => self.adopt(wishes),
            Action::Protect => self.protect(wishes),
            Action::Password => self.ask_password(),
            Action::Links => self.open_links(),
            Action::Lenses => self.open_lenses(),
            Action::Agree => self.agree_here(),
            Action::Prepare => self.go_plan(wishes),
            Action::Push => self.ask_push(),
            Action::Acknowledge if self.tab == Tab::Systems => self.ask_complete(),
            Action::Acknowledge => self.switch_here(),
            Action::Pick => self.open_pick(),
            Action::Discard => self.ask_discard(),
            Action::Why => {
                if self.history.pushes.is_none() {
                    wishes.push(Wish::Engine(Command::History));
                }
                self.open_why();
            }
            Action::Native => {
                self.native(wishes);
                self.look();
            }
            Action::Trace => {
                let focus = self.focus;
                self.popup = None;
                self.focus = Focus::Detail;
                self.look();
                self.focus = focus;
                self.open_trace();
            }
            Action::Refresh => {
                let system = match self.tab {
                    Tab::Systems => self.system_here().map(|status| status.id.clone()),
                    _ => self.system.clone(),
                };
                self.refresh(system, self.kind(), wishes);
            }
            Action::RefreshAll => self.refresh(None, None, wishes),
            Action::Test => {
                if let Some((id, site)) = self.system_here().map(|status| (status.id.clone(), status.site.clone())) {
                    self.say(Tone::Plain, text!("systems.testing", system = id));
                    self.systems.testing = Some(Testing { system: id.clone(), site, begun: false });
                    wishes.push(Wish::Engine(Command::Test(id)));
                }
            }
            Action::Faster => self.tune(2.0, wishes),
            Action::Slower => self.tune(0.5, wishes),
            Action::Retry if self.tab == Tab::Plan && self.plan.pushing() => {
                wishes.push(Wish::Engine(Command::TryNow(self.plan.waiting_here())));
            }
            Action::Retry if self.tab == Tab::Plan => self.retry_here(wishes),
            Action::Retry => self.retry(wishes),
            Action::Undo => self.undo(wishes),
            Action::LookUp => wishes.push(Wish::Engine(Command::Resolve)),
            Action::Stop => {
                let key = self.keymap.shown(Action::Stop);
                // A push that ends just now is not to take the reading that follows it with it.
                let (of, words) = match self.plan.stopping() {
                    Stops::Over => return self.say(Tone::Warn, text!("notice.stopped-already", key = key)),
                    Stops::Reading if self.plan.preparing() => (None, text!("notice.stopping-plan").to_owned()),
                    Stops::Reading => (None, text!("notice.stopping-reading").to_owned()),
                    Stops::Push(of) => (Some(of), text!("notice.stopping", key = key)),
                    Stops::Again(of) => (Some(of), text!("notice.giving-up").to_owned()),
                };
                self.say(Tone::Warn, words);
                wishes.push(Wish::Engine(Command::Stop(of)));
            }
            Action::Fold => match self.tab {
                Tab::Kind(_) => self.fold_branch(),
                Tab::Plan => self.plan.fold(true),
                _ => self.history.fold(true, wishes),
            },
            Action::Edit
            | Action::Toggle
            | Action::SameAs
            | Action::NotSame
            | Action::Forget
            | Action::Earlier
            | Action::Later => {}
            Action::Copy => self.copy(wishes),
            Action::Export => self.ask_export(),
            Action::Mask => {
                self.mask = !self.mask;
                self.say(Tone::Plain, if self.mask { text!("notice.masked") } else { text!("notice.unmasked") });
            }
            Action::Log => self.open_log(),
            Action::Theme => wishes.push(Wish::Theme(None)),
            Action::Language => self.speak(match text::language() {
                Language::English => Language::Chinese,
                Language::Chinese => Language::English,
            }),
            Action::Palette => self.open_palette(),
            Action::Help => self.open_help(),
            Action::Redraw => wishes.push(Wish::Repaint),
            Action::Suspend => wishes.push(Wish::Suspend),
            Action::Quit => self.quit(wishes),
        }
    }

    fn with_list(&mut self, change: impl FnOnce(&mut super::list::List)) {
        if let Some(kind) = self.kind() {
            change(&mut self.lists[kind.index()]);
        }
    }

    fn page(&self) -> isize {
        let rows = match self.tab {
            Tab::Kind(_) if self.focus == Focus::Detail => self.detail_rows(),
            Tab::Kind(_) => self.list_height(),
            Tab::Plan => self.body_height(),
            Tab::History => self.history_height(),
            Tab::Systems => self.report_height(),
        };
        rows.saturating_sub(1).max(1).cast_signed()
    }

    /// Rows between tabs and footer.
    pub fn body_height(&self) -> usize {
        usize::from(self.size.1).saturating_sub(4)
    }

    /// Rows of the history, without its heading and the head of the record.
    pub fn history_height(&self) -> usize {
        self.body_height().saturating_sub(1)
    }

    pub(super) fn step(&mut self, by: isize) {
        let height = if self.tab == Tab::History { self.history_height() } else { self.body_height() }.max(1);
        let moved = |at: usize, many: usize| at.saturating_add_signed(by).min(many.saturating_sub(1));
        let follow = |at: usize, top: usize| if at < top { at } else { top.max((at + 1).saturating_sub(height)) };
        match self.tab {
            Tab::Kind(_) if self.focus == Focus::Detail => {
                self.detail.at = moved(self.detail.at, self.detail.rows.len());
            }
            Tab::Kind(_) => self.move_list(by),
            Tab::Plan => {
                self.plan.at = moved(self.plan.at, self.plan.rows.len());
                self.plan.top = follow(self.plan.at, self.plan.top);
            }
            Tab::History => {
                self.history.at = moved(self.history.at, self.history.rows.len());
                self.history.top = follow(self.history.at, self.history.top);
            }
            Tab::Systems if by.unsigned_abs() == 1 => {
                let many = self.world.as_ref().map_or(0, |world| world.systems.len());
                self.systems.at = moved(self.systems.at, many);
                self.systems.top = 0;
            }
            Tab::Systems => {
                let lines = self.system_here().map_or(0, |status| self.report_on(status).len());
                let most = lines.saturating_sub(self.report_height());
                self.systems.top = self.systems.top.saturating_add_signed(by).min(most);
            }
        }
    }

    pub(super) fn move_list(&mut self, by: isize) {
        self.with_list(|list| list.go(list.at.saturating_add_signed(by)));
    }

    fn open(&mut self, wishes: &mut Vec<Wish>) {
        match self.tab {
            Tab::Kind(_) if self.list().is_some_and(|list| list.anchor.is_some()) => self.stage_range(wishes),
            Tab::Kind(_) if self.focus == Focus::List => self.enter_detail(),
            Tab::Kind(_) => {
                if !self.jump() {
                    self.stage(wishes);
                }
            }
            Tab::Plan => self.plan.fold(false),
            Tab::History => self.history.fold(false, wishes),
            Tab::Systems => {
                if let Some(id) = self.system_here().map(|status| status.id.clone()) {
                    self.leave_mark();
                    self.system = Some(id);
                    self.go_tab(Tab::Kind(Kind::User), wishes);
                }
            }
        }
    }

    /// One level back; at the root `quits` says whether that ends the console.
    fn back(&mut self, quits: bool, wishes: &mut Vec<Wish>) {
        if self.list().is_some_and(|list| list.anchor.is_some()) {
            return self.with_list(|list| list.anchor = None);
        }
        if self.focus == Focus::Detail {
            self.focus = Focus::List;
            return;
        }
        if !quits && self.list().is_some_and(|list| !list.filter.is_empty()) {
            return self.with_list(|list| list.filter.clear());
        }
        if !quits && self.list().is_some_and(|list| list.narrow.is_some()) {
            return self.with_list(|list| list.narrow = None);
        }
        if !quits && self.tab == Tab::Plan && !self.plan.filter.is_empty() {
            return self.plan.narrow("");
        }
        if self.tab == Tab::History && self.history.leave() {
            return;
        }
        if self.kind().is_none() {
            return self.go_list(wishes);
        }
        if quits {
            self.quit(wishes);
        } else {
            self.hint(text!("notice.how-to-quit", key = self.keymap.shown(Action::Back)));
        }
    }

    fn quit(&mut self, wishes: &mut Vec<Wish>) {
        if self.plan.pushing() {
            self.popup = Some(Popup::Ask(Ask::new(Question::Quit, text!("quit.pushing").to_owned())));
        } else if self.setup.forgets && !self.staged.is_empty() {
            let words = text!("quit.forgets", changes = text::changes(self.staged.len()));
            self.popup = Some(Popup::Ask(Ask::new(Question::Quit, words)));
        } else {
            leave(wishes);
        }
    }

    pub(super) fn refresh(&mut self, system: Option<SystemId>, kind: Option<Kind>, wishes: &mut Vec<Wish>) {
        let what = system.as_ref().map_or_else(|| text!("strip.all").to_owned(), ToString::to_string);
        self.say(Tone::Plain, text!("notice.refreshing", what = what));
        wishes.push(Wish::Engine(Command::Refresh { system, kind }));
    }

    fn tune(&mut self, by: f64, wishes: &mut Vec<Wish>) {
        let Some(status) = self.system_here() else { return };
        let system = status.id.clone();
        let per_second = (status.budget.per_second * by).clamp(0.1, 1000.0);
        self.say(Tone::Plain, text!("systems.tuned", system = system, rate = super::systems::rate(per_second)));
        wishes.push(Wish::Engine(Command::Tune { system, per_second }));
    }

    fn copy(&mut self, wishes: &mut Vec<Wish>) {
        let copied = match self.tab {
            Tab::Kind(kind) => {
                let list = &self.lists[kind.index()];
                list.identity()
                    .zip(list.shown.as_ref())
                    .map(|(identity, compared)| Rows::new(compared, kind).label(identity).to_owned())
            }
            Tab::Plan => self.plan.change_here().map(|id| id.to_string()),
            Tab::History => self.history.here().map(|push| {
                // What a ticket wants: which push, and the head of the record.
                let head = self.history.head.as_ref().map(|(n, hash)| format!(" head {n} {hash}")).unwrap_or_default();
                format!("{}{head}", push.plan.id)
            }),
            Tab::Systems => self.system_here().map(|status| status.id.to_string()),
        };
        if let Some(text) = copied.filter(|text| !text.is_empty()) {
            self.say(Tone::Plain, text!("notice.copied", text = private(&text)));
            wishes.push(Wish::Copy(text));
        } else {
            self.hint(text!("no.copy"));
        }
    }
}
