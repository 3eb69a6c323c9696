#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::io::Write;

use super::known::*;
use super::talk::{Talk, Tried};
use super::write;
use crate::cli::setup;
use crate::config;

/// What is asked, and the file that comes of it. `tests`: what each connection test says.
fn talk(answers: &str, env: &[&str], tests: &[Tried]) -> (String, Option<String>) {
    let mappings = setup::builtin().unwrap();
    let mut out = Vec::new();
    let mut input = answers.as_bytes();
    let mut asked = tests.iter();
    let mut attempt = |text: &str, _: &str, _: &mut dyn Write| {
        config::parse(text, "test", &mappings)?;
        Ok(*asked.next().unwrap())
    };
    let env = env.iter().map(|name| (*name).to_owned()).collect();
    let mut talk = Talk { input: &mut input, out: &mut out, env, mappings: &mappings };
    let text = talk.configuration(&mut attempt).unwrap();
    (String::from_utf8(out).unwrap(), text)
}

#[test]
fn what_can_be_found_out_is_not_asked_and_the_file_is_a_good_configuration() {
    let answers = "https://idaas.example.com/scim/v2\n\n\nhttps://acme.aha.io\n\n\n";
    let (asked, text) = talk(answers, &["HR_TOKEN", "AHA_API_KEY"], &[Tried::Good; 2]);
    let text = text.unwrap();
    assert_eq!(asked.matches("]: ").count(), 3, "{asked}");
    assert!(!asked.contains("What is it?"), "{asked}");
    for line in ["source = \"hr\"", "bearer = { env = \"HR_TOKEN\" }", "bearer = { env = \"AHA_API_KEY\" }", "# mode ="]
    {
        assert!(text.contains(line), "{line}: {text}");
    }
    let config = config::parse(&text, "test", &setup::builtin().unwrap()).unwrap();
    assert_eq!(config.systems.len(), 2);
}

#[test]
fn every_connector_can_be_set_up() {
    let answers = "https://hr.example.com/scim/v2\nbasic\nreader\nHR_PASSWORD\n\
                   https://api.litmos.com\n\nLITMOS_API_KEY\n\
                   https://erp.example.com/k3cloud/\n5f0a\n299999_x\npass show erp\nintegration\n\
                   https://idaas.example.com\nidaas\nprompt\n\n";
    let (asked, text) = talk(answers, &[], &[Tried::Good; 4]);
    let text = text.unwrap();
    let config = config::parse(&text, "test", &setup::builtin().unwrap()).unwrap();
    let connectors: Vec<&str> = config.systems.iter().map(|system| system.connector.as_str()).collect();
    assert_eq!(connectors, ["scim", "litmos", "kingdee", "idaas"], "{asked}");
    assert!(text.contains("application_secret = { command = [\"pass\", \"show\", \"erp\"] }"), "{text}");
}

#[test]
fn a_secret_that_is_typed_is_not_taken() {
    let answers = "https://acme.aha.io\n8e2c1f0ab7\nAHA_KEY\n\n";
    let (asked, text) = talk(answers, &[], &[Tried::Good]);
    assert!(asked.contains("does not belong into the configuration"), "{asked}");
    assert!(!text.unwrap().contains("8e2c1f0ab7"));
}

#[test]
fn a_system_that_does_not_answer_is_asked_for_again_kept_or_left_out() {
    let again = "https://acme.aha.io\nA_KEY\na\nhttps://acme.aha.io\nB_KEY\n\n";
    assert!(talk(again, &[], &[Tried::Bad, Tried::Good]).1.unwrap().contains("B_KEY"));
    assert!(talk("https://acme.aha.io\nA_KEY\nk\n\n", &[], &[Tried::Bad]).1.unwrap().contains("A_KEY"));
    assert_eq!(talk("https://acme.aha.io\nA_KEY\nl\n\n", &[], &[Tried::Bad]).1, None);
    assert_eq!(talk("", &[], &[]).1, None);
}

#[test]
fn the_file_is_its_owners_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let dir = std::env::temp_dir().join(format!("trueup-init-{}", std::process::id()));
    let path = dir.join("trueup.toml");
    write(&path, "a = 1\n").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(write(&path, "b = 2\n").is_err());
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "a = 1\n");
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn an_address_that_was_copied_from_elsewhere_is_taken_as_what_it_means() {
    for (typed, means) in [
        ("hr.example.com/scim/v2", "https://hr.example.com/scim/v2"),
        ("http://hr.example.com/scim/v2", "https://hr.example.com/scim/v2"),
        ("HTTPS://HR.Example.com/scim/v2", "https://hr.example.com/scim/v2"),
        ("https://hr.example.com/scim/v2/Users?startIndex=1", "https://hr.example.com/scim/v2?startIndex=1"),
        ("https://hr.example.com/scim/v2/ServiceProviderConfig/", "https://hr.example.com/scim/v2"),
        ("https://acme.aha.io/products/PRJ1/bookmarks", "https://acme.aha.io"),
        ("https://acme.litmos.com/home/dashboard", "https://api.litmos.com"),
        ("https://acme.litmoseu.com", "https://api.litmoseu.com"),
        ("https://erp.example.com/k3cloud/html5/index.aspx", "https://erp.example.com/k3cloud"),
    ] {
        let (address, why) = address(typed);
        assert_eq!(address, means, "{typed}");
        assert!(why.is_some() || typed.starts_with("HTTPS"), "{typed}");
    }
    for same in [
        "https://hr.example.com/scim/v2",
        "http://127.0.0.1:8080/scim/v2",
        "https://acme.aha.io/api/v1",
        "https://api.litmos.com/v1.svc",
        "https://erp.example.com/K3Cloud/",
        "people.csv",
        "~/people.jsonl",
        "htps://acme.aha.io",
        "nonsense",
    ] {
        assert_eq!(address(same), (same.to_owned(), None));
    }
}

#[test]
fn a_service_that_is_elsewhere_on_its_host_is_found_and_nobody_is_asked() {
    let answers = "https://hr.example.com\nscim\nbearer\nHR_TOKEN\n\n";
    let (told, text) = talk(answers, &[], &[Tried::Elsewhere, Tried::Elsewhere, Tried::Good]);
    assert!(told.contains("Found at https://hr.example.com/scim\n"), "{told}");
    assert!(text.unwrap().contains("url = \"https://hr.example.com/scim\"\n"));
    // A secret that is typed at each start is not asked for at each place.
    let (told, text) = talk("https://hr.example.com\nscim\nbearer\nprompt\nl\n\n", &[], &[Tried::Elsewhere]);
    assert!(!told.contains("Found at") && text.is_none(), "{told}");
}

#[test]
fn what_is_asked_again_begins_with_what_was_typed_before() {
    let (told, text) = talk("https://acme.aha.io\nA_KEY\na\n\nB_KEY\n\n", &[], &[Tried::Bad, Tried::Good]);
    assert!(told.contains("Its address [https://acme.aha.io]: "), "{told}");
    assert!(text.unwrap().contains("B_KEY"));
}

#[test]
fn an_account_is_asked_for_where_the_address_does_not_say_it() {
    let (_, text) = talk("http://127.0.0.1:1\naha\nacme\nA_KEY\n\n", &[], &[Tried::Good]);
    assert!(text.unwrap().contains("account = \"acme\"\n"));
}
