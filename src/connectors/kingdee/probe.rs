//! The connection test: what the guide's Test button promises and more (seeds, both parameter tables): each parameter set,
//! missing or unused, which forms can be read, how grants are to be read, what the operations are called.

use serde_json::Value;

use super::answer::{self, Answer, bare, get};
use super::forms::{DEPARTMENTS, EMPLOYEES, Form, GRANTS, ORGANISATIONS, ROLES, USERS};
use super::pages::none;
use super::record::{self, part};
use super::words::{explain, told};
use super::{Kingdee, People};
use crate::connectors::{Finish, Input, Next, Walk};
use crate::model::Kind;
use crate::plan::{Endpoint, Finding, Reply, Request, Site};

/// The parameters of the guide, in its order.
const PARAMETERS: [&str; 6] =
    ["server_address", "data_center_id", "application_id", "application_secret", "username", "password"];

/// How grants are read here, as learned.
pub(super) const BY_QUERY: &str = "query";
/// The same, one user at a time.
pub(super) const BY_VIEW: &str = "view";

/// What is learned where posts of employees can be read.
pub(super) const POSTS: &str = "posts";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The first read: with it comes the log-in.
    People,
    /// The same with the fields that every version has.
    Lean,
    /// All other forms, side by side.
    Forms,
    /// One user whole.
    View,
}

/// The walk of a connection test.
pub(super) struct Probe {
    kingdee: Kingdee,
    site: Site,
    stage: Stage,
    asked: Vec<Request>,
    /// A user to look at: one with grants, if there is one.
    user: String,
    /// Whether the grants query brought a row.
    queried: bool,
}

impl Probe {
    pub(super) fn new(kingdee: Kingdee) -> Self {
        let endpoint = |kind: Kind, form: &Form| Endpoint {
            kind,
            path: kingdee.path("DynamicFormService.ExecuteBillQuery"),
            name: form.id.into(),
            schema: String::new(),
            extensions: Vec::new(),
        };
        let site = Site {
            endpoints: vec![
                endpoint(Kind::User, kingdee.people.form()),
                endpoint(Kind::Group, &DEPARTMENTS),
                endpoint(Kind::Role, &ROLES),
            ],
            filter: true,
            whoami: Some(kingdee.user.clone()),
            ..Site::default()
        };
        Self { kingdee, site, stage: Stage::People, asked: Vec::new(), user: String::new(), queried: false }
    }

    fn done(&mut self) -> Next {
        Next::Done(Finish::Site(Box::new(std::mem::take(&mut self.site))))
    }

    fn ask(&mut self, stage: Stage, requests: Vec<Request>) -> Next {
        self.stage = stage;
        self.asked.clone_from(&requests);
        Next::Ask(requests)
    }

    /// The parameters as they are given. Whether all that the log-in wants are there.
    fn parameters(&mut self) -> bool {
        let way = self.kingdee.way;
        let mut whole = true;
        for name in PARAMETERS {
            let wanted = match name {
                "application_id" => way != super::Way::Password,
                "application_secret" | "password" => way.secret() == name,
                _ => true,
            };
            let (finding, detail) = match (self.kingdee.given.contains(name), wanted) {
                (true, true) => (Finding::Good, "set".to_owned()),
                (true, false) => (Finding::Note, format!("set, and unused with login = \"{}\"", way.name())),
                (false, true) => {
                    whole = false;
                    (Finding::Bad, format!("missing: login = \"{}\" wants it", way.name()))
                }
                (false, false) => (Finding::Good, format!("not set, and not wanted with login = \"{}\"", way.name())),
            };
            self.site.line(name, finding, detail);
        }
        if self.kingdee.people == People::Employees && self.kingdee.organisation.is_none() {
            let why = "not set: no employee and no department can be created without the organisation that it goes to";
            self.site.line("organisation", Finding::Note, why);
        }
        whole
    }

    fn start(&mut self) -> Next {
        let whole = self.parameters();
        if self.kingdee.base.is_none() {
            self.site.line("server_address", Finding::Bad, "it is no web address: https://HOST/k3cloud/ is expected");
            return self.done();
        }
        if !whole {
            let why =
                "not tried: an attempt that must fail counts towards the lock of the account; set what is missing";
            self.site.line("log-in", Finding::Note, why);
            return self.done();
        }
        let request = self.kingdee.rows(self.kingdee.people.form(), "", 0, 1, false);
        self.ask(Stage::People, vec![request])
    }

    fn replied(&mut self, replies: &[Reply]) -> Next {
        let asked = std::mem::take(&mut self.asked);
        match self.stage {
            Stage::People | Stage::Lean => self.people(&asked, replies),
            Stage::Forms => self.forms(&asked, replies),
            Stage::View => {
                self.viewed(replies.first());
                self.done()
            }
        }
    }

    fn people(&mut self, asked: &[Request], replies: &[Reply]) -> Next {
        let form = self.kingdee.people.form();
        let (Some(request), Some(reply)) = (asked.first(), replies.first()) else { return self.done() };
        if self.kingdee.way == super::Way::Header && matches!(answer::read(reply), Answer::Rows) {
            let user = self.kingdee.user.clone();
            self.site.line("log-in", Finding::Good, format!("{} worked as {user}", self.kingdee.way.title()));
        }
        match answer::read(reply) {
            Answer::Rows => match first_row(reply) {
                Some(row) => {
                    self.site.account = Some(self.kingdee.account.clone());
                    self.user = row.first().map(bare).unwrap_or_default();
                    self.site.line(form.id, Finding::Good, format!("{} can be read", form.title));
                }
                // There is always the integration user itself; without the right the answer is empty (targets/kingdee.md 5).
                None => {
                    self.site.line(
                        form.id,
                        Finding::Bad,
                        format!(
                            "no {} came: {} presumably lacks the right to query them, as Kingdee then answers with nothing \
                             instead of an error",
                            form.title, self.kingdee.user
                        ),
                    );
                    return self.done();
                }
            },
            Answer::No(complaint) if complaint.no_field() && self.stage == Stage::People => {
                self.site.line(
                    form.id,
                    Finding::Note,
                    format!("\"{}\": asked for without the fields that are only shown", complaint.text),
                );
                self.site.learned.insert(format!("lean {}", form.id), "true".into());
                let request = self.kingdee.rows(form, "", 0, 1, true);
                return self.ask(Stage::Lean, vec![request]);
            }
            answer => {
                let broke = matches!(&answer, Answer::No(complaint) if complaint.broke);
                // targets/kingdee.md 0.3: some take the data of a call in a text alone.
                let more = if broke && !self.kingdee.data_as_text {
                    "; if the site or a gateway wants the data of a call as a text, set data_form = \"text\""
                } else {
                    ""
                };
                self.site.line(form.id, Finding::Bad, explain(request, reply) + more);
                return self.done();
            }
        }
        let k = &self.kingdee;
        let mut requests = vec![k.rows(&ORGANISATIONS, "", 0, 1, false), k.rows(&DEPARTMENTS, "", 0, 1, false)];
        requests.push(k.about(&DEPARTMENTS));
        requests.push(k.about(k.people.form()));
        requests.push(k.rows(k.people.posts(), "", 0, 1, false));
        if k.people == People::Users {
            requests.push(k.rows(&ROLES, "", 0, 1, false));
            requests.push(k.rows(&GRANTS, "", 0, 1, false));
        }
        self.ask(Stage::Forms, requests)
    }

    fn forms(&mut self, asked: &[Request], replies: &[Reply]) -> Next {
        let people = self.kingdee.people.form();
        for (at, (request, reply)) in asked.iter().zip(replies).enumerate() {
            // In the order in which they were asked.
            match at {
                0 => self.form(&ORGANISATIONS, request, reply),
                1 => self.form(&DEPARTMENTS, request, reply),
                2 => self.operations(&DEPARTMENTS, reply),
                3 => self.operations(people, reply),
                4 => self.posts(request, reply),
                5 => self.form(&ROLES, request, reply),
                _ => self.grants(reply),
            }
        }
        if self.kingdee.people == People::Employees {
            return self.done();
        }
        let request = self.kingdee.view_by_id(&USERS, &self.user);
        self.ask(Stage::View, vec![request])
    }

    fn form(&mut self, form: &Form, request: &Request, reply: &Reply) {
        let (finding, detail) = match answer::read(reply) {
            Answer::Rows if first_row(reply).is_some() => (Finding::Good, format!("{} can be read", form.title)),
            Answer::Rows => (Finding::Note, none(form, &self.kingdee.user)),
            Answer::No(complaint) if complaint.no_field() => {
                self.site.learned.insert(format!("lean {}", form.id), "true".into());
                (Finding::Note, format!("\"{}\": asked for without the fields that are only shown", complaint.text))
            }
            _ => (Finding::Note, format!("{} cannot be read: {}", form.title, explain(request, reply))),
        };
        self.site.line(form.id, finding, detail);
    }

    /// Whether posts say which department people work in.
    fn posts(&mut self, request: &Request, reply: &Reply) {
        let unread = "which department people work in is not read";
        let (finding, detail) = match answer::read(reply) {
            Answer::Rows if first_row(reply).is_some() => {
                self.site.learned.insert(POSTS.into(), "true".into());
                (Finding::Good, "say which department people work in".to_owned())
            }
            Answer::Rows => (
                Finding::Note,
                format!(
                    "{unread}: no post of an employee came; there are none, or {} lacks the right to query BD_Empinfo",
                    self.kingdee.user
                ),
            ),
            _ => (Finding::Note, format!("{unread}: {}", explain(request, reply))),
        };
        self.site.line("posts", finding, detail);
    }

    fn grants(&mut self, reply: &Reply) {
        if let (Answer::Rows, Some(row)) = (answer::read(reply), first_row(reply)) {
            self.queried = true;
            self.user = row.first().map(bare).unwrap_or_default();
        }
    }

    /// The numbers of forbidding and enabling, by their names (targets/kingdee.md 7).
    fn operations(&mut self, form: &Form, reply: &Reply) {
        let Answer::Yes(result) = answer::read(reply) else {
            self.site.line(
                form.id,
                Finding::Note,
                "does not say what its operations are called; the usual names are used",
            );
            return;
        };
        let about = get(&result, "NeedReturnData").and_then(Value::as_object);
        let listed = about.and_then(|about| get(about, "Operations")).and_then(Value::as_array);
        for operation in listed.into_iter().flatten().filter_map(Value::as_object) {
            let number = get(operation, "OperationNumber").map(bare).unwrap_or_default();
            let names: Vec<String> = match get(operation, "OperationName") {
                Some(Value::Array(names)) => {
                    names.iter().filter_map(|name| Some(bare(get(name.as_object()?, "Value")?))).collect()
                }
                Some(name) => vec![bare(name)],
                None => Vec::new(),
            };
            for (what, chinese) in [("Forbid", "禁用"), ("Enable", "反禁用")] {
                if !number.is_empty() && names.iter().any(|name| name == chinese) {
                    self.site.learned.insert(format!("operation {} {what}", form.id), number.clone());
                }
            }
        }
    }

    /// What View shows decides how grants are read, and whether they can be written at all.
    fn viewed(&mut self, reply: Option<&Reply>) {
        let shown = match reply.map(answer::read) {
            Some(Answer::Yes(result)) => match get(&result, "Result").and_then(Value::as_object) {
                Some(user) => match part(user, "OrgInfo") {
                    Some(_) => record::grants(user).map(|_| ()),
                    None => Err("it does not show organisations and roles".into()),
                },
                None => Err("it shows nothing".to_owned()),
            },
            Some(other) => Err(told(&other)),
            None => Err("no reply".into()),
        };
        match (self.queried, shown) {
            (true, Ok(())) => {
                self.site.learned.insert("grants".into(), BY_QUERY.into());
                self.site.line(
                    "grants",
                    Finding::Good,
                    "are read by query, all users together, and written through View and Save",
                );
            }
            (false, Ok(())) => {
                self.site.learned.insert("grants".into(), BY_VIEW.into());
                self.site.line(
                    "grants",
                    Finding::Note,
                    "the query for them is not served: they are read user by user, a request each",
                );
            }
            (true, Err(why)) => {
                self.site.learned.insert("grants".into(), BY_QUERY.into());
                self.site.learned.insert("grants unwritable".into(), why.clone());
                self.site.line(
                    "grants",
                    Finding::Note,
                    format!("can be read and not written, since View cannot be relied on: {why}"),
                );
            }
            (false, Err(why)) => {
                self.site.learned.insert("grants unwritable".into(), why.clone());
                self.site.line("grants", Finding::Note, format!("can neither be read nor written: {why}"));
            }
        }
    }
}

fn first_row(reply: &Reply) -> Option<Vec<Value>> {
    serde_json::from_slice::<Vec<Vec<Value>>>(&reply.body).ok()?.into_iter().next()
}

impl Walk for Probe {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.start(),
            Input::Replies(replies) => self.replied(&replies),
            Input::Taken(_) | Input::Unreadable(_) => self.done(),
        }
    }

    fn broken(&mut self, why: &str) -> Option<Box<Site>> {
        // targets/kingdee.md 3.4, 4: a signature whose time is off may be answered like a session that is lost.
        let clock = match self.kingdee.way {
            super::Way::Header => "; or this host's clock is off, as signatures are only good for a short time",
            _ => "",
        };
        // targets/kingdee.md 4: a log-in that is taken and then serves nothing is an application that is not authorised.
        let more = if why.contains("not granted") {
            "; in Kingdee, check under Third-Party System Login Authorization that the application is enabled for this user \
             and data centre, and the IP list there"
        } else {
            ""
        };
        let clock = if more.is_empty() { "" } else { clock };
        self.site.line("log-in", Finding::Bad, format!("{why}{more}{clock}"));
        Some(Box::new(std::mem::take(&mut self.site)))
    }
}

/// The form that people are kept in, for the catalogue of settings.
impl People {
    pub(super) fn form(self) -> &'static Form {
        match self {
            Self::Users => &USERS,
            Self::Employees => &EMPLOYEES,
        }
    }
}
