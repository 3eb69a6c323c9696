//! A secret that was put right in its file is read again by a test (key T), without a new start.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use trueup::config::SystemConfig;
use trueup::engine::protocol::{Command, Report};
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::SystemId;
use trueup::secret::Source;

use crate::bed::{AHA, Bed, Console, HR, full};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_changed_in_its_file_is_read_again_by_a_test() {
    let bed = Bed::of(30, &[HR, AHA]).await;
    let file = bed.dir.0.join("aha.key");
    std::fs::create_dir_all(&bed.dir.0).unwrap();
    let put = |text: &str| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    };
    put("wrong");
    let running = bed.simulator("aha");
    let mut config =
        SystemConfig::new(SystemId::new("aha"), "aha", &running.url, Auth::Bearer(Source::File(file.clone())));
    config.own.insert("account".to_owned(), "acme".to_owned());
    config.policy = full();
    let mut setup = bed.setup(&full());
    setup.systems[1] = SystemSetup::over(config, Arc::new(Mapping::builtin("aha").unwrap())).unwrap();
    let mut console = Console::over(setup);
    let world = console.world_without(&["aha"]).await;
    assert!(!world.systems[1].site.as_ref().is_some_and(|site| site.good()), "a wrong key lets nobody in");
    put(&running.login["token"]);
    console.handle.send(Command::Test(SystemId::new("aha")));
    loop {
        if let Report::World(world) = console.next().await
            && world.systems[1].site.as_ref().is_some_and(|site| site.good())
        {
            break;
        }
    }
}
