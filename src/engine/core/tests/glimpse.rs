//! The first rows of a service whose probe still asks: whatever that asks besides, the operator does not wait for it.

use std::sync::{Condvar, Mutex};

use super::*;
use crate::mapping::MapRow;

/// What a service is asked besides its list waits until this is open.
#[derive(Default)]
struct Gate(Mutex<bool>, Condvar);

impl Gate {
    fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }

    /// Opens it when the test ends, however that ends: nobody waits at it for ever.
    fn opened_at_the_end(self: &Arc<Self>) -> Opens {
        Opens(self.clone())
    }

    fn pass(&self) {
        drop(self.1.wait_while(self.0.lock().unwrap(), |open| !*open).unwrap());
    }
}

struct Opens(Arc<Gate>);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}

/// A SCIM service whose lists leave out titles: `lena` read alone has one.
async fn reticent(gate: Arc<Gate>) -> Stand {
    stand(move |_, text| {
        let path = text.split([' ', '?']).nth(1).unwrap_or_default();
        match path {
            "/Users" => answer(text, &["lena", "omar"]),
            "/Users/lena" | "/Users/omar" | "/Groups" => {
                gate.pass();
                match path {
                    "/Groups" => json("{\"totalResults\":0,\"Resources\":[]}"),
                    "/Users/lena" => json("{\"id\":\"lena\",\"userName\":\"lena\",\"title\":\"Chief\"}"),
                    _ => json("{\"id\":\"omar\",\"userName\":\"omar\"}"),
                }
            }
            _ => reply(404, "", b""),
        }
    })
    .await
}

fn scim(name: &str, url: &str) -> SystemSetup {
    let mapping = Arc::new(Mapping::builtin("scim").unwrap());
    let auth = Auth::Bearer(Source::Given(Secret::new("token")));
    let mut config = SystemConfig::new(SystemId::new(name), "scim", url, auth);
    config.rate = Some(1000.0);
    SystemSetup::over(config, mapping).unwrap()
}

fn row(world: &World, attr: &str) -> MapRow {
    world.systems[0].mapping.row(Kind::User, &AttrPath::new(attr)).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn the_first_rows_are_shown_while_the_probe_still_asks_and_what_it_asks_about_counts_as_unread() {
    let gate = Arc::new(Gate::default());
    let _end = gate.opened_at_the_end();
    let service = reticent(gate.clone()).await;
    let (reports, mut said) = unbounded_channel();
    let _engine = start(setup(vec![scim("hr", &service.url)]), reports);
    let world = wait(&mut said, world_where(|world| users(world, "hr") == 2)).await;
    assert_eq!(*health(&world, "hr"), Health::Reading { read: 2, of: Some(2) });
    for attr in ["title", "nickName"] {
        assert!(row(&world, attr).lost.unwrap().contains("is still being asked"), "{attr}");
    }
    assert_eq!(row(&world, "userName").lost, None);

    gate.open();
    let world =
        wait(&mut said, world_where(|world| !matches!(health(world, "hr"), Health::Reading { .. } | Health::Probing)))
            .await;
    assert_eq!(users(&world, "hr"), 2);
    assert!(row(&world, "title").lost.unwrap().contains("leave it out"));
    assert_eq!(row(&world, "nickName").lost, None);
    let lists = service.seen().iter().filter(|text| text.starts_with("GET /Users?")).count();
    assert_eq!(lists, 1, "the page that was shown is not asked for twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a_page_whose_probe_never_ends_stands_for_nothing() {
    let gate = Arc::new(Gate::default());
    let _end = gate.opened_at_the_end();
    let service = reticent(gate.clone()).await;
    let (reports, mut said) = unbounded_channel();
    let engine = start(setup(vec![scim("hr", &service.url)]), reports);
    wait(&mut said, world_where(|world| users(world, "hr") == 2)).await;
    engine.send(Command::Stop(None));
    let world = wait(&mut said, world_where(|world| *health(world, "hr") == Health::Idle)).await;
    let world = if users(&world, "hr") == 0 {
        world
    } else {
        wait(&mut said, world_where(|world| users(world, "hr") == 0)).await
    };
    assert_eq!(row(&world, "nickName").lost, None);
}
