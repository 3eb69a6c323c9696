//! The four ways in (targets/kingdee.md 3): by application secret, by signature, by password, and signed headers without any
//! log-in. One way, one attempt: what is refused is told and not tried again, as Kingdee locks the account.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::answer::{self, bare, get};
use super::sign::{self, Signer};
use super::{Kingdee, Way};
use crate::connectors::fault::{looks_like_page, status_text};
use crate::connectors::{Login, LoginInput, LoginNext, LoginRequest, Pass};
use crate::plan::{Evidence, Finding, Method, Reply, Request};
use crate::secret::Secret;

/// The session is renewed after this many seconds: a site forgets it after 20 idle minutes (targets/kingdee.md 4).
const RENEW: u64 = 15 * 60;

/// What every refusal ends in; that it is not tried again is said by whoever carries the sign-in out.
const LOCKS: &str = "No other log-in is tried: after a few failures Kingdee locks the account for about 30 minutes";

/// The cookie, and the header of the same name, that carries the session.
const SESSION: &str = "kdservice-sessionid";

/// A sign-in.
pub(super) struct SignIn {
    kingdee: Kingdee,
    /// The application's secret, or the user's password.
    secret: Secret,
    cookies: BTreeMap<String, String>,
}

impl Kingdee {
    /// The sign-in that the settings ask for.
    pub(super) fn sign_in(&self, secrets: &BTreeMap<String, Secret>) -> SignIn {
        let secret = secrets.get(self.way.secret()).cloned().unwrap_or_else(|| Secret::new(""));
        SignIn { kingdee: self.clone(), secret, cookies: BTreeMap::new() }
    }
}

impl SignIn {
    fn start(&mut self, now: i64) -> LoginNext {
        self.cookies.clear();
        let own = &self.kingdee;
        if self.secret.expose().is_empty() {
            return LoginNext::Denied(format!(
                "`{}` is missing, which login = \"{}\" wants",
                own.way.secret(),
                own.way.name()
            ));
        }
        let lcid = own.lcid.parse::<i64>().unwrap_or(2052);
        let (service, parameters) = match own.way {
            Way::AppSecret => ("LoginByAppSecret", json!([own.account, own.user, own.app, self.secret.expose(), lcid])),
            Way::Sign => {
                let signature = sign::of_login(&own.account, &own.user, &own.app, &self.secret, now);
                ("LoginBySign", json!([own.account, own.user, own.app, now, signature, lcid]))
            }
            Way::Password => ("ValidateUser", json!([own.account, own.user, self.secret.expose(), lcid])),
            // No log-in: each request signs for itself.
            Way::Header => return LoginNext::Ready(self.pass(Vec::new())),
        };
        LoginNext::Ask(LoginRequest {
            method: Method::Post,
            to: own.path(&format!("AuthService.{service}")),
            headers: Vec::new(),
            body: Some(("application/json".into(), Secret::new(json!({ "parameters": parameters }).to_string()))),
        })
    }

    fn replied(&mut self, reply: &Reply) -> LoginNext {
        if !reply.ok() {
            let what = match answer::read(reply) {
                answer::Answer::No(complaint) => complaint.text,
                _ => status_text(reply.status),
            };
            if reply.status >= 500 && reply.status != 519 {
                return LoginNext::Failed(format!("{what}; nothing says whether the log-in would be taken"));
            }
            return LoginNext::Denied(format!(
                "{what}: the log-in was not answered at {}; is server_address the one that ends in /k3cloud/? {LOCKS}",
                self.kingdee.path("AuthService")
            ));
        }
        let Ok(Value::Object(said)) = serde_json::from_slice::<Value>(&reply.body) else {
            let what = match answer::read(reply) {
                answer::Answer::No(complaint) => complaint.text,
                _ if looks_like_page(&reply.body) => "it answered with a web page".into(),
                _ => "it answered with something that is no log-in of Kingdee's".into(),
            };
            return LoginNext::Denied(format!("{what}; check server_address. {LOCKS}"));
        };
        // targets/kingdee.md 3.5: 1 is success, everything else is not.
        if get(&said, "loginresulttype").and_then(answer::number) != Some(1) {
            return LoginNext::Denied(self.denied(&said));
        }
        self.learn(reply);
        if let Some(id) = get(&said, "kdsvcsessionid").map(bare).filter(|id| !id.is_empty()) {
            self.cookies.entry(SESSION.to_owned()).or_insert(id);
        }
        if self.cookies.is_empty() {
            return LoginNext::Denied(
                "the log-in succeeded and brought no session, neither as a cookie nor in its answer".into(),
            );
        }
        let evidence = self.told(&said);
        LoginNext::Ready(self.pass(evidence))
    }

    /// Why a log-in was refused, and what can be done.
    fn denied(&self, said: &Map<String, Value>) -> String {
        let message = get(said, "message").map(bare).unwrap_or_default();
        let code = get(said, "messagecode").map(bare).unwrap_or_default();
        let own = &self.kingdee;
        let what = match (message.is_empty(), code.is_empty()) {
            (false, _) => message.clone(),
            (true, false) => code.clone(),
            (true, true) => "the log-in was refused without a reason".into(),
        };
        let locked = message.contains("次数超限") || message.contains("锁定");
        if let Some(minutes) = minutes(&message).filter(|_| locked) {
            return format!(
                "\"{what}\" (login = \"{}\"): the account is locked after too many failures; wait {minutes} minutes, as the \
                 site says, before the next attempt. No other log-in is tried, as each counts",
                own.way.name()
            );
        }
        let hint = if locked {
            "the account is locked after too many failures; wait about 30 minutes before the next attempt".to_owned()
        } else if ["数据中心", "data center"].iter().any(|words| message.to_lowercase().contains(words)) {
            format!(
                "data_center_id is none of this site's, or server_address is another region's: both stand under Third-Party \
                 System Login Authorization ({})",
                own.account
            )
        } else if ["时间戳", "timestamp"].iter().any(|words| message.to_lowercase().contains(words)) {
            "this host's clock is off: a signature is only good for a few minutes, so set the clock".to_owned()
        } else if code == "002005000003016" {
            format!("application_id and {} do not go together, or this host's clock is off", own.way.secret())
        } else {
            match own.way {
                Way::Password => {
                    "check data_center_id, username and password; tenants on the public cloud that were opened \
                                  after November 2022 take no passwords: use login = \"app-secret\""
                        .to_owned()
                }
                _ => format!(
                    "check data_center_id, application_id, {} and username against Third-Party System Login Authorization, \
                     where the application must be enabled for that user",
                    own.way.secret()
                ),
            }
        };
        format!("\"{what}\" (login = \"{}\"): {hint}. {LOCKS}", own.way.name())
    }

    /// Who we are, in lines of the connection test.
    fn told(&self, said: &Map<String, Value>) -> Vec<Evidence> {
        let mut lines = Vec::new();
        let mut line = |what: &str, finding, detail: String| {
            lines.push(Evidence { what: what.into(), finding, detail });
        };
        let context = get(said, "context").and_then(Value::as_object);
        let part = |name: &str| context.and_then(|context| get(context, name)).map(bare).unwrap_or_default();
        let user = Some(part("UserName")).filter(|name| !name.is_empty()).unwrap_or_else(|| self.kingdee.user.clone());
        let center = Some(part("DataCenterName")).filter(|name| !name.is_empty());
        let center = center.map(|name| format!(", data centre {name}")).unwrap_or_default();
        let version = Some(part("DisplayVersion")).filter(|text| !text.is_empty());
        let version = version.map(|text| format!(", version {text}")).unwrap_or_default();
        line("log-in", Finding::Good, format!("{} worked as {user}{center}{version}", self.kingdee.way.title()));
        let organisation = context
            .and_then(|context| get(context, "currentorganizationinfo"))
            .and_then(Value::as_object)
            .and_then(|found| get(found, "name"))
            .map(bare)
            .filter(|name| !name.is_empty());
        if let Some(name) = organisation {
            line("organisation", Finding::Good, name);
        }
        // Success may come with a nag (targets/kingdee.md 3.5).
        let message = get(said, "message").map(bare).unwrap_or_default();
        if !message.is_empty() {
            line("log-in", Finding::Note, message);
        }
        lines
    }

    fn pass(&self, evidence: Vec<Evidence>) -> Pass {
        let mut headers = Vec::new();
        if !self.cookies.is_empty() {
            let all: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            headers.push(("cookie".to_owned(), Secret::new(all.join("; "))));
        }
        if let Some(session) = self.cookies.get(SESSION) {
            // The official SDK sends it as a header too.
            headers.push((SESSION.to_owned(), Secret::new(session.as_str())));
        }
        let seconds = (self.kingdee.way != Way::Header).then_some(RENEW);
        Pass { headers, seconds, evidence }
    }

    /// Takes the cookies of a reply in. Whether any is another one now.
    fn learn(&mut self, reply: &Reply) -> bool {
        let mut changed = false;
        for (_, line) in reply.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let mut parts = line.split(';');
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let (name, value) = (name.trim(), value.trim());
            let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',');
            if name.is_empty() || !plain(name) || !plain(value) {
                continue;
            }
            let gone = value.is_empty() || parts.any(|part| part.trim().eq_ignore_ascii_case("max-age=0"));
            let name = if name.eq_ignore_ascii_case(SESSION) { SESSION } else { name };
            changed |= if gone {
                self.cookies.remove(name).is_some()
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned()).as_deref() != Some(value)
            };
        }
        changed
    }
}

/// For how long a site says that it locks: `请5分钟后再试`, `for 5 minutes`.
fn minutes(message: &str) -> Option<&str> {
    let before = message.split_once("分钟").or_else(|| message.split_once(" minute"))?.0.trim_end();
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next()?;
    (!digits.is_empty()).then_some(digits)
}

impl Login for SignIn {
    fn next(&mut self, input: LoginInput<'_>, now: i64) -> LoginNext {
        match input {
            LoginInput::Start => self.start(now),
            LoginInput::Reply(reply) => self.replied(reply),
        }
    }

    fn lost(&self, reply: &Reply) -> bool {
        answer::lost(reply)
    }

    fn unheard(&self) -> String {
        match self.kingdee.way {
            // targets/kingdee.md 4: after a loss a site may say so for minutes, and each call begins them anew.
            Way::Header => {
                "access was not granted: the application is not authorised, or the site goes on saying so for minutes after a session has \
                            expired, and each call begins those minutes anew: leave it alone for five minutes, or use \
                            login = \"app-secret\""
                    .to_owned()
            }
            Way::AppSecret | Way::Sign | Way::Password => {
                "access was not granted; ask who runs the service to allow it to this account".to_owned()
            }
        }
    }

    fn renewed(&mut self, reply: &Reply) -> Option<Pass> {
        self.learn(reply).then(|| self.pass(Vec::new()))
    }

    fn sign(&self, _request: &Request, path: &str, now: i64) -> Vec<(String, Secret)> {
        if self.kingdee.way != Way::Header {
            return Vec::new();
        }
        let own = &self.kingdee;
        Signer {
            account: &own.account,
            user: &own.user,
            app: &own.app,
            secret: &self.secret,
            lcid: &own.lcid,
            organisation: own.organisation.as_deref().unwrap_or("0"),
        }
        .headers(path, now)
    }
}
