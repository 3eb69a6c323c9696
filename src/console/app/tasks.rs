//! The log: what runs and can be stopped, what was asked of which system and how long it took, recent errors with what to
//! do about them, and all messages.

use crate::engine::protocol::{Health, Sent, SystemStatus};

use super::App;
use super::action::Action;
use super::lines::{Line, Tone, clock, padded};
use super::popup::Popup;
use super::reader::Of;
use super::text::{self, text};

/// Errors that are listed.
const ERRORS: usize = 12;

impl App {
    pub(super) fn open_log(&mut self) {
        let mut lines = self.running_lines();
        lines.push(Line::default());
        lines.extend(self.asked_lines());
        lines.push(Line::default());
        lines.extend(self.error_lines());
        lines.push(Line::default());
        lines.push(Line::of(Tone::Heading, text!("log.messages")));
        lines.extend(self.log.iter().rev().map(|(at, notice)| {
            Line::of(Tone::Dim, format!("  {}  ", clock(*at))).data(notice.tone, notice.text.clone()).hanging(4)
        }));
        if self.log.is_empty() {
            lines.push(Line::of(Tone::Dim, format!("  {}", text!("log.empty"))));
        }
        let running = self.running();
        self.read(text!("log.title"), lines);
        if let Some(Popup::Reader(reader)) = &mut self.popup {
            reader.of = Of::Log;
            reader.fix = running.then_some(Action::Stop);
        }
    }

    fn running_lines(&self) -> Vec<Line> {
        let mut lines = vec![Line::of(Tone::Heading, text!("log.running"))];
        if self.running() {
            let key = self.keymap.shown(Action::Stop);
            lines[0] = Line::of(Tone::Heading, text!("log.running")).with(Tone::Dim, text!("log.stops", key = key));
        }
        let mut say = |words: String| lines.push(Line::default().data(Tone::Plain, format!("  {words}")));
        for status in self.world.iter().flat_map(|world| world.systems.iter()) {
            let system = &status.id;
            match &status.health {
                Health::Probing => say(text!("log.probing", system = system)),
                Health::Reading { read, of: Some(of) } => {
                    say(text!("log.reading-of", system = system, n = text::count(*read), of = text::count(*of)));
                }
                Health::Reading { read, of: None } => {
                    say(text!("log.reading", system = system, n = text::count(*read)));
                }
                _ => {}
            }
        }
        if self.plan.pushing() {
            let total = self.plan.plan().map_or(0, |plan| plan.changes.len());
            say(text!(
                "log.pushing",
                done = text::count(self.plan.settled() as u64),
                total = text::count(total as u64)
            ));
        }
        if self.plan.preparing() {
            say(text!("log.preparing").to_owned());
        }
        for (what, until) in self.history.looking.iter().flat_map(|looking| {
            let until = super::lines::hour(looking.until);
            looking.what.iter().map(move |(_, what)| (what, until.clone()))
        }) {
            say(text!("log.looking", what = super::mask::private(&super::said::said(what)), until = until));
        }
        if self.lists.iter().any(super::list::List::working) {
            say(text!("log.working").to_owned());
        }
        if lines.len() == 1 {
            lines.push(Line::of(Tone::Dim, format!("  {}", text!("log.idle"))));
        }
        lines
    }

    fn asked_lines(&self) -> Vec<Line> {
        let mut lines = vec![Line::of(Tone::Heading, text!("log.systems"))];
        for status in self.world.iter().flat_map(|world| world.systems.iter()) {
            lines.push(asked(status).hanging(12));
        }
        lines
    }

    fn error_lines(&self) -> Vec<Line> {
        let mut lines = vec![Line::of(Tone::Heading, text!("log.errors"))];
        let systems = self.world.iter().flat_map(|world| world.systems.iter());
        let mut errors: Vec<(&SystemStatus, &Sent)> = systems
            .flat_map(|status| status.recent.iter().map(move |sent| (status, sent)))
            .filter(|(_, sent)| hint(sent).is_some())
            .collect();
        errors.sort_by_key(|(_, sent)| std::cmp::Reverse(sent.at));
        for (status, sent) in errors.iter().take(ERRORS) {
            let code = sent.status.map_or_else(|| "---".to_owned(), |code| code.to_string());
            let mut line = Line::of(Tone::Dim, format!("  {}  ", clock(sent.at)))
                .with(Tone::Plain, padded(status.id.as_str(), 10))
                .with(Tone::Bad, format!("{code} "))
                .with(Tone::Plain, format!("{} ", sent.method))
                .data(Tone::Plain, sent.target.clone())
                .hanging(4);
            if let Some(fault) = &sent.fault {
                line = line.data(Tone::Bad, format!("  {}", super::systems::own_words(&status.id, fault)));
            }
            lines.push(line);
            lines.push(Line::of(Tone::Warn, format!("      {}", hint(sent).unwrap_or_default())).hanging(6));
        }
        if errors.is_empty() {
            lines.push(Line::of(Tone::Dim, format!("  {}", text!("log.no-errors"))));
        }
        lines
    }
}

/// How much was asked of a system lately, how long it took, and how much more may be asked now.
fn asked(status: &SystemStatus) -> Line {
    let mut line = Line::of(Tone::Strong, format!("  {}", padded(status.id.as_str(), 10)));
    let n = status.recent.len() as u64;
    if n == 0 {
        line = line.with(Tone::Dim, text!("log.never"));
    } else {
        let took: u64 = status.recent.iter().map(|sent| u64::from(sent.took)).sum();
        let received: u64 = status.recent.iter().map(|sent| sent.bytes).sum();
        let words = text!("log.asked", n = text::count(n), bytes = bytes(received), ms = text::count(took / n));
        line = line.with(Tone::Plain, words);
    }
    let budget = status.budget;
    let tokens = format!("{:.0}", budget.tokens.max(0.0));
    let rate = super::systems::rate(budget.per_second);
    line = line
        .with(Tone::Dim, "; ")
        .with(Tone::Dim, text!("log.left", tokens = tokens, burst = budget.burst, rate = rate));
    if let Some(remaining) = budget.remaining {
        line = line.with(Tone::Dim, text!("systems.remaining", n = remaining));
    }
    if budget.wait > 0.0 {
        line = line.with(Tone::Warn, text!("systems.wait", n = format!("{:.0}", budget.wait.ceil())));
    }
    line
}

/// So many bytes: `51,203 B`, `1.3 MB`.
fn bytes(n: u64) -> String {
    match n {
        ..100_000 => format!("{} B", text::count(n)),
        100_000..10_000_000 => format!("{} kB", text::count(n / 1000)),
        n => format!("{} MB", text::count(n / 1_000_000)),
    }
}

/// What a request that went wrong means, and what to do; `None`: it did not go wrong.
fn hint(sent: &Sent) -> Option<&'static str> {
    Some(match sent.status {
        Some(401) => text!("log.hint-auth"),
        Some(403) => text!("log.hint-forbidden"),
        Some(404 | 410) => text!("log.hint-gone"),
        Some(409 | 412) => text!("log.hint-conflict"),
        Some(429) => text!("log.hint-busy"),
        Some(400..500) => text!("log.hint-refused"),
        Some(500..) => text!("log.hint-broken"),
        None if sent.fault.is_some() => text!("log.hint-lost"),
        _ => return None,
    })
}
