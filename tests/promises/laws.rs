//! Laws of the planner, over any two worlds: what is planned and carried out in a model of the target makes it as the source
//! has it, in an order that can be gone, in any part, and back again.
//!
//! The model knows nothing of requests: a change does to it what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use trueup::compare::{Compared, Inputs, SystemView, compare};
use trueup::mapping::Mapping;
use trueup::model::filter::Filters;
use trueup::model::{AttrPath, FeedState, Kind, Op, Proof, RecordKey, Snapshot, SystemId, TableBuilder};
use trueup::plan::stage::Stager;
use trueup::plan::{
    Body, Change, ChangeId, Expect, Facet, Group, Method, Plan, PlanId, Ref, Repeat, Request, Seen, Step, StepId,
    Target, Wanted, assemble, by_record, invert,
};

const MANAGER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager";

/// The texts, the flag and the lists of one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Record {
    texts: BTreeMap<String, String>,
    /// Entries by key: members, or role by product.
    entries: BTreeMap<String, String>,
}

impl Record {
    fn text(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", String::as_str)
    }
}

/// The records of a system, by kind and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Side {
    users: BTreeMap<String, Record>,
    groups: BTreeMap<String, Record>,
}

impl Side {
    fn of(&mut self, kind: Kind) -> &mut BTreeMap<String, Record> {
        if kind == Kind::Group { &mut self.groups } else { &mut self.users }
    }

    fn called(&self, name: &str) -> Vec<&Record> {
        self.users.values().filter(|user| user.text("userName") == name).collect()
    }

    /// The name of the user with this id.
    fn name(&self, id: &str) -> &str {
        self.users.get(id).map_or("", |user| user.text("userName"))
    }

    /// The same world, whatever ids it gave.
    fn named(&self) -> (BTreeMap<String, Record>, BTreeMap<String, Record>) {
        let user = |record: &Record| {
            let mut record = record.clone();
            if let Some(manager) = record.texts.get_mut(MANAGER) {
                *manager = self.name(manager).to_owned();
            }
            (record.text("userName").to_owned(), record)
        };
        let group = |record: &Record| {
            let entries = record.entries.keys().map(|id| (self.name(id).to_owned(), String::new())).collect();
            (record.text("displayName").to_owned(), Record { entries, ..record.clone() })
        };
        (self.users.values().map(user).collect(), self.groups.values().map(group).collect())
    }
}

/// Somebody: a title, whether active, who is above (somebody with a smaller number), roles on products.
type Person = Option<(u8, bool, u8, [Option<bool>; 2])>;
/// A group: whether each of the people is a member.
type Crew = Option<u8>;

/// One side of a world. Two people and a group are always there, so that both sides serve every attribute: what a source
/// never has is not counted.
fn side(prefix: char, people: &[Person], crews: &[Crew]) -> Side {
    let mut people = people.to_vec();
    people.extend([Some((0, true, 0, [Some(true), None])), Some((1, true, people.len() as u8, [None, Some(false)]))]);
    let mut side = Side::default();
    for (at, person) in people.iter().enumerate() {
        let Some((title, active, above, roles)) = person else { continue };
        let mut user = Record::default();
        let mut set = |path: &str, text: String| user.texts.insert(path.to_owned(), text);
        set("userName", format!("user{at}@example.com"));
        set("active", active.to_string());
        if *title > 0 {
            set("title", format!("Title {title}"));
        }
        let above = usize::from(*above);
        if above < at && people[above].is_some() {
            set(MANAGER, format!("{prefix}{above}"));
        }
        for (product, role) in roles.iter().enumerate() {
            if let Some(high) = role {
                user.entries.insert(format!("{prefix}p{product}"), format!("{prefix}r{}", u8::from(*high)));
            }
        }
        side.users.insert(format!("{prefix}{at}"), user);
    }
    let all = crews.iter().copied().chain([Some(1 << (people.len() - 1))]);
    for (at, crew) in all.enumerate() {
        let Some(members) = crew else { continue };
        let texts = BTreeMap::from([("displayName".to_owned(), format!("Group {at}"))]);
        let member = |at: &usize| people[*at].is_some() && members & (1 << at) != 0;
        let entries = (0..people.len()).filter(member).map(|at| (format!("{prefix}{at}"), String::new())).collect();
        side.groups.insert(format!("{prefix}g{at}"), Record { texts, entries });
    }
    side
}

fn view(mapping: &Arc<Mapping>, name: &str, prefix: char, side: &Side) -> SystemView {
    let id = SystemId::new(name);
    let fixed = |what: &str, count: usize| -> BTreeMap<String, Record> {
        let record = |at| Record {
            texts: BTreeMap::from(
                [("name", what), ("displayName", what)].map(|(path, what)| (path.to_owned(), format!("{what} {at}"))),
            ),
            entries: BTreeMap::new(),
        };
        (0..count).map(|at| (format!("{prefix}{}{at}", &what[..1]), record(at))).collect()
    };
    let snapshot = |kind: Kind| {
        let schema = mapping.kind(kind)?.schema.clone();
        let records = match kind {
            Kind::User => side.users.clone(),
            Kind::Group => side.groups.clone(),
            Kind::Role => fixed("role", 2),
            Kind::Product => fixed("product", 2),
        };
        let mut builder = TableBuilder::new(schema.clone());
        for (id, record) in &records {
            assert!(builder.begin(id));
            for (path, text) in &record.texts {
                if let Some(attr) = schema.find(&AttrPath::new(path.as_str())) {
                    builder.set(attr, text);
                }
            }
            let list = if kind == Kind::Group { "members" } else { "productRoles" };
            if let Some(list) = schema.find(&AttrPath::new(list)) {
                builder.list_read(list);
                for (key, value) in &record.entries {
                    builder.entry(list, [key, ""], value);
                }
            }
            builder.end();
        }
        let proof = Proof::Complete { how: "it is a model".into(), total: records.len() as u64 };
        Some(Arc::new(Snapshot {
            system: id.clone(),
            kind,
            generation: 1,
            table: builder.table(),
            feeds: vec![FeedState { feed: kind.plural().to_lowercase().into(), proof, pages: 1, requests: 1 }],
            taken: jiff::Timestamp::UNIX_EPOCH,
        }))
    };
    SystemView {
        mapping: mapping.clone(),
        snapshots: Kind::ALL.map(snapshot),
        id: id.clone(),
        scope: Filters::default(),
        manage: Filters::default(),
        deactivate_out_of_scope: false,
    }
}

fn compared(source: &Side, target: &Side) -> Compared {
    static MAPPING: LazyLock<Arc<Mapping>> = LazyLock::new(|| Arc::new(Mapping::builtin("scim").unwrap()));
    let systems = vec![view(&MAPPING, "hr", 'h', source), view(&MAPPING, "target", 't', target)];
    compare(Arc::new(Inputs { systems, source: Some(0), ..Inputs::default() }))
}

/// Everything that can be staged.
fn staged(source: &Side, target: &Side) -> Vec<Change> {
    let compared = compared(source, target);
    let stager = Stager::new(&compared);
    let each = |kind: Kind| (0..compared.kind(kind).len).map(move |identity| (kind, identity));
    let offers = Kind::ALL.into_iter().flat_map(each).flat_map(|(kind, identity)| stager.offers(kind, identity, 1));
    offers.filter(|offer| offer.blocked.is_none() && offer.blanks.is_empty()).map(|offer| offer.change).collect()
}

/// A plan with one step for each change.
fn planned(changes: &[Change]) -> Plan {
    let step = |change: &Change| Step {
        id: StepId("".into()),
        system: change.system.clone(),
        serves: vec![change.id.clone()],
        after: Vec::new(),
        read: Vec::new(),
        write: Request::new(Method::Post, "/", Body::None, Repeat::Never),
        verify: Vec::new(),
        yields: (change.op == Op::Create).then(|| change.id.clone()),
        side_effects: Vec::new(),
    };
    let groups = by_record(changes).into_iter().map(|group| Group {
        changes: group.iter().map(|change| change.id.clone()).collect(),
        // What makes a record comes before what is made to it, as every connector has it.
        steps: Ok({
            let (creates, rest): (Vec<_>, Vec<_>) = group.into_iter().partition(|change| change.op == Op::Create);
            creates.into_iter().chain(rest).map(step).collect()
        }),
    });
    let made = jiff::Timestamp::UNIX_EPOCH;
    assemble(PlanId("law".into()), made, changes.to_vec(), groups.collect(), Vec::new(), Vec::new())
}

/// A target at work: the ids of what was created, by change.
#[derive(Clone, Debug)]
struct Model {
    side: Side,
    created: BTreeMap<ChangeId, String>,
    /// What changed, with what was there before, in order.
    done: Vec<(Change, Vec<(Facet, Seen)>)>,
}

impl Model {
    fn over(side: &Side) -> Self {
        Self { side: side.clone(), created: BTreeMap::new(), done: Vec::new() }
    }

    fn id(&self, reference: &Ref) -> Result<String, String> {
        match reference {
            Ref::Id(id) => Ok(id.to_string()),
            Ref::New(change) => self.created.get(change).cloned().ok_or_else(|| format!("{change} is not created yet")),
        }
    }

    fn carry_out(&mut self, plan: &Plan) -> Result<(), String> {
        for step in &plan.steps {
            for id in &step.serves {
                let change = plan.change(id).ok_or("a step serves nothing")?;
                self.apply(change)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, change: &Change) -> Result<(), String> {
        if let Some(need) = change.needs.iter().find(|need| !self.did(need)) {
            return Err(format!("{} comes before {need}", change.id));
        }
        let target = match &change.target {
            Target::Record(key) => key.id.to_string(),
            Target::New(create) if *create == change.id => {
                let id = format!("n{}{}", change.kind, self.side.users.len() + self.side.groups.len());
                let mut record = Record::default();
                if change.kind == Kind::User {
                    record.texts.insert("active".to_owned(), "true".to_owned());
                }
                let before = self.side.of(change.kind).insert(id.clone(), record);
                assert_eq!(before, None);
                self.created.insert(change.id.clone(), id.clone());
                id
            }
            Target::New(create) => self.id(&Ref::New(create.clone()))?,
        };
        let before = match &change.expect {
            Expect::Absent { .. } => Vec::new(),
            Expect::Facets(expected) => expected.clone(),
        };
        for want in &change.want {
            let key = want.facet.key.iter().flatten().map(|part| self.id(part)).collect::<Result<Vec<_>, _>>()?;
            let text = match &want.value {
                Wanted::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
                Wanted::Ref(reference) => Some(self.id(reference)?),
                Wanted::Present => Some(String::new()),
                Wanted::Clear => None,
                // A secret shows nowhere.
                Wanted::Secret(_) => continue,
            };
            let record = self.side.of(change.kind).get_mut(&target).ok_or("there is no such record")?;
            let (map, name) = match key.first() {
                Some(key) => (&mut record.entries, key.clone()),
                None => (&mut record.texts, want.facet.path.as_str().to_owned()),
            };
            match text {
                Some(text) => map.insert(name, text),
                None => map.remove(&name),
            };
        }
        self.done.push((change.clone(), before));
        Ok(())
    }

    fn did(&self, change: &ChangeId) -> bool {
        self.done.iter().any(|(done, _)| done.id == *change)
    }
}

/// Plans and carries out what is left, until nothing is. Whoever is as wanted but for somebody who has to be created first
/// (their manager) is offered once that one is there: two more plans at most.
fn brought_about(source: &Side, mut side: Side) -> Result<Side, TestCaseError> {
    for _ in 0..2 {
        let left = planned(&staged(source, &side));
        prop_assert_eq!(&left.refused, &Vec::new());
        let mut model = Model::over(&side);
        model.carry_out(&left).map_err(TestCaseError::fail)?;
        side = model.side;
    }
    let left = staged(source, &side);
    prop_assert!(left.is_empty(), "{left:#?}");
    Ok(side)
}

/// What the target shall be, said without the planner.
fn assert_true(source: &Side, target: &Side) -> Result<(), TestCaseError> {
    for user in source.users.values() {
        let name = user.text("userName");
        let has = target.called(name);
        if user.text("active") != "true" {
            prop_assert!(has.iter().all(|user| user.text("active") != "true"), "{name} is switched off");
            continue;
        }
        prop_assert_eq!(has.len(), 1, "{} is there once", name);
        prop_assert_eq!((has[0].text("active"), has[0].text("title")), ("true", user.text("title")));
        let above = source.name(user.text(MANAGER));
        // Somebody who has left and never was there cannot be above anybody.
        if !target.called(above).is_empty() {
            prop_assert_eq!(target.name(has[0].text(MANAGER)), above, "who is above {}", name);
        }
        let pairs = |user: &Record| {
            user.entries
                .iter()
                .map(|(product, role)| (product[1..].to_owned(), role[1..].to_owned()))
                .collect::<BTreeSet<_>>()
        };
        prop_assert_eq!(pairs(has[0]), pairs(user), "the roles of {}", name);
    }
    let gone = target.users.values().filter(|user| source.called(user.text("userName")).is_empty());
    for user in gone {
        prop_assert_eq!(user.text("active"), "false", "{} is nobody's", user.text("userName"));
    }
    for group in source.groups.values() {
        let has: Vec<_> =
            target.groups.values().filter(|has| has.text("displayName") == group.text("displayName")).collect();
        prop_assert_eq!(has.len(), 1);
        let members: BTreeSet<&str> = has[0].entries.keys().map(|id| target.name(id)).collect();
        for member in group.entries.keys() {
            let name = source.name(member);
            prop_assert_eq!(
                members.contains(name),
                !target.called(name).is_empty(),
                "{} in {}",
                name,
                group.text("displayName")
            );
        }
    }
    Ok(())
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    let roles = [prop::option::of(any::<bool>()), prop::option::of(any::<bool>())];
    prop::collection::vec(prop::option::weighted(0.8, (0..3_u8, prop::bool::weighted(0.7), 0..6_u8, roles)), 6)
}

fn crews() -> impl Strategy<Value = Vec<Crew>> {
    prop::collection::vec(prop::option::weighted(0.7, any::<u8>()), 2)
}

fn world() -> impl Strategy<Value = (Side, Side)> {
    (people(), crews(), people(), crews()).prop_map(|(a, b, c, d)| (side('h', &a, &b), side('t', &c, &d)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    /// Plan, carry out, and it is as wanted; plan again, and there is nothing left.
    #[test]
    fn any_world_becomes_as_the_source_has_it_and_then_nothing_is_left((source, target) in world()) {
        let changes = staged(&source, &target);
        let plan = planned(&changes);
        prop_assert_eq!(&plan.refused, &Vec::new());
        let mut model = Model::over(&target);
        model.carry_out(&plan).map_err(TestCaseError::fail)?;
        prop_assert_eq!(model.done.len(), changes.len());
        let done = brought_about(&source, model.side)?;
        assert_true(&source, &done)?;
    }

    /// A part of it is a plan too: what needs something that is left out is refused, the rest can be gone in its order, and
    /// the remainder later leads to the same world.
    #[test]
    fn any_part_of_what_could_be_staged_is_a_plan_and_the_rest_can_follow((source, target) in world(), mask in any::<u64>()) {
        let all = staged(&source, &target);
        let part: Vec<Change> =
            all.iter().enumerate().filter(|(at, _)| mask & (1 << (at % 64)) != 0).map(|(_, change)| change.clone()).collect();
        let plan = planned(&part);
        let refused: BTreeSet<&ChangeId> = plan.refused.iter().map(|(id, _)| id).collect();
        let staged_ids: BTreeSet<&ChangeId> = part.iter().map(|change| &change.id).collect();
        for change in &plan.changes {
            let lacks = change.needs.iter().any(|need| !staged_ids.contains(need) || refused.contains(need));
            prop_assert_eq!(refused.contains(&change.id), lacks, "{}", &change.id);
        }
        let mut model = Model::over(&target);
        model.carry_out(&plan).map_err(TestCaseError::fail)?;
        prop_assert_eq!(model.done.len(), part.len() - refused.len());
        let mut at_once = Model::over(&target);
        at_once.carry_out(&planned(&all)).map_err(TestCaseError::fail)?;
        let (later, at_once) = (brought_about(&source, model.side)?, brought_about(&source, at_once.side)?);
        prop_assert_eq!(later.named(), at_once.named());
    }

    /// What was carried out is taken back, last first: whoever was there is as before, whoever was created is switched off.
    #[test]
    fn what_was_carried_out_can_be_taken_back((source, target) in world()) {
        let mut model = Model::over(&target);
        model.carry_out(&planned(&staged(&source, &target))).map_err(TestCaseError::fail)?;
        let done = std::mem::take(&mut model.done);
        for (change, before) in done.iter().rev() {
            let created = match &change.target {
                Target::New(create) => model.created.get(create).map(|id| RecordKey::new(change.system.clone(), change.kind, id.as_str())),
                Target::Record(_) => None,
            };
            // A group has no switch; a member that was created cannot be named once its plan has ended.
            let Ok(back) = invert(change, before, created.as_ref()) else { continue };
            if change.kind == Kind::Group && change.op == Op::Create {
                continue;
            }
            model.apply(&back).map_err(TestCaseError::fail)?;
        }
        for (id, user) in &target.users {
            prop_assert_eq!(&model.side.users[id], user);
        }
        for (id, group) in &target.groups {
            let mut now = model.side.groups[id].clone();
            now.entries.retain(|member, _| target.users.contains_key(member));
            prop_assert_eq!(&now, group);
        }
        for (id, user) in model.side.users.iter().filter(|(id, _)| !target.users.contains_key(*id)) {
            prop_assert_eq!(user.text("active"), "false", "{}", id);
        }
    }
}
