#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
use super::*;
use crate::mapping::Mapping;
use crate::model::Kind;

/// A connector with an address, a secret and a header of its own.
const OWN: &str = r#"
    api_key_header = "apikey"
    [[setting]]
    name = "server_address"
    address = true
    help = "where it is"
    [[setting]]
    name = "application_secret"
    secret = true
    help = "the secret of the application"
"#;

fn parsed(own: &str, body: &str) -> Result<SystemConfig, String> {
    let base = Mapping::builtin_text("scim").unwrap();
    let mapping = Mapping::overlaid(base, own, "own").unwrap();
    let text = format!("[system.a]\nconnector = \"scim\"\n{body}\n");
    parse(&text, "t.toml", &[mapping]).map(|config| config.systems[0].clone()).map_err(|error| error.to_string())
}

fn wrong(own: &str, body: &str) -> String {
    parsed(own, body).expect_err("it was taken")
}

#[test]
fn a_connectors_own_secret_is_a_reference_and_never_the_secret_itself() {
    let system = parsed(OWN, "url = \"https://x.example\"\napplication_secret = { env = \"ERP\" }").unwrap();
    assert!(matches!(&system.own_secrets["application_secret"], Source::Env(name) if name == "ERP"));
    assert!(!system.own.contains_key("application_secret"));
    let told = wrong(OWN, "url = \"https://x.example\"\napplication_secret = \"hunter2\"");
    assert!(told.contains("t.toml:4") && told.contains("holds the secret itself"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_connectors_own_address_stands_for_the_url_and_is_held_to_the_same_rules() {
    let system = parsed(OWN, "server_address = \"https://erp.example.com/k3cloud/\"").unwrap();
    assert_eq!(system.url, "https://erp.example.com/k3cloud");
    assert_eq!(system.own["server_address"], "https://erp.example.com/k3cloud/");
    assert!(wrong(OWN, "server_address = \"http://erp.example.com\"").contains("plain http"));
    let both = wrong(OWN, "server_address = \"https://x.example\"\nurl = \"https://x.example\"");
    assert!(both.contains("say the same thing"), "{both}");
    assert!(wrong(OWN, "").contains("lacks `server_address`"));
    assert!(wrong("", "").contains("lacks `url`"));
}

#[test]
fn an_api_key_goes_in_the_header_that_the_connector_names() {
    let key = "url = \"https://x.example\"\nauth = { api_key = { env = \"KEY\" } }";
    let system = parsed(OWN, key).unwrap();
    assert!(matches!(&system.auth, Auth::Header { name, value: Source::Env(env) } if name == "apikey" && env == "KEY"));
    let told = wrong("", key);
    assert!(told.contains("no header of its own") && told.contains("header = { name"), "{told}");
    let named = "url = \"https://x.example\"\nauth = { header = { name = \"X-Key\", value = { env = \"KEY\" } } }";
    assert!(matches!(parsed("", named).unwrap().auth, Auth::Header { name, .. } if name == "X-Key"));
}

#[test]
fn oauth2_wants_its_four_values_and_an_address_that_shows_nothing_on_the_way() {
    let oauth2 = |more: &str| {
        format!(
            "url = \"https://x.example\"\nauth = {{ oauth2 = {{ client_id = \"me\", client_secret = {{ env = \"S\" }}{more} }} }}"
        )
    };
    let system = parsed("", &oauth2(", token_url = \"https://login.example/token\"")).unwrap();
    let Auth::OAuth2 { token_url, client_id, scope, client_auth, .. } = &system.auth else { panic!("{system:?}") };
    assert_eq!((token_url.as_str(), client_id.as_str()), ("https://login.example/token", "me"));
    assert_eq!((scope, client_auth), (&None, &ClientAuth::Basic));
    let form = oauth2(", token_url = \"http://127.0.0.1:1/t\", scope = \"scim\", client_auth = \"form\"");
    let Auth::OAuth2 { scope, client_auth, .. } = parsed("", &form).unwrap().auth else { panic!() };
    assert_eq!((scope.as_deref(), client_auth), (Some("scim"), ClientAuth::Form));
    assert!(wrong("", &oauth2("")).contains("`oauth2` needs `token_url`"));
    assert!(wrong("", &oauth2(", token_url = \"http://login.example/token\"")).contains("plain http"));
    assert!(wrong("", &oauth2(", token_uri = \"https://x.example\"")).contains("did you mean `token_url`"));
}

#[test]
fn two_ways_to_sign_in_are_one_too_many() {
    let told = wrong(
        "",
        "url = \"https://x.example\"\nauth = { bearer = { env = \"A\" }, basic = { username = \"u\", password = { env = \"B\" } } }",
    );
    assert!(told.contains("`auth` needs one of bearer, basic"), "{told}");
}

#[test]
fn every_secret_of_a_system_can_be_put_in_place() {
    let mut system = parsed(
        OWN,
        "url = \"https://x.example\"\nauth = { bearer = { prompt = true } }\napplication_secret = { prompt = true }",
    )
    .unwrap();
    let asked: Vec<String> =
        system.sources_mut().filter(|(_, source)| source.prompts()).map(|(what, _)| what.to_owned()).collect();
    assert_eq!(asked, ["secret", "application_secret"]);
}

#[test]
fn scope_manage_protect_and_limits_are_said_once_or_by_kind() {
    let with = |body: &str| parsed("", &format!("url = \"https://x.example\"\n{body}"));
    let plain = with("scope = 'userName pr'\nmanage = 'userName pr'\nprotect = 'id eq \"1\"'").unwrap();
    assert!(plain.scope.of(Kind::User).is_some() && plain.scope.of(Kind::Group).is_none(), "of users alone");
    assert!(plain.manage.of(Kind::User).is_some() && plain.manage.of(Kind::Group).is_none());
    assert!(Kind::ALL.into_iter().all(|kind| plain.policy.protect.of(kind).is_some()), "of everything");
    let text = "scope = { Group = 'displayName sw \"D\"', User = 'active eq true' }\nprotect = { Group = 'id pr' }\n\
                limits = { deactivate = 20, Group = { deactivate = 2 } }";
    let by_kind = with(text).unwrap();
    assert_eq!(by_kind.scope.to_string(), "Users: active eq true; Groups: displayName sw \"D\"");
    assert_eq!(by_kind.policy.protect.to_string(), "Groups: id pr");
    let limits = |kind| (by_kind.policy.limits(kind).deactivate, by_kind.policy.limits(kind).percent);
    assert_eq!((limits(Kind::User), limits(Kind::Group)), ((20, 5), (2, 5)));
    let as_table = with("[system.a.scope]\nGroup = 'id pr'").unwrap();
    assert!(as_table.scope.of(Kind::Group).is_some());
    for (body, told) in [
        ("scope = { Groups = 'id pr' }", "t.toml:4: there is no kind in `scope` `Groups`; did you mean `Group`?"),
        ("scope = { Group = 'id' }", "t.toml:4: `scope.Group` is no filter"),
        ("scope = { Group = false }", "'not (id pr)'"),
        ("scope = 5", "`scope` must be a filter"),
        ("limits = { Group = { deactivat = 2 } }", "did you mean `deactivate`?"),
        ("limits = { Group = { User = { delete = 2 } } }", "holds numbers, not kinds"),
        ("limits = { Group = 2 }", "`Group` must be a table"),
    ] {
        let why = with(body).expect_err(body);
        assert!(why.contains(told), "{body}: {why}");
    }
    let help = keys::help(&[]);
    assert!(help.contains("{ User = '...', Group = '...' }"), "{help}");
}

#[test]
fn lenses_are_read_in_the_order_of_the_file_and_a_lens_that_is_no_text_is_told() {
    let mapping = [Mapping::builtin("scim").unwrap()];
    let system = "[system.a]\nconnector = \"scim\"\nurl = \"https://x.example\"\n";
    let read = |lenses: &str| parse(&format!("[lens]\n{lenses}\n{system}"), "t.toml", &mapping);
    let found = read("zurich = 'state eq \"leaver\"'\nberlin = \"department sw \\\"B\\\"\"").unwrap().face.lenses;
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["zurich", "berlin"]);
    assert_eq!(found[0].1, "state eq \"leaver\"");
    let told = read("berlin = 3").unwrap_err().to_string();
    assert!(told.contains("t.toml:2") && told.contains("the lens `berlin` must be a filter"), "{told}");
}
