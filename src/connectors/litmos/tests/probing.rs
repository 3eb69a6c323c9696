//! The connection test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use serde_json::json;

use super::{at, litmos, probe};
use crate::connectors::drive::{line, reply};
use crate::plan::{Finding, Reply};

#[test]
fn the_connection_test_says_what_the_key_is_good_for() {
    let mut asked = Vec::new();
    let site = probe(&litmos(&[]), |request| {
        asked.push(line(request));
        reply(200, json!([{ "Id": "-u1", "UserName": "u1@x.test" }]))
    });
    assert!(site.good() && site.blocked.is_none(), "{:?}", site.evidence);
    assert_eq!(asked, ["GET /v1.svc/users?source=trueup&format=json&limit=1"]);
    let bad = |reply: Reply| {
        let site = probe(&litmos(&[]), |_| reply.clone());
        let bad = site.evidence.iter().find(|line| line.finding == Finding::Bad).expect("a finding").detail.clone();
        assert!(site.blocked.is_some());
        bad
    };
    let text = "The API key that you have used for this request is either not valid or your account is not enabled";
    assert!(bad(reply(401, json!({ "Detail": text }))).contains("another region"));
    assert!(
        bad(reply(403, json!({ "Detail": "You do not have the proper permissions for this call" })))
            .contains("Account Owner")
    );
    assert!(bad(reply(200, json!({ "hello": 1 }))).contains("not SAP Litmos"));
    for (url, own) in [
        ("nowhere", ("source_name", "x")),
        ("https://k@api.litmos.com", ("source_name", "x")),
        ("https://api.litmos.com", ("source_name", "")),
    ] {
        let site = probe(&at(url, &[own]), |_| panic!("{url} was asked"));
        assert!(site.blocked.is_some(), "{url}");
    }
    let elsewhere = probe(&at("https://api.litmos.eu", &[]), |_| reply(200, json!([])));
    assert!(elsewhere.evidence.iter().any(|line| line.detail.contains("api.litmoseu.com (EU)")));
}

#[test]
fn the_interfaces_path_is_added_where_the_address_lacks_it() {
    for url in ["https://api.litmos.com", "https://api.litmos.com/v1.svc", "https://api.litmos.com/v1.svc/"] {
        probe(&at(url, &[]), |request| {
            assert_eq!(request.path, "/v1.svc/users");
            assert!(request.headers.contains(&("accept".into(), "application/json".into())));
            reply(200, json!([]))
        });
    }
}
