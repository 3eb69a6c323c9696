//! Whatever comes from outside breaks nothing: each decoder over arbitrary bytes, over documents of real shape that were
//! spoilt, and over the same cut anywhere. The unbounded form of it is tests/fuzz, for cargo-fuzz.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use trueup::mapping::Mapping;

use self::decoders::DECODERS;
use crate::bed::{Bed, HR};

#[path = "../fuzz/decoders.rs"]
mod decoders;

/// Documents as the services send them, from the simulators.
static DOCUMENTS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let bed = Bed::of(4, &[HR, crate::bed::AHA, ("litmos", "litmos", "litmos", &[])]).await;
        let mut all = Vec::new();
        for (system, path) in [
            ("hr", "/scim/v2/Users?count=3"),
            ("hr", "/scim/v2/Groups?count=2"),
            ("hr", "/scim/v2/Schemas"),
            ("hr", "/scim/v2/ResourceTypes"),
            ("hr", "/scim/v2/ServiceProviderConfig"),
            ("aha", "/api/v1/users?per_page=2"),
            ("aha", "/api/v1/products?per_page=2"),
            ("litmos", "/v1.svc/users/details?limit=2"),
            ("litmos", "/v1.svc/teams?limit=2"),
        ] {
            all.push(bed.get(system, path).await);
        }
        let erp = [
            r#"[[100001,"zhangsan","张三","","A","2026-07-21T00:00:00"],[100002,"lisi",null,"x","B","/Date(0)/"]]"#,
            r#"{"Result":{"ResponseStatus":{"IsSuccess":"true","Errors":[],"SuccessEntitys":[{"Id":7,"Number":"A"}]},"Result":{"Id":7,"OrgInfo":[{"Id":1,"RoleInfo":[{"RoleId":{"Number":"x"}}]}]}}}"#,
            r#"[[{"Result":{"ResponseStatus":{"IsSuccess":false,"MsgCode":1,"Errors":[{"FieldName":null,"Message":"会话信息已丢失"}]}}}]]"#,
            r#"{"LoginResultType":1,"KDSVCSessionId":"s","Context":{"UserName":"u","DataCenterName":"d"},"Message":null}"#,
            r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#,
        ];
        all.extend(erp.iter().map(|text| serde_json::from_str::<Value>(text).unwrap()));
        all
    })
});

/// Texts that are no JSON.
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut all: Vec<String> = Mapping::builtin_names().filter_map(Mapping::builtin_text).map(str::to_owned).collect();
    all.extend([
        "source = \"hr\"\npatience = 3\n[system.hr]\nconnector = \"scim\"\nurl = \"https://x.example.com/scim/v2\"\nauth = { bearer = { env = \"T\" } }\nscope = 'active eq true and (title pr or department sw \"R\")'\nlimits = { deactivate = 2, User = { percent = 3 } }\n".to_owned(),
        "emails[type eq \"work\" and value co \"@x\"] or not (title pr) and urn:ietf:params:scim:schemas:core:2.0:User:userName ew \"z\"".to_owned(),
        "id;userName;name.familyName;active\r\n1;\"a \"\"b\"\"\r\nc\";王;true\r\n2;x;;false\r\n".to_owned(),
        "{\"id\":\"1\",\"userName\":\"a\"}\n{\"id\":\"2\",\"emails\":[{\"value\":\"x\",\"type\":\"work\"}]}\n".to_owned(),
        "\u{1b}[200~paste\u{1b}[201~\u{1b}[1;5A\u{1b}OP\u{1b}[0n\u{1b}\u{1b}x王é".to_owned(),
        "a\u{202e}b\u{7f}\u{9b}31m\u{2066}\u{feff}".to_owned(),
        serde_json::to_string(&decoders::a_change()).unwrap(),
    ]);
    all
});

/// What is done to bytes.
#[derive(Clone, Debug)]
enum Spoil {
    Flip(usize, u8),
    Cut(usize),
    Drop(usize, usize),
    Insert(usize, Vec<u8>),
    Twice(usize, usize),
}

fn spoils() -> impl Strategy<Value = Vec<Spoil>> {
    let one = prop_oneof![
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Spoil::Flip(at, byte)),
        any::<usize>().prop_map(Spoil::Cut),
        (any::<usize>(), 1..64_usize).prop_map(|(at, len)| Spoil::Drop(at, len)),
        (any::<usize>(), prop::collection::vec(any::<u8>(), 1..16)).prop_map(|(at, bytes)| Spoil::Insert(at, bytes)),
        (any::<usize>(), 1..64_usize).prop_map(|(at, len)| Spoil::Twice(at, len)),
    ];
    prop::collection::vec(one, 0..4)
}

fn spoilt(mut bytes: Vec<u8>, spoils: &[Spoil]) -> Vec<u8> {
    for spoil in spoils {
        let at = |at: &usize| at % (bytes.len() + 1);
        match spoil {
            Spoil::Flip(place, byte) => {
                let place = at(place);
                if let Some(have) = bytes.get_mut(place) {
                    *have ^= byte;
                }
            }
            Spoil::Cut(place) => bytes.truncate(at(place)),
            Spoil::Drop(place, len) => {
                let place = at(place);
                bytes.drain(place..(place + len).min(bytes.len()));
            }
            Spoil::Insert(place, more) => {
                let place = at(place);
                bytes.splice(place..place, more.iter().copied());
            }
            Spoil::Twice(place, len) => {
                let place = at(place);
                let piece = bytes[place..(place + len).min(bytes.len())].to_vec();
                bytes.splice(place..place, piece);
            }
        }
    }
    bytes
}

/// A document with one of its values taken away or replaced by one of another form.
fn altered(mut document: Value, place: usize, by: u8) -> Value {
    let mut paths = Vec::new();
    listed(&document, "", &mut paths);
    let path = &paths[place % paths.len()];
    let other = match by % 10 {
        0 => Value::Null,
        1 => true.into(),
        2 => u64::MAX.into(),
        3 => (-1.5e300).into(),
        4 => "".into(),
        5 => "\u{202e}\u{0}'".into(),
        6 => serde_json::json!([]),
        7 => serde_json::json!({}),
        8 => serde_json::json!([[[{"value": ["x"]}]]]),
        _ => "x".repeat(70_000).into(),
    };
    if let Some(value) = document.pointer_mut(path) {
        *value = other;
    }
    document
}

fn listed(value: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                listed(value, &format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), into);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate().take(3) {
                listed(value, &format!("{at}/{place}"), into);
            }
        }
        _ => {}
    }
}

/// Gives bytes to every decoder; those that choose among connectors get each of them.
fn decoded(bytes: &[u8]) {
    for (name, decode) in DECODERS {
        let chooses = ["page", "talk", "login", "write_reply", "snapshot", "terminal"].contains(name);
        let firsts = if ["snapshot", "terminal"].contains(name) { 1 } else { 6 };
        for first in 0..if chooses { firsts } else { 0_u8 } {
            let mut chosen = vec![first];
            // A conversation is a status before each document.
            if ["talk", "login", "write_reply"].contains(name) {
                chosen.push(first);
            }
            chosen.extend_from_slice(bytes);
            decode(&chosen);
        }
        if !chooses {
            decode(bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_break_no_decoder(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        decoded(&bytes);
    }

    #[test]
    fn spoilt_texts_break_no_decoder(which in any::<prop::sample::Index>(), spoils in spoils()) {
        decoded(&spoilt(which.get(&TEXTS).clone().into_bytes(), &spoils));
    }

    #[test]
    fn documents_with_another_value_in_some_place_break_no_decoder(
        which in any::<prop::sample::Index>(), place in any::<usize>(), by in any::<u8>(), spoils in spoils(),
    ) {
        let document = altered(which.get(&DOCUMENTS).clone(), place, by).to_string();
        let mut talk = document.clone().into_bytes();
        for more in DOCUMENTS.iter().take(6) {
            talk.extend_from_slice(b"\x1e\x00");
            talk.extend_from_slice(more.to_string().as_bytes());
        }
        decoded(&spoilt(talk, &spoils));
        decoded(&spoilt(document.into_bytes(), &spoils));
    }
}

#[test]
fn what_is_nested_without_end_breaks_no_decoder() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("(", ")"), ("not (", ")"), ("a[", "]"), ("\u{1b}[", "m")] {
        let deep = open.repeat(4_000);
        decoded(deep.as_bytes());
        decoded(format!("{deep}1{}", close.repeat(4_000)).as_bytes());
    }
}
