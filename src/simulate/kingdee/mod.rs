//! Kingdee Cloud Starry Sky (K3Cloud WebAPI), simulated.
//!
//! Written from `targets/kingdee.md`; a comment names a choice where the real answer is unknown, and a switch gives the other one.
//! Owns: which service is called, and the order in which a call is judged (protocol, path, gateway, body, what stands in
//! the way, session, the service itself). [`call`] reads bodies, [`gate`] knows who calls, [`ledger`] holds the state,
//! [`forms`] says what there is, [`query`], [`view`], [`save`] and [`operate`] are the services, [`reply`] the envelopes,
//! [`words`] the texts.
//!
//! `GET /__sim/records?form=SEC_User[&id=100001]` shows the state itself, for tests.
//!
//! Must not: share anything with the connector that talks to it.

mod call;
mod conflict;
mod filter;
mod forms;
mod gate;
mod ledger;
mod operate;
mod query;
mod records;
mod reply;
mod save;
mod sign;
mod switches;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::faults::{Expired, Faults};
use super::{Options, Service, Setting, StartError};
use call::{Call, Unread};
use gate::{Caller, Credentials, Gate, LoggedIn, Session};
use ledger::Ledger;
use reply::Outcome;
use words::Tongue;

pub use switches::SWITCHES;

/// The integration user.
pub const USER: &str = "集成用户";

/// Everything that the simulator holds.
struct Kingdee {
    ledger: Mutex<Ledger>,
    gate: Mutex<Gate>,
    faults: Faults,
}

/// The simulator of Kingdee, over the world's view `kingdee`.
///
/// # Errors
/// [`StartError::View`] for any other view.
pub fn service(setting: &Setting) -> Result<Service, StartError> {
    let Options { seed, ref view, .. } = setting.options;
    if view != "kingdee" {
        return Err(StartError::View(view.clone()));
    }
    let word = |salt: u64| (seed ^ salt).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let masked: Vec<u8> = [word(1), word(2), word(3)].into_iter().flat_map(u64::to_be_bytes).collect();
    let credentials = Credentials {
        data_center: format!("{:014x}", word(4) >> 8),
        application: format!("299999_{}", sign::base64(&masked)),
        secret: format!("{:016x}{:016x}", word(5), word(6)),
        user: USER.to_owned(),
        password: format!("Kd#{:08x}", word(7) >> 32),
    };
    let login = [
        // The address is known only once it listens.
        ("server_address", ""),
        ("data_center_id", &credentials.data_center),
        ("application_id", &credentials.application),
        ("application_secret", &credentials.secret),
        ("username", &credentials.user),
        ("password", &credentials.password),
    ];
    let login = login.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let kingdee = Arc::new(Kingdee {
        ledger: Mutex::new(Ledger::new(&setting.world)),
        gate: Mutex::new(Gate::new(credentials)),
        faults: setting.faults.clone(),
    });
    let router = Router::new().route("/__sim/records", get(records_of)).fallback(handle).with_state(kingdee);
    Ok(Service { base: "/k3cloud/".to_owned(), login: BTreeMap::from(login), router })
}

/// The records of a form as they are kept, or one of them.
async fn records_of(State(kingdee): State<Arc<Kingdee>>, Query(asked): Query<BTreeMap<String, String>>) -> Response {
    let Some(form) = asked.get("form").and_then(|id| forms::form(id)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let ledger = lock(&kingdee.ledger);
    let shelf = ledger.shelf(form);
    let records: Vec<Value> = match asked.get("id") {
        Some(id) => shelf.get(id).into_iter().collect(),
        None => shelf.page(0, usize::MAX),
    };
    axum::Json(records).into_response()
}

async fn handle(State(kingdee): State<Arc<Kingdee>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, super::BODY_LIMIT).await.unwrap_or_default();
    respond(&kingdee, &parts, &body)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Judges a call in the order that the module names.
fn respond(kingdee: &Kingdee, parts: &Parts, body: &[u8]) -> Response {
    let upgrade = parts.headers.get(header::UPGRADE).and_then(|value| value.to_str().ok());
    if parts.version == Version::HTTP_2 || upgrade.is_some_and(|to| to.to_ascii_lowercase().contains("h2")) {
        // targets/kingdee.md 0.4.
        return reply::page(StatusCode::BAD_GATEWAY, "502 - Web server received an invalid response");
    }
    let path = parts.uri.path();
    let Some(service) = call::service_of(path) else {
        return reply::page(StatusCode::NOT_FOUND, "404 - File or directory not found.");
    };
    if parts.method != Method::POST {
        return reply::page(StatusCode::METHOD_NOT_ALLOWED, "405 - HTTP verb used to access this page is not allowed.");
    }
    let faults = &kingdee.faults;
    if let Some(code) = faults.flag("gateway") {
        return reply::gateway(code.parse().unwrap_or(5001));
    }
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let call = match Call::read(&service, kind.starts_with("application/x-www-form-urlencoded"), body) {
        Ok(call) => call,
        Err(unread) => return unreadable(&unread),
    };
    match service.as_str() {
        "authservice.validateuser" | "authservice.loginbyappsecret" | "authservice.loginbysign" => {
            let LoggedIn { document, session } = lock(&kingdee.gate).log_in(&call, faults);
            let body_only = faults.flag("session-in").as_deref() == Some("body");
            let mut reply = reply::document_of(&document);
            if let Some(session) = session.filter(|_| !body_only) {
                cookies(reply.headers_mut(), &session);
            }
            return reply;
        }
        "account.accountservice.getdatacenterlist" => {
            return reply::document_of(&lock(&kingdee.gate).data_centers(faults));
        }
        _ => {}
    }
    if let Some(reply) = in_the_way(faults, &call.service, body) {
        return reply;
    }
    let expired = parts.extensions.get::<Expired>().is_some();
    let (session, fresh) = match lock(&kingdee.gate).caller(&parts.headers, path, expired, faults) {
        Caller::Known(session, fresh) => (session, fresh),
        Caller::Nobody(tongue) => return reply::lost(faults, &call.service, &tongue.lost()),
        Caller::Gateway(code) => return reply::gateway(code),
    };
    if call.service == "logout" {
        lock(&kingdee.gate).close(&session);
        return reply::document_of(&json!(true));
    }
    let mut reply = business(kingdee, &service, &call, session.tongue);
    if faults.flag("rotate-session").is_some() {
        cookies(reply.headers_mut(), &lock(&kingdee.gate).rotate(&session));
    } else if fresh {
        cookies(reply.headers_mut(), &session);
    }
    reply
}

fn cookies(headers: &mut HeaderMap, session: &Session) {
    for (name, value) in [("kdservice-sessionid", &session.id), ("ASP.NET_SessionId", &session.web)] {
        if let Ok(cookie) = HeaderValue::try_from(format!("{name}={value}; path=/; HttpOnly")) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}

fn unreadable(unread: &Unread) -> Response {
    let text = match unread {
        // targets/kingdee.md 2.
        Unread::Bare => "Additional text found in JSON string after finishing deserializing object.".to_owned(),
        Unread::Broken => "Unexpected character encountered while parsing value.".to_owned(),
        Unread::Form(form) => return reply::response_error(&format!("data 不支持 {form} 形式")),
    };
    reply::plain(StatusCode::INTERNAL_SERVER_ERROR, text)
}

/// What a switch puts in the place of an answer, before anything is looked at.
fn in_the_way(faults: &Faults, service: &str, body: &[u8]) -> Option<Response> {
    if faults.flag("at").is_some_and(|at| !at.eq_ignore_ascii_case(service)) {
        return None;
    }
    if faults.spend("xhtml") {
        return Some(reply::page(StatusCode::INTERNAL_SERVER_ERROR, "500 - Internal server error."));
    }
    if faults.spend("response-error") {
        return Some(reply::response_error("未将对象引用设置到对象的实例。"));
    }
    if faults.spend("not-json") {
        return Some(reply::plain(StatusCode::OK, "服务器繁忙，请稍后再试".to_owned()));
    }
    if faults.spend("empty-body") {
        return Some(reply::plain(StatusCode::OK, String::new()));
    }
    if faults.spend("empty-object") {
        return Some(reply::document_of(&json!({})));
    }
    let counted = faults.flag("request-filter").is_some_and(|count| !count.is_empty());
    if (counted || body.contains(&b'<')) && faults.spend("request-filter") {
        return Some(reply::document_of(&reply::suspicious()));
    }
    None
}

/// A call with a session.
fn business(kingdee: &Kingdee, service: &str, call: &Call, tongue: Tongue) -> Response {
    let Some(action) = service.strip_prefix("dynamicformservice.") else {
        return reply::response_error(&format!("找不到服务 {service}"));
    };
    let faults = &kingdee.faults;
    if action == "queryasyncresult" {
        return polled(&mut lock(&kingdee.ledger), call);
    }
    let in_data_only = matches!(action, "executebillquery" | "billquery" | "querybusinessinfo");
    let place = match action {
        "excuteoperation" | "executeoperation" => 2,
        _ if in_data_only => 0,
        _ => 1,
    };
    let only = faults.flag("data-form").filter(|form| form != "both");
    let data = match call.data(place, only.as_deref()) {
        Ok(data) => data,
        Err(unread) => return unreadable(&unread),
    };
    let ledger = &mut lock(&kingdee.ledger);
    if in_data_only && action != "querybusinessinfo" {
        let answer = query::answer(ledger, faults, tongue, &data, action == "billquery");
        return reply::document_of(&answer.unwrap_or_else(|told| reply::query_refusal(faults, action, &told, 0)));
    }
    let id = match call::get(&data, "FormId").and_then(call::text) {
        Some(id) if in_data_only => id,
        _ => call.text("formid", 0),
    };
    let Some(form) = forms::form(&id) else {
        return reply::document_of(&reply::refusal(faults, &tongue.no_form(&id), 0));
    };
    let document = match action {
        "querybusinessinfo" => reply::described(faults, view::describe(form)),
        "view" => match view::view(ledger, faults, tongue, form, &data) {
            Ok(record) => reply::viewed(faults, record),
            Err(told) => reply::refusal(faults, &told, 0),
        },
        "save" | "batchsave" | "draft" => {
            let save = save::Save { form, faults, tongue, data: &data, draft: action == "draft" };
            let document = reply::outcome(faults, &save.run(ledger), action != "batchsave");
            if call.text("beginmethod", usize::MAX) == "BeginQueryImpl" { begun(ledger, document) } else { document }
        }
        "excuteoperation" | "executeoperation" => {
            let wanted = faults.flag("operation").map(|wanted| wanted.to_ascii_lowercase());
            if wanted.is_some_and(|wanted| wanted != "both" && wanted != action) {
                // targets/kingdee.md 2: which spelling works depends on the site.
                return reply::response_error("未将对象引用设置到对象的实例。");
            }
            let number = call.text("opNumber", 1);
            operated(ledger, faults, tongue, form, &number, &data)
        }
        "submit" | "audit" | "unaudit" | "delete" | "cancelassign" => {
            operated(ledger, faults, tongue, form, action, &data)
        }
        _ => return reply::response_error(&format!("找不到服务 {service}")),
    };
    reply::document_of(&document)
}

/// The answer to a save whose result is polled for (targets/kingdee.md 7): it runs, under this task.
fn begun(ledger: &mut Ledger, document: Value) -> Value {
    let task = format!("task-{}", ledger.fresh());
    ledger.tasks.insert(task.clone(), document);
    json!({ "Status": 1, "TaskId": task, "Result": null })
}

/// The answer to a poll: finished, once. What an unknown task is answered with is a choice.
fn polled(ledger: &mut Ledger, call: &Call) -> Response {
    let asked: Value = serde_json::from_str(&call.text("queryInfo", 0)).unwrap_or_default();
    let task = asked.get("TaskId").and_then(Value::as_str).unwrap_or_default();
    match ledger.tasks.remove(task) {
        Some(result) => reply::document_of(&json!({ "Status": 2, "TaskId": task, "Result": result })),
        None => reply::response_error("找不到任务"),
    }
}

fn operated(
    ledger: &mut Ledger,
    faults: &Faults,
    tongue: Tongue,
    form: &'static forms::Form,
    number: &str,
    data: &Map<String, Value>,
) -> Value {
    let outcome = match operate::Operation::of(number, faults) {
        Some(operation) => operate::operate(ledger, faults, tongue, form, operation, data),
        None => Outcome::refused(tongue.no_operation(form, number)),
    };
    reply::outcome(faults, &outcome, false)
}
