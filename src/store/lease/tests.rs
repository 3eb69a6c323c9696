#![allow(clippy::unwrap_used, clippy::panic)]
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use super::*;

struct Dir(PathBuf);

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Dir {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("trueup-lease-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn leases(&self) -> Leases {
        Leases::at(self.0.join("leases"))
    }
}

fn aha() -> SystemId {
    SystemId::new("aha")
}

fn lease_file(dir: &Dir) -> PathBuf {
    dir.0.join("leases").join(name("aha acme"))
}

#[test]
fn the_second_is_told_who_holds_it_and_since_when_whatever_it_is_called() {
    let dir = Dir::new();
    let held = dir.leases().take("aha acme", &aha(), "lena").unwrap();
    let Err(StoreError::Leased { system, holder, since }) =
        dir.leases().take("aha acme", &SystemId::new("roadmaps"), "omar")
    else {
        panic!("two hold it")
    };
    assert_eq!(system, "roadmaps");
    assert!(holder.contains("lena") && holder.contains(&format!("process {}", std::process::id())), "{holder}");
    assert!(since.starts_with("20"), "{since}");
    dir.leases().take("aha another", &aha(), "omar").unwrap();
    drop(held);
    let after = dir.leases().take("aha acme", &aha(), "omar").unwrap();
    assert_eq!(after.left, None, "it was given back");
}

#[test]
fn what_somebody_left_behind_is_taken_over_and_said() {
    let dir = Dir::new();
    let held = dir.leases().take("aha acme", &aha(), "lena").unwrap();
    let text = std::fs::read(lease_file(&dir)).unwrap();
    drop(held);
    // As after a kill: the lock is gone, what stands in the file is not.
    std::fs::write(lease_file(&dir), text).unwrap();
    let after = dir.leases().take("aha acme", &aha(), "omar").unwrap();
    assert!(after.left.as_ref().unwrap().contains("lena"), "{:?}", after.left);
}

#[test]
fn one_that_shows_no_sign_of_life_holds_it_all_the_same_and_that_is_said() {
    let dir = Dir::new();
    let mut held = dir.leases().take("aha acme", &aha(), "lena").unwrap();
    held.held.expires = "2020-01-01T00:00:00Z".parse().unwrap();
    held.write();
    let error = dir.leases().take("aha acme", &aha(), "omar").unwrap_err().to_string();
    assert!(error.contains("no sign of life"), "{error}");
    assert!(held.renew());
    let error = dir.leases().take("aha acme", &aha(), "omar").unwrap_err().to_string();
    assert!(!error.contains("no sign of life"), "{error}");
}

#[test]
fn a_new_directory_is_for_everybody_and_sticky_and_so_is_a_lease() {
    let dir = Dir::new();
    let _held = dir.leases().take("aha acme", &aha(), "lena").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&dir.0.join("leases")), mode(&lease_file(&dir))), (0o1777, 0o666));
}

#[test]
fn a_symbolic_link_is_not_followed_and_a_directory_that_is_not_sticky_not_used() {
    let dir = Dir::new();
    let refused = |leases: &Leases| leases.take("aha acme", &aha(), "lena").unwrap_err().to_string();
    let precious = dir.0.join("precious");
    std::fs::write(&precious, "{}").unwrap();
    drop(dir.leases().take("aha acme", &aha(), "lena").unwrap());
    std::fs::remove_file(lease_file(&dir)).unwrap();
    symlink(&precious, lease_file(&dir)).unwrap();
    assert!(refused(&dir.leases()).contains("symbolic link"));
    std::fs::remove_file(lease_file(&dir)).unwrap();
    std::fs::hard_link(&precious, lease_file(&dir)).unwrap();
    assert!(refused(&dir.leases()).contains("no plain file"));
    assert_eq!(std::fs::read_to_string(&precious).unwrap(), "{}");
    symlink(dir.0.join("leases"), dir.0.join("other")).unwrap();
    assert!(refused(&Leases::at(dir.0.join("other"))).contains("symbolic link"));
    let open = dir.0.join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(refused(&Leases::at(&open)).contains("sticky"));
}

#[test]
fn a_place_that_cannot_be_used_is_passed_over_unless_it_was_named() {
    let dir = Dir::new();
    let places = vec![dir.0.join("not/there"), dir.0.join("leases")];
    let lease = Leases { places: places.clone(), named: false }.take("aha acme", &aha(), "lena").unwrap();
    assert_eq!(lease.files.len(), 1);
    assert!(std::fs::metadata(lease_file(&dir)).unwrap().size() > 0);
    let error = Leases { places, named: true }.take("aha other", &aha(), "lena").unwrap_err().to_string();
    assert!(error.contains("not/there"), "{error}");
    Leases::none().take("aha acme", &aha(), "omar").unwrap();
}

#[test]
fn what_a_dead_process_wrote_is_free_whatever_times_stand_in_it_and_whatever_the_clock_says_now() {
    let dir = Dir::new();
    drop(dir.leases().take("aha acme", &aha(), "lena").unwrap());
    for (since, expires) in [
        ("2099-01-01T00:00:00Z", "2099-01-01T00:02:00Z"),
        ("2001-01-01T00:00:00Z", "2001-01-01T00:02:00Z"),
        ("2099-01-01T00:00:00Z", "2001-01-01T00:02:00Z"),
    ] {
        let text = format!(
            r#"{{"who":"lena","uid":0,"host":"bastion","pid":1,"since":"{since}","expires":"{expires}","system":"aha acme"}}"#
        );
        std::fs::write(lease_file(&dir), text).unwrap();
        let taken = dir.leases().take("aha acme", &aha(), "omar").unwrap();
        assert!(taken.left.as_ref().is_some_and(|left| left.contains("lena") && left.contains("process 1")));
        // And it holds against others, whatever it says itself.
        let mut clock = dir.leases().take("aha acme", &aha(), "eve");
        assert!(matches!(&mut clock, Err(StoreError::Leased { .. })), "{clock:?}");
    }
}

#[test]
fn what_others_have_put_in_the_place_of_a_lease_is_refused_and_left_as_it_is() {
    let dir = Dir::new();
    let refused = || dir.leases().take("aha acme", &aha(), "lena").unwrap_err().to_string();
    drop(dir.leases().take("aha acme", &aha(), "lena").unwrap());
    std::fs::remove_file(lease_file(&dir)).unwrap();
    std::fs::create_dir(lease_file(&dir)).unwrap();
    assert!(refused().contains("it cannot be opened"), "{}", refused());
    std::fs::remove_dir(lease_file(&dir)).unwrap();
    // A pipe that nobody reads from must not hold it up.
    rustix::fs::mknodat(rustix::fs::CWD, lease_file(&dir), FileType::Fifo, Mode::from_raw_mode(0o666), 0).unwrap();
    assert!(refused().contains("no plain file"), "{}", refused());
    std::fs::remove_file(lease_file(&dir)).unwrap();
    // What stands in a file is only told, never believed or shown raw.
    let text = r#"{"who":"eve\u001b[2J","uid":0,"host":"h","pid":1,"since":"2026-01-01T00:00:00Z","expires":"2026-01-01T00:00:00Z","system":"x"}"#;
    std::fs::write(lease_file(&dir), [text.as_bytes(), &[b' '; 8192]].concat()).unwrap();
    let left = dir.leases().take("aha acme", &aha(), "lena").unwrap().left.clone();
    assert!(!left.unwrap_or_default().contains('\u{1b}'));
    std::fs::write(lease_file(&dir), "no JSON at all").unwrap();
    let held = dir.leases().take("aha acme", &aha(), "lena").unwrap();
    assert_eq!(held.left, None);
    assert!(
        std::fs::metadata(lease_file(&dir)).unwrap().size() < 4096,
        "it says who holds it, and nothing else any more"
    );
}

#[test]
fn a_directory_that_the_others_cannot_write_to_is_said_with_the_remedy() {
    let dir = Dir::new();
    let own = dir.0.join("own");
    std::fs::create_dir(&own).unwrap();
    std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o500)).unwrap();
    // Root may write everywhere.
    if rustix::process::geteuid().is_root() {
        return;
    }
    let error = Leases::at(&own).take("aha acme", &aha(), "lena").unwrap_err().to_string();
    assert!(error.contains("chmod 1777"), "{error}");
}

#[test]
fn one_whose_file_was_taken_away_knows_that_it_holds_nothing_any_more() {
    let dir = Dir::new();
    let mut held = dir.leases().take("aha acme", &aha(), "lena").unwrap();
    assert!(held.renew());
    // Whoever owns the directory can do that.
    std::fs::remove_file(lease_file(&dir)).unwrap();
    assert!(!held.renew());
    let second = dir.leases().take("aha acme", &aha(), "omar").unwrap();
    assert!(!held.renew(), "the new file is another one's");
    drop(second);
}
