//! What the connection test finds in services that describe themselves well, badly or not at all.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::{Value, json};

use crate::connectors::drive::{Told, builtin, drive, page, reply};
use crate::connectors::{Settings, connector};
use crate::model::Kind;
use crate::plan::{Finding, Paging, Reply, Request, Site};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const APP: &str = "urn:example:scim:schemas:app:2.0:User";

fn probe(url: &str, serve: impl FnMut(&Request) -> Reply) -> Told {
    let settings = Settings { url: url.into(), ..Settings::default() };
    let scim = connector("scim", builtin("scim"), &settings).unwrap();
    drive(scim.probe(), "Resources", serve)
}

fn at(url: &str, serve: impl FnMut(&Request) -> Reply) -> Site {
    probe(url, serve).site()
}

fn lines(site: &Site, finding: Finding) -> String {
    site.evidence
        .iter()
        .filter(|line| line.finding == finding)
        .map(|line| format!("{}: {}", line.what, line.detail))
        .collect::<Vec<_>>()
        .join("\n")
}

fn good(request: &Request) -> Reply {
    let last = request.path.rsplit('/').next().unwrap();
    match last {
        "ServiceProviderConfig" => reply(
            200,
            json!({ "patch": { "supported": true }, "filter": { "supported": true, "maxResults": 200 },
                "etag": { "supported": "True" }, "pagination": { "cursor": true, "index": true, "defaultPaginationMethod": "index", "maxPageSize": 50 } }),
        ),
        "ResourceTypes" => reply(
            200,
            json!({ "Resources": [
            { "name": "User", "endpoint": "/Users", "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
              "schemaExtensions": [{ "schema": ENTERPRISE }, { "schema": APP }] },
            { "name": "Group", "endpoint": "/scim/v2/Groups", "schema": "urn:ietf:params:scim:schemas:core:2.0:Group" },
            { "id": "Roles", "name": "Roles", "endpoint": "https://idp.example.com/scim/v2/Roles" },
            { "name": "Workspace", "endpoint": "Workspaces" },
            { "name": "Printer", "endpoint": "/Printers" } ] }),
        ),
        "Schemas" => reply(
            200,
            json!([
            { "id": ENTERPRISE, "attributes": [{ "name": "department" }, { "name": "manager", "subAttributes": [
                { "name": "value" }, { "name": "$ref" }, { "name": "displayName", "mutability": "readOnly" }] }] },
            { "id": APP, "attributes": [{ "name": "productRoles", "multiValued": true }, { "name": "shoeSize", "type": "integer" }, { "name": "tags", "multiValued": true },
                { "name": "desk", "subAttributes": [{ "name": "floor" }, { "name": "room" }] },
                { "name": "secret", "returned": "never" }] },
            { "id": "urn:example:other:2.0:Thing", "attributes": [{ "name": "odd" }] } ]),
        ),
        _ => reply(200, json!({ "totalResults": 42, "Resources": [{ "id": "1" }] })),
    }
}

#[test]
fn a_service_that_describes_itself_is_understood() {
    // The base's own query is added by whoever sends.
    let told = probe("https://idp.example.com/scim/v2?tenant=a", good);
    assert_eq!(told.asked[3], "GET /scim/v2/Users?startIndex=1&count=5");
    let site = told.site();
    assert!(site.good(), "{:#?}", site.evidence);
    assert!(site.patch && site.filter && site.etag);
    assert_eq!((site.paging, site.max_page), (Some(Paging::Index), Some(50)));
    let places: Vec<_> = site.endpoints.iter().map(|endpoint| (endpoint.kind, endpoint.path.as_str())).collect();
    assert_eq!(
        places,
        [
            (Kind::User, "/scim/v2/Users"),
            (Kind::Group, "/scim/v2/Groups"),
            (Kind::Role, "/scim/v2/Roles"),
            (Kind::Product, "/scim/v2/Workspaces")
        ]
    );
    assert!(lines(&site, Finding::Note).contains("not used: Printer"));
    let found: Vec<_> = site.discovered.iter().map(|(_, path)| path.strip_prefix(APP).unwrap()).collect();
    assert_eq!(found, [":productRoles", ":shoeSize", ":desk.floor", ":desk.room"]);
    assert_eq!(site.types, [(format!("{APP}:shoeSize"), "integer".to_owned())]);
    assert!(lines(&site, Finding::Good).contains("1 lists of extensions are not used"));
    assert!(site.urns.windows(2).all(|pair| pair[0].len() >= pair[1].len()), "{:?}", site.urns);
}

#[test]
fn a_service_without_discovery_gets_defaults_and_a_note() {
    let site = at("https://idp.example.com/scim", |request| {
        if request.path.ends_with("/Users") { good(request) } else { reply(404, json!({ "detail": "no such thing" })) }
    });
    assert!(site.good());
    assert!(!site.patch && site.filter && !site.etag);
    assert_eq!(site.endpoint(Kind::Group).unwrap().path, "/scim/Groups");
    assert_eq!(lines(&site, Finding::Note).matches("defaults are assumed").count(), 3);
}

#[test]
fn an_address_on_another_host_is_refused_with_words() {
    let site = at("https://idp.example.com/scim/v2", |request| match request.path.rsplit('/').next().unwrap() {
        "ResourceTypes" => reply(
            200,
            json!({ "Resources": [{ "name": "User", "endpoint": "https://evil.example.net/scim/v2/Users" },
                { "name": "Group", "endpoint": "/../Groups" }] }),
        ),
        _ => good(request),
    });
    assert!(!site.good());
    assert_eq!(site.endpoints, []);
    let bad = lines(&site, Finding::Bad);
    assert!(bad.contains("on another host, evil.example.net; only idp.example.com is asked"), "{bad}");
    assert!(bad.contains("cannot be used"), "{bad}");
}

#[test]
fn an_address_that_names_another_port_keeps_its_path() {
    let site = at("https://idp.example.com/scim/v2", |request| match request.path.rsplit('/').next().unwrap() {
        "ResourceTypes" => {
            reply(200, json!({ "name": "User", "endpoint": "http://idp.example.com:8080/scim/v2/People/" }))
        }
        _ => good(request),
    });
    assert!(site.good());
    assert_eq!(site.endpoint(Kind::User).unwrap().path, "/scim/v2/People");
    assert!(lines(&site, Finding::Note).contains("differs in scheme or port"));
}

#[test]
fn a_web_page_wrong_credentials_and_missing_rights_are_told_apart() {
    let site = at("https://www.example.com", |_| page(200));
    assert!(lines(&site, Finding::Bad).contains("web page instead of JSON"));

    let site = at("https://idp.example.com/scim/v2", |_| reply(401, Value::Null));
    assert!(lines(&site, Finding::Bad).contains("the credentials are not accepted"), "{:#?}", site.evidence);

    let site = at("https://idp.example.com/scim/v2", |request| {
        if request.path.ends_with("/Users") { reply(403, json!({ "detail": "scope" })) } else { good(request) }
    });
    assert!(lines(&site, Finding::Bad).contains("may not read this (403 Forbidden: \"scope\")"));

    let site = at("https://idp.example.com/wrong", |_| page(404));
    assert!(lines(&site, Finding::Bad).contains("nothing is served here"));

    let redirect = Reply { status: 302, headers: vec![("location".into(), "https://sso/".into())], body: "".into() };
    let site = at("https://idp.example.com/scim/v2", |_| redirect.clone());
    assert!(lines(&site, Finding::Bad).contains("redirect to https://sso/"));

    assert!(!at("idp.example.com", |_| page(200)).good());
}

#[test]
fn paging_by_cursor_is_taken_where_it_is_the_default_or_the_only_way() {
    let with = |pagination: Value| {
        at("https://idp.example.com/scim/v2", |request| match request.path.rsplit('/').next().unwrap() {
            "ServiceProviderConfig" => reply(200, json!({ "patch": { "supported": false }, "pagination": pagination })),
            _ => good(request),
        })
        .paging
    };
    assert_eq!(
        with(json!({ "cursor": true, "index": true, "defaultPaginationMethod": "cursor" })),
        Some(Paging::Cursor)
    );
    assert_eq!(with(json!({ "cursor": true, "index": false })), Some(Paging::Cursor));
    assert_eq!(with(json!({ "cursor": true, "index": true })), Some(Paging::Index));
    assert_eq!(with(json!({ "cursor": false })), Some(Paging::Index));

    let unsaid = at("https://idp.example.com/scim/v2", |request| match request.path.rsplit('/').next().unwrap() {
        "Users" => reply(200, json!({ "totalResults": 9, "Resources": [{ "id": "1" }], "nextCursor": "x" })),
        _ => reply(404, Value::Null),
    });
    assert_eq!(unsaid.paging, Some(Paging::Cursor));
}

#[test]
fn a_service_that_fails_on_a_count_is_no_bad_service() {
    let site =
        at(
            "https://idp.example.com/scim/v2",
            |request| {
                if request.path.ends_with("/Users") { page(500) } else { good(request) }
            },
        );
    assert!(site.good());
    assert!(lines(&site, Finding::Note).contains("asks without a count"));
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_the_test_panic(bodies in proptest::collection::vec("[\\[{\"]{0,3}(Resources|endpoint|name|id|attributes|:|,|\"|\\[|\\]|\\{|\\}| ){0,20}", 4), status in 200u16..600) {
        let mut at = 0;
        probe("https://idp.example.com/scim", |_| {
            at += 1;
            Reply { status: if at % 2 == 0 { status } else { 200 }, headers: Vec::new(), body: bodies[at % 4].clone().into() }
        });
    }
}

#[test]
fn what_the_schemas_do_not_declare_is_named_as_it_may_be_refused() {
    let serve = |user: &[&str]| {
        let names: Vec<Value> = user.iter().map(|name| json!({ "name": name, "type": "string" })).collect();
        move |request: &Request| match request.path.rsplit('/').next().unwrap() {
            "Schemas" => reply(
                200,
                json!({ "Resources": [{ "id": "urn:ietf:params:scim:schemas:core:2.0:User", "attributes": names.clone() }] }),
            ),
            _ => good(request),
        }
    };
    let few = at("https://idp.example.com/scim/v2", serve(&["userName", "name", "displayName", "active", "emails"]));
    let note = lines(&few, Finding::Note);
    assert!(
        note.contains("do not declare nickName, ") && note.contains(" and ") && note.contains("`schemas = false`"),
        "{note}"
    );
    assert!(!note.contains("userName") && !note.contains("externalId"), "{note}");
    let silent = lines(&at("https://idp.example.com/scim/v2", serve(&[])), Finding::Note);
    assert!(!silent.contains("do not declare"), "a schema without attributes says nothing: {silent}");
}
