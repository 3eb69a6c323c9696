//! The why card: question by question, the first red line is the answer.

use crate::compare::{Compared, Pairing, Rung};
use crate::model::{AttrPath, Cell};
use crate::plan::stage::offers;
use crate::plan::{OutcomeState, Target};

use super::App;
use super::lines::{Line, Tone, clock};
use super::rows::Rows;
use super::text::text;

fn answer(tone: Tone, question: &str, words: impl Into<String>) -> Line {
    let mark = match tone {
        Tone::Good => "ok",
        Tone::Bad => " x",
        Tone::Warn => " ?",
        _ => "  ",
    };
    Line::of(tone, format!("{mark} ")).with(Tone::Plain, format!("{question:<24} ")).data(tone, words)
}

impl App {
    pub(super) fn open_why(&mut self) {
        let Some(kind) = self.kind() else { return };
        let list = &self.lists[kind.index()];
        let (Some(identity), Some(compared)) = (list.identity(), list.shown.clone()) else { return };
        let rows = Rows::new(&compared, kind);
        let targets = match self.system_index() {
            Some(at) if Some(at) != compared.inputs.base() => vec![at],
            _ => rows.targets(),
        };
        let mut lines = source_lines(&compared, &rows, identity);
        for at in targets {
            lines.push(Line::default());
            lines.push(Line::of(Tone::Heading, compared.inputs.systems[at].id.to_string()));
            lines.extend(self.target_lines(&compared, &rows, identity, at));
        }
        self.read(text!("why.title", name = rows.name(identity, None)), lines);
    }

    fn target_lines(&self, compared: &Compared, rows: &Rows<'_>, identity: u32, at: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let view = &compared.inputs.systems[at];
        let state = compared.kind(rows.kind).state(identity, at);
        let status = self.world.as_ref().and_then(|world| world.systems.iter().find(|system| system.id == view.id));
        if let Some(crate::engine::protocol::Health::Bad { text, .. }) = status.map(|status| &status.health) {
            lines.push(answer(Tone::Bad, text!("why.reachable"), text.clone()));
        }
        match view.snapshot(rows.kind) {
            None => lines.push(answer(Tone::Bad, text!("why.read"), text!("why.not-read"))),
            Some(snapshot) if snapshot.complete() => {
                lines.push(answer(Tone::Good, text!("why.read"), text!("why.complete")));
            }
            Some(_) => lines.push(answer(Tone::Warn, text!("why.read"), text!("why.partial"))),
        }
        let pairing = rows.pairing(identity, at);
        let scope = match pairing {
            Pairing::Leaving => (Tone::Bad, text!("why.out-of-scope")),
            Pairing::Undecided => (Tone::Warn, text!("why.undecided")),
            _ if view.scope.is_none() => (Tone::Good, text!("why.no-scope")),
            Pairing::None => (Tone::Warn, text!("why.not-wanted")),
            _ => (Tone::Good, text!("why.in-scope")),
        };
        lines.push(answer(scope.0, text!("why.scope"), scope.1));
        let linked = match (state.and_then(|state| state.by), rows.key_in(identity, at)) {
            (Some(Rung::Kept), _) => (Tone::Good, text!("detail.linked-kept").to_owned()),
            (Some(Rung::Key), _) => (Tone::Good, text!("detail.linked-key").to_owned()),
            (Some(Rung::Folded), _) => (Tone::Good, text!("detail.linked-folded").to_owned()),
            (None, Some(key)) => (Tone::Bad, text!("why.not-linked", id = key.id)),
            (None, None) => (Tone::Bad, text!("why.no-record").to_owned()),
        };
        lines.push(answer(linked.0, text!("why.linked"), linked.1));
        let mapped = match view.mapping.kind(rows.kind) {
            Some(map) => (Tone::Good, text!("why.mapped-rows", n = map.rows.len())),
            None => (Tone::Bad, text!("why.not-mapped").to_owned()),
        };
        lines.push(answer(mapped.0, text!("why.mapped"), mapped.1));
        let words = rows.words(identity, Some(at));
        if words.is_empty() {
            lines.push(answer(Tone::Good, text!("why.out"), text!("why.true")));
        } else {
            lines.push(answer(Tone::Bad, text!("why.out"), words));
        }
        for offer in offers(compared, rows.kind, identity, at) {
            let stage = self.keymap.shown(super::Action::Stage);
            match (&offer.blocked, offer.blanks.is_empty()) {
                (Some(why), _) => lines.push(answer(Tone::Bad, text!("why.blocked"), why.clone())),
                (None, false) => {
                    let open: Vec<&str> = offer.blanks.iter().map(|blank| blank.path.local(&[])).collect();
                    lines.push(answer(Tone::Warn, text!("why.mandatory"), open.join(", ")));
                    lines.push(answer(Tone::Plain, text!("why.fix", key = stage).as_str(), offer.text.clone()));
                }
                (None, true) => {
                    lines.push(answer(Tone::Plain, text!("why.fix", key = stage).as_str(), offer.text.clone()));
                }
            }
        }
        for lint in compared.lints.iter() {
            let about = (0..compared.inputs.systems.len())
                .any(|system| rows.key_in(identity, system).as_ref() == Some(&lint.record));
            if about && lint.system == view.id {
                lines.push(answer(Tone::Bad, text!("why.lint"), lint.text.clone()));
            }
        }
        lines.push(self.last_push(rows, identity, at));
        lines
    }

    fn last_push(&self, rows: &Rows<'_>, identity: u32, at: usize) -> Line {
        let key = rows.key_in(identity, at);
        let source = rows.compared.inputs.base().and_then(|base| rows.key_in(identity, base));
        let system = &rows.compared.inputs.systems[at].id;
        for push in self.history.pushes.iter().flatten() {
            let change = push.plan.changes.iter().find(|change| {
                &change.system == system
                    && ((source.is_some() && change.source == source)
                        || matches!((&change.target, &key), (Target::Record(have), Some(key)) if have == key))
            });
            let outcome = change.and_then(|change| push.outcomes.iter().find(|outcome| outcome.change == change.id));
            if let Some(outcome) = outcome {
                let tone = match outcome.state {
                    OutcomeState::Confirmed { .. } => Tone::Good,
                    _ => Tone::Bad,
                };
                let words = text!("why.pushed", at = clock(push.began), word = outcome.state.word());
                return answer(tone, text!("why.last-push"), words);
            }
        }
        let words = if self.history.pushes.is_some() { text!("why.never") } else { text!("why.history-not-read") };
        answer(Tone::Plain, text!("why.last-push"), words)
    }
}

fn source_lines(compared: &Compared, rows: &Rows<'_>, identity: u32) -> Vec<Line> {
    let mut lines = Vec::new();
    let Some(base) = compared.inputs.base() else {
        lines.push(answer(Tone::Bad, text!("why.in-source"), text!("why.no-source")));
        return lines;
    };
    let view = &compared.inputs.systems[base];
    lines.push(Line::of(Tone::Heading, text!("strip.source", system = view.id)));
    let Some((table, row)) = rows.record(identity, base) else {
        let proved = view.snapshot(rows.kind).is_some_and(|snapshot| snapshot.proved());
        let words = if proved { text!("why.absent") } else { text!("why.absent-unproved") };
        lines.push(answer(if proved { Tone::Bad } else { Tone::Warn }, text!("why.in-source"), words));
        return lines;
    };
    lines.push(answer(Tone::Good, text!("why.in-source"), text!("why.as-id", id = table.id(row))));
    if let Some(attr) = table.schema().find(&AttrPath::new("active")) {
        let (tone, words) = match table.cell(row, attr) {
            Cell::Value(text) if text.eq_ignore_ascii_case("false") => (Tone::Bad, text!("why.inactive")),
            Cell::Value(_) => (Tone::Good, text!("why.active-yes")),
            Cell::Empty => (Tone::Good, text!("why.active-unsaid")),
            Cell::Unread | Cell::Unreadable => (Tone::Warn, text!("detail.not-read")),
        };
        lines.push(answer(tone, text!("why.active"), words));
    }
    lines
}
