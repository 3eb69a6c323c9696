//! What nobody knows of a service for sure, each way in which it may be: read completely, and fixed as far as it can be.

use std::sync::Arc;
use std::time::Duration;

use trueup::compare::{Pairing, Verdict, facets};
use trueup::engine::protocol::{Health, Report, World};
use trueup::engine::{Setup, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Op};
use trueup::plan::{Change, ChangeId, OutcomeState};

use crate::bed::{Bed, Console, HR, acknowledged, full, offers, staged};

/// Reads everything, fixes all that can be fixed, and gives the reasons of what was not confirmed.
async fn fixed(
    connector: &'static str,
    view: &'static str,
    faults: &'static [&'static str],
) -> (Bed, Vec<(String, OutcomeState)>) {
    let bed = Bed::of(300, &[HR, ("there", connector, view, faults)]).await;
    let mut setup = bed.setup(&full());
    setup.patience.in_use = (Duration::from_millis(5), Duration::from_millis(10), 4);
    let mut console = Console::over(setup);
    let world = console.world().await;
    let status = world.systems.iter().find(|system| system.id.as_str() == "there").unwrap();
    assert!(matches!(status.health, Health::Good), "{faults:?}: {:?}", status.health);
    let view = world.compared.inputs.systems.iter().find(|view| view.id.as_str() == "there").unwrap();
    for snapshot in view.snapshots.iter().flatten() {
        assert!(snapshot.complete(), "{faults:?}: {:?}", snapshot.feeds);
    }
    let mut changes = staged(&offers(&world));
    // A department needs the organisation that it goes to, which no setting names here.
    changes.retain(|change| connector != "kingdee" || change.kind != Kind::Group);
    assert!(changes.len() > 5, "{faults:?}: there is something to do");
    let mut left = pushed(&mut console, changes.clone()).await;
    // What was refused for its form taught which one is taken.
    let taught =
        |state: &OutcomeState| matches!(state, OutcomeState::Refused { rule } if rule.ends_with("prepare it again"));
    if left.iter().any(|(_, state)| taught(state)) {
        let again: Vec<_> = left.extract_if(.., |(_, state)| taught(state)).map(|(id, _)| id).collect();
        changes.retain(|change| again.contains(&change.id));
        left.extend(pushed(&mut console, changes).await);
    }
    (bed, left.into_iter().map(|(id, state)| (id.to_string(), state)).collect())
}

/// Pushes changes, and gives what was not confirmed.
async fn pushed(console: &mut Console, changes: Vec<Change>) -> Vec<(ChangeId, OutcomeState)> {
    let plan = console.prepare(changes).await;
    assert_eq!(plan.refused, Vec::new());
    let states = console.push(acknowledged(&plan)).await;
    assert_eq!(states.len(), plan.changes.len());
    // Somebody edits one record of the world for longer than anybody waits.
    let held = |state: &OutcomeState| matches!(state, OutcomeState::Failed { why } if why.starts_with("in use by"));
    let left = states.into_iter().filter(|(_, state)| !matches!(state, OutcomeState::Confirmed { .. }));
    left.filter(|(_, state)| !held(state)).collect()
}

async fn all_fixed(connector: &'static str, view: &'static str, variants: &[&'static [&'static str]]) {
    for faults in variants {
        let (_, left) = fixed(connector, view, faults).await;
        assert_eq!(left, Vec::new(), "{faults:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_aha_does_everything_is_fixed() {
    // targets/aha.md 15 and 17.
    all_fixed(
        "aha",
        "aha",
        &[
            &["delete-absent=204", "errors-as-list", "reset-unit=ms", "dress=bom"],
            &["dup-email=400", "email-match=contains", "null-names=never", "dress=text"],
            &["per-page-overflow=honour", "require-user-agent", "perm-mode=open", "unknown-role-fallback=none"],
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_scim_service_does_everything_is_fixed() {
    // targets/scim.md A1 to A4.
    all_fixed(
        "scim",
        "directory",
        &[
            &["location-username", "member-removal=value-list", "no-times", "dress=bom"],
            &["patch-without-body", "member-removal=filter", "dress=bare"],
            &["no-filter=403", "no-count", "dress=page"],
            &["no-filter=501", "absent=502", "member-username"],
            &["duplicate-create=200", "closed-discovery"],
            &["member-changes=100", "etag=off"],
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_a_service_cannot_tell_apart_are_refused_and_all_else_is_fixed() {
    // targets/scim.md A1: some know no `type` of a number, whichever error bodies they have.
    for faults in [&["untyped", "html-errors"][..], &["no-patch", "untyped", "status-integer"]] {
        let bed = Bed::of(200, &[HR, ("there", "scim", "directory", faults)]).await;
        let mut console = bed.console(&full());
        let world = console.world().await;
        let mut changes = staged(&offers(&world));
        let mobile = |change: &Change| change.id.to_string().ends_with("phoneNumbers[mobile]");
        let numbers: Vec<Change> = changes.extract_if(.., |change| mobile(change)).collect();
        let plan = console.prepare(numbers.clone()).await;
        assert!(!numbers.is_empty() && plan.refused.len() == numbers.len(), "{faults:?}: {:?}", plan.refused);
        for (id, why) in &plan.refused {
            assert!(why.contains("has no `type` by which it could be told"), "{id}: {why}");
        }
        assert!(changes.len() > 5, "{faults:?}: there is something to do");
        for (id, state) in pushed(&mut console, changes).await {
            // A new account comes without the number, and that is what is said of it.
            assert!(id.to_string().ends_with("/create"), "{faults:?}: {id} {state:?}");
            let OutcomeState::Differs { now } = state else { panic!("{faults:?}: {id} {state:?}") };
            assert_eq!(now, "phoneNumbers[mobile]: nothing", "{faults:?}: {id}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_litmos_does_everything_is_fixed() {
    // targets/litmos.md 10 and 13.
    all_fixed(
        "litmos",
        "litmos",
        &[
            &["demotion=resets", "parent-change=moved", "email-required=off", "dress=bom"],
            &["dress=bare", "user-teams-inactive=hidden", "xml=off", "team-delete=cascade", "org-dates=ms"],
            &["email-required=always", "custom-shape=list", "put-partial=merge"],
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_kingdee_does_everything_is_fixed() {
    // targets/kingdee.md 12.
    all_fixed(
        "kingdee",
        "kingdee",
        &[
            &["cap=37", "required=FUserAccount;FName", "user-number=absent", "batch-success=any", "dress=bom"],
            &["dress=bare", "absent-entries=keep", "view-lost=error", "billquery-error=double", "over-limit=error"],
        ],
    )
    .await;
}

/// What the comparison says of an attribute of the users that are on both sides, and why.
fn told_of(world: &World, path: &str) -> Vec<(Verdict, String)> {
    let compared = &world.compared;
    let users = compared.kind(Kind::User);
    let there = |identity: &u32| {
        users.state(*identity, 1).is_some_and(|state| matches!(state.pairing, Pairing::Same | Pairing::Differs))
    };
    let all = (0..users.len).filter(there).flat_map(|identity| facets(compared, Kind::User, identity, 1));
    let about = all.filter(|facet| facet.path.local(&[]) == path);
    about.map(|facet| (facet.verdict, facet.why)).collect()
}

/// What the connection test says.
fn evidence(world: &World) -> String {
    let site = world.systems[1].site.as_ref().unwrap();
    site.evidence.iter().map(|line| format!("{}: {}", line.what, line.detail)).collect::<Vec<_>>().join("\n")
}

/// The system with a mapping file of the operator's own laid over.
fn overlaid(bed: &Bed, file: &str) -> Setup {
    let mut setup = bed.setup(&full());
    let mapping = Mapping::overlaid(Mapping::builtin_text("scim").unwrap(), file, "more.toml").unwrap();
    setup.systems[1] = SystemSetup::over(setup.systems[1].config.clone(), Arc::new(mapping)).unwrap();
    setup
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_service_switched_off_is_told_and_neither_compared_nor_written() {
    // targets/scim.md A4: attributes can be disabled in a connector, and are an error in a request then.
    const OFF: &[&str] = &["disabled=title+department"];
    for (view, faults) in [("directory", OFF), ("directory", &["disabled=title+department", "no-patch"])] {
        let (bed, left) = fixed("scim", view, faults).await;
        assert_eq!(left, Vec::new(), "{view}");
        let writes = bed.simulator("there").seen.writes();
        assert!(!writes.is_empty() && writes.iter().all(|write| !write.body.contains("\"title\"")), "{view}");
        let world = bed.console(&full()).world().await;
        let told = evidence(&world);
        let line = told.lines().find(|line| line.contains("do not declare")).unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains("title") && line.contains("department") && line.contains("`schemas = false`"), "{line}");
        for path in ["title", "department"] {
            let said = told_of(&world, path);
            assert!(!said.is_empty());
            let unread = |(verdict, why): &(Verdict, String)| {
                matches!(verdict, Verdict::OneSided)
                    || (*verdict == Verdict::Unread && why.ends_with("its schemas do not declare it"))
            };
            assert!(said.iter().all(unread) && said.iter().any(|(verdict, _)| *verdict == Verdict::Unread), "{said:?}");
        }
        assert!(
            !offers(&world).iter().any(|offer| offer
                .change
                .want
                .iter()
                .any(|want| want.facet.path.local(&[]) == "title"))
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_that_are_wrong_are_not_gone_by_where_a_file_says_so() {
    let bed = Bed::of(60, &[HR, ("there", "scim", "directory", &["disabled=title"])]).await;
    let setup = overlaid(&bed, "[service]\nschemas = false\ncite = \"seen in May\"\n");
    let world = Console::over(setup).world().await;
    assert!(!evidence(&world).contains("do not declare"));
    assert!(told_of(&world, "title").iter().any(|(verdict, _)| *verdict == Verdict::Differs));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_never_returned_is_no_difference() {
    let (bed, left) = fixed("scim", "directory", &["never=title"]).await;
    assert_eq!(left, Vec::new());
    let world = bed.console(&full()).world().await;
    assert!(evidence(&world).contains("title is never returned"), "{}", evidence(&world));
    let said = told_of(&world, "title");
    let never =
        said.iter().filter(|(verdict, why)| *verdict == Verdict::Unreadable && why.contains("never returns it"));
    assert!(never.count() > 10 && said.iter().all(|(verdict, _)| !verdict.counts()), "{said:?}");
    let sets = offers(&world).into_iter().filter(|offer| offer.change.op == Op::Set);
    assert!(sets.flat_map(|offer| offer.change.want).all(|want| want.facet.path.as_str() != "title"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_list_leaves_out_is_unread_until_a_file_has_it_read() {
    // targets/scim.md A4: lists of Apigee and of others lack what a GET by id has.
    const OMITS: &[&str] = &["list-omits=title+department"];
    let (bed, left) = fixed("scim", "directory", OMITS).await;
    assert_eq!(left, Vec::new(), "what was not seen is not written over");
    let world = bed.console(&full()).world().await;
    let told = evidence(&world);
    let line = told.lines().find(|line| line.contains("leave out")).unwrap_or_else(|| panic!("{told}"));
    for word in ["title", "department", "detail_of = \"users\"", "path = \"/Users/{id}\""] {
        assert!(line.contains(word), "{word}: {line}");
    }
    let said = told_of(&world, "title");
    let unread = said.iter().filter(|(verdict, why)| *verdict == Verdict::Unread && why.contains("detail_of"));
    assert!(
        unread.count() > 10 && said.iter().all(|(verdict, _)| !verdict.counts()),
        "{:?}",
        said.iter().find(|one| one.0.counts())
    );

    // The remedy that was named, as it was named.
    let bed = Bed::of(60, &[HR, ("there", "scim", "directory", OMITS)]).await;
    let row = |attr: &str| format!("[[row]]\nkind = \"User\"\nattr = \"{attr}\"\ndetail = \"{attr}\"\n");
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    let file = format!(
        "[[feed]]\nname = \"user-details\"\nkind = \"User\"\npath = \"/Users/{{id}}\"\nsingle = true\ndetail_of = \"users\"\n\
         cite = \"seen in May\"\n{}{}",
        row("title"),
        row(department)
    );
    let mut console = Console::over(overlaid(&bed, &file));
    let world = console.world().await;
    assert!(!evidence(&world).contains("leave out"), "{}", evidence(&world));
    let said = told_of(&world, "title");
    assert!(said.iter().any(|(verdict, _)| *verdict == Verdict::Same), "{said:?}");
    let users = world.compared.inputs.systems[1].snapshot(Kind::User).unwrap();
    assert!(users.complete(), "{:?}", users.feeds);
    let all = offers(&world);
    let set = crate::bed::sets(&all, "there", "title");
    assert!(!set.is_empty(), "what differs is offered again");
    let left = pushed(&mut console, staged(set)).await;
    assert_eq!(left, Vec::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_lists_leave_out_are_not_missing() {
    let (bed, left) = fixed("scim", "directory", &["list-omits=members"]).await;
    assert_eq!(left, Vec::new());
    let world = bed.console(&full()).world().await;
    assert!(evidence(&world).contains("leave out members"), "{}", evidence(&world));
    let compared = &world.compared;
    let all = (0..compared.kind(Kind::Group).len).flat_map(|identity| facets(compared, Kind::Group, identity, 1));
    let said: Vec<_> = all.filter(|facet| facet.path.as_str() == "members").map(|facet| facet.verdict).collect();
    assert!(!said.is_empty() && said.iter().all(|verdict| !verdict.counts()), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_that_cannot_be_reached_keep_no_user_away_and_what_lists_leave_out_is_found_all_the_same() {
    let part = ("there", "scim", "directory", &["reset=100000@/Groups", "list-omits=title"][..]);
    let bed = Bed::of(60, &[HR, part]).await;
    let mut console = bed.console(&full());
    let world = loop {
        if let Report::World(world) = console.next().await
            && let Some(users) = world.compared.inputs.systems[1].snapshot(Kind::User)
            && users.complete()
        {
            break world;
        }
    };
    assert!(evidence(&world).contains("leave out title"), "{}", evidence(&world));
}
