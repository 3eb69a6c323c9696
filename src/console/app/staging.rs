//! The ways to stage: a row's checklist, one facet, a range or everything filtered, and the form where values are missing.

use std::sync::Arc;

use crate::compare::{Compared, FacetDiff};
use crate::model::{Kind, Op, SystemId};
use crate::plan::ChangeId;
use crate::plan::stage::{Offer, awaited, offers};

use super::checklist::{Checklist, Gather, Gathered, Item};
use super::form::Form;
use super::lines::{Tone, op};
use super::mask::private;
use super::popup::Popup;
use super::rows::Rows;
use super::said::said;
use super::text::{self, text};
use super::{App, Focus, Wish};

/// From so many rows on, offers are gathered by a job.
const QUICK: usize = 200;

/// So many reasons are told one by one.
const REASONS: usize = 4;

impl App {
    /// That there is no fix, and what tells why.
    fn no_offer(&self) -> String {
        text!("stage.no-offer", key = self.keymap.shown(super::Action::Why))
    }

    pub(super) fn looked_at(&self) -> Option<(Kind, u32, Arc<Compared>)> {
        let kind = self.kind()?;
        let list = &self.lists[kind.index()];
        Some((kind, list.identity()?, list.shown.clone()?))
    }

    /// Space: a row's checklist on `All`; one system's changes on its list; one facet in the detail.
    pub(super) fn stage(&mut self, wishes: &mut Vec<Wish>) {
        if self.list().is_some_and(|list| list.anchor.is_some()) {
            return self.stage_range(wishes);
        }
        let Some((kind, identity, compared)) = self.looked_at() else { return };
        if self.focus == Focus::Detail {
            return self.stage_facet(wishes);
        }
        let rows = Rows::new(&compared, kind);
        let chosen = self.system_index().filter(|at| Some(*at) != compared.inputs.base());
        let targets = chosen.map_or_else(|| rows.targets(), |at| vec![at]);
        let found: Vec<(usize, Offer)> = targets
            .into_iter()
            .flat_map(|at| offers(&compared, kind, identity, at).into_iter().map(move |offer| (at, offer)))
            .collect();
        if found.is_empty() {
            let why = if rows.out(identity, chosen) { self.no_offer() } else { text!("stage.true").to_owned() };
            return self.say(Tone::Plain, why);
        }
        let plain = |offer: &Offer| offer.ticked && offer.blocked.is_none() && offer.blanks.is_empty();
        if chosen.is_some() && found.iter().all(|(_, offer)| plain(offer)) {
            let ids: Vec<ChangeId> = found.iter().map(|(_, offer)| offer.change.id.clone()).collect();
            let all = found.iter().all(|(_, offer)| self.staged.contains(&offer.change.id));
            if all {
                let kept = self.let_go(&ids);
                if !kept.is_empty() {
                    self.keep(wishes);
                    return self.say_carried();
                }
            } else {
                self.staged.add_all(found.into_iter().map(|(_, offer)| offer.change));
            }
            self.keep(wishes);
            self.move_list(1);
            return self.say_waiting(&ids, &compared);
        }
        let staged_before = found.iter().any(|(_, offer)| self.staged.contains(&offer.change.id));
        let items = found
            .into_iter()
            .map(|(_, offer)| {
                let staged = self.staged.contains(&offer.change.id);
                Item {
                    system: offer.change.system.clone(),
                    text: said(&offer.text).into_owned(),
                    ticked: offer.blocked.is_none() && if staged_before { staged } else { offer.ticked },
                    staged,
                    removes: offer.change.op.removes(),
                    blanks: !offer.blanks.is_empty(),
                    blocked: offer.blocked.as_deref().map(|why| said(why).into_owned()),
                    effects: self.effects(&offer.change.system, kind, offer.change.op),
                    offers: vec![offer],
                }
            })
            .collect();
        let title = text!("stage.title", name = private(rows.name(identity, None)));
        self.popup = Some(Popup::Checklist(Checklist { title, items, left_out: Vec::new(), at: 0, exact: true }));
    }

    /// What an operation does outside the record, as the system's connector knows.
    fn effects(&self, system: &SystemId, kind: Kind, op: Op) -> Vec<String> {
        let status = self.world.iter().flat_map(|world| world.systems.iter()).find(|status| status.id == *system);
        let told = status.into_iter().flat_map(|status| &status.mapping.side_effects);
        let own = told.filter(|effect| effect.kind == kind && effect.op == op);
        own.map(|effect| said(&effect.text).into_owned()).collect()
    }

    fn stage_facet(&mut self, wishes: &mut Vec<Wish>) {
        let Some(about) = self.detail.about.clone() else { return };
        if self.detail.rows.get(self.detail.at).is_none() {
            return;
        }
        let side = self.detail.side().cloned();
        let all = offers(&about.compared, about.kind, about.identity, about.system);
        let own = side.as_ref().and_then(|side| side.facet.as_ref()).and_then(|facet| {
            all.iter().find(|offer| {
                !matches!(offer.change.op, Op::Create | Op::Delete)
                    && offer.change.want.iter().any(|want| super::detail::is(&want.facet, facet))
            })
        });
        let Some(offer) = own.cloned() else {
            // A create brings along what it can: of the rest it is told why not.
            let brought = |facet: &FacetDiff| {
                let wants = |offer: &Offer| offer.change.want.iter().any(|want| super::detail::is(&want.facet, facet));
                all.iter().any(wants)
            };
            let not = side.as_ref().filter(|side| !side.why.is_empty());
            let creates = all.iter().any(|offer| offer.change.op == Op::Create);
            let left = creates && not.and_then(|side| side.facet.as_ref()).is_some_and(|facet| !brought(facet));
            let whole = |offer: &Offer| matches!(offer.change.op, Op::Create | Op::Deactivate | Op::Reactivate);
            if !left && all.iter().any(whole) {
                self.focus = Focus::List;
                self.stage(wishes);
                self.focus = Focus::Detail;
                return;
            }
            let why = side.map(|side| side.why).filter(|why| !why.is_empty());
            let why = why.unwrap_or_else(|| self.no_offer());
            return self.say(Tone::Plain, said(&why));
        };
        if let Some(why) = offer.blocked {
            return self.say(Tone::Bad, said(&why));
        }
        if self.staged.contains(&offer.change.id) {
            if !self.let_go(&[offer.change.id]).is_empty() {
                return self.say_carried();
            }
            self.keep(wishes);
        } else if offer.blanks.is_empty() {
            let ids = [offer.change.id.clone()];
            self.staged.add(offer.change);
            self.keep(wishes);
            self.say_waiting(&ids, &about.compared);
        } else {
            self.popup = Form::new(vec![vec![offer]]).map(Popup::Form);
        }
    }

    /// All rows of the open range: first by system and operation.
    pub(super) fn stage_range(&mut self, wishes: &mut Vec<Wish>) {
        let Some(kind) = self.kind() else { return };
        let list = &self.lists[kind.index()];
        let Some((from, to)) = list.range() else { return };
        let identities: Vec<u32> = (from..=to).filter_map(|at| list.order.get(at)).collect();
        self.gather(kind, identities, wishes);
    }

    /// All rows of the list: first by system and operation.
    pub(super) fn stage_all(&mut self, wishes: &mut Vec<Wish>) {
        let Some(kind) = self.kind() else { return };
        let list = &self.lists[kind.index()];
        let identities: Vec<u32> = (0..list.order.len()).filter_map(|at| list.order.get(at)).collect();
        self.gather(kind, identities, wishes);
    }

    fn gather(&mut self, kind: Kind, identities: Vec<u32>, wishes: &mut Vec<Wish>) {
        let system = self.system_index();
        let list = &mut self.lists[kind.index()];
        list.anchor = None;
        let Some(compared) = list.shown.clone() else { return };
        let gather = Gather { kind, system, identities: identities.into(), compared, path: None };
        self.gather_all(gather, wishes);
    }

    /// Gathers offers, off the UI thread where there are many.
    pub(super) fn gather_all(&mut self, gather: Gather, wishes: &mut Vec<Wish>) {
        if gather.identities.len() <= QUICK {
            self.gathered(gather.run());
        } else {
            self.say(Tone::Plain, text!("stage.gathering", n = text::count(gather.identities.len() as u64)));
            wishes.push(Wish::Gather(gather));
        }
    }

    pub(super) fn gathered(&mut self, gathered: Gathered) {
        if self.popup.is_some() {
            return;
        }
        let mut left_out = Vec::new();
        for (system, n) in &gathered.undecided {
            left_out.push(text!("stage.left-undecided", system = system, n = text::count(*n as u64)));
        }
        let mut blocked: Vec<_> = gathered.blocked.iter().collect();
        blocked.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        for (at, ((system, why), n)) in blocked.iter().enumerate() {
            if at >= REASONS && blocked.len() > REASONS + 1 {
                let rest: usize = blocked[at..].iter().map(|(_, n)| **n).sum();
                left_out.push(text!("stage.left-others", n = text::count(rest as u64)));
                break;
            }
            let n = text::count(**n as u64);
            left_out.push(text!("stage.left-blocked", system = system, n = n, why = said(why)));
        }
        let mut items: Vec<Item> = Vec::new();
        for ((system, what), offers) in gathered.groups {
            let (ask, ready): (Vec<_>, Vec<_>) = offers.into_iter().partition(|offer| !offer.blanks.is_empty());
            for (offers, blanks) in [(ready, false), (ask, true)] {
                if offers.is_empty() {
                    continue;
                }
                let staged = offers.iter().all(|offer| self.staged.contains(&offer.change.id));
                items.push(Item {
                    system: system.clone(),
                    text: text!("stage.group", op = op(what), n = text::count(offers.len() as u64)),
                    ticked: !what.removes() && !blanks,
                    staged,
                    removes: what.removes(),
                    blanks,
                    blocked: None,
                    effects: self.effects(&system, gathered.kind, what),
                    offers,
                });
            }
        }
        if items.is_empty() {
            let why = if left_out.is_empty() { text!("stage.true-all").to_owned() } else { left_out.join("; ") };
            return self.say(Tone::Plain, why);
        }
        self.notice = None;
        let title = text!("stage.title-many", n = text::count(gathered.rows as u64));
        self.popup = Some(Popup::Checklist(Checklist { title, items, left_out, at: 0, exact: false }));
    }

    /// A checklist is handed in: what is ticked is staged, what waits for values opens the form.
    pub(super) fn accept(&mut self, list: Checklist, wishes: &mut Vec<Wish>) {
        let mut asking: Vec<Vec<Offer>> = Vec::new();
        let (mut added, mut carried) = (Vec::new(), false);
        for item in list.items {
            if item.ticked {
                for offer in item.offers {
                    if offer.blanks.is_empty() {
                        added.push(offer.change);
                    } else if !self.staged.contains(&offer.change.id) {
                        let same = |group: &Vec<Offer>| {
                            group[0].blanks == offer.blanks && group[0].change.system == offer.change.system
                        };
                        match asking.iter_mut().find(|group| same(group)) {
                            Some(group) => group.push(offer),
                            None => asking.push(vec![offer]),
                        }
                    }
                }
            } else if list.exact && item.staged {
                let ids: Vec<ChangeId> = item.offers.into_iter().map(|offer| offer.change.id).collect();
                carried |= !self.let_go(&ids).is_empty();
            }
        }
        let n = added.len();
        self.staged.add_all(added);
        self.keep(wishes);
        if let Some(form) = Form::new(asking) {
            self.popup = Some(Popup::Form(form));
        } else if carried {
            self.say_carried();
        } else {
            self.say_staged(n);
        }
    }

    /// Takes changes back, but for those that a push is carrying out: those are given back.
    fn let_go(&mut self, ids: &[ChangeId]) -> Vec<ChangeId> {
        let (carried, free): (Vec<ChangeId>, Vec<ChangeId>) = ids.iter().cloned().partition(|id| self.plan.carries(id));
        self.staged.remove_all(&free);
        carried
    }

    /// That what a push is carrying out cannot be taken back, and what can be done.
    fn say_carried(&mut self) {
        self.say(Tone::Warn, text!("push.carried", key = self.keymap.shown(super::Action::Stop)));
    }

    fn say_staged(&mut self, n: usize) {
        let total = text::count(self.staged.len() as u64);
        let key = self.keymap.shown(super::Action::Prepare);
        let mut words = text!("stage.done", n = text::count(n as u64), total = total, key = key);
        if let Some((_, _, compared)) = self.looked_at()
            && let Some(waiting) = self.waiting(&compared, |_| true)
        {
            words.push_str("; ");
            words.push_str(&waiting);
        }
        self.say(Tone::Plain, words);
    }

    /// Says so where what was just staged waits for a create that is not.
    fn say_waiting(&mut self, ids: &[ChangeId], compared: &Compared) {
        if let Some(waiting) = self.waiting(compared, |id| ids.contains(id)) {
            self.say(Tone::Plain, waiting);
        }
    }

    /// How many of these are staged and wait for a create that is not, and whose.
    fn waiting(&self, compared: &Compared, which: impl Fn(&ChangeId) -> bool) -> Option<String> {
        let mut needs: Vec<(&ChangeId, &ChangeId)> =
            self.staged.waiting().map(|(change, need)| (&change.id, need)).filter(|(id, _)| which(id)).collect();
        let first = needs.first()?.1;
        let name = awaited(compared, first).unwrap_or_else(|| first.to_string());
        needs.dedup_by_key(|(id, _)| *id);
        Some(text!("stage.waits", n = text::count(needs.len() as u64), name = private(&name)))
    }

    /// A form is handed in.
    pub(super) fn hand_in(&mut self, mut form: Form, wishes: &mut Vec<Wish>) {
        match form.supplied() {
            Ok(changes) => {
                let n = changes.len();
                self.staged.add_all(changes);
                self.keep(wishes);
                let rest = std::mem::take(&mut form.rest);
                match Form::new(rest) {
                    Some(next) => self.popup = Some(Popup::Form(next)),
                    None => self.say_staged(n),
                }
            }
            Err(why) => {
                form.error = Some(why);
                self.popup = Some(Popup::Form(form));
            }
        }
    }

    /// Takes back what is staged about the row, the facet or the planned change under the cursor.
    pub(super) fn unstage(&mut self, wishes: &mut Vec<Wish>) {
        let mut ids: Vec<ChangeId> = Vec::new();
        if self.tab == super::Tab::Plan {
            ids.extend(self.plan.change_here());
        } else if let Some((kind, identity, compared)) = self.looked_at() {
            let rows = Rows::new(&compared, kind);
            let chosen = self.system_index().filter(|at| Some(*at) != compared.inputs.base());
            if self.focus == Focus::Detail {
                let facet = self.detail.facet().cloned();
                let system = self.detail.about.as_ref().map_or(0, |about| about.system);
                for change in self.staged_about(&compared, kind, identity, system) {
                    let hit = |facet| change.want.iter().any(|want| super::detail::is(&want.facet, facet));
                    if facet.as_ref().is_some_and(hit) {
                        ids.push(change.id);
                    }
                }
            } else {
                for at in chosen.map_or_else(|| rows.targets(), |at| vec![at]) {
                    ids.extend(self.staged_about(&compared, kind, identity, at).into_iter().map(|change| change.id));
                }
            }
        }
        // What was pushed and confirmed is shown in the plan still, and is not staged any more.
        ids.retain(|id| self.staged.contains(id));
        if ids.is_empty() {
            return self.say(Tone::Plain, text!("stage.nothing-here"));
        }
        let carried = self.let_go(&ids).len();
        self.keep(wishes);
        if carried > 0 {
            return self.say_carried();
        }
        self.say(Tone::Plain, text!("stage.taken-back", n = text::count(ids.len() as u64)));
    }
}
