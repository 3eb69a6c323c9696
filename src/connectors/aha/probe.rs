//! The connection test of Aha!, which pins the account: a key is bound to a person and an account, and Aha! may answer it
//! under another account's address (targets/aha.md 13 L2). Whatever does not fit blocks every push.

use serde_json::Value;

use super::pages::pagination;
use super::{Aha, accept, path};
use crate::connectors::address::{Address, segment};
use crate::connectors::fault::looks_like_json;
use crate::connectors::loose::flag;
use crate::connectors::{Finish, Input, Next, Walk};
use crate::model::Kind;
use crate::plan::{Endpoint, Finding, Reply, Request, Site};

use super::words::explain;

/// Where the test is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Me,
    Products,
    Rights,
    Teams,
}

/// The walk of a connection test.
pub(super) struct Probe {
    aha: Aha,
    site: Site,
    stage: Stage,
    asked: Option<Request>,
    me: Option<String>,
    /// Accounts of the key's person, by domain, and whether each is enabled.
    accounts: Vec<(String, bool)>,
}

impl Probe {
    pub(super) fn new(aha: Aha) -> Self {
        let site = Site {
            endpoints: vec![
                endpoint(Kind::User, "users", "users"),
                endpoint(Kind::Role, "users", "roles"),
                endpoint(Kind::Product, "products", "products"),
            ],
            // Only by e-mail address (targets/aha.md 8.3).
            filter: true,
            ..Site::default()
        };
        Self { aha, site, stage: Stage::Me, asked: None, me: None, accounts: Vec::new() }
    }

    fn done(&mut self) -> Next {
        Next::Done(Finish::Site(Box::new(std::mem::take(&mut self.site))))
    }

    fn ask(&mut self, stage: Stage, request: Request) -> Next {
        self.stage = stage;
        self.asked = Some(request.clone());
        Next::Ask(vec![request])
    }

    fn start(&mut self) -> Next {
        let Some(base) = self.aha.base.clone() else {
            self.site.block("url", "the url is no web address: https://ACCOUNT.aha.io is expected");
            return self.done();
        };
        if let Err(why) = sound(&base) {
            self.site.block("url", why);
            return self.done();
        }
        let Some(expected) = self.aha.account.clone() else {
            self.site.block("url", "on the loopback the setting `account` must say which account is expected");
            return self.done();
        };
        if !base.loopback() && label(&base.host) != expected {
            let named = label(&base.host);
            self.site.block("url", format!("the url names account {named}, the setting `account` says {expected}"));
            return self.done();
        }
        self.site.line("url", Finding::Good, format!("account {expected} is expected"));
        let request = accept(Request::get(path("me")));
        self.ask(Stage::Me, request)
    }

    fn replied(&mut self, reply: Option<&Reply>) -> Next {
        let Some(asked) = self.asked.take() else { return self.done() };
        let what = format!("GET {}", asked.path);
        let Some(reply) = reply else {
            self.site.block(what, "no reply");
            return self.done();
        };
        match self.stage {
            Stage::Me => self.learn_me(what, &asked, reply),
            Stage::Products => self.learn_products(what, &asked, reply),
            Stage::Rights => {
                self.learn_rights(what, &asked, reply);
                self.ask_teams()
            }
            Stage::Teams => {
                self.learn_teams(what, &asked, reply);
                self.done()
            }
        }
    }

    fn learn_me(&mut self, what: String, asked: &Request, reply: &Reply) -> Next {
        if !reply.ok() {
            // Every account has this one: where it is not served, the address is somebody else's (targets/aha.md 5, 13 L2).
            let told = explain(asked, reply);
            let told = match reply.status {
                404 => format!("{told}; check that the url is the address of your own account"),
                _ => told,
            };
            self.site.block(what, told);
            return self.done();
        }
        let document =
            if looks_like_json(&reply.body) { serde_json::from_slice::<Value>(&reply.body).ok() } else { None };
        let Some(document) = document else {
            self.site.block(what, "answers with something that is no JSON: this is not Aha!'s interface");
            return self.done();
        };
        let user = document.get("user").unwrap_or(&document);
        let text = |name: &str| user.get(name).and_then(Value::as_str).unwrap_or_default();
        self.me = id(user);
        if self.me.is_none() {
            self.site.block(what, "does not say who the key's user is");
            return self.done();
        }
        self.site.whoami = Some(format!("{} <{}>", text("name"), text("email")));
        for entry in user.get("accounts").and_then(Value::as_array).into_iter().flatten() {
            let account = entry.get("account").unwrap_or(entry);
            if let Some(domain) = account.get("domain").and_then(Value::as_str) {
                let enabled = account.get("enabled").and_then(flag) != Some(false);
                self.accounts.push((domain.to_ascii_lowercase(), enabled));
            }
        }
        let expected = self.aha.account.clone().unwrap_or_default();
        let names = self.accounts.iter().map(|(domain, _)| domain.as_str()).collect::<Vec<_>>().join(", ");
        match self.accounts.iter().find(|(domain, _)| *domain == expected) {
            None => {
                let of = if names.is_empty() { "no account".to_owned() } else { format!("account {names}") };
                self.site.block(what, format!("the key answers for {of}, the configuration says {expected}"));
            }
            Some((_, false)) => self.site.block(what, format!("the account {expected} is disabled")),
            Some((_, true)) => {
                let whoami = self.site.whoami.clone().unwrap_or_default();
                self.site.line(what, Finding::Good, format!("the key is {whoami}'s, of account {names}"));
            }
        }
        // Asked even where the person's accounts do not fit: which account is served is worth showing.
        let request = accept(Request::get(path("products"))).query("include_teams", "true");
        self.ask(Stage::Products, request.query("per_page", "1"))
    }

    fn learn_products(&mut self, what: String, asked: &Request, reply: &Reply) -> Next {
        let expected = self.aha.account.clone().unwrap_or_default();
        let document = if reply.ok() { serde_json::from_slice::<Value>(&reply.body).ok() } else { None };
        match document {
            None if reply.ok() => self.site.block(what, "answers with something that is no whole JSON"),
            None => self.site.block(what, explain(asked, reply)),
            Some(document) => {
                let first = document.get("products").and_then(Value::as_array).and_then(|products| products.first());
                let served = first
                    .and_then(|product| product.get("url").or_else(|| product.get("resource")))
                    .and_then(Value::as_str)
                    .and_then(Address::parse)
                    .map(|address| label(&address.host).to_owned());
                match served {
                    Some(served) if served == expected => {
                        self.site.account = Some(served);
                        self.site.line(what, Finding::Good, format!("products of account {expected} answer"));
                    }
                    // The account stays unsaid: nobody shall remember the wrong one as the one that belongs here.
                    Some(served) => {
                        self.site.block(
                            what,
                            format!("the key answers for account {served}, the configuration says {expected}"),
                        );
                    }
                    // Without a product nothing shows which account is served; with one account there is no choice.
                    None if self.accounts.len() == 1 && self.accounts[0].0 == expected => {
                        self.site.account = Some(expected.clone());
                        self.site.line(
                            what,
                            Finding::Note,
                            format!("no product is visible to the key; its person has no account but {expected}"),
                        );
                    }
                    None => self.site.block(
                        what,
                        "no product is visible to the key, so nothing shows which of its person's accounts answers",
                    ),
                }
            }
        }
        let Some(me) = self.me.as_deref().and_then(segment) else { return self.ask_teams() };
        let request = accept(Request::get(path(&format!("users/{me}"))));
        self.ask(Stage::Rights, request)
    }

    fn learn_rights(&mut self, what: String, asked: &Request, reply: &Reply) {
        let document = if reply.ok() { serde_json::from_slice::<Value>(&reply.body).ok() } else { None };
        let Some(document) = document else {
            // targets/aha.md 8.8: the exact rights are not documented, so this warns and does not forbid.
            let why = if reply.ok() { "no JSON came".to_owned() } else { explain(asked, reply) };
            self.site.warning = Some("the key's user cannot read users one by one: Aha! may refuse writes".into());
            self.site.line(what, Finding::Note, format!("{why}; Aha! may refuse writes"));
            return;
        };
        let user = document.get("user").unwrap_or(&document);
        let may =
            |name: &str| user.get("administrator_roles").and_then(|roles| roles.get(name)).and_then(Value::as_bool);
        let may = |name: &str| may(name).or_else(|| user.get("administrator").and_then(Value::as_bool)) == Some(true);
        if may("administer_billing") {
            self.site.line(what, Finding::Good, "the key's user administers billing, and so users and roles");
        } else {
            let detail = "the key's user does not administer billing: Aha! may refuse changes of users and roles";
            self.site.warning = Some(detail.into());
            self.site.line(what, Finding::Note, detail);
        }
    }
}

impl Probe {
    fn ask_teams(&mut self) -> Next {
        self.ask(Stage::Teams, accept(Request::get(path("teams"))).query("per_page", "1"))
    }

    /// Whether there are teams to be read. A plan without them answers 403 (targets/aha.md 13 L3), and that is no fault: it
    /// only means that there are no groups here.
    fn learn_teams(&mut self, what: String, asked: &Request, reply: &Reply) {
        if matches!(reply.status, 403 | 404) {
            let detail = format!(
                "{}; teams are not read, so Aha! has no groups here: users, roles and products do not depend on them",
                explain(asked, reply)
            );
            return self.site.line(what, Finding::Note, detail);
        }
        self.site.endpoints.push(endpoint(Kind::Group, "teams", "teams"));
        let document = if reply.ok() { serde_json::from_slice::<Value>(&reply.body).ok() } else { None };
        let envelope = document.as_ref().and_then(Value::as_object);
        match envelope.filter(|envelope| envelope.get("teams").is_some_and(Value::is_array)) {
            Some(envelope) => {
                let many =
                    pagination(envelope).records.map_or_else(|| "teams".to_owned(), |many| format!("{many} teams"));
                self.site.line(what, Finding::Good, format!("{many}, shown as groups and never changed"));
            }
            None if reply.ok() => self.site.line(what, Finding::Note, "no JSON came; teams may not be readable"),
            None => {
                self.site.line(what, Finding::Note, format!("{}; teams may not be readable", explain(asked, reply)));
            }
        }
    }
}

fn endpoint(kind: Kind, place: &str, name: &str) -> Endpoint {
    Endpoint { kind, path: path(place), name: name.into(), schema: String::new(), extensions: Vec::new() }
}

fn id(user: &Value) -> Option<String> {
    match user.get("id") {
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(Value::Number(id)) => Some(id.to_string()),
        _ => None,
    }
}

/// The first label of a host: the account's domain.
pub(super) fn label(host: &str) -> &str {
    host.split('.').next().unwrap_or_default()
}

/// Whether a base URL can be an account's own: `https://ACCOUNT.aha.io`, or this machine for a simulator.
fn sound(base: &Address) -> Result<(), String> {
    if base.userinfo {
        return Err("the url holds a name or password; credentials belong into `auth`".into());
    }
    if !matches!(base.path.as_str(), "" | "/api/v1") {
        return Err(format!("the url has the path {}: https://ACCOUNT.aha.io is expected", base.path));
    }
    if base.loopback() {
        return Ok(());
    }
    let account = base.host.strip_suffix(".aha.io").unwrap_or_default();
    let letters = account.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if account.is_empty() || account.len() > 63 || !letters || account.starts_with('-') || account.ends_with('-') {
        return Err(format!("{} is no account of Aha!: https://ACCOUNT.aha.io is expected", base.host));
    }
    if matches!(account, "www" | "secure") {
        return Err(format!("{} belongs to no account: https://ACCOUNT.aha.io is expected", base.host));
    }
    if base.scheme != "https" || base.port.as_deref().is_some_and(|port| port != "443") {
        return Err(format!("Aha! is served at https://{} alone", base.host));
    }
    Ok(())
}

impl Walk for Probe {
    fn next(&mut self, input: Input) -> Next {
        match input {
            Input::Start => self.start(),
            Input::Replies(replies) => self.replied(replies.first()),
            Input::Taken(_) | Input::Unreadable(_) => self.done(),
        }
    }
}
