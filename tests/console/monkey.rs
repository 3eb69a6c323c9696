//! A monkey at the keys: whatever is pressed wherever, nothing breaks, nothing is written, and the way out is named.

use std::sync::{Arc, Mutex, OnceLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use trueup::config::SystemConfig;
use trueup::console::app::action::Action;
use trueup::console::app::confirm::{Typed, Wants};
use trueup::console::app::keys::{Key, Keymap};
use trueup::console::app::popup::Popup;
use trueup::console::app::text::{self, Language, speak_here};
use trueup::console::app::{Focus, Msg, Tab, Wish};
use trueup::console::view::LEAST;
use trueup::console::view::cells::width;

use trueup::engine::protocol::{Command, PastPush, Report, World};
use trueup::engine::push::Patience;
use trueup::engine::{Auth, Setup, SystemSetup, read_all};
use trueup::mapping::Mapping;
use trueup::model::SystemId;
use trueup::model::text::is_hostile;
use trueup::plan::{Mode, Outcome, OutcomeState, Policy};
use trueup::secret::{Secret, Source};
use trueup::simulate::{self, Options};
use trueup::store::{Leases, journal};
use unicode_width::UnicodeWidthChar;

use crate::desk::{Desk, now};
use crate::properties::WAYS;
use crate::world::{self, change, deactivation, guard, outcome, plan};

/// Sizes of screens: the usual ones, and too small ones.
const SIZES: [(u16, u16); 7] = [(80, 24), (100, 30), (120, 36), (200, 50), (40, 10), (20, 5), (1, 1)];

/// More screens and popups, as the keys that lead there.
const MORE: [&str; 12] =
    ["E", "e", "H", "K", "A", "J", "i", "j j j i", "j j j Space Left", "Enter Space", "5 j Enter P", "2 Enter"];

/// The same numbers from the same seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((x ^ (x >> 31)) % sides as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.roll(all.len())]
    }
}

fn plain(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

/// Every key of the registry, and what else a keyboard has at hand.
fn registry() -> Vec<KeyEvent> {
    let keymap = Keymap::standard();
    let mut keys: Vec<KeyEvent> = Vec::new();
    let bound = Action::ALL
        .iter()
        .flat_map(|action| keymap.keys(*action))
        .map(|key: &Key| KeyEvent::new(key.code, if key.ctrl { KeyModifiers::CONTROL } else { KeyModifiers::NONE }));
    let more = [KeyCode::Backspace, KeyCode::Delete, KeyCode::Insert, KeyCode::F(9), KeyCode::Char('8')];
    for key in bound.chain(more.map(plain)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// What an input method sends for a key.
fn full_width(key: &KeyEvent) -> Option<KeyEvent> {
    let KeyCode::Char(c) = key.code else { return None };
    let wide = match c {
        ' ' => '\u{3000}',
        '!'..='~' => char::from_u32(c as u32 + 0xfee0)?,
        _ => return None,
    };
    (key.modifiers == KeyModifiers::NONE).then(|| plain(KeyCode::Char(wide)))
}

/// A desk over the small world with a plan, a history and something staged.
fn small(language: Language, (columns, rows): (u16, u16), mask: bool) -> Desk {
    let mut desk = Desk::with(columns, rows, world::small());
    speak_here(Some(language));
    desk.app.mask = mask;
    let changes = vec![change(0, "department", "Production", "Research"), deactivation()];
    desk.report(Report::Staging(changes.clone()));
    desk.burst("p");
    desk.report(Report::Prepared(plan(changes.clone())));
    let outcomes = vec![
        outcome(&changes[0], OutcomeState::confirmed(Vec::new())),
        outcome(&changes[1], OutcomeState::Failed { why: "403 only administrators may do this".into() }),
    ];
    let (who, reason, created) = ("ops@bastion".into(), Some("OPS-1".into()), Vec::new());
    desk.report(Report::History(vec![PastPush {
        plan: plan(changes),
        began: now(),
        who,
        reason,
        created,
        closed: true,
        running: false,
        outcomes,
    }]));
    desk.burst("1");
    desk
}

/// Four simulated systems, read for real.
pub fn demo() -> World {
    static READ: OnceLock<World> = OnceLock::new();
    READ.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let dir = std::env::temp_dir().join(format!("trueup-monkey-{}", std::process::id()));
        let world = runtime.block_on(async {
            let mut systems = Vec::new();
            let mut running = Vec::new();
            for (name, connector, view) in
                [("hr", "scim", "source"), ("aha", "aha", "aha"), ("litmos", "litmos", "litmos")]
            {
                let options = Options { users: 60, view: view.into(), rate_limit: false, ..Options::default() };
                let simulator = simulate::start(connector, options).await.unwrap();
                let login = simulator.login.get("token").or_else(|| simulator.login.get("api_key")).unwrap();
                let secret = Source::Given(Secret::new(login.clone()));
                let auth = match connector {
                    "litmos" => Auth::Header { name: "apikey".to_owned(), value: secret },
                    _ => Auth::Bearer(secret),
                };
                let mut config = SystemConfig::new(SystemId::new(name), connector, &simulator.url, auth);
                if connector == "aha" {
                    config.own.insert("account".to_owned(), "acme".to_owned());
                }
                if connector == "litmos" {
                    config.own.insert("source_name".to_owned(), "trueup".to_owned());
                }
                config.policy = Policy { mode: Mode::Full, ..Policy::default() };
                config.rate = Some(1000.0);
                systems.push(SystemSetup::over(config, Arc::new(Mapping::builtin(connector).unwrap())).unwrap());
                running.push(simulator);
            }
            let setup = Setup {
                accepted: Vec::new(),
                leases: Leases::none(),
                systems,
                source: Some(SystemId::new("hr")),
                reference: None,
                journal: Box::new(journal::open(&dir.join("state").join("journal.db")).unwrap()),
                cache: None,
                who: "lena".into(),
                patience: Patience::default(),
                read_at_start: true,
                reread: None,
            };
            read_all(setup, |_| {}).await.unwrap()
        });
        let _ = std::fs::remove_dir_all(dir);
        world
    })
    .clone()
}

/// Does what the engine would do, for the wishes from here on.
fn serve(desk: &mut Desk, from: &mut usize) {
    while let Some(wish) = desk.wishes.get(*from).cloned() {
        *from += 1;
        match wish {
            Wish::Engine(Command::Prepare(changes)) => {
                let mut made = (*plan(changes)).clone();
                made.id = trueup::plan::PlanId(format!("plan-{from}").into());
                if from.is_multiple_of(3) {
                    made.guards.push(guard(true));
                }
                desk.report(Report::Prepared(Arc::new(made)));
            }
            Wish::Engine(Command::Push { plan, .. }) => {
                desk.report(Report::PushBegan(plan.id.clone()));
                for (at, change) in plan.changes.iter().enumerate() {
                    let state = match at % 3 {
                        0 => OutcomeState::confirmed(Vec::new()),
                        1 => OutcomeState::Failed { why: "500 try later".into() },
                        _ => OutcomeState::Unknown { why: "no reply".into() },
                    };
                    let outcome = Outcome { change: change.id.clone(), state, at: now() };
                    desk.report(Report::Outcome(plan.id.clone(), outcome));
                }
                desk.report(Report::PushEnded(plan.id.clone()));
            }
            Wish::Engine(Command::Native(key)) => {
                let text = "{\n  \"id\": \"7\",\n  \"name\": [\n    \"Lena\"\n  ]\n}".to_owned();
                desk.report(Report::Native { key, text: Ok(text) });
            }
            Wish::Engine(Command::Resolve) => desk.report(Report::Unknown(Vec::new())),
            Wish::Edit(text) => desk.send(Msg::Edited(format!("{text} edited"))),
            _ => {}
        }
    }
}

fn rows(buffer: &Buffer) -> Vec<String> {
    (0..buffer.area.height)
        .map(|y| (0..buffer.area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>())
        .collect()
}

/// What holds of every screen.
fn look(desk: &Desk, how: &dyn Fn() -> String) {
    let (buffer, place) = desk.draw();
    let (columns, lines) = desk.app.size;
    let shown = || format!("{}\n{}", how(), rows(&buffer).join("\n"));
    for cell in &buffer.content {
        for c in cell.symbol().chars() {
            let sure = c.width() == c.width_cjk() || c.is_alphanumeric();
            assert!(sure && !is_hostile(c) && !c.is_control(), "{c:?} {}", shown());
        }
    }
    if let Some(place) = place {
        assert!(place.x < columns && place.y < lines, "the cursor is off the screen at {place}: {}", shown());
    }
    for y in 0..lines {
        for x in (0..columns).filter(|x| width(buffer[(*x, y)].symbol()) > 1) {
            let rest = (x + 1 < columns).then(|| buffer[(x + 1, y)].symbol());
            assert!(rest.is_some_and(|rest| rest.trim().is_empty()), "half a character at {x},{y}: {}", shown());
        }
    }
    let there = |at: usize, many: usize| at < many || many == 0;
    let app = &desk.app;
    assert!(app.list().is_none_or(|list| there(list.at, list.order.len())), "no such row in the list: {}", shown());
    assert!(there(app.detail.at, app.detail.rows.len()), "no such row in the detail: {}", shown());
    assert!(there(app.plan.at, app.plan.rows.len()), "no such row in the plan: {}", shown());
    assert!(there(app.history.at, app.history.rows.len()), "no such row in the history: {}", shown());
    let rows = rows(&buffer);
    assert!(rows.iter().any(|row| !row.trim().is_empty()), "nothing is shown: {}", shown());
    if columns < LEAST.0 || lines < LEAST.1 {
        return;
    }
    let last = rows.last().unwrap();
    let out = match &desk.app.popup {
        Some(Popup::Ask(_)) => rows.iter().any(|row| row.contains(text::get("popup.no"))),
        // What was said last may stand where the keys do.
        Some(Popup::Filter(_)) => !last.trim().is_empty(),
        Some(_) => rows.iter().any(|row| row.contains("Esc")),
        None => !last.trim().is_empty(),
    };
    assert!(out, "no way out is named: {}", shown());
    if desk.app.mask {
        for name in ["Fischer", "fischer", "Haddad", "haddad", "wang.", "ouyang", "王小明", "欧阳"] {
            assert!(!rows.iter().any(|row| row.contains(name)), "{name} in spite of the mask: {}", shown());
        }
    }
}

/// Whether a key may do nothing without a word: it moves, and there is nothing farther on; or one is there already; or
/// only the keys that are named in a question count.
fn may_rest(desk: &Desk, key: KeyEvent) -> bool {
    let Some(key) = Key::of(&key) else { return true };
    let typing = match &desk.app.popup {
        None => false,
        Some(Popup::Help(help)) => help.typing,
        Some(Popup::Native(native)) => native.typing,
        Some(popup) => matches!(
            popup,
            Popup::Filter(_)
                | Popup::Palette(_)
                | Popup::Form(_)
                | Popup::Note(_)
                | Popup::Password(_)
                | Popup::Confirm(_)
                | Popup::Ask(_)
        ),
    };
    let moves = [
        Action::Up,
        Action::Down,
        Action::PageUp,
        Action::PageDown,
        Action::Top,
        Action::Bottom,
        Action::SystemLeft,
        Action::SystemRight,
        Action::Earlier,
        Action::Later,
    ];
    let tabs = [
        Action::Users,
        Action::Groups,
        Action::Roles,
        Action::Products,
        Action::PlanTab,
        Action::HistoryTab,
        Action::SystemsTab,
    ];
    let does = |action: &Action| desk.app.keymap.keys(*action).contains(&key);
    let at = Tab::ALL.iter().position(|tab| *tab == desk.app.tab).unwrap();
    typing || moves.iter().any(does) || desk.app.popup.is_none() && does(&tabs[at])
}

/// Esc, often enough, leads to the list: no level is without its way back.
fn back_to_the_root(desk: &mut Desk, how: &dyn Fn() -> String) {
    let root = |desk: &Desk| {
        let list = desk.app.list();
        desk.app.popup.is_none()
            && desk.app.focus == Focus::List
            && list.is_some_and(|list| list.anchor.is_none() && list.filter.is_empty())
    };
    for _ in 0..8 {
        if root(desk) {
            return;
        }
        desk.frame();
        press(desk, plain(KeyCode::Esc), how);
    }
    assert!(root(desk), "Esc does not lead back: {}", how());
}

/// Presses a key; a push that begins with it was confirmed by what was typed, and by Enter.
fn press(desk: &mut Desk, key: KeyEvent, how: &dyn Fn() -> String) -> usize {
    let confirmed = match &desk.app.popup {
        Some(Popup::Confirm(confirm)) => {
            key.code == KeyCode::Enter && !confirm.gate.waits() && confirm.fields.iter().all(Typed::right)
        }
        _ => false,
    };
    let before = desk.pushes();
    desk.event(key);
    let pushed = desk.pushes() - before;
    assert!(pushed == 0 || confirmed && pushed == 1, "a push that nobody has confirmed: {}", how());
    pushed
}

/// Runs on threads of their own: what is spoken belongs to the thread.
fn side_by_side(parts: usize, work: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..parts).map(|part| scope.spawn(move || work(part))).collect();
        for thread in threads {
            if let Err(fault) = thread.join() {
                std::panic::resume_unwind(fault);
            }
        }
    });
}

#[test]
fn every_key_can_be_pressed_on_every_screen() {
    let keys = registry();
    let ways: Vec<&str> = WAYS.into_iter().chain(MORE).collect();
    let mute = Mutex::new(Vec::new());
    side_by_side(2, |part| {
        for (at, way) in ways.iter().enumerate().filter(|(at, _)| at % 2 == part) {
            for (nth, key) in keys.iter().enumerate() {
                // Each key meets each screen once; sizes, languages and the mask take turns.
                let turn = at * 7 + nth;
                let size = SIZES[turn % SIZES.len()];
                let language = Language::ALL[turn / SIZES.len() % 2];
                let mask = turn / 2 % 3 == 0;
                let how = || format!("{key:?} after {way:?} at {size:?}, {}, mask {mask}", language.name());
                let mut desk = small(language, (80, 24), mask);
                desk.burst(way);
                desk.frame();
                let (before, wishes, rests) = (rows(&desk.draw().0), desk.wishes.len(), may_rest(&desk, *key));
                press(&mut desk, *key, &how);
                let after = rows(&desk.draw().0);
                // What was said by the key before may be what there is to say.
                let silent = !rests && desk.wishes.len() == wishes && before == after && desk.app.notice.is_none();
                if silent {
                    mute.lock().unwrap().push(format!("{:?} after {way:?}", key.code));
                }
                serve(&mut desk, &mut 0);
                desk.send(Msg::Resize(size.0, size.1));
                look(&desk, &how);
                if nth % 8 == at % 8 {
                    back_to_the_root(&mut desk, &how);
                }
            }
        }
    });
    let mute = mute.into_inner().unwrap();
    assert!(mute.is_empty(), "keys that do nothing, and do not say so:\n{}", mute.join("\n"));
}

#[test]
fn a_full_width_key_does_on_every_screen_what_its_key_does() {
    let keys: Vec<(KeyEvent, KeyEvent)> = registry().iter().filter_map(|key| Some((*key, full_width(key)?))).collect();
    let typed = |desk: &Desk| {
        let fields = |popup: &Popup| {
            matches!(
                popup,
                Popup::Filter(_)
                    | Popup::Palette(_)
                    | Popup::Form(_)
                    | Popup::Note(_)
                    | Popup::Password(_)
                    | Popup::Confirm(_)
            )
        };
        desk.app.popup.as_ref().is_some_and(fields)
            || matches!(&desk.app.popup, Some(Popup::Help(help)) if help.typing)
            || matches!(&desk.app.popup, Some(Popup::Native(native)) if native.typing)
    };
    let ways: Vec<&str> = WAYS.into_iter().chain(MORE).collect();
    side_by_side(2, |part| {
        for (at, way) in ways.iter().enumerate().filter(|(at, _)| at % 2 == part) {
            // Every third key on each screen, and every key on some.
            for (narrow, wide) in keys.iter().skip(at % 3).step_by(3) {
                let after = |key: KeyEvent| {
                    let mut desk = small(Language::English, (80, 24), false);
                    desk.burst(way);
                    desk.frame();
                    let field = typed(&desk);
                    desk.event(key);
                    (field, rows(&desk.draw().0), desk.wishes.len())
                };
                let (field, shown, wishes) = after(*narrow);
                if !field {
                    let (_, same, as_many) = after(*wide);
                    assert_eq!((shown, wishes), (same, as_many), "{narrow:?} after {way:?}");
                }
            }
        }
    });
}

/// A walk of so many keys; gives how many pushes were confirmed on it.
fn walk(seed: u64, world: &World, keys: usize) -> usize {
    let mut dice = Dice(seed);
    let language = Language::ALL[seed as usize % 2];
    let mut desk = Desk::with(120, 36, world.clone());
    speak_here(Some(language));
    desk.app.mask = seed.is_multiple_of(3);
    desk.report(Report::Staging(vec![change(0, "department", "Production", "Research"), deactivation()]));
    let all = registry();
    let arrows = [KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::Enter].map(plain);
    let (mut served, mut pushed) = (0, 0);
    let mut last: Vec<String> = Vec::new();
    for n in 0..keys {
        if n % 40 == 0 {
            let size = (20 + dice.roll(231) as u16, 5 + dice.roll(56) as u16);
            desk.send(Msg::Resize(size.0, size.1));
        }
        let key = match (&desk.app.popup, dice.roll(10)) {
            // Now and then what is asked for is typed.
            (Some(Popup::Confirm(confirm)), 0..7) if dice.roll(4) > 0 => {
                let field = &confirm.fields[confirm.at];
                let wanted = match &field.wants {
                    Wants::Count(n) => n.to_string(),
                    Wants::Name(name) => name.to_string(),
                    Wants::Deleted(label) => label.clone(),
                    Wants::Reason(_) => "because".to_owned(),
                };
                let have = field.input.value();
                match wanted.strip_prefix(have).and_then(|rest| rest.chars().next()) {
                    Some(next) => plain(KeyCode::Char(next)),
                    None => plain(if wanted == have { KeyCode::Enter } else { KeyCode::Backspace }),
                }
            }
            (_, 0) => *dice.of(&arrows),
            (_, 1) => full_width(dice.of(&all)).unwrap_or(plain(KeyCode::Esc)),
            (Some(_), 2..4) => plain(KeyCode::Esc),
            (None, 2) => plain(KeyCode::Char('5')),
            (None, 3) => plain(KeyCode::Char('p')),
            (None, 4..6) if desk.app.tab == Tab::Plan => plain(KeyCode::Char('P')),
            _ => *dice.of(&all),
        };
        last.push(format!("{key:?}"));
        let tail = last[last.len().saturating_sub(12)..].join("\n");
        let how = || format!("walk {seed}, key {n}, the last of them:\n{tail}");
        pushed += press(&mut desk, key, &how);
        serve(&mut desk, &mut served);
        if dice.roll(4) > 0 {
            look(&desk, &how);
            let read = n as u64 + 1;
            desk.send(Msg::Drawn { read });
        }
    }
    back_to_the_root(&mut desk, &|| format!("walk {seed}"));
    pushed
}

#[test]
fn thousands_of_keys_at_random_break_nothing_and_write_nothing_unconfirmed() {
    let (demo, small) = (demo(), world::small());
    let pushes = std::sync::atomic::AtomicUsize::new(0);
    side_by_side(2, |part| {
        for seed in (0..24).filter(|seed| seed % 2 == part) {
            let world = if seed % 4 < 2 { &demo } else { &small };
            let pushed = walk(seed as u64, world, 250);
            pushes.fetch_add(pushed, std::sync::atomic::Ordering::Relaxed);
        }
    });
    // Walks on which nobody ever confirms would show nothing of it.
    let pushed = pushes.into_inner();
    assert!(pushed > 0, "no walk came to a push");
}
