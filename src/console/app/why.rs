//! The why card: question by question, the first red line is the answer.

use crate::compare::{Compared, why};
use crate::plan::stage::offers;
use crate::plan::{OutcomeState, Target};

use super::App;
use super::lines::{Line, Tone, clock};
use super::mask::private;
use super::rows::Rows;
use super::said::said;
use super::text::text;

fn answer(tone: Tone, words: impl Into<String>) -> Line {
    let mark = match tone {
        Tone::Good => "ok",
        Tone::Bad => " x",
        _ => "  ",
    };
    Line::of(tone, format!("{mark} ")).data(if tone == Tone::Bad { tone } else { Tone::Plain }, words).hanging(3)
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
        let mut lines = Vec::new();
        for at in targets {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            lines.push(Line::of(Tone::Heading, compared.inputs.systems[at].id.to_string()));
            lines.extend(self.target_lines(&compared, &rows, identity, at));
        }
        if lines.is_empty() {
            lines.push(answer(Tone::Bad, text!("why.no-source")));
        }
        self.read(text!("why.title", name = private(rows.name(identity, None))), lines);
    }

    fn target_lines(&self, compared: &Compared, rows: &Rows<'_>, identity: u32, at: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        let view = &compared.inputs.systems[at];
        let status = self.world.as_ref().and_then(|world| world.systems.iter().find(|system| system.id == view.id));
        if let Some(crate::engine::protocol::Health::Bad { text, .. }) = status.map(|status| &status.health) {
            lines.push(answer(Tone::Bad, text.clone()));
        }
        for line in why(compared, rows.kind, identity, at) {
            let tone = match line.ok {
                Some(true) => Tone::Good,
                Some(false) => Tone::Bad,
                None => Tone::Plain,
            };
            lines.push(answer(tone, said(&line.text)));
        }
        let words = rows.words(identity, Some(at));
        if words.is_empty() {
            lines.push(answer(Tone::Good, text!("why.true")));
        } else {
            lines.push(answer(Tone::Bad, text!("why.out", what = words)));
        }
        let stage = self.keymap.shown(super::Action::Stage);
        for offer in offers(compared, rows.kind, identity, at) {
            let fix = answer(Tone::Plain, text!("why.fix", key = stage, what = said(&offer.text)));
            match &offer.blocked {
                Some(reason) => {
                    lines.push(fix);
                    lines.push(answer(Tone::Bad, text!("why.blocked", why = said(reason))));
                }
                None => lines.push(fix),
            }
        }
        for lint in compared.lints.iter() {
            let about = (0..compared.inputs.systems.len())
                .any(|system| rows.key_in(identity, system).as_ref() == Some(&lint.record));
            if about && lint.system == view.id {
                lines.push(answer(Tone::Bad, said(&lint.text)));
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
                let words = text!("why.pushed", at = clock(push.began), word = said(outcome.state.word()));
                return answer(tone, words);
            }
        }
        let words = if self.history.pushes.is_some() { text!("why.never") } else { text!("why.history-not-read") };
        answer(Tone::Plain, words)
    }
}
