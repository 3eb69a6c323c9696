//! SAP Litmos' faults: each with its switch at the simulator, and what the operator reads of it.

use serde_json::Value;
use trueup::engine::protocol::Health;
use trueup::model::{AttrPath, Kind, Op, SystemId};
use trueup::plan::{Change, Facet, OutcomeState, Ref, Wanted};

use crate::bed::{Bed, Console, HR, Part, acknowledged, full};
use crate::litmos::change;

const LITMOS: Part = ("litmos", "litmos", "litmos", &[]);

fn set(kind: Kind, id: &str, path: &str, text: &str) -> Change {
    change(kind, id, Op::Set, Facet::attr(path), Wanted::Text(text.to_owned()))
}

async fn outcome(console: &mut Console, change: Change) -> OutcomeState {
    let plan = acknowledged(&*console.prepare(vec![change]).await);
    assert_eq!(plan.refused, Vec::new());
    console.push(plan).await.remove(0).1
}

async fn records(bed: &Bed, path: &str) -> Vec<Value> {
    bed.get("litmos", path).await.as_array().unwrap().clone()
}

fn text<'r>(record: &'r Value, field: &str) -> &'r str {
    record[field].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_is_told_in_its_own_words_whether_it_comes_as_json_as_a_page_or_in_the_status_line() {
    for form in ["errors=json", "errors=page", "errors=phrase"] {
        let bed = Bed::of(60, &[HR, LITMOS]).await;
        let mut console = bed.console(&full());
        console.world().await;
        bed.faults("litmos", &[form]);
        let users = records(&bed, "/v1.svc/users?limit=1000").await;
        let (one, other) = (text(&users[3], "Id"), text(&users[4], "UserName"));
        // 409 is said of what exists and of what is no value alike.
        for (path, value, said, meaning) in [
            ("userName", other, "UserName already exists", "it exists already"),
            ("locale", "Klingon", "Culture is invalid", "does not take the value"),
            ("emails[work]", "no address", "Invalid email address", "does not take the value"),
        ] {
            let state = outcome(&mut console, set(Kind::User, one, path, value)).await;
            let OutcomeState::Failed { why } = &state else { panic!("{form}: {state:?}") };
            assert!(why.contains(said) && why.contains(meaning), "{form}: {why}");
        }
        // A user name that is too short never leaves.
        let plan = console.prepare(vec![set(Kind::User, one, "userName", "abc")]).await;
        assert!(plan.refused[0].1.contains("more than 3 characters"), "{:?}", plan.refused);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_that_begin_with_a_dash_or_an_underscore_are_ids_like_any_other() {
    let bed = Bed::of(400, &[HR, LITMOS]).await;
    let mut console = bed.console(&full());
    console.world().await;
    let users = records(&bed, "/v1.svc/users?limit=1000").await;
    let team = text(&records(&bed, "/v1.svc/teams?limit=1000").await[0], "Id").to_owned();
    let odd = users.iter().filter(|user| user["Active"] == true && text(user, "Id").starts_with(['-', '_']));
    let odd: Vec<&str> = odd.map(|user| text(user, "Id")).collect();
    assert!(!odd.is_empty(), "the world has none");
    for id in odd.iter().take(2) {
        let facet = Facet { path: AttrPath::new("members"), key: Some(vec![Ref::Id((*id).into())]) };
        let add = change(Kind::Group, &team, Op::Put, facet, Wanted::Present);
        for change in [set(Kind::User, id, "title", "Dashing"), add] {
            let state = outcome(&mut console, change).await;
            assert!(matches!(state, OutcomeState::Confirmed { .. }), "{id}: {state:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_or_half_a_document_with_status_200_proves_nothing_and_is_told_as_such() {
    for (fault, words) in [("html", "web page"), ("truncate=1000@/users/details", "ends in the middle")] {
        let bed = Bed::of(60, &[HR, ("litmos", "litmos", "litmos", &[])]).await;
        bed.faults("litmos", &[fault]);
        let mut console = bed.console(&full());
        let health = loop {
            if let trueup::engine::protocol::Report::World(world) = console.next().await {
                let system = world.systems.iter().find(|system| system.id.as_str() == "litmos").unwrap();
                if matches!(system.health, Health::Bad { .. } | Health::Partial(_) | Health::Good) {
                    break system.health.clone();
                }
            }
        };
        let Health::Bad { text, .. } = &health else { panic!("{fault}: {health:?}") };
        assert!(text.contains(words), "{fault}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_may_not_and_a_source_that_is_missing_are_told_with_what_to_do() {
    for (fault, words) in [("source-missing=403", "Account Owner"), ("expire=0", "another region")] {
        let bed = Bed::of(60, &[HR, ("litmos", "litmos", "litmos", &[])]).await;
        bed.faults("litmos", &[fault]);
        let mut setup = bed.setup(&full());
        if fault.starts_with("source") {
            // The key of somebody who does not own the account.
            let key = trueup::secret::Source::Given(trueup::secret::Secret::new("key-of-a-learner"));
            let mut config = setup.systems[1].config.clone();
            config.auth = trueup::engine::Auth::Header { name: "apikey".to_owned(), value: key };
            let mapping = setup.systems[1].connector.mapping().clone();
            setup.systems[1] = trueup::engine::SystemSetup::over(config, mapping).unwrap();
        }
        let sites = trueup::engine::test(setup, &[SystemId::new("litmos")]).await;
        let told = format!("{:?}", sites[0].evidence);
        assert!(sites[0].blocked.is_some() && told.contains(words), "{fault}: {told}");
    }
}
