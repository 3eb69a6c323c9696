//! Decisions about what is under the cursor: the target's value may stand, a record is never touched.

use crate::compare::{Decision, FacetDiff, Protection, Verdict, Waiver, facets};
use crate::engine::protocol::Command;

use super::lines::{Line, Tone};
use super::mask::private;
use super::note::{Note, Purpose};
use super::popup::Popup;
use super::text::{self, text};
use super::{App, Focus, Wish};

impl App {
    /// Tells the engine what was decided.
    pub(super) fn decided(decisions: Vec<Decision>, wishes: &mut Vec<Wish>) {
        wishes.push(Wish::Engine(Command::Decide(decisions)));
    }

    /// Adopts what differs: the facet under the cursor in the detail, all of the record on a list. What is adopted already
    /// is withdrawn.
    pub(super) fn adopt(&mut self, wishes: &mut Vec<Wish>) {
        let Some((kind, identity, compared)) = self.looked_at() else { return };
        let system = self.detail_system(&compared, kind, identity);
        let view = &compared.inputs.systems[system];
        let about: Vec<FacetDiff> = if self.focus == Focus::Detail {
            self.detail.facet().cloned().into_iter().collect()
        } else {
            facets(&compared, kind, identity, system)
        };
        let found: Vec<(Waiver, &FacetDiff)> = about
            .iter()
            .filter_map(|facet| Some((facet.waiver(compared.record(kind, identity, system)?, "", None)?, facet)))
            .collect();
        if found.is_empty() {
            return self.withdraw(&about, wishes);
        }
        let name = super::rows::Rows::new(&compared, kind).name(identity, None).to_owned();
        let title = text!("adopt.title", system = view.id, name = private(&name));
        let shown = |text: &Option<String>| {
            text.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| text!("detail.none").to_owned())
        };
        let mut lines = vec![Line::plain(text!("adopt.what", system = view.id)), Line::default()];
        for (_, facet) in &found {
            lines.push(
                Line::of(Tone::Strong, format!("  {}  ", super::detail::facet_name(facet)))
                    .data(Tone::Differs, shown(&facet.target))
                    .with(Tone::Dim, text!("adopt.not"))
                    .data(Tone::Dim, shown(&facet.source)),
            );
        }
        let waivers = found.into_iter().map(|(waiver, _)| waiver).collect();
        self.popup = Some(Popup::Note(Note::new(title, lines, Purpose::Adopt(waivers))));
    }

    fn withdraw(&mut self, about: &[FacetDiff], wishes: &mut Vec<Wish>) {
        let Some(key) = self.record_key() else { return };
        let gone: Vec<Decision> = about
            .iter()
            .filter(|facet| facet.verdict == Verdict::Waived)
            .map(|facet| Decision::Withdraw(key.clone(), facet.path.clone(), facet.entry()))
            .collect();
        if gone.is_empty() {
            return self.say(Tone::Plain, text!("adopt.nothing"));
        }
        self.say(Tone::Plain, text!("adopt.withdrawn", n = text::count(gone.len() as u64)));
        Self::decided(gone, wishes);
    }

    /// Protects the record that the detail shows, or takes the protection back.
    pub(super) fn protect(&mut self, wishes: &mut Vec<Wish>) {
        let Some((kind, identity, compared)) = self.looked_at() else { return };
        let system = self.detail_system(&compared, kind, identity);
        let rows = super::rows::Rows::new(&compared, kind);
        let id = &compared.inputs.systems[system].id;
        if Some(system) == compared.inputs.base() {
            return self.say(Tone::Warn, text!("protect.source", system = id));
        }
        let Some(record) = rows.key_in(identity, system) else {
            return self.say(Tone::Warn, text!("protect.nothing", system = id));
        };
        if compared.inputs.protected.iter().any(|have| have.record == record) {
            self.say(Tone::Plain, text!("protect.ended", system = record.system));
            return Self::decided(vec![Decision::Unprotect(record)], wishes);
        }
        let title = text!("protect.title", system = record.system, name = private(rows.name(identity, None)));
        let lines = vec![Line::plain(text!("protect.what", system = record.system)), Line::default()];
        let protection = Protection { record, reason: String::new(), since: self.now };
        self.popup = Some(Popup::Note(Note::new(title, lines, Purpose::Protect(protection))));
    }

    /// Asks why what was read of the system under the cursor, and is not proved to be all, is complete as it is.
    pub(super) fn ask_complete(&mut self) {
        let Some(status) = self.system_here() else { return };
        let system = status.id.clone();
        let mut lines = vec![Line::plain(text!("complete.what", system = system)), Line::default()];
        let before = lines.len();
        for (kind, feed, why) in self.unproved(status) {
            lines.push(
                Line::of(Tone::Strong, format!("  {}  {feed}  ", super::systems::plural(kind))).data(Tone::Warn, why),
            );
        }
        if lines.len() == before {
            return self.say(Tone::Plain, text!("complete.nothing", system = system));
        }
        let title = text!("complete.title", system = system);
        self.popup = Some(Popup::Note(Note::new(title, lines, Purpose::Complete(system))));
    }

    /// A reason is handed in.
    pub(super) fn noted(&mut self, mut note: Note, wishes: &mut Vec<Wish>) {
        if note.exports() {
            return self.export(note, wishes);
        }
        match note.complete() {
            Some(Ok(command)) => return wishes.push(Wish::Engine(command)),
            Some(Err(why)) => {
                note.error = Some(why);
                self.popup = Some(Popup::Note(note));
                return;
            }
            None => {}
        }
        match note.decided(self.now) {
            Ok(decisions) => {
                let words = match decisions.first() {
                    Some(Decision::Protect(_)) => text!("protect.done").to_owned(),
                    _ => text!("adopt.done", n = text::count(decisions.len() as u64)),
                };
                self.say(Tone::Good, words);
                Self::decided(decisions, wishes);
            }
            Err(why) => {
                note.error = Some(why);
                self.popup = Some(Popup::Note(note));
            }
        }
    }
}
