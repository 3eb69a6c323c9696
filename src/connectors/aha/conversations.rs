//! Aha!'s connection test and listings, with every trap of targets/aha.md that they can fall into.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod teams;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::connectors::drive::{Told, asked, builtin, drive, page, reply};
use crate::connectors::{Connector, Settings, connector};
use crate::model::Kind;
use crate::plan::{Finding, Reply, Request, Site};

fn aha(url: &str, account: Option<&str>) -> Arc<dyn Connector> {
    let own = account.map(|account| ("account".to_owned(), account.to_owned())).into_iter().collect();
    connector("aha", builtin("aha"), &Settings { url: url.into(), own, ..Settings::default() }).unwrap()
}

fn probe(url: &str, account: Option<&str>, serve: impl FnMut(&Request) -> Reply) -> Site {
    drive(aha(url, account).probe(), "", serve).site()
}

fn bad(site: &Site) -> String {
    let bad = site.evidence.iter().filter(|line| line.finding == Finding::Bad);
    bad.map(|line| format!("{}: {}", line.what, line.detail)).collect::<Vec<_>>().join("\n")
}

fn me(accounts: &[(&str, bool)]) -> Reply {
    let accounts: Vec<_> = accounts
        .iter()
        .map(|(domain, enabled)| json!({ "account": { "name": domain, "domain": domain, "enabled": enabled } }))
        .collect();
    reply(
        200,
        json!({ "user": { "id": "42", "name": "Tara Keller", "email": "tara@example.com", "accounts": accounts } }),
    )
}

fn product(account: &str) -> Reply {
    reply(200, json!({ "products": [{ "id": "1", "url": format!("https://{account}.aha.io/projects/PRJ1") }] }))
}

fn admin(billing: bool) -> Reply {
    reply(
        200,
        json!({ "user": { "id": "42", "administrator": true, "administrator_roles": { "administer_billing": billing } } }),
    )
}

fn serve(mine: Reply, products: Reply, rights: Reply) -> impl FnMut(&Request) -> Reply {
    move |request| match request.path.as_str() {
        "/api/v1/me" => mine.clone(),
        "/api/v1/products" => products.clone(),
        "/api/v1/users/42" => rights.clone(),
        "/api/v1/teams" => reply(200, json!({ "teams": [], "pagination": { "total_records": 0, "total_pages": 0 } })),
        other => panic!("{other} is not asked by a connection test"),
    }
}

#[test]
fn the_right_key_for_the_right_account_is_good() {
    let site =
        probe("https://acme.aha.io", None, serve(me(&[("Acme", true), ("other", true)]), product("acme"), admin(true)));
    assert!(site.good(), "{:#?}", site.evidence);
    assert_eq!((site.blocked, site.warning), (None, None));
    assert_eq!(site.whoami.as_deref(), Some("Tara Keller <tara@example.com>"));
    assert_eq!(site.account.as_deref(), Some("acme"));
}

#[test]
fn a_key_of_another_account_blocks_every_push() {
    let site = probe("https://acme.aha.io", None, serve(me(&[("globex", true)]), product("globex"), admin(true)));
    assert_eq!(
        site.blocked.as_deref(),
        Some("the key answers for account globex, the configuration says acme: no push")
    );
    assert_eq!(site.account, None, "an account that does not belong here must not be remembered");
    assert!(!site.good());
}

#[test]
fn a_person_of_both_accounts_is_pinned_by_the_products_that_answer() {
    let site = probe(
        "https://acme.aha.io",
        None,
        serve(me(&[("acme", true), ("globex", true)]), product("globex"), admin(true)),
    );
    assert!(site.blocked.unwrap().contains("answers for account globex, the configuration says acme"));
}

#[test]
fn without_a_visible_product_one_account_is_certain_and_two_are_not() {
    let none = || reply(200, json!({ "products": [] }));
    let site = probe("https://acme.aha.io", None, serve(me(&[("acme", true)]), none(), admin(true)));
    assert_eq!(site.blocked, None);
    let site = probe("https://acme.aha.io", None, serve(me(&[("acme", true), ("globex", true)]), none(), admin(true)));
    assert!(site.blocked.unwrap().contains("nothing shows which"));
}

#[test]
fn a_disabled_account_blocks() {
    let site = probe("https://acme.aha.io", None, serve(me(&[("acme", false)]), product("acme"), admin(true)));
    assert!(site.blocked.unwrap().contains("the account acme is disabled"));
}

#[test]
fn only_an_accounts_own_address_is_asked() {
    for (url, account) in [
        ("https://www.aha.io", None),
        ("https://secure.aha.io", None),
        ("https://aha.io", None),
        ("https://acme.aha.io.evil.example", None),
        ("http://acme.aha.io", None),
        ("https://acme.aha.io:8443", None),
        ("https://key@acme.aha.io", None),
        ("https://acme.aha.io/login", None),
        ("https://-acme.aha.io", None),
        ("https://a.b.aha.io", None),
        ("https://acme.aha.io", Some("globex")),
        ("http://127.0.0.1:4000", None),
        ("acme.aha.io", None),
    ] {
        let told = drive(aha(url, account).probe(), "", |_| panic!("{url} was asked"));
        assert!(told.site().blocked.is_some(), "{url}");
    }
}

#[test]
fn on_the_loopback_the_account_is_a_setting() {
    let serve = serve(me(&[("acme", true)]), product("acme"), admin(true));
    let site = probe("http://127.0.0.1:4000", Some("ACME"), serve);
    assert!(site.good() && site.blocked.is_none(), "{:#?}", site.evidence);
}

#[test]
fn a_refused_key_and_a_web_page_are_told_apart() {
    let html = Reply { status: 401, headers: vec![("content-type".into(), "text/html".into())], body: "".into() };
    let site = probe("https://acme.aha.io", None, |_| html.clone());
    assert!(bad(&site).contains("401 Unauthorized: Aha! does not accept the API key"), "{}", bad(&site));
    let site = probe("https://acme.aha.io", None, |_| page(200));
    assert!(bad(&site).contains("no JSON"));
    let away = Reply { status: 301, headers: vec![("location".into(), "https://x/".into())], body: "".into() };
    assert!(bad(&probe("https://acme.aha.io", None, |_| away.clone())).contains("redirect to https://x/"));
    assert!(probe("https://acme.aha.io", None, |_| away.clone()).blocked.is_some());
}

#[test]
fn a_key_without_rights_is_warned_about_and_not_blocked() {
    for rights in
        [admin(false), reply(403, json!({ "error": "Forbidden" })), reply(404, json!({ "error": "Record not found." }))]
    {
        let site = probe("https://acme.aha.io", None, serve(me(&[("acme", true)]), product("acme"), rights));
        assert!(site.warning.is_some() && site.blocked.is_none() && site.good());
    }
}

fn walk(feed: &str, owners: &[&str], serve: impl FnMut(&Request) -> Reply) -> Told {
    let owners = owners.iter().map(|&id| id.to_owned()).collect();
    let records = if feed == "product-details" { "product" } else { feed };
    drive(aha("https://acme.aha.io", None).walk(&Site::default(), feed, owners), records, serve)
}

/// One page of a listing as Aha! sends it.
fn listed(request: &Request, key: &str, total: u64, row: impl Fn(u64) -> Value) -> Reply {
    let page: u64 = asked(request, "page").unwrap().parse().unwrap();
    let size: u64 = asked(request, "per_page").unwrap().parse().unwrap();
    let rows: Vec<Value> = ((page - 1) * size + 1..=(page * size).min(total)).map(row).collect();
    reply(
        200,
        json!({ key: rows, "pagination": { "total_records": total, "total_pages": total.div_ceil(size), "current_page": page } }),
    )
}

fn user(id: u64) -> Value {
    json!({ "id": (6_776_000_000_000_000_000 + id).to_string() })
}

#[test]
fn a_listing_takes_pages_of_two_hundred_and_is_proved_by_its_total() {
    let told = walk("users", &[], |request| listed(request, "users", 255, user));
    assert_eq!(told.asked, ["GET /api/v1/users?page=1&per_page=200", "GET /api/v1/users?page=2&per_page=200"]);
    assert_eq!(told.complete(), (255, "255 distinct ids equal total_records"));
}

#[test]
fn products_are_listed_with_teams() {
    let told = walk("products", &[], |request| listed(request, "products", 3, user));
    assert_eq!(told.asked, ["GET /api/v1/products?include_teams=true&page=1&per_page=200"]);
    assert_eq!(told.complete().0, 3);
}

#[test]
fn an_account_may_have_no_teams_but_somebody_has_the_key() {
    let none = |list: &'static str| {
        let pagination = json!({ "total_records": 0, "total_pages": 0, "current_page": 1 });
        walk(list, &[], move |_| reply(200, json!({ list: [], "pagination": pagination })))
    };
    let told = none("teams");
    assert_eq!((told.asked.len(), told.complete().0), (1, 0));
    let told = none("users");
    assert!(told.why().contains("no user came"), "{}", told.why());
}

#[test]
fn without_pagination_pages_that_are_smaller_than_asked_are_read_to_their_end() {
    let small = |request: &Request, all: usize| {
        let page: usize = asked(request, "page").unwrap().parse().unwrap();
        let users: Vec<_> = (1..=all as u64).map(user).skip((page - 1) * 7).take(7).collect();
        reply(200, json!({ "users": users }))
    };
    let told = walk("users", &[], |request| small(request, 20));
    assert_eq!((told.complete().0, told.asked.len()), (20, 4));
    // A service that knows no pages sends the same again.
    let told = walk("users", &[], |_| reply(200, json!({ "users": (1..=5).map(user).collect::<Vec<_>>() })));
    assert_eq!((told.complete().0, told.asked.len()), (5, 2));
}

#[test]
fn a_listing_that_moves_is_partial() {
    let told = walk("users", &[], |request| {
        listed(request, "users", if asked(request, "page") == Some("1") { 300 } else { 301 }, user)
    });
    assert!(told.why().starts_with("it moved while it was read: total_records was 300 and then 301"), "{}", told.why());
}

#[test]
fn a_page_that_repeats_is_found_out() {
    let told = walk("users", &[], |_| {
        let rows: Vec<_> = (1..=200).map(user).collect();
        reply(200, json!({ "users": rows, "pagination": { "total_records": 900, "total_pages": 5 } }))
    });
    assert_eq!(told.why(), "page 2 holds only records that were there before (200 distinct ids of 900)");
}

#[test]
fn a_row_that_shifts_between_pages_is_no_proof() {
    let told = walk("users", &[], |request| {
        let second = asked(request, "page") == Some("2");
        let rows: Vec<_> = if second { 200..=299 } else { 1..=200 }.map(user).collect();
        reply(200, json!({ "users": rows, "pagination": { "total_records": 300, "total_pages": 2 } }))
    });
    assert!(told.why().contains("299 distinct ids of 300, and 1 records came twice"), "{}", told.why());
}

#[test]
fn pagination_may_be_a_list_or_missing() {
    let told = walk("users", &[], |_| {
        reply(200, json!({ "users": [user(1)], "pagination": [{ "total_records": "1", "total_pages": 1 }] }))
    });
    assert_eq!(told.complete(), (1, "1 distinct ids equal total_records"));

    let told = walk("users", &[], |request| {
        let many = if asked(request, "page") == Some("1") { 200 } else { 7 };
        let from = if many == 7 { 201 } else { 1 };
        reply(200, json!({ "users": (from..from + many).map(user).collect::<Vec<_>>() }))
    });
    let (total, how) = told.complete();
    assert_eq!((told.asked.len(), total), (2, 207));
    assert!(how.contains("states no total"), "{how}");
}

#[test]
fn an_error_in_the_middle_is_told_and_keeps_what_came() {
    let html = Reply { status: 401, headers: vec![("content-type".into(), "text/html".into())], body: "".into() };
    let told = walk("users", &[], |request| {
        if asked(request, "page") == Some("1") { listed(request, "users", 300, user) } else { html.clone() }
    });
    assert_eq!(told.ids.len(), 200);
    assert!(
        told.why().starts_with("reading stopped at page 2: 401 Unauthorized: Aha! does not accept"),
        "{}",
        told.why()
    );
    assert!(walk("users", &[], |_| page(200)).why().contains("no JSON"));
    let cut = Reply { status: 200, headers: Vec::new(), body: r#"{"users":[{"id":"1""#.into() };
    assert!(walk("users", &[], |_| cut.clone()).why().starts_with("page 1 could not be read"));
}

#[test]
fn roles_are_the_built_in_ones_and_those_that_users_hold() {
    let told = walk("roles", &[], |request| {
        listed(request, "users", 201, |id| {
            let mut user = user(id);
            if id == 201 {
                user["user_roles"] = json!([
                    { "role_id": 409_541_421, "name": "Integration manager", "scope": { "type": "project", "id": 1 } },
                    { "role_id": 409_541_421, "name": "Integration manager" }, { "role_id": "5", "name": null }]);
            }
            user
        })
    });
    assert_eq!(told.asked.len(), 2);
    assert_eq!(told.pages, [("roles".to_owned(), None), ("roles".to_owned(), None)]);
    for id in ["product_owner", "contributor", "developer", "reviewer", "viewer", "none", "409541421", "5"] {
        assert!(told.ids.contains(&format!("\"{id}\"")), "{id} is missing in {:?}", told.ids);
    }
    let (total, how) = told.complete();
    assert_eq!(total, 8);
    assert!(
        how.contains("6 built-in roles, and 2 custom ones") && how.contains("held by nobody cannot be discovered"),
        "{how}"
    );
}

#[test]
fn roles_are_partial_where_the_users_could_not_be_read() {
    let told = walk("roles", &[], |_| reply(403, json!({ "error": "Forbidden" })));
    assert_eq!(told.ids.len(), 6, "the built-in ones are there all the same");
    assert!(told.why().contains("403 Forbidden"), "{}", told.why());
}

#[test]
fn details_are_asked_for_product_lines_alone() {
    let told =
        walk("product-details", &["1", "2", "3", "4", "5", "6", "7", "8"], |request| match request.path.as_str() {
            "/api/v1/products" => {
                listed(request, "products", 9, |id| json!({ "id": id.to_string(), "product_line": id != 3 }))
            }
            path => reply(200, json!({ "product": { "id": path.rsplit('/').next().unwrap(), "children": [] } })),
        });
    assert_eq!(told.asked.len(), 8);
    assert_eq!(told.asked[1], "GET /api/v1/products/1", "no list parameters go along");
    assert!(!told.asked.iter().any(|asked| asked.ends_with("/3") || asked.ends_with("/9")));
    assert_eq!(told.pages[0], ("product-details".to_owned(), Some("1".to_owned())));
    assert_eq!(told.complete().0, 7);
}

#[test]
fn a_product_line_that_is_not_visible_is_told() {
    let told = walk("product-details", &["1", "2"], |request| match request.path.as_str() {
        "/api/v1/products" => listed(request, "products", 2, |id| json!({ "id": id, "product_line": true })),
        "/api/v1/products/1" => reply(404, json!({ "error": "Record not found." })),
        _ => reply(200, json!({ "product": { "id": "2" } })),
    });
    assert!(told.why().starts_with("1 of 2 product lines read: 1: 404 Not Found"), "{}", told.why());
    assert!(told.why().contains("not visible to this key"));
}

#[test]
fn a_kind_that_aha_does_not_have_has_no_feed() {
    let aha = aha("https://acme.aha.io", None);
    let feeds = |kind| aha.feeds(&Site::default(), kind).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(feeds(Kind::User), ["users"]);
    assert_eq!(feeds(Kind::Role), ["roles"]);
    assert_eq!(feeds(Kind::Product), ["products", "product-details"]);
    assert_eq!(feeds(Kind::Group), Vec::<String>::new(), "only once the test has found that there are teams");
    assert!(walk("sprints", &[], |_| panic!("nothing is asked")).why().contains("no sprints"));
}

proptest::proptest! {
    #[test]
    fn no_answer_makes_a_walk_panic_or_go_on_for_ever(
        answers in proptest::collection::vec((0u64..5, proptest::option::of(0u64..9), proptest::option::of(0u64..9), 0u8..9), 1..9),
        feed in "users|roles|products|product-details|teams|team-memberships",
    ) {
        let mut at = 0;
        walk(&feed, &["1", "2"], |_| {
            let (many, total, pages, status) = answers[at % answers.len()];
            at += 1;
            let rows: Vec<_> = (0..many).map(|id| json!({ "id": id + at as u64 % 3, "product_line": true, "user_roles": [{ "role_id": id }] })).collect();
            match status {
                0 => page(500),
                1 => Reply { status: 200, headers: Vec::new(), body: "{\"users\":3,\"products\":[".into() },
                2 => reply(200, json!([1])),
                _ => reply(200, json!({ "users": rows, "products": rows, "teams": rows, "team_memberships": rows, "pagination": { "total_records": total, "total_pages": pages } })),
            }
        });
    }

    #[test]
    fn no_answer_makes_the_test_panic(body in "[\\[{\"]{0,2}(user|accounts|account|products|url|id|:|,|\"|\\[|\\]|\\{|\\}| ){0,20}", status in 200u16..600) {
        probe("https://acme.aha.io", None, |request| {
            if request.path.ends_with("/me") && status < 400 { me(&[("acme", true)]) } else {
                Reply { status, headers: Vec::new(), body: body.clone().into() }
            }
        });
    }
}
