//! Who is who: the records that the one under the cursor could be, with the evidence, and the operator's word on it.

use crate::compare::{Compared, Decision, Link, LinkVerdict, Rung, Suggester, linking_key};
use crate::model::{Kind, RecordKey, SystemId};

use super::action::{Action, Scope};
use super::keys::Key;
use super::lines::{Line, Tone};
use super::mask::private;
use super::popup::Popup;
use super::rows::Rows;
use super::said::said;
use super::text::text;
use super::{App, Wish};

/// How many candidates are shown.
const MOST: usize = 8;

/// One record that it could be.
#[derive(Clone, Debug)]
pub struct LinkItem {
    /// The record.
    pub record: RecordKey,
    /// What operators call it.
    pub label: String,
    /// What speaks for it and against it.
    pub lines: Vec<Line>,
    /// The two are linked now.
    pub linked: bool,
    /// What was decided.
    pub decided: Option<LinkVerdict>,
}

/// The records that one could be.
#[derive(Clone, Debug)]
pub struct Links {
    /// Whom it is about.
    pub title: String,
    /// The candidates.
    pub items: Vec<LinkItem>,
    /// The cursor.
    pub at: usize,
    /// The open questions that it was opened from.
    pub back: Option<Box<super::who::Who>>,
    /// The record that it is about.
    own: RecordKey,
    /// It is the source's, and the candidates are the target's.
    of_source: bool,
}

impl Links {
    fn pair(&self, item: &LinkItem) -> (RecordKey, RecordKey) {
        if self.of_source { (self.own.clone(), item.record.clone()) } else { (item.record.clone(), self.own.clone()) }
    }
}

impl App {
    /// Opens the candidates of the record under the cursor in the system of the detail.
    pub(super) fn open_links(&mut self) {
        let Some((kind, identity, compared)) = self.looked_at() else { return };
        let system = self.detail_system(&compared, kind, identity);
        self.open_links_of(kind, identity, &compared, system);
    }

    /// Opens the candidates of an identity in a system.
    pub(super) fn open_links_of(&mut self, kind: Kind, identity: u32, compared: &Compared, system: usize) {
        let rows = Rows::new(compared, kind);
        let Some(base) = compared.inputs.base() else { return self.say(Tone::Warn, text!("no.source")) };
        let mut system = system;
        if system == base {
            let targets = rows.targets();
            let Some(first) = targets.iter().find(|at| rows.record(identity, **at).is_none()).or(targets.first())
            else {
                return self.say(Tone::Plain, text!("links.none", system = compared.inputs.systems[base].id));
            };
            system = *first;
        }
        let (ours, theirs) = (rows.key_in(identity, base), rows.key_in(identity, system));
        let decided = |a: &RecordKey, b: &RecordKey| {
            let about = |link: &&Link| link.a == *a && link.b == *b;
            compared.inputs.links.iter().filter(about).max_by_key(|link| link.since).map(|link| link.verdict)
        };
        let name = rows.name(identity, None);
        let links = match (ours, theirs) {
            (Some(own), Some(record)) => {
                let by = compared.kind(kind).state(identity, system).and_then(|state| state.by);
                let key = linking_key(compared, kind, identity, system).filter(|_| by != Some(Rung::Kept));
                let by = match key {
                    Some((path, value)) => {
                        text!("detail.linked-value", key = path.local(&[]), value = private(&value))
                    }
                    None => super::detail::linked_by(by.unwrap_or(Rung::Key), None),
                };
                let item = LinkItem {
                    label: rows.second(identity, Some(system)).to_owned(),
                    lines: vec![Line::of(Tone::Good, "+ ").data(Tone::Good, by)],
                    linked: true,
                    decided: decided(&own, &record),
                    record,
                };
                let title = title(name, &own.system, &item.record.system);
                Links { title, items: vec![item], at: 0, back: None, own, of_source: true }
            }
            (ours, theirs) => {
                let other = if ours.is_some() { system } else { base };
                let (of_source, own) = (ours.is_some(), ours.or(theirs));
                let found =
                    Suggester::new(compared, kind, system).map(|suggester| suggester.candidates(identity, MOST));
                let other = compared.inputs.systems[other].id.clone();
                let (Some(own), Some(found)) = (own, found.filter(|found| !found.is_empty())) else {
                    return self.say(Tone::Plain, text!("links.none", system = other));
                };
                let items = found.into_iter().map(|candidate| {
                    let line = |evidence: crate::compare::Evidence| {
                        let (tone, mark) = if evidence.speaks { (Tone::Good, "+ ") } else { (Tone::Bad, "- ") };
                        Line::of(tone, mark).data(Tone::Plain, said(&evidence.text))
                    };
                    LinkItem {
                        record: candidate.record,
                        label: candidate.label,
                        lines: candidate.evidence.into_iter().map(line).collect(),
                        linked: false,
                        decided: candidate.decided,
                    }
                });
                let title = title(name, &own.system, &other);
                Links { title, items: items.collect(), at: 0, back: None, own, of_source }
            }
        };
        self.popup = Some(Popup::Links(links));
    }

    pub(super) fn links_key(&mut self, mut links: Links, key: Key, wishes: &mut Vec<Wish>) {
        let last = links.items.len().saturating_sub(1);
        match self.keymap.action(Scope::Links, key) {
            Some(Action::Escape | Action::Back) => {
                self.popup = links.back.map(|who| Popup::Who(*who));
                return;
            }
            Some(Action::Up) => links.at = links.at.saturating_sub(1),
            Some(Action::Down) => links.at = (links.at + 1).min(last),
            Some(Action::Top | Action::PageUp) => links.at = 0,
            Some(Action::Bottom | Action::PageDown) => links.at = last,
            Some(Action::SameAs) => {
                self.link(&mut links, LinkVerdict::Same, wishes);
                self.popup = links.back.map(|mut who| {
                    let at = who.at;
                    who.said[at] = Some(LinkVerdict::Same);
                    Popup::Who(*who)
                });
                return;
            }
            Some(Action::NotSame) => {
                self.link(&mut links, LinkVerdict::NotSame, wishes);
                // The next one may be the right one.
                links.at = (links.at + 1).min(last);
            }
            Some(Action::Forget) => {
                let item = &mut links.items[links.at];
                if item.decided.take().is_none() {
                    self.say(Tone::Plain, text!("links.nothing"));
                } else {
                    let (a, b) = links.pair(&links.items[links.at]);
                    self.say(Tone::Plain, text!("links.forgotten"));
                    Self::decided(vec![Decision::Unlink(a, b)], wishes);
                }
            }
            _ => self.idle_over(key),
        }
        self.popup = Some(Popup::Links(links));
    }

    fn link(&mut self, links: &mut Links, verdict: LinkVerdict, wishes: &mut Vec<Wish>) {
        let Some(item) = links.items.get(links.at) else { return };
        let (a, b) = links.pair(item);
        let label = item.label.clone();
        let words = match verdict {
            LinkVerdict::Same => text!("links.same", name = private(&label)),
            LinkVerdict::NotSame => text!("links.not-same", name = private(&label)),
        };
        self.say(Tone::Good, words);
        links.items[links.at].decided = Some(verdict);
        Self::decided(vec![Decision::Link(Link { a, b, by: Rung::Kept, verdict, since: self.now })], wishes);
    }
}

fn title(name: &str, own: &SystemId, other: &SystemId) -> String {
    text!("links.title", name = private(name), system = own, other = other)
}
