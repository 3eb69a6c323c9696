//! A frame at 1,000,000 rows: a key, what it changes, and the drawing of it, at 120x40. It must not depend on the number of
//! rows (DESIGN.md section 6: key to effect p99 <= 8 ms).
//!
//! `TRUEUP_BENCH_USERS` sets another number of people.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::{Arc, LazyLock};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use divan::Bencher;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use trueup::compare::{Inputs, SystemView, compare};
use trueup::console::app::{App, Msg, Setup, Wish, update};
use trueup::console::view::{Theme, draw};
use trueup::engine::protocol::{Budget, Health, Report, SystemStatus, World};
use trueup::mapping::Mapping;
use trueup::model::filter::Filters;
use trueup::model::{FeedState, Kind, Proof, Snapshot, SystemId, TableBuilder};
use trueup::plan::Policy;

fn main() {
    divan::main();
}

fn users() -> u32 {
    std::env::var("TRUEUP_BENCH_USERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

fn now() -> jiff::Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

fn system(name: &str, drift: bool) -> SystemView {
    let mapping = Arc::new(Mapping::builtin("scim").unwrap());
    let schema = mapping.kind(Kind::User).unwrap().schema.clone();
    let attr = |path: &str| schema.resolve(path).unwrap();
    let (login, shown, title, active) = (attr("userName"), attr("displayName"), attr("title"), attr("active"));
    let mut builder = TableBuilder::new(schema.clone());
    for n in 0..users() {
        assert!(builder.begin(&format!("{name}-{n}")));
        builder.set(login, &format!("user.{n}@example.com"));
        builder.set(shown, &format!("{} {n}", if n % 2 == 0 { "王小明" } else { "Anna-Lena Müller" }));
        builder.set(title, if drift && n % 50 == 0 { "Director" } else { "工程师" });
        builder.set(active, "true");
        builder.end();
    }
    let snapshot = Snapshot {
        system: SystemId::new(name),
        kind: Kind::User,
        generation: 1,
        table: builder.table(),
        feeds: vec![FeedState {
            feed: "users".into(),
            proof: Proof::Complete { how: "made here".into(), total: u64::from(users()) },
            pages: 1,
            requests: 1,
        }],
        taken: now(),
    };
    SystemView {
        id: SystemId::new(name),
        mapping,
        snapshots: [Some(Arc::new(snapshot)), None, None, None],
        scope: Filters::default(),
        manage: Filters::default(),
        deactivate_out_of_scope: false,
    }
}

static WORLD: LazyLock<Arc<World>> = LazyLock::new(|| {
    let systems = vec![system("hr", false), system("target", true)];
    let status = |view: &SystemView, source| SystemStatus {
        id: view.id.clone(),
        connector: "scim".into(),
        title: "SCIM 2.0".into(),
        url: "https://example.com".into(),
        source,
        mode: trueup::plan::Mode::Full,
        production: false,
        policy: Policy::default(),
        health: Health::Good,
        site: None,
        mapping: view.mapping.clone(),
        budget: Budget::default(),
        resting: None,
        recent: Arc::from([]),
    };
    let statuses = [status(&systems[0], true), status(&systems[1], false)];
    let inputs = Inputs { systems, source: Some(0), ..Inputs::default() };
    Arc::new(World {
        generation: 1,
        systems: Arc::from(statuses),
        compared: Arc::new(compare(Arc::new(inputs))),
        who: "lena".into(),
    })
});

struct Desk {
    app: App,
    theme: Theme,
    buffer: Buffer,
    keys: u64,
}

impl Desk {
    fn new() -> Self {
        let app = App::new(Setup { title: "bench".into(), ..Setup::default() }, (120, 40), now());
        let buffer = Buffer::empty(Rect::new(0, 0, 120, 40));
        let mut desk = Self { app, theme: Theme::named("default"), buffer, keys: 0 };
        desk.send(Msg::Report(Report::World(WORLD.clone())));
        desk.draw();
        desk
    }

    fn send(&mut self, msg: Msg) {
        for wish in update(&mut self.app, msg, now()) {
            if let Wish::Order(job) = wish {
                self.send(Msg::Ordered(job.run()));
            }
        }
    }

    fn press(&mut self, code: KeyCode) {
        self.keys += 1;
        self.send(Msg::Key { key: KeyEvent::new(code, KeyModifiers::NONE), number: self.keys });
        self.draw();
    }

    fn draw(&mut self) {
        self.buffer.reset();
        let _ = draw(&self.app, &self.theme, &mut self.buffer);
        self.send(Msg::Drawn { read: self.keys });
    }
}

#[divan::bench(args = [KeyCode::Down, KeyCode::PageDown, KeyCode::End, KeyCode::Char('n')])]
fn key_and_frame(bencher: Bencher<'_, '_>, key: KeyCode) {
    let mut desk = Desk::new();
    bencher.bench_local(|| desk.press(key));
}

/// A filter over all rows, from the last letter to the settled list; in the program it runs off the UI thread.
#[divan::bench(sample_count = 10)]
fn filter_settled(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(Desk::new).bench_local_values(|mut desk| {
        for key in "/title eq \"director\"".chars() {
            desk.keys += 1;
            let key = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
            let _ = update(&mut desk.app, Msg::Key { key, number: desk.keys }, now());
        }
        desk.press(KeyCode::Enter);
        desk
    });
}
