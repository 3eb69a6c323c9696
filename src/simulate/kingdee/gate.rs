//! Who calls: log-ins, signed calls, sessions, and the lock after too many failures (targets/kingdee.md 3, 4).
//!
//! Must not: know what a call wants.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::call::Call;
use super::conflict::time;
use super::sign;
use super::words::Tongue;
use crate::simulate::clock::epoch;
use crate::simulate::faults::Faults;

/// What a client has to know.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The id of the data center.
    pub data_center: String,
    /// The application.
    pub application: String,
    /// Its secret.
    pub secret: String,
    /// The integration user.
    pub user: String,
    /// Its password.
    pub password: String,
}

/// A session.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The id that the web server knows it by.
    pub web: String,
    /// The language of its texts.
    pub tongue: Tongue,
    last: Instant,
}

/// Who stands at the gate.
pub enum Caller {
    /// Somebody with a session; whether it was made for this call.
    Known(Session, bool),
    /// Nobody.
    Nobody(Tongue),
    /// The gateway refused, with that code.
    Gateway(i64),
}

/// What became of a log-in: the document, and the session if there is one.
pub struct LoggedIn {
    /// The reply.
    pub document: Value,
    /// The session.
    pub session: Option<Session>,
}

/// The gate of a site.
pub struct Gate {
    /// What opens it.
    pub credentials: Credentials,
    sessions: HashMap<String, Session>,
    /// By user: wrong log-ins in a row, and since when it is locked.
    failures: HashMap<String, (u32, Option<Instant>)>,
    made: u64,
    /// When a signed call last found its session lost.
    cold: Option<Instant>,
}

impl Gate {
    /// A gate that nobody has passed yet.
    pub fn new(credentials: Credentials) -> Gate {
        Gate { credentials, sessions: HashMap::new(), failures: HashMap::new(), made: 0, cold: None }
    }

    fn data_center(&self, faults: &Faults) -> String {
        faults.flag("data-center").unwrap_or_else(|| self.credentials.data_center.clone())
    }

    /// All data centers of the site.
    pub fn data_centers(&self, faults: &Faults) -> Value {
        json!([
            { "Id": self.data_center(faults), "Number": "001", "Name": "艾克美集团" },
            { "Id": "6a77c0ffee0001", "Number": "900", "Name": "测试账套" },
        ])
    }

    fn open(&mut self, tongue: Tongue) -> Session {
        self.made += 1;
        let mix = |salt: u64| {
            let mut z = self.made.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ salt;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        let (high, low) = (mix(1), mix(2));
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        );
        let session = Session { web: format!("{:016x}{:08x}", mix(3), mix(4) >> 32), id, tongue, last: Instant::now() };
        self.sessions.insert(session.id.clone(), session.clone());
        session
    }

    /// Another session in the place of one.
    pub fn rotate(&mut self, session: &Session) -> Session {
        self.sessions.remove(&session.id);
        self.open(session.tongue)
    }

    /// Ends a session.
    pub fn close(&mut self, session: &Session) {
        self.sessions.remove(&session.id);
    }

    /// Who calls, by session or by signature.
    pub fn caller(&mut self, headers: &HeaderMap, path: &str, expired: bool, faults: &Faults) -> Caller {
        let signed = headers.contains_key("x-kd-appkey");
        let id = session_of(headers);
        let idle = faults.flag("session").and_then(|t| time(&t)).unwrap_or(Duration::from_secs(1200));
        let known = id.as_ref().and_then(|id| self.sessions.get(id)).cloned();
        let tongue = known.as_ref().map_or(Tongue::Chinese, |session| session.tongue);
        let live = known.filter(|session| session.last.elapsed() < idle && !expired);
        if live.is_some() && faults.spend("session-lost") || live.is_none() {
            if id.is_some_and(|id| self.sessions.remove(&id).is_some()) {
                self.cold = Some(Instant::now());
            }
            if signed {
                return self.signed(headers, path, faults);
            }
            return Caller::Nobody(tongue);
        }
        match live {
            Some(mut session) => {
                session.last = Instant::now();
                self.sessions.insert(session.id.clone(), session.clone());
                Caller::Known(session, false)
            }
            None => Caller::Nobody(tongue),
        }
    }

    /// A signed call without a session: both signatures are checked (targets/kingdee.md 3.4).
    fn signed(&mut self, headers: &HeaderMap, path: &str, faults: &Faults) -> Caller {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let data = sign::unbase64(header("x-kd-appdata")).and_then(|bytes| String::from_utf8(bytes).ok());
        let data = data.unwrap_or_default();
        let parts: Vec<&str> = data.split(',').collect();
        let lcid = parts.get(2).and_then(|lcid| lcid.parse().ok()).unwrap_or(2052);
        let tongue = Tongue::of(lcid);
        let (timestamp, nonce) = (header("x-api-timestamp"), header("x-api-nonce"));
        if !is_fresh(timestamp, faults) {
            return match faults.flag("stale").as_deref() {
                Some("lost") => Caller::Nobody(tongue),
                _ => Caller::Gateway(4006),
            };
        }
        let own = &self.credentials;
        let (id, secret) = (&own.application, &own.secret);
        let unsigned = faults.flag("skip-api-signature").is_some();
        let good = header("x-kd-appkey") == id
            && parts.first() == Some(&self.data_center(faults).as_str())
            && parts.get(1) == Some(&own.user.as_str())
            && header("x-kd-signature") == sign::kd_signature(id, &data, secret)
            && (unsigned
                || (header("x-api-clientid") == sign::client(id).0
                    && header("x-api-auth-version") == "2.0"
                    && header("x-api-signature") == sign::api_signature(id, path, nonce, timestamp)));
        if !good {
            return Caller::Nobody(tongue);
        }
        // After a loss the server goes on saying so for a while, and every try begins that while anew (targets/kingdee.md 4).
        let wait = faults.flag("sign-cooldown").and_then(|t| time(&t)).unwrap_or_default();
        if self.cold.is_some_and(|since| since.elapsed() < wait) {
            self.cold = Some(Instant::now());
            return Caller::Nobody(tongue);
        }
        faults.renew();
        Caller::Known(self.open(tongue), true)
    }

    /// A log-in by password, by the application's secret, or signed.
    pub fn log_in(&mut self, call: &Call, faults: &Faults) -> LoggedIn {
        let own = self.credentials.clone();
        let (center, user) = (call.text("acctid", 0), call.text("username", 1));
        let lcid_at = match call.service.as_str() {
            "validateuser" => 3,
            "loginbyappsecret" => 4,
            _ => 5,
        };
        let lcid = call.text("lcid", lcid_at).parse().unwrap_or(2052);
        let tongue = Tongue::of(lcid);
        let refuse = |code: &str, message: &str| LoggedIn { document: refused(code, message), session: None };
        let locked_for = faults.flag("lockout-for").and_then(|t| time(&t)).unwrap_or(Duration::from_secs(1800));
        let (wrong, since) = self.failures.get(&user).copied().unwrap_or_default();
        if let Some(since) = since {
            if since.elapsed() < locked_for {
                return refuse("", &locked(tongue, locked_for));
            }
            self.failures.remove(&user);
        }
        if center != self.data_center(faults) {
            return refuse("", pick(tongue, "数据中心不存在或已停用", "The data center does not exist or is stopped"));
        }
        let good = match call.service.as_str() {
            "validateuser" => {
                if faults.flag("refuse-password").is_some() {
                    let told = pick(
                        tongue,
                        "当前站点不支持用户名密码方式登录，请使用第三方系统登录授权",
                        "This site does not allow a log-in by password. Use a third-party system login authorization",
                    );
                    return refuse("", told);
                }
                user == own.user && call.text("password", 2) == own.password
            }
            "loginbyappsecret" => {
                user == own.user && call.text("appid", 2) == own.application && call.text("appsecret", 3) == own.secret
            }
            _ => {
                let (id, stamp) = (call.text("appid", 2), call.text("timestamp", 3));
                if !is_fresh(&stamp, faults) {
                    return refuse("", pick(tongue, "时间戳已过期", "The timestamp is out of range"));
                }
                let wanted = sign::login_sign(&center, &own.user, &own.application, &own.secret, &stamp);
                user == own.user && id == own.application && call.text("sign", 4) == wanted
            }
        };
        if !good {
            let limit = faults.flag("lockout").and_then(|n| n.parse().ok()).unwrap_or(5);
            let lock = limit > 0 && wrong + 1 >= limit;
            self.failures.insert(user, (wrong + 1, lock.then(Instant::now)));
            if lock {
                return refuse("", &locked(tongue, locked_for));
            }
            return if call.service == "validateuser" {
                refuse("", pick(tongue, "用户名或密码错误", "The user name or password is wrong"))
            } else {
                // targets/kingdee.md 3.2; the text is a choice.
                let told =
                    pick(tongue, "第三方系统登录授权的签名或密钥不匹配", "The signature or secret does not match");
                refuse("002005000003016", told)
            };
        }
        self.failures.remove(&user);
        faults.renew();
        let session = self.open(tongue);
        let nag = faults.flag("nag").is_some();
        let in_body = !nag && faults.flag("session-in").as_deref() != Some("cookie");
        LoggedIn { document: welcome(&own, &center, lcid, &session, nag, in_body), session: Some(session) }
    }
}

/// The session that a call names, by header or by cookie.
fn session_of(headers: &HeaderMap) -> Option<String> {
    let header = headers.get("kdservice-sessionid").and_then(|value| value.to_str().ok());
    if let Some(id) = header.filter(|id| !id.is_empty()) {
        return Some(id.to_owned());
    }
    let cookies = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("kdservice-sessionid"))
        .map(|(_, id)| id.to_owned())
}

/// Whether a signed time is near enough to the server's clock. How near is not documented; five minutes is a choice.
fn is_fresh(timestamp: &str, faults: &Faults) -> bool {
    let number = |name: &str, default: i64| faults.flag(name).and_then(|n| n.parse().ok()).unwrap_or(default);
    let now = i64::try_from(epoch()).unwrap_or(i64::MAX).saturating_add(number("clock", 0));
    timestamp.parse::<i64>().is_ok_and(|then| now.abs_diff(then) <= number("tolerance", 300).unsigned_abs())
}

fn pick(tongue: Tongue, chinese: &'static str, english: &'static str) -> &'static str {
    match tongue {
        Tongue::Chinese => chinese,
        Tongue::English => english,
    }
}

/// The words of a locked user hold `次数超限` (targets/kingdee.md 3.2); the rest of the text is a choice.
fn locked(tongue: Tongue, time: Duration) -> String {
    let minutes = time.as_secs().div_ceil(60);
    match tongue {
        Tongue::Chinese => format!("登录失败次数超限，用户已被锁定，请{minutes}分钟后再试"),
        Tongue::English => format!("Too many failed log-ins (次数超限): the user is locked for {minutes} minutes"),
    }
}

fn refused(code: &str, message: &str) -> Value {
    json!({
        "Message": message, "MessageCode": code, "LoginResultType": 0, "Context": null, "KDSVCSessionId": null,
        "FormId": null, "RedirectFormParam": null, "FormInputObject": null, "ErrorStackTrace": null, "Lcid": 0,
        "AccessToken": null, "CustomParam": null, "KdAccessResult": null, "IsSuccessByAPI": false,
    })
}

/// The reply to a log-in (targets/kingdee.md 3.5).
fn welcome(own: &Credentials, center: &str, lcid: i64, session: &Session, nag: bool, in_body: bool) -> Value {
    let (code, message, form) = if nag {
        ("CheckPasswordPolicy", json!("还剩26天，当前您的软件处于未授权状态"), json!("BOS_CloudInspection"))
    } else {
        ("", Value::Null, Value::Null)
    };
    json!({
        "Message": message, "MessageCode": code, "LoginResultType": 1,
        "Context": {
            "UserLocale": if lcid == 1033 { "en-US" } else { "zh-CN" }, "DBid": center, "SessionId": session.web,
            "UserId": 16_394, "UserName": own.user, "DisplayVersion": "8.2.0.0", "DataCenterName": "艾克美集团",
            "UserToken": session.id,
            "CurrentOrganizationInfo": { "ID": 1, "AcctOrgType": "1", "Name": "艾克美集团", "FunctionIds": [101, 102] },
            "UseLanguages": [
                { "LocaleId": 2052, "LocaleName": "中文(简体/中国)", "Alias": "CN" },
                { "LocaleId": 1033, "LocaleName": "English", "Alias": "US" },
            ],
            "ClientType": 32,
        },
        "KDSVCSessionId": in_body.then_some(&session.id), "FormId": form, "RedirectFormParam": null,
        "FormInputObject": null, "ErrorStackTrace": null, "Lcid": 0, "AccessToken": null, "CustomParam": null,
        "KdAccessResult": null, "IsSuccessByAPI": true,
    })
}
