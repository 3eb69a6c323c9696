//! The why card: question by question for every system, from what is here already; the first red line is the answer.

use crate::compare::{Compared, Pairing, Rule, SystemView, Verdict, facets, unread, why};
use crate::engine::protocol::{Health, SystemStatus};
use crate::model::Kind;
use crate::plan::stage::offers;
use crate::plan::{Change, Outcome, OutcomeState, Target};

use super::App;
use super::action::Action;
use super::lines::{Line, Tone, ago};
use super::mask::private;
use super::popup::Popup;
use super::reader::Of;
use super::rows::Rows;
use super::said::said as translated;
use super::text::{self, text};

/// One answer on the card.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    tone: Tone,
    text: String,
}

fn said(tone: Tone, text: impl Into<String>) -> Said {
    Said { tone, text: text.into() }
}

impl Said {
    fn line(&self) -> Line {
        let mark = match self.tone {
            Tone::Good => "ok",
            Tone::Bad => " x",
            _ => "  ",
        };
        let tone = if self.tone == Tone::Bad { Tone::Bad } else { Tone::Plain };
        Line::of(self.tone, format!("{mark} ")).data(tone, translated(&self.text)).hanging(3)
    }
}

/// What a card says of one system.
struct Card {
    system: usize,
    said: Vec<Said>,
    /// It is out of true there, or the system itself is.
    wrong: bool,
    fix: Option<(Action, String)>,
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
        let mut cards: Vec<Card> = targets.into_iter().map(|at| self.card(&compared, &rows, identity, at)).collect();
        let common = common(&mut cards);
        let mut lines = Vec::new();
        let mut fix = None;
        if cards.is_empty() {
            lines.push(said(Tone::Bad, text!("why.no-source")).line());
        } else {
            fix = self.answer(&compared, &cards, &common, &mut lines);
        }
        if let Some(base) = compared.inputs.base().filter(|_| !common.is_empty()) {
            lines.push(Line::of(Tone::Heading, text!("strip.source", system = compared.inputs.systems[base].id)));
            lines.extend(common.iter().map(Said::line));
        }
        for card in &cards {
            lines.push(Line::of(Tone::Heading, compared.inputs.systems[card.system].id.to_string()));
            lines.extend(card.said.iter().map(Said::line));
        }
        self.read(text!("why.title", name = private(rows.name(identity, None))), lines);
        if let Some(Popup::Reader(reader)) = &mut self.popup {
            reader.of = Of::Why;
            reader.fix = fix;
        }
    }

    /// The first red line, with its fix, on top.
    fn answer(&self, compared: &Compared, cards: &[Card], common: &[Said], lines: &mut Vec<Line>) -> Option<Action> {
        let red = |said: &&Said| said.tone == Tone::Bad;
        let of = |card: &'_ Card| card.said.iter().find(red).map(|said| said.text.clone());
        let first = |wrong: bool| {
            let mut cards = cards.iter().filter(|card| card.wrong == wrong);
            cards.find_map(|card| {
                Some((Some(card), common.iter().find(red).map(|said| said.text.clone()).or_else(|| of(card))?))
            })
        };
        let found = first(true)
            .or_else(|| common.iter().find(red).map(|said| (None, said.text.clone())))
            .or_else(|| first(false));
        let Some((card, text)) = found else {
            let all = || common.iter().chain(cards.iter().flat_map(|card| &card.said));
            let waits = all().find(|said| said.tone == Tone::Warn);
            let known = said(Tone::Good, text!("why.nothing"));
            lines.push(waits.unwrap_or(&known).line());
            lines.push(Line::default());
            return None;
        };
        // Where the line names the system itself, it needs no name before it.
        let named = card.map(|card| compared.inputs.systems[card.system].id.as_str());
        let named = named.filter(|name| !text.split([' ', ':', ',']).any(|word| word == *name));
        let system = named.map(|name| format!("{name}: ")).unwrap_or_default();
        lines.push(Line::of(Tone::Bad, " x ").with(Tone::Strong, system).data(Tone::Bad, translated(&text)).hanging(3));
        let fix = card.and_then(|card| card.fix.clone());
        if let Some((action, words)) = &fix {
            let key = self.keymap.shown(*action);
            lines.push(Line::of(Tone::Key, format!("   {key} ")).data(Tone::Plain, translated(words)).hanging(3));
        }
        lines.push(Line::default());
        fix.map(|(action, _)| action)
    }

    fn card(&self, compared: &Compared, rows: &Rows<'_>, identity: u32, at: usize) -> Card {
        let view = &compared.inputs.systems[at];
        let mut lines = Vec::new();
        let mut fix = None;
        let status = self.world.as_ref().and_then(|world| world.systems.iter().find(|system| system.id == view.id));
        let waited: Vec<(String, String)> = (compared.inputs.base().into_iter().chain([at]))
            .filter_map(|of| self.waited(&compared.inputs.systems[of], rows.kind))
            .collect();
        for line in why(compared, rows.kind, identity, at) {
            // What nobody could know yet is no fault.
            if let Some((_, words)) = waited.iter().find(|(unread, _)| *unread == line.text) {
                lines.push(said(Tone::Warn, words));
                continue;
            }
            let tone = match line.ok {
                Some(true) => Tone::Good,
                Some(false) => Tone::Bad,
                None => Tone::Plain,
            };
            // What a fault says of itself begins with the system's name, which stands there already.
            lines.push(said(tone, line.text.replace(&format!("{0}: {0}: ", view.id), &format!("{}: ", view.id))));
        }
        // Of what neither side has nothing was said yet.
        for (_, words) in waited {
            if !lines.iter().any(|line| line.text == words) {
                lines.push(said(Tone::Warn, words));
            }
        }
        let broken = status.and_then(|status| match &status.health {
            Health::Bad { text, .. } => Some(text.lines().collect::<Vec<_>>().join("; ")),
            _ => None,
        });
        let pairing = rows.pairing(identity, at);
        if let Some(text) = &broken {
            lines.push(said(Tone::Bad, text.clone()));
            fix = Some((Action::SystemsTab, text!("why.fix-system").to_owned()));
        }
        let pushed = self.pushed(rows, identity, at);
        if let Some(words) = invisible(rows, identity, at, pushed.as_ref()) {
            // That it is not there is what it looks like; this is what it is.
            let first = lines.iter().position(|line| line.tone == Tone::Bad).unwrap_or(lines.len());
            lines.insert(first, said(Tone::Bad, words));
            fix = fix.or(Some((Action::Refresh, text!("why.fix-read", system = view.id))));
        }
        let words = rows.words(identity, Some(at));
        let unread = view.snapshot(rows.kind).is_none_or(|snapshot| !snapshot.proved());
        let based =
            compared.inputs.base().is_none_or(|base| compared.inputs.systems[base].snapshot(rows.kind).is_some());
        if words.is_empty() {
            // Where nobody knows whether it is there, it is not called true; why not has been said.
            if based && (!unread || rows.record(identity, at).is_some()) {
                lines.push(said(Tone::Good, text!("why.true")));
            }
        } else {
            lines.push(said(Tone::Bad, text!("why.out", what = words)));
        }
        self.roles(compared, rows, identity, at, &mut lines);
        let mut blocked = None;
        for offer in offers(compared, rows.kind, identity, at) {
            let stage = self.keymap.shown(Action::Stage);
            lines.push(said(Tone::Plain, text!("why.fix", key = stage, what = translated(&offer.text))));
            match offer.blocked {
                Some(reason) => {
                    lines.push(said(Tone::Bad, text!("why.blocked", why = translated(&reason))));
                    blocked = Some(reason);
                }
                None => fix = fix.or(Some((Action::Stage, offer.text))),
            }
        }
        if fix.is_none() && (pairing == Pairing::Undecided || blocked.is_some()) {
            let twin = crate::compare::Suggester::new(compared, rows.kind, at)
                .is_some_and(|suggester| !suggester.candidates(identity, 1).is_empty());
            if twin {
                fix = Some((Action::Links, text!("why.fix-link").to_owned()));
            }
        }
        for lint in compared.lints.iter().filter(|lint| lint.system == view.id && lint.kind == rows.kind) {
            let about =
                (0..compared.inputs.systems.len()).any(|at| rows.key_in(identity, at).as_ref() == Some(&lint.record));
            let known = lint.rule == Rule::UnknownRole || lines.iter().any(|line| line.text.contains(&lint.text));
            if about && !known {
                lines.push(said(Tone::Bad, lint.text.clone()));
            }
        }
        match self.under_way(rows, identity, Some(at)) {
            Some(words) => lines.push(said(Tone::Plain, words)),
            None => lines.push(self.last_push(pushed.as_ref())),
        }
        let at_work = status.is_some_and(at_work);
        if fix.is_none() && unread && !at_work {
            fix = Some((Action::Refresh, text!("why.fix-read", system = view.id)));
        }
        Card { system: at, said: lines, wrong: pairing.counts() || broken.is_some(), fix }
    }

    /// What is said of a system whose records of a kind are not here while it is being read, and what is said instead: how
    /// far that is.
    fn waited(&self, view: &SystemView, kind: Kind) -> Option<(String, String)> {
        if view.snapshot(kind).is_some() {
            return None;
        }
        let status = self.world.as_ref()?.systems.iter().find(|status| status.id == view.id)?;
        let words = match &status.health {
            Health::Probing => text!("why.connecting", system = view.id),
            Health::Reading { read, of: Some(of) } => {
                text!("why.reading-of", system = view.id, n = text::count(*read), of = text::count(*of))
            }
            Health::Reading { read, of: None } => text!("why.reading", system = view.id, n = text::count(*read)),
            _ => return None,
        };
        Some((unread(view, kind), words))
    }

    /// Whether a role was silently replaced by a default: where what was pushed, or is wanted, is none the service has.
    fn roles(&self, compared: &Compared, rows: &Rows<'_>, identity: u32, at: usize, lines: &mut Vec<Said>) {
        let id = &compared.inputs.systems[at].id;
        let roles: Vec<_> = facets(compared, rows.kind, identity, at)
            .into_iter()
            .filter(|facet| facet.key.is_some() && facet.path.local(&[]).to_ascii_lowercase().contains("role"))
            .filter(|facet| facet.target.is_some())
            .collect();
        if roles.is_empty() {
            return;
        }
        let record = rows.key_in(identity, at);
        let own = |lint: &&crate::compare::Lint| lint.rule == Rule::UnknownRole && lint.system == *id;
        let mut bad = false;
        for lint in compared.lints.iter().filter(own) {
            if Some(&lint.record) == record.as_ref() || rows.key(identity).as_ref() == Some(&lint.record) {
                lines.push(said(Tone::Bad, lint.text.clone()));
                bad = true;
            }
        }
        for facet in roles.iter().filter(|facet| facet.verdict == Verdict::Differs) {
            for (change, outcome) in self.pushes_about(rows, identity, at) {
                let wanted = change.want.iter().any(|want| super::detail::is(&want.facet, facet));
                if wanted && super::ways::taken(&outcome.state) {
                    let name = super::detail::facet_name(facet);
                    let now = facet.target.clone().unwrap_or_default();
                    lines.push(said(Tone::Bad, text!("why.defaulted", what = name, now = now)));
                    bad = true;
                    break;
                }
            }
        }
        if !bad {
            lines.push(said(Tone::Good, text!("why.not-defaulted")));
        }
    }

    /// The changes of past pushes about an identity in a system, newest first, with what came of them.
    fn pushes_about(&self, rows: &Rows<'_>, identity: u32, at: usize) -> Vec<(&Change, &Outcome)> {
        let base = rows.compared.inputs.base();
        let keys: Vec<_> = base.into_iter().chain([at]).filter_map(|system| rows.key_in(identity, system)).collect();
        let system = &rows.compared.inputs.systems[at].id;
        let about = self.history.about(&keys).into_iter();
        about.filter(|(_, change, _)| change.system == *system).map(|(_, change, outcome)| (change, outcome)).collect()
    }

    fn pushed(&self, rows: &Rows<'_>, identity: u32, at: usize) -> Option<(Change, Outcome)> {
        let all = self.pushes_about(rows, identity, at);
        all.first().map(|(change, outcome)| ((*change).clone(), (*outcome).clone()))
    }

    fn last_push(&self, pushed: Option<&(Change, Outcome)>) -> Said {
        match pushed {
            Some((_, outcome)) => {
                let tone = match outcome.state {
                    OutcomeState::Confirmed { .. } => Tone::Good,
                    _ => Tone::Bad,
                };
                let mut words =
                    text!("why.pushed", ago = ago(outcome.at, self.now), word = translated(outcome.state.word()));
                if let Some(why) = super::preview::why(&outcome.state) {
                    words = format!("{words}: {why}");
                }
                said(tone, words)
            }
            None if self.history.pushes.is_some() => said(Tone::Plain, text!("why.never")),
            None => said(Tone::Plain, text!("why.history-not-read")),
        }
    }
}

/// Whether a system is just being read.
const fn at_work(status: &SystemStatus) -> bool {
    matches!(status.health, Health::Probing | Health::Reading { .. })
}

/// What all cards begin with is about the source: it is said once.
fn common(cards: &mut [Card]) -> Vec<Said> {
    let Some((first, rest)) = cards.split_first() else { return Vec::new() };
    if rest.is_empty() {
        return Vec::new();
    }
    let same = |at: usize| rest.iter().all(|card| card.said.get(at) == first.said.get(at));
    let n = (0..first.said.len()).take_while(|at| same(*at)).count();
    let common = first.said[..n].to_vec();
    for card in cards {
        card.said.drain(..n);
    }
    common
}

/// A create was refused because it exists there, and what was read completely does not show it.
fn invisible(rows: &Rows<'_>, identity: u32, at: usize, pushed: Option<&(Change, Outcome)>) -> Option<String> {
    let (change, outcome) = pushed?;
    let OutcomeState::Failed { why } = &outcome.state else { return None };
    let created = matches!(change.target, Target::New(_)) && change.op == crate::model::Op::Create;
    let folded = why.to_ascii_lowercase();
    let exists =
        ["409", "exist", "taken", "conflict", "duplicate", "uniqueness"].iter().any(|word| folded.contains(word));
    let system = &rows.compared.inputs.systems[at].id;
    (created && exists && rows.record(identity, at).is_none())
        .then(|| text!("why.invisible", system = system, why = why))
}
