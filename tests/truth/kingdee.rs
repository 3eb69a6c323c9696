//! Kingdee Cloud Starry Sky: both parameter tables, the Test button, the Common Issue.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::time::Duration;

use trueup::mapping::Mapping;
use trueup::model::{Kind, Op};
use trueup::plan::OutcomeState;

use crate::bed::{Bed, Console, HR, Part, full, offers, staged};
use crate::drive::words;
use crate::seed::kingdee::{AUTHENTICATION, COMMON_ISSUE, SYNCHRONIZATION, TEST};

const KINGDEE: Part = ("kingdee", "kingdee", "kingdee", &[]);

#[test]
fn every_parameter_of_the_guide_is_a_key_of_the_configuration_under_its_own_name() {
    let mapping = Mapping::builtin("kingdee").unwrap();
    assert_eq!((AUTHENTICATION.len(), SYNCHRONIZATION.len()), (4, 6));
    for parameter in AUTHENTICATION.iter().chain(SYNCHRONIZATION) {
        let setting = mapping.settings.iter().find(|setting| setting.name == parameter.here);
        let setting = setting.unwrap_or_else(|| panic!("{} is no key", parameter.here));
        assert!(setting.help.contains(parameter.printed), "{}: {}", parameter.printed, setting.help);
        assert!(!parameter.description.is_empty());
        let secret = ["application_secret", "password"].contains(&parameter.here);
        assert_eq!(setting.secret, secret, "{}", parameter.here);
    }
    let limitation = mapping.limitations.iter().find(|limitation| limitation.sentence == COMMON_ISSUE);
    assert!(limitation.is_some_and(|limitation| limitation.cite.contains("seeds")), "the Common Issue is there");
}

/// What the program says and how it ends when it tests a Kingdee with these parameters.
fn tested(bed: &Bed, change: impl FnOnce(&mut BTreeMap<String, String>)) -> (Option<i32>, String) {
    let mut login = bed.simulator("kingdee").login.clone();
    change(&mut login);
    std::fs::create_dir_all(&bed.dir.0).unwrap();
    let mut text = "[system.erp]\nconnector = \"kingdee\"\nrate = 1000\n".to_owned();
    for (key, value) in &login {
        if ["application_secret", "password"].contains(&key.as_str()) {
            let file = bed.dir.0.join(key);
            let mut options = std::fs::OpenOptions::new();
            let mut file_of = options.write(true).create(true).truncate(true).mode(0o600).open(&file).unwrap();
            file_of.write_all(value.as_bytes()).unwrap();
            text.push_str(&format!("{key} = {{ file = \"{}\" }}\n", file.display()));
        } else {
            text.push_str(&format!("{key} = \"{value}\"\n"));
        }
    }
    let config = bed.dir.0.join("trueup.toml");
    std::fs::write(&config, text).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(["--config", config.to_str().unwrap(), "--data-dir", bed.dir.0.join("data").to_str().unwrap()])
        .args(["test", "erp"])
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    (ran.status.code(), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_test_tells_of_every_parameter_and_of_one_that_is_missing_or_wrong() {
    let bed = Bed::of(60, &[HR, ("kingdee", "kingdee", "kingdee", &["lockout=0"])]).await;
    assert!(TEST.contains("Test"));
    let (code, said) = tested(&bed, |_| {});
    assert_eq!(code, Some(0), "{said}");
    for parameter in SYNCHRONIZATION {
        assert!(said.contains(parameter.here), "{}: nothing is said of it: {said}", parameter.printed);
    }
    let before = bed.simulator("kingdee").seen.stats().requests;
    assert!(before > 0, "the simulator was asked");
    for parameter in AUTHENTICATION.iter().chain(&SYNCHRONIZATION[3..]) {
        // The second secret is only used by the log-in with a password.
        let used = parameter.here == "password";
        let (code, said) = tested(&bed, |login| {
            if used {
                login.insert("login".to_owned(), "password".to_owned());
            }
            login.remove(parameter.here);
        });
        assert!(code != Some(0) && said.contains(parameter.here), "{} is missing: {code:?} {said}", parameter.printed);
        if parameter.here == "server_address" {
            continue;
        }
        let (code, said) = tested(&bed, |login| {
            if used {
                login.insert("login".to_owned(), "password".to_owned());
            }
            login.insert(parameter.here.to_owned(), "wrong_123".to_owned());
        });
        assert_eq!(code, Some(3), "{} is wrong: {said}", parameter.printed);
    }
    let (code, said) = tested(&bed, |login| {
        login.insert("login".to_owned(), "password".to_owned());
    });
    assert_eq!(code, Some(0), "the second secret is used: {said}");
    assert!(bed.writes("kingdee").iter().all(|write| !write.contains(".Save")), "a test writes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_common_issue_is_waited_for_and_then_said_with_who_holds_the_record() {
    let bed = Bed::of(400, &[HR, KINGDEE]).await;
    let mut setup = bed.setup(&full());
    let (least, most) = (Duration::from_millis(20), Duration::from_millis(40));
    setup.patience.in_use = (least, most, setup.patience.in_use.2);
    let mut console = Console::over(setup);
    let all = offers(&*console.world().await);
    let sets = crate::bed::of_kind(&all, "kingdee", Kind::User, Op::Set);
    let (mut waited, mut left) = (0, 0);
    let held: Vec<_> =
        bed.simulator("kingdee").world.planted("kingdee").into_iter().filter(|plant| plant.what == "held").collect();
    assert!(!held.is_empty(), "somebody holds a record");
    for plant in held {
        let offer = sets.iter().find(|offer| offer.change.label == plant.key).unwrap_or_else(|| panic!("{plant:?}"));
        let changes = staged([*offer]);
        let before = bed.writes("kingdee").len();
        let plan = console.plan(changes).await;
        let state = console.push(plan).await.remove(0).1;
        let tries = bed.writes("kingdee").iter().skip(before).filter(|write| write.contains(".Save")).count();
        match state {
            OutcomeState::Confirmed { .. } => {
                assert!(tries > 1, "it was tried again: {tries}");
                waited += 1;
            }
            other => {
                let holder = plant.note.split("; ").nth(1).and_then(|note| note.split(' ').next()).unwrap();
                assert!(words(&other).contains(holder), "{holder} is not named: {other:?}");
                assert!((3..=4).contains(&tries), "{tries} tries");
                left += 1;
            }
        }
    }
    assert!(waited > 0 && left > 0, "{waited} came through, {left} were left to be pushed again");
}
