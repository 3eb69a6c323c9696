//! Replies in forms that no guide shows and some service, or something in front of it, sends all the same: the same is found,
//! or it is said that it is not all.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use serde_json::{Map, Value, json};

use crate::bed::{AHA, Bed, DIRECTORY, HR, KINGDEE, LITMOS, Ran, System, bed};

/// What is done to the replies of one system.
#[derive(Clone, Copy)]
struct Twist {
    name: &'static str,
    /// On each value of a reply, children first.
    value: fn(Value) -> Value,
    /// Pages hold so many records, whatever was asked.
    page: Option<usize>,
    /// The total is stated.
    total: bool,
}

const AS_IT_IS: Twist = Twist { name: "asis", value: |value| value, page: None, total: true };

fn boolean(value: Value, yes: &str, no: &str) -> Value {
    match value {
        Value::Bool(flag) => Value::from(if flag { yes } else { no }),
        value => value,
    }
}

/// Whether a field holds records, and not what one of them consists of.
fn is_records(name: &str) -> bool {
    ["Resources", "users", "products", "teams", "organizations", "team_memberships"].contains(&name)
}

fn listed(value: Value, change: fn(&mut Vec<Value>)) -> Value {
    let Value::Object(mut fields) = value else { return value };
    for (name, list) in &mut fields {
        if let Value::Array(list) = list
            && is_records(name)
        {
            change(list);
        }
    }
    Value::Object(fields)
}

fn total(value: Value, change: fn(&Value) -> Value) -> Value {
    let Value::Object(mut fields) = value else { return value };
    for name in ["totalResults", "total", "total_records"] {
        if let Some(total) = fields.get_mut(name) {
            *total = change(total);
        }
    }
    Value::Object(fields)
}

/// Forms of replies that change nothing.
const SAME: &[Twist] = &[
    Twist { name: "capital-flags", value: |value| boolean(value, "True", "False"), ..AS_IT_IS },
    Twist { name: "letter-flags", value: |value| boolean(value, "Y", "N"), ..AS_IT_IS },
    Twist { name: "digit-flags", value: |value| boolean(value, "1", "0"), ..AS_IT_IS },
    Twist {
        name: "number-flags",
        value: |value| value.as_bool().map_or(value, |flag| json!(u8::from(flag))),
        ..AS_IT_IS
    },
    Twist {
        name: "numbers-as-text",
        value: |value| if value.is_number() { json!(value.to_string()) } else { value },
        ..AS_IT_IS
    },
    Twist { name: "blanks-as-null", value: |value| if value == "" { Value::Null } else { value }, ..AS_IT_IS },
    Twist {
        name: "unknown-fields",
        value: |value| match value {
            Value::Object(mut fields) => {
                fields.insert("新".to_owned(), json!([{ "deep": [null, 1.5, { "x": [] }] }]));
                Value::Object(fields)
            }
            value => value,
        },
        ..AS_IT_IS
    },
    Twist { name: "null-records", value: |value| listed(value, |list| list.push(Value::Null)), ..AS_IT_IS },
    Twist { name: "total-as-text", value: |value| total(value, |total| json!(total.to_string())), ..AS_IT_IS },
    Twist { name: "small-pages", page: Some(7), ..AS_IT_IS },
    Twist { name: "small-and-no-total", page: Some(7), total: false, ..AS_IT_IS },
];

fn twisted(value: Value, by: fn(Value) -> Value) -> Value {
    let inner = match value {
        Value::Array(list) => list.into_iter().map(|value| twisted(value, by)).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, twisted(value, by))).collect())
        }
        value => value,
    };
    by(inner)
}

/// The address with pages of this size.
fn paged(address: &str, size: usize) -> String {
    let Some((path, query)) = address.split_once('?') else { return address.to_owned() };
    let part = |part: &str| match part.split_once('=') {
        Some((name @ ("count" | "per_page" | "limit"), _)) => format!("{name}={size}"),
        _ => part.to_owned(),
    };
    format!("{path}?{}", query.split('&').map(part).collect::<Vec<_>>().join("&"))
}

/// A body of a query with pages of this size.
fn queried(body: &Bytes, size: usize) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    let limit = body.get_mut("data")?.get_mut("Limit")?;
    *limit = json!(limit.as_u64()?.min(size as u64));
    Some(body.to_string().into_bytes())
}

/// Whether a reply is what lists and records come in, and no log-in or description of the service.
fn is_data(path: &str, asks: bool) -> bool {
    let about = ["Schemas", "ResourceTypes", "ServiceProviderConfig", "/me", "AuthService", "/__sim"];
    asks && !about.iter().any(|about| path.contains(about))
}

async fn answer(twist: Twist, service: String, client: reqwest::Client, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 22).await.unwrap();
    let address = parts.uri.path_and_query().unwrap().as_str();
    let data = is_data(address, parts.method == "GET" || address.contains("Query.") || address.contains("View."));
    let (address, body) = match twist.page.filter(|_| data) {
        Some(size) => (paged(address, size), queried(&body, size).unwrap_or(body.to_vec())),
        None => (address.to_owned(), body.to_vec()),
    };
    let mut headers: HeaderMap = parts.headers.clone();
    for name in ["host", "content-length", "accept-encoding"] {
        headers.remove(name);
    }
    let sent = client.request(parts.method, format!("{service}{address}")).headers(headers).body(body).send();
    let reply = sent.await.unwrap();
    let (status, mut headers) = (reply.status(), reply.headers().clone());
    let mut bytes = reply.bytes().await.unwrap().to_vec();
    if data
        && status.is_success()
        && let Ok(value) = serde_json::from_slice::<Value>(&bytes)
    {
        let mut value = twisted(value, twist.value);
        if let Some(fields) = value.as_object_mut().filter(|_| !twist.total) {
            for name in ["totalResults", "total", "pagination"] {
                fields.shift_remove(name);
            }
        }
        bytes = value.to_string().into_bytes();
    }
    headers.remove("content-length");
    headers.remove("transfer-encoding");
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// A service behind this one, with another form of replies. Where it answers.
fn before(runtime: &tokio::runtime::Runtime, service: &str, twist: Twist) -> String {
    // The second to come finds it there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let service = Arc::new(service.to_owned());
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .fallback(move |request: Request<Body>| answer(twist, service.to_string(), client.clone(), request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        url
    })
}

/// What was found in one system, and what it has.
fn found(ran: &Ran, system: &str) -> (BTreeMap<String, u32>, Vec<Value>) {
    let mut found = BTreeMap::new();
    for mut line in ran.lines("mismatch").into_iter().chain(ran.lines("lint")).filter(|line| line["system"] == system) {
        line["system"] = Value::Null;
        *found.entry(line.to_string()).or_default() += 1;
    }
    let lines = ran.lines("snapshot").into_iter().filter(|line| line["system"] == system);
    let sizes = lines.map(|line| json!([line["kind"], line["records"], line["complete"], why(&line)]));
    (found, sizes.collect())
}

/// Why feeds are not proved.
fn why(snapshot: &Value) -> Value {
    snapshot["feeds"].as_array().into_iter().flatten().filter_map(|feed| feed.get("reason").cloned()).collect()
}

/// One service, and beside it the same one behind each of these.
fn ran(service: System, twists: &[Twist]) -> (Bed, Ran) {
    let name = service.name;
    let bed = bed(30, &[HR, service]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let url = bed.system(name).url.clone();
    let origin = url.match_indices('/').nth(2).map_or(url.as_str(), |(at, _)| &url[..at]).to_owned();
    let text = std::fs::read_to_string(bed.config()).unwrap();
    let (head, section) = text.split_at(text.find(&format!("\n[system.{name}]")).unwrap());
    let mut all = head.to_owned();
    for twist in twists {
        let here = before(&runtime, &origin, *twist);
        all +=
            &section.replace(&format!("[system.{name}]"), &format!("[system.{}]", twist.name)).replace(&origin, &here);
    }
    bed.edit(|_| all);
    let ran = bed.run(&["check", "--format", "json"]);
    drop(runtime);
    (bed, ran)
}

fn finds_the_same(service: System) {
    let twists: Vec<Twist> = [AS_IT_IS].iter().chain(SAME).copied().collect();
    let (_bed, ran) = ran(service, &twists);
    assert_eq!(ran.code, 1, "{}\n{}", ran.err, ran.out);
    let wanted = found(&ran, AS_IT_IS.name);
    assert!(!wanted.0.is_empty() && wanted.1.iter().all(|size| size[2] == true), "{wanted:?}");
    for twist in SAME {
        assert_eq!(found(&ran, twist.name), wanted, "{}", twist.name);
    }
}

#[test]
fn the_form_of_a_scim_services_replies_changes_nothing() {
    finds_the_same(DIRECTORY);
}

#[test]
fn the_form_of_ahas_replies_changes_nothing() {
    finds_the_same(AHA);
}

#[test]
fn the_form_of_litmos_replies_changes_nothing() {
    finds_the_same(LITMOS);
}

#[test]
fn the_form_of_kingdees_replies_changes_nothing() {
    finds_the_same(KINGDEE);
}

#[test]
fn the_form_of_an_idaas_replies_changes_nothing() {
    finds_the_same(System { name: "idaas", connector: "idaas", view: "source", faults: Vec::new(), more: "" });
}

#[test]
fn a_service_that_shows_nobody_is_not_believed() {
    // Whoever signed in is somebody: nothing is missing only because nothing came.
    let nobody = Twist {
        name: "nobody",
        value: |value| match value {
            Value::Array(_) => json!([]),
            Value::Object(fields) if fields.contains_key("total_records") => {
                Value::Object(Map::from_iter([("total_records".to_owned(), json!(0))]))
            }
            value => value,
        },
        ..AS_IT_IS
    };
    for service in [AHA, LITMOS, KINGDEE] {
        let name = service.name;
        let (_bed, ran) = ran(service, &[nobody]);
        assert_eq!(ran.code, 3, "{name}: {}", ran.out);
        let missing = ran.lines("mismatch").into_iter().filter(|line| line["kind"] == "User");
        assert_eq!(missing.count(), 0, "{name}: {}", ran.out);
        assert!(format!("{}{}", ran.out, ran.err).contains("no user"), "{name}: {}{}", ran.out, ran.err);
    }
}
