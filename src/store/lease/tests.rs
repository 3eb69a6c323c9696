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
    held.renew();
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
