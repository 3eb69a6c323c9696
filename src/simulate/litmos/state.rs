//! What Litmos holds: the world's view, with everything that was written laid over it.
//!
//! Owns users, teams, members, leaders, administrators, and what was deleted. Must not: know JSON's or XML's forms beyond
//! the fields of a record.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;
use serde_json::Value;

use super::bulk::Import;
use super::learners::{Learners, instant, login_key};
use super::record::{Record, put, text};
use crate::simulate::clock::epoch;
use crate::simulate::shelf::{Place, Shelf};
use crate::simulate::world::World;

/// One team.
#[derive(Debug, Clone)]
pub struct Team {
    /// Its id.
    pub id: String,
    /// Its number in the web pages.
    pub original: u32,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The id of the team above it.
    pub parent: Option<String>,
    /// When it was made, in seconds since the epoch.
    pub created: u64,
    /// When it was last changed.
    pub updated: u64,
    /// Ids of its members.
    pub members: Roll,
    /// Ids of those who lead it.
    pub leaders: Vec<String>,
    /// Ids of those who administer it.
    pub admins: Vec<String>,
}

/// Ids in the order in which they were added, each once.
#[derive(Debug, Clone, Default)]
pub struct Roll {
    order: Vec<String>,
    known: HashSet<String>,
}

impl Roll {
    /// Adds one; false where it was there.
    pub fn add(&mut self, id: &str) -> bool {
        let new = self.known.insert(id.to_owned());
        if new {
            self.order.push(id.to_owned());
        }
        new
    }

    /// Takes one away; false where it was not there.
    pub fn remove(&mut self, id: &str) -> bool {
        let there = self.known.remove(id);
        if there {
            self.order.retain(|other| other != id);
        }
        there
    }

    /// Whether it is there.
    pub fn has(&self, id: &str) -> bool {
        self.known.contains(id)
    }

    /// All of them.
    pub fn all(&self) -> &[String] {
        &self.order
    }
}

/// A mail that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// `welcome` or `team`.
    pub about: &'static str,
}

/// What the service itself never tells.
#[derive(Debug, Serialize)]
pub struct Told {
    /// Mails, in order.
    pub mails: Vec<Mail>,
    /// Ids whose password was set, and whether they have to change it at the next log-in.
    pub passwords: BTreeMap<String, bool>,
    /// Ids that were deleted.
    pub deleted: Vec<String>,
}

/// The state.
pub struct State {
    /// The view that everything is laid over.
    pub world: World,
    /// Records of users.
    users: Shelf,
    /// All teams, in the order of their numbers.
    pub teams: Vec<Team>,
    /// When a record of a user was last written.
    pub written: HashMap<String, u64>,
    /// When somebody came to a team, where that was not at the beginning; and ids of team and user.
    pub joined: HashMap<(String, String), u64>,
    deleted: Vec<String>,
    /// Mails that were sent.
    pub mails: Vec<Mail>,
    /// Ids whose password was set, and whether it has to be changed.
    pub passwords: BTreeMap<String, bool>,
    /// Advanced custom fields that were written.
    pub custom: HashMap<String, Record>,
    /// Bulk imports.
    pub imports: Vec<Import>,
    made: u32,
}

impl State {
    /// What the world says, and `more` teams beside.
    pub fn new(world: World, more: u32) -> State {
        let all = world.teams();
        let id = |number: u32| all.iter().find(|team| team.number == number).map(|team| team.id.clone());
        let ids = |slot: Option<u32>| slot.map(|slot| world.learner_id(slot)).into_iter().collect();
        let teams = all.iter().map(|team| {
            let mut members = Roll::default();
            for slot in world.team_members(team.number) {
                members.add(&world.learner_id(slot));
            }
            Team {
                id: team.id.clone(),
                original: team.original,
                name: team.name.clone(),
                description: team.description.clone(),
                parent: team.parent.and_then(id),
                created: team.created,
                updated: team.updated,
                members,
                leaders: ids(world.team_leader(team.number)),
                admins: ids(world.team_admin(team.number)),
            }
        });
        let deleted = world.deleted_learners().into_iter().map(|slot| world.learner_id(slot)).collect();
        let mut state = State {
            teams: teams.collect(),
            users: Shelf::new(Learners(world.clone())),
            world,
            written: HashMap::new(),
            joined: HashMap::new(),
            deleted,
            mails: Vec::new(),
            passwords: BTreeMap::new(),
            custom: HashMap::new(),
            imports: Vec::new(),
            made: 0,
        };
        for number in 0..more {
            let mut team = state.fresh_team(&format!("Course group {:03}", number + 1), "", None);
            let many = state.world.learners();
            let learners = (0..many).map(|step| state.world.learner_at((number * 31 + step) % many));
            let active = learners.filter(|slot| state.world.learner(*slot).is_some_and(|learner| learner.active));
            for slot in active.take(5) {
                team.members.add(&state.world.learner_id(slot));
            }
            team.created = 1_600_000_000 + u64::from(number);
            team.updated = team.created;
            state.teams.push(team);
        }
        state
    }

    /// What the service itself never tells.
    pub fn told(&self) -> Told {
        Told { mails: self.mails.clone(), passwords: self.passwords.clone(), deleted: self.deleted.clone() }
    }

    /// How many users there are.
    pub fn count(&self) -> usize {
        self.users.len()
    }

    /// A page of users.
    pub fn page(&self, start: usize, count: usize) -> Vec<Record> {
        self.users.page(start, count).into_iter().filter_map(object).collect()
    }

    /// All users, made one by one.
    pub fn users(&self) -> impl Iterator<Item = Record> + '_ {
        self.users.places(Place::MIN).filter_map(|place| self.users.at(place)).filter_map(object)
    }

    /// The user of an id.
    pub fn user(&self, id: &str) -> Option<Record> {
        self.users.get(id).and_then(object)
    }

    /// Whether there is a user of that id.
    pub fn has_user(&self, id: &str) -> bool {
        self.users.place(id).is_some()
    }

    /// The user of that user name.
    pub fn by_name(&self, name: &str, exact: bool) -> Option<Record> {
        let wanted = name.to_lowercase();
        let places = self.users.find("UserName", name).unwrap_or_default();
        let found = places.into_iter().filter_map(|place| self.users.at(place)).filter_map(object);
        found
            .into_iter()
            .find(|user| text(user, "UserName") == name || (!exact && text(user, "UserName").to_lowercase() == wanted))
    }

    /// Whether a user of that id was there and is not any more.
    pub fn was_deleted(&self, id: &str) -> bool {
        self.deleted.iter().any(|deleted| deleted == id)
    }

    /// Adds a user, whose id and dates are given here.
    pub fn add_user(&mut self, mut user: Record) -> Record {
        self.made += 1;
        let id = self.world.fresh_token("user", self.made);
        put(&mut user, "Id", id.as_str());
        put(&mut user, "OriginalId", 5_000_000 + self.made);
        put(&mut user, "LoginKey", login_key(&self.world, 1_000_000_000 + self.made));
        put(&mut user, "CreatedDate", instant(epoch()));
        self.written.insert(id.clone(), epoch());
        self.users.insert(&id, Value::Object(user.clone()));
        user
    }

    /// Puts a user back after a change.
    pub fn put_user(&mut self, user: Record) {
        let id = text(&user, "Id").to_owned();
        self.written.insert(id.clone(), epoch());
        self.users.replace(&id, Value::Object(user));
    }

    /// Takes a user away, from all teams too.
    pub fn remove_user(&mut self, id: &str) -> bool {
        let there = self.users.remove(id).is_some();
        if there {
            self.deleted.push(id.to_owned());
            for team in &mut self.teams {
                team.leave(id);
            }
        }
        there
    }

    /// Users who were made or changed in that time, and when; none is made that was not.
    pub fn changed_users(&self, span: &std::ops::Range<u64>) -> Vec<(Record, u64)> {
        let base = self.world.learners();
        let changed = self.users.places(Place::MIN).filter_map(|place| {
            let slot =
                u32::try_from(place).ok().filter(|place| *place < base).map(|place| self.world.learner_at(place));
            let updated = match slot {
                Some(slot) => match self.written.get(&self.world.learner_id(slot)) {
                    Some(written) => *written,
                    None => self.world.learner_times(slot).1,
                },
                None => {
                    let user = self.users.at(place)?;
                    *self.written.get(user.get("Id")?.as_str()?)?
                }
            };
            let user = span.contains(&updated).then(|| self.users.at(place)).flatten()?;
            Some((object(user)?, updated))
        });
        changed.collect()
    }

    /// When a user whom the world has was made; 0 for others.
    pub fn world_created(&self, id: &str) -> u64 {
        self.world.learner_slot(id).map_or(0, |slot| self.world.learner_times(slot).0)
    }

    /// The team of an id.
    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    /// The team of an id, to change it.
    pub fn team_mut(&mut self, id: &str) -> Option<&mut Team> {
        self.teams.iter_mut().find(|team| team.id == id)
    }

    /// A new team, not added yet.
    pub fn fresh_team(&mut self, name: &str, description: &str, parent: Option<String>) -> Team {
        self.made += 1;
        Team {
            id: self.world.fresh_token("team", self.made),
            original: 500_000 + self.made,
            name: name.to_owned(),
            description: description.to_owned(),
            parent,
            created: epoch(),
            updated: epoch(),
            members: Roll::default(),
            leaders: Vec::new(),
            admins: Vec::new(),
        }
    }

    /// An id that nothing has had yet.
    pub fn fresh_id(&mut self, tag: &str) -> String {
        self.made += 1;
        self.world.fresh_token(tag, self.made)
    }

    /// Adds somebody to a team; false where there is nobody of that id, or was on the team already.
    pub fn join(&mut self, team: &str, user: &str) -> bool {
        if !self.has_user(user) {
            return false;
        }
        let added = self.team_mut(team).is_some_and(|team| team.members.add(user));
        if added {
            self.joined.insert((team.to_owned(), user.to_owned()), epoch());
        }
        added
    }
}

impl Team {
    /// Takes somebody away, with all offices; false where they were no member.
    pub fn leave(&mut self, user: &str) -> bool {
        self.leaders.retain(|id| id != user);
        self.admins.retain(|id| id != user);
        self.members.remove(user)
    }
}

fn object(value: Value) -> Option<Record> {
    match value {
        Value::Object(record) => Some(record),
        _ => None,
    }
}
