//! What is staged, and the ways to stage: a row's checklist, a range or everything filtered by system and operation, and
//! the form for values that the source lacks.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crossterm::event::{Event, KeyCode, KeyEvent};
use tui_input::Input;
use tui_input::backend::crossterm::EventHandler;

use crate::compare::{Compared, Pairing};
use crate::model::{Kind, Op, RecordKey, SystemId};
use crate::plan::stage::{Blank, Offer, Stager, Staging, Supplied, offers, supply};
use crate::plan::{Change, ChangeId, Target};

use super::lines::{Tone, op};
use super::popup::Popup;
use super::rows::Rows;
use super::text::{self, text};
use super::{App, Focus, Wish};

/// From so many rows on, offers are gathered by a job.
const QUICK: usize = 200;

/// Which records have something staged, and in which systems.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(HashMap<RecordKey, Vec<SystemId>>);

impl Marks {
    /// Whether something is staged about an identity: in one system, or in any.
    pub fn about(&self, rows: &Rows<'_>, identity: u32, system: Option<usize>) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let inputs = &rows.compared.inputs;
        let only = system.filter(|at| Some(*at) != inputs.base()).map(|at| &inputs.systems[at].id);
        (0..inputs.systems.len())
            .filter_map(|at| rows.key_in(identity, at))
            .any(|key| self.0.get(&key).is_some_and(|systems| only.is_none_or(|only| systems.contains(only))))
    }
}

/// The staged changes, with an index for the marks in the lists.
#[derive(Clone, Debug, Default)]
pub struct Staged {
    staging: Staging,
    marks: Arc<Marks>,
    version: u64,
}

impl Staged {
    /// Stages a change.
    pub fn add(&mut self, change: Change) {
        self.add_all([change]);
    }

    /// Stages many at once.
    pub fn add_all(&mut self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            self.staging.add(change);
        }
        self.index();
    }

    /// Takes a change back, and those that need it.
    pub fn remove(&mut self, id: &ChangeId) {
        self.staging.remove(id);
        self.index();
    }

    /// Takes many back, and those that need them.
    pub fn remove_all<'i>(&mut self, ids: impl IntoIterator<Item = &'i ChangeId>) {
        for id in ids {
            self.staging.remove(id);
        }
        self.index();
    }

    /// Takes all back.
    pub fn clear(&mut self) {
        self.staging.clear();
        self.index();
    }

    fn index(&mut self) {
        self.version += 1;
        let mut marks: HashMap<RecordKey, Vec<SystemId>> = HashMap::new();
        for change in self.staging.changes() {
            let own = match &change.target {
                Target::Record(key) => Some(key),
                Target::New(_) => None,
            };
            for key in change.source.iter().chain(own) {
                marks.entry(key.clone()).or_default().push(change.system.clone());
            }
        }
        self.marks = Arc::new(Marks(marks));
    }

    /// Which records have something staged.
    pub fn marks(&self) -> &Arc<Marks> {
        &self.marks
    }

    /// Rises with every change of it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// All changes, by name.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.staging.changes()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.staging.len()
    }

    /// Whether nothing is staged.
    pub fn is_empty(&self) -> bool {
        self.staging.is_empty()
    }

    /// Whether a change of this name is staged.
    pub fn contains(&self, id: &ChangeId) -> bool {
        self.staging.contains(id)
    }
}

/// One line that can be ticked: an offer, or all offers of one operation in one system.
#[derive(Clone, Debug)]
pub struct Item {
    /// The system.
    pub system: SystemId,
    /// What it does.
    pub text: String,
    /// The offers behind it.
    pub offers: Vec<Offer>,
    /// Chosen.
    pub ticked: bool,
    /// Staged already.
    pub staged: bool,
    /// It takes something away.
    pub removes: bool,
    /// Values must be given first.
    pub blanks: bool,
    /// Why it cannot be staged.
    pub blocked: Option<String>,
}

/// A list to tick before anything is staged.
#[derive(Clone, Debug)]
pub struct Checklist {
    /// Whose changes, or how many rows.
    pub title: String,
    /// The lines.
    pub items: Vec<Item>,
    /// What was left out, and why, with counts.
    pub left_out: Vec<String>,
    /// The cursor.
    pub at: usize,
    /// Unticked lines that are staged are taken back.
    pub exact: bool,
}

impl Checklist {
    /// Moves the cursor.
    pub fn step(&mut self, by: isize) {
        self.at = self.at.saturating_add_signed(by).min(self.items.len().saturating_sub(1));
    }

    /// Ticks or unticks the line under the cursor; a blocked one says why.
    pub fn toggle(&mut self) -> Option<String> {
        let item = self.items.get_mut(self.at)?;
        if item.blocked.is_none() {
            item.ticked = !item.ticked;
        }
        item.blocked.clone()
    }

    /// How many changes are ticked.
    pub fn ticked(&self) -> usize {
        self.items.iter().filter(|item| item.ticked).map(|item| item.offers.len()).sum()
    }
}

/// Offers to be gathered off the UI thread.
#[derive(Clone, Debug)]
pub struct Gather {
    /// The kind.
    pub kind: Kind,
    /// One system's, or all targets'.
    pub system: Option<usize>,
    /// The identities.
    pub identities: Arc<[u32]>,
    /// Over what.
    pub compared: Arc<Compared>,
}

/// Offers that were gathered, by system and operation.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// How many rows were looked at.
    pub rows: usize,
    /// By system and operation.
    pub groups: BTreeMap<(SystemId, Op), Vec<Offer>>,
    /// Offers that are blocked, by system.
    pub blocked: BTreeMap<SystemId, usize>,
    /// Rows where nobody can say, by system.
    pub undecided: BTreeMap<SystemId, usize>,
}

impl Gather {
    /// Gathers them.
    pub fn run(self) -> Gathered {
        let rows = Rows::new(&self.compared, self.kind);
        let targets: Vec<usize> = match self.system {
            Some(at) if Some(at) != self.compared.inputs.base() => vec![at],
            _ => rows.targets(),
        };
        let mut gathered = Gathered {
            rows: self.identities.len(),
            groups: BTreeMap::new(),
            blocked: BTreeMap::new(),
            undecided: BTreeMap::new(),
        };
        let stager = Stager::new(&self.compared);
        for &identity in self.identities.iter() {
            for &at in &targets {
                let system = &self.compared.inputs.systems[at].id;
                let pairing = rows.pairing(identity, at);
                if pairing == Pairing::Undecided {
                    *gathered.undecided.entry(system.clone()).or_default() += 1;
                    continue;
                }
                if !pairing.counts() {
                    continue;
                }
                for offer in stager.offers(self.kind, identity, at) {
                    if offer.blocked.is_some() {
                        *gathered.blocked.entry(system.clone()).or_default() += 1;
                    } else {
                        gathered.groups.entry((system.clone(), offer.change.op)).or_default().push(offer);
                    }
                }
            }
        }
        gathered
    }
}

/// What a field of the form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The key of a list's entry.
    Key,
    /// The value.
    Value,
}

/// One field of the form.
#[derive(Clone, Debug)]
pub struct Field {
    /// Which blank.
    pub blank: usize,
    /// Which part of it.
    pub part: Part,
    /// What may be picked (id, name); empty: free text.
    pub options: Vec<(String, String)>,
    /// What was typed: the text itself, or what narrows the options.
    pub input: Input,
    /// The option under the cursor, among those that match.
    pub at: usize,
}

impl Field {
    /// The options that match what was typed.
    pub fn matching(&self) -> Vec<&(String, String)> {
        let typed = self.input.value().to_lowercase();
        self.options
            .iter()
            .filter(|(id, name)| typed.is_empty() || name.to_lowercase().contains(&typed) || id.contains(&typed))
            .collect()
    }

    /// The value that stands in the field: the picked option's id, or the text.
    pub fn value(&self) -> Option<String> {
        if self.options.is_empty() {
            let text = self.input.value().trim();
            return (!text.is_empty()).then(|| text.to_owned());
        }
        self.matching().get(self.at).map(|(id, _)| id.clone())
    }
}

/// The form for values that the source lacks.
#[derive(Clone, Debug)]
pub struct Form {
    /// The offers that wait for the values; all have the same blanks.
    pub offers: Vec<Offer>,
    /// The blanks.
    pub blanks: Vec<Blank>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The field with the cursor.
    pub at: usize,
    /// What is wrong.
    pub error: Option<String>,
    rest: Vec<Vec<Offer>>,
}

impl Form {
    fn new(mut groups: Vec<Vec<Offer>>) -> Option<Self> {
        if groups.is_empty() {
            return None;
        }
        let offers = groups.remove(0);
        let blanks = offers.first()?.blanks.clone();
        let mut fields = Vec::new();
        for (at, blank) in blanks.iter().enumerate() {
            let field = |part, options: &[(String, String)]| Field {
                blank: at,
                part,
                options: options.to_vec(),
                input: Input::default(),
                at: 0,
            };
            if blank.keyed {
                fields.push(field(Part::Key, &blank.keys));
            }
            fields.push(field(Part::Value, &blank.values));
        }
        Some(Self { offers, blanks, fields, at: 0, error: None, rest: groups })
    }

    /// A key that moves or types. `true`: the form is to be handed in.
    pub fn key(&mut self, event: &KeyEvent) -> bool {
        self.error = None;
        let last = self.fields.len().saturating_sub(1);
        let Some(field) = self.fields.get_mut(self.at) else { return true };
        match event.code {
            KeyCode::Up if field.at > 0 => field.at -= 1,
            KeyCode::Down if !field.options.is_empty() => {
                field.at = (field.at + 1).min(field.matching().len().saturating_sub(1));
            }
            KeyCode::Enter if self.at == last => return true,
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => self.at = (self.at + 1).min(last),
            KeyCode::BackTab | KeyCode::Up => self.at = self.at.saturating_sub(1),
            _ => {
                field.input.handle_event(&Event::Key(*event));
                field.at = field.at.min(field.matching().len().saturating_sub(1));
            }
        }
        false
    }

    /// A paste goes into the field under the cursor.
    pub fn paste(&mut self, text: &str) {
        if let Some(field) = self.fields.get_mut(self.at) {
            for c in text.chars() {
                field.input.handle(tui_input::InputRequest::InsertChar(c));
            }
            field.at = 0;
        }
    }

    /// The changes with the values in them.
    fn supplied(&self) -> Result<Vec<Change>, String> {
        let mut values = Vec::new();
        for (at, blank) in self.blanks.iter().enumerate() {
            let part = |part| self.fields.iter().find(|field| field.blank == at && field.part == part);
            let open = || text!("form.open", attribute = blank.path.local(&[]));
            let key = match part(Part::Key) {
                Some(field) => Some(vec![field.value().ok_or_else(open)?]),
                None => None,
            };
            let value = part(Part::Value).and_then(Field::value).ok_or_else(open)?;
            values.push(Supplied { path: blank.path.clone(), key, value });
        }
        self.offers.iter().map(|offer| supply(offer, &values)).collect()
    }
}

impl App {
    fn looked_at(&self) -> Option<(Kind, u32, Arc<Compared>)> {
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
            let why = if rows.out(identity, chosen) { text!("stage.no-offer") } else { text!("stage.true") };
            return self.say(Tone::Plain, why);
        }
        let plain = |offer: &Offer| offer.ticked && offer.blocked.is_none() && offer.blanks.is_empty();
        if chosen.is_some() && found.iter().all(|(_, offer)| plain(offer)) {
            let all = found.iter().all(|(_, offer)| self.staged.contains(&offer.change.id));
            if all {
                self.staged.remove_all(found.iter().map(|(_, offer)| &offer.change.id));
            } else {
                self.staged.add_all(found.into_iter().map(|(_, offer)| offer.change));
            }
            self.keep(wishes);
            return self.move_list(1);
        }
        let staged_before = found.iter().any(|(_, offer)| self.staged.contains(&offer.change.id));
        let items = found
            .into_iter()
            .map(|(_, offer)| {
                let staged = self.staged.contains(&offer.change.id);
                Item {
                    system: offer.change.system.clone(),
                    text: offer.text.clone(),
                    ticked: offer.blocked.is_none() && if staged_before { staged } else { offer.ticked },
                    staged,
                    removes: offer.change.op.removes(),
                    blanks: !offer.blanks.is_empty(),
                    blocked: offer.blocked.clone(),
                    offers: vec![offer],
                }
            })
            .collect();
        let title = text!("stage.title", name = rows.name(identity, None));
        self.popup = Some(Popup::Checklist(Checklist { title, items, left_out: Vec::new(), at: 0, exact: true }));
    }

    fn stage_facet(&mut self, wishes: &mut Vec<Wish>) {
        let Some(about) = self.detail.about.clone() else { return };
        let Some(row) = self.detail.rows.get(self.detail.at).cloned() else { return };
        let all = offers(&about.compared, about.kind, about.identity, about.system);
        let own = row.facet.as_ref().and_then(|facet| {
            all.iter().find(|offer| {
                !matches!(offer.change.op, Op::Create | Op::Delete)
                    && offer.change.want.iter().any(|want| super::detail::is(&want.facet, facet))
            })
        });
        let Some(offer) = own.cloned() else {
            if all.iter().any(|offer| matches!(offer.change.op, Op::Create | Op::Deactivate | Op::Reactivate)) {
                self.focus = Focus::List;
                self.stage(wishes);
                self.focus = Focus::Detail;
                return;
            }
            let why = if row.why.is_empty() { text!("stage.no-offer").to_owned() } else { row.why };
            return self.say(Tone::Plain, why);
        };
        if let Some(why) = offer.blocked {
            return self.say(Tone::Bad, why);
        }
        if self.staged.contains(&offer.change.id) {
            self.staged.remove(&offer.change.id);
            self.keep(wishes);
        } else if offer.blanks.is_empty() {
            self.staged.add(offer.change);
            self.keep(wishes);
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
        let gather = Gather { kind, system, identities: identities.into(), compared };
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
        for (system, n) in &gathered.blocked {
            left_out.push(text!("stage.left-blocked", system = system, n = text::count(*n as u64)));
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
        let mut added = Vec::new();
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
                for offer in item.offers {
                    self.staged.remove(&offer.change.id);
                }
            }
        }
        let n = added.len();
        self.staged.add_all(added);
        self.keep(wishes);
        if let Some(form) = Form::new(asking) {
            self.popup = Some(Popup::Form(form));
        } else {
            self.say_staged(n);
        }
    }

    fn say_staged(&mut self, n: usize) {
        let total = text::count(self.staged.len() as u64);
        let key = self.keymap.shown(super::Action::Prepare);
        self.say(Tone::Plain, text!("stage.done", n = text::count(n as u64), total = total, key = key));
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
                let facet = self.detail.rows.get(self.detail.at).and_then(|row| row.facet.clone());
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
        if ids.is_empty() {
            return self.say(Tone::Plain, text!("stage.nothing-here"));
        }
        self.staged.remove_all(&ids);
        self.keep(wishes);
        self.say(Tone::Plain, text!("stage.taken-back", n = text::count(ids.len() as u64)));
    }
}
