//! Kingdee Cloud Starry Sky (K3Cloud), WebAPI, as its wire really is (targets/kingdee.md): users with roles by organisation,
//! organisations and departments as one tree, and answers in which HTTP 200 says nothing.
//!
//! Owns what Kingdee is asked, what its answers mean and how it is signed in to. Does no I/O.

mod answer;
#[cfg(test)]
mod conversations;
mod employee;
mod forms;
mod group;
mod groups;
mod login;
mod look;
mod pages;
mod posts;
mod probe;
mod record;
#[cfg(test)]
mod requests;
mod sign;
mod user;
mod verdict;
mod views;
mod words;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::address::Address;
use super::walk::Unserved;
use super::{Connector, Login, Looked, Observed, Reached, Settings, Walk};
use crate::mapping::Mapping;
use crate::model::{AttrPath, Kind, RecordKey};
use crate::plan::{Change, Refusal, Reply, Request, Site, Step, Verdict};
use crate::secret::Secret;

use forms::{DEPARTMENTS, EMPLOYEES, GRANTS, ORGANISATIONS, ROLES, USERS};

/// The ways in (targets/kingdee.md 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    AppSecret,
    Sign,
    Header,
    Password,
}

impl Way {
    fn of(name: &str) -> Self {
        match name {
            "sign" => Self::Sign,
            "header" => Self::Header,
            "password" => Self::Password,
            _ => Self::AppSecret,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::AppSecret => "app-secret",
            Self::Sign => "sign",
            Self::Header => "header",
            Self::Password => "password",
        }
    }

    /// What it is in the service's own words.
    const fn title(self) -> &'static str {
        match self {
            Self::AppSecret => "LoginByAppSecret",
            Self::Sign => "LoginBySign",
            Self::Header => "signed headers",
            Self::Password => "ValidateUser",
        }
    }

    /// The setting that holds its secret.
    const fn secret(self) -> &'static str {
        match self {
            Self::Password => "password",
            _ => "application_secret",
        }
    }
}

/// Where the site keeps its people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum People {
    /// As users, `SEC_User`.
    Users,
    /// As employees, `BD_Empinfo`.
    Employees,
}

impl People {
    /// The feed that lists them.
    const fn feed(self) -> &'static str {
        match self {
            Self::Users => LIST,
            Self::Employees => EMPLOYEE_LIST,
        }
    }

    /// The field of the account's name or the employee's number, and the attribute that it is.
    const fn key(self) -> (&'static str, &'static str) {
        match self {
            Self::Users => ("FUserAccount", "userName"),
            Self::Employees => ("FStaffNumber", "employeeNumber"),
        }
    }

    /// All feeds of them.
    const fn feeds(self) -> &'static [&'static str] {
        match self {
            Self::Users => &[LIST, GRANT_LIST, GRANTS_ONE_BY_ONE, POSTS, USER],
            Self::Employees => &[EMPLOYEE_LIST, EMPLOYEE_POSTS, EMPLOYEE],
        }
    }
}

/// The connector.
#[derive(Clone)]
pub(super) struct Kingdee {
    mapping: Arc<Mapping>,
    base: Option<Address>,
    /// The data centre's id.
    account: String,
    /// The integration user.
    user: String,
    app: String,
    way: Way,
    /// The language of texts and errors.
    lcid: String,
    /// The number of the organisation that we work in.
    organisation: Option<String>,
    people: People,
    /// What the operation call is named, where the operator says so.
    operation: Option<String>,
    /// Whether `data` is sent as JSON in a text.
    data_as_text: bool,
    /// The names of the settings that are there.
    given: BTreeSet<String>,
}

impl Kingdee {
    pub(super) fn new(mapping: Arc<Mapping>, settings: &Settings) -> Self {
        let own =
            |name: &str| settings.own.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let base = Address::parse(&settings.url);
        let mut given: BTreeSet<String> = settings.secrets.clone();
        given.extend(settings.own.keys().filter(|name| own(name).is_some()).cloned());
        if !settings.url.is_empty() {
            given.insert("server_address".into());
        }
        let people = if own("people").as_deref() == Some("employees") { People::Employees } else { People::Users };
        Self {
            // What is kept in the other form is not unread here: it is not there.
            mapping: Arc::new(mapping.narrowed(Kind::User, people.feeds())),
            base,
            account: own("data_center_id").unwrap_or_default(),
            user: own("username").unwrap_or_default(),
            app: own("application_id").unwrap_or_default(),
            way: Way::of(&own("login").unwrap_or_default()),
            lcid: own("lcid").unwrap_or_else(|| "2052".into()),
            organisation: own("organisation"),
            people,
            operation: own("operation_call"),
            data_as_text: own("data_form").as_deref() == Some("text"),
            given,
        }
    }

    /// The path of a service, absolute on the host.
    fn path(&self, service: &str) -> String {
        let rest = format!("Kingdee.BOS.WebApi.ServicesStub.{service}.common.kdsvc");
        self.base.as_ref().map_or_else(|| format!("/{rest}"), |base| base.join(&rest))
    }
}

/// The feeds, as the mapping names them.
const LIST: &str = "users";
const USER: &str = "user";
const GRANT_LIST: &str = "grants";
const GRANTS_ONE_BY_ONE: &str = "user-grants";
const POSTS: &str = "posts";
const EMPLOYEE_POSTS: &str = "employee-posts";
const EMPLOYEE_LIST: &str = "employees";
const EMPLOYEE: &str = "employee";
const ROLE_LIST: &str = "roles";
const GROUP_LIST: &str = "groups";
const GROUP: &str = "group";

impl Connector for Kingdee {
    fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    fn probe(&self) -> Box<dyn Walk> {
        Box::new(probe::Probe::new(self.clone()))
    }

    fn feeds(&self, site: &Site, kind: Kind) -> Vec<Arc<str>> {
        let grants = match site.learned.get("grants").map(String::as_str) {
            Some(probe::BY_VIEW) => Some(GRANTS_ONE_BY_ONE),
            Some(probe::BY_QUERY) => Some(GRANT_LIST),
            _ => None,
        };
        let posts = site.learned.contains_key(probe::POSTS).then_some(match self.people {
            People::Users => POSTS,
            People::Employees => EMPLOYEE_POSTS,
        });
        let names: Vec<&str> = match (kind, self.people) {
            (Kind::User, People::Users) => [Some(LIST), grants, posts].into_iter().flatten().collect(),
            (Kind::User, People::Employees) => [Some(EMPLOYEE_LIST), posts].into_iter().flatten().collect(),
            (Kind::Group, _) => vec![GROUP_LIST],
            (Kind::Role, People::Users) => vec![ROLE_LIST],
            (Kind::Role, People::Employees) | (Kind::Product, _) => Vec::new(),
        };
        names.into_iter().filter(|name| self.mapping.feed(name).is_some()).map(Into::into).collect()
    }

    fn walk(&self, site: &Site, feed: &str, owners: Vec<String>) -> Box<dyn Walk> {
        let (own, name): (Self, Arc<str>) = (self.clone(), feed.into());
        let lean = |form| look::lean(site, form);
        match feed {
            LIST => Box::new(pages::Pages::new(own, name, &USERS, lean(&USERS), true)),
            EMPLOYEE_LIST => Box::new(pages::Pages::new(own, name, &EMPLOYEES, lean(&EMPLOYEES), true)),
            ROLE_LIST => Box::new(pages::Pages::new(own, name, &ROLES, lean(&ROLES), true)),
            GRANT_LIST => Box::new(pages::Pages::new(own, name, &GRANTS, false, false)),
            POSTS | EMPLOYEE_POSTS => Box::new(posts::Posts::new(own, name)),
            GRANTS_ONE_BY_ONE => Box::new(views::Views::new(own, name, owners)),
            GROUP_LIST => Box::new(groups::Groups::new(own, name, [lean(&ORGANISATIONS), lean(&DEPARTMENTS)])),
            _ => Box::new(Unserved(format!("Kingdee has no {feed}"))),
        }
    }

    fn read_one(&self, _site: &Site, key: &RecordKey) -> Vec<Request> {
        self.ask_one(key)
    }

    fn find(&self, site: &Site, kind: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        self.ask_by(site, kind, by)
    }

    fn observe(
        &self,
        _site: &Site,
        kind: Kind,
        want: Looked<'_>,
        replies: &[Reply],
    ) -> Result<Option<Observed>, String> {
        self.seen(kind, want, replies)
    }

    fn render(&self, site: &Site, changes: &[&Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        self.steps(site, changes, native)
    }

    fn classify(&self, site: &Site, step: &Step, reply: &Reply) -> Verdict {
        verdict::judge(site, step, reply)
    }

    fn lesson(&self, site: &Site, step: &Step, reply: &Reply) -> Option<String> {
        verdict::lesson(site, step, reply)
    }

    fn reached(&self, step: &Step, seen: Option<&Observed>) -> Option<Reached> {
        verdict::reached(step, seen)
    }

    fn login(&self, secrets: &BTreeMap<String, Secret>) -> Option<Box<dyn Login>> {
        Some(Box::new(self.sign_in(secrets)))
    }

    fn explain(&self, request: &Request, reply: &Reply) -> String {
        words::explain(request, reply)
    }
}
