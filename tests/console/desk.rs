//! A desk to sit at: an app on a test terminal, keys typed into it, its screen as text.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use std::sync::{Arc, OnceLock};
use trueup::console::app::keys::Keymap;
use trueup::console::app::text::{Language, speak_here};
use trueup::console::app::{App, Msg, Setup, Wish, update};
use trueup::console::view::{self, Theme};
use trueup::engine::protocol::{Command, Report, World};

/// The time at which all of this happens.
pub fn now() -> jiff::Timestamp {
    "2026-11-03T14:22:00Z".parse().unwrap()
}

pub struct Desk {
    pub app: App,
    pub wishes: Vec<Wish>,
    pub theme: Theme,
    /// Lists that were made off the UI thread.
    pub jobs: usize,
    keys: u64,
}

impl Desk {
    pub fn new(columns: u16, rows: u16) -> Self {
        // Tests run side by side in one process: each thread speaks for itself.
        speak_here(Some(Language::English));
        static STANDARD: OnceLock<Keymap> = OnceLock::new();
        let keymap = Some(STANDARD.get_or_init(Keymap::standard).clone());
        let setup = Setup { title: "acme".into(), keymap, ..Setup::default() };
        let app = App::new(setup, (columns, rows), now());
        Self { app, wishes: Vec::new(), theme: Theme::named("default"), jobs: 0, keys: 0 }
    }

    pub fn with(columns: u16, rows: u16, world: World) -> Self {
        let mut desk = Self::new(columns, rows);
        desk.report(Report::World(Arc::new(world)));
        desk
    }

    pub fn send(&mut self, msg: Msg) {
        let wishes = update(&mut self.app, msg, now());
        for wish in wishes {
            match wish {
                Wish::Order(job) => {
                    self.jobs += 1;
                    self.send(Msg::Ordered(job.run()));
                }
                Wish::Gather(job) => self.send(Msg::Gathered(job.run())),
                Wish::Survey(job) => self.send(Msg::Surveyed(job.run())),
                other => self.wishes.push(other),
            }
        }
    }

    pub fn report(&mut self, report: Report) {
        self.send(Msg::Report(report));
    }

    /// One key, read before anything is drawn.
    pub fn press(&mut self, code: KeyCode) {
        self.event(KeyEvent::new(code, KeyModifiers::NONE));
    }

    /// The same, with what is held.
    pub fn event(&mut self, key: KeyEvent) {
        self.keys += 1;
        self.send(Msg::Key { key, number: self.keys });
    }

    /// Keys as they come in one read: no frame between them.
    pub fn burst(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            match key {
                "Enter" => self.press(KeyCode::Enter),
                "Esc" => self.press(KeyCode::Esc),
                "Tab" => self.press(KeyCode::Tab),
                "Up" => self.press(KeyCode::Up),
                "Down" => self.press(KeyCode::Down),
                "Left" => self.press(KeyCode::Left),
                "Right" => self.press(KeyCode::Right),
                "Space" => self.press(KeyCode::Char(' ')),
                "PgDn" => self.press(KeyCode::PageDown),
                "PgUp" => self.press(KeyCode::PageUp),
                word => word.chars().for_each(|c| self.press(KeyCode::Char(c))),
            }
        }
    }

    /// Keys as a person types them: a frame after each.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            if ["Enter", "Esc", "Tab", "Up", "Down", "Left", "Right", "Space", "PgDn", "PgUp"].contains(&key) {
                self.burst(key);
                self.frame();
            } else {
                for c in key.chars() {
                    self.press(KeyCode::Char(c));
                    self.frame();
                }
            }
        }
    }

    /// Draws a frame, as the loop does.
    pub fn frame(&mut self) {
        self.draw();
        let read = self.keys;
        self.send(Msg::Drawn { read });
    }

    /// Draws into a buffer: its cells, and where the terminal's cursor stands.
    pub fn draw(&self) -> (Buffer, Option<Position>) {
        let (columns, rows) = self.app.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let place = view::draw(&self.app, &self.theme, &mut buffer);
        (buffer, place)
    }

    /// The screen as text.
    pub fn screen(&self) -> String {
        let (columns, rows) = self.app.size;
        let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
        terminal
            .draw(|frame| {
                let place = view::draw(&self.app, &self.theme, frame.buffer_mut());
                if let Some(place) = place {
                    frame.set_cursor_position(place);
                }
            })
            .unwrap();
        let buffer = terminal.backend().buffer().clone();
        let mut text = String::new();
        for y in 0..rows {
            let mut skip = 0;
            let mut line = String::new();
            for x in 0..columns {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = view::cells::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// What the engine was told.
    pub fn commands(&self) -> Vec<&Command> {
        self.wishes
            .iter()
            .filter_map(|wish| match wish {
                Wish::Engine(command) => Some(command),
                _ => None,
            })
            .collect()
    }

    /// How many pushes the engine was told to carry out.
    pub fn pushes(&self) -> usize {
        self.commands().iter().filter(|command| matches!(command, Command::Push { .. })).count()
    }
}
