//! Aha!'s own interface: every row of tables 289 to 294, and limitations 1 to 7.

use std::collections::BTreeMap;

use serde_json::Value;
use trueup::model::{Kind, Op, RecordKey};
use trueup::plan::{OutcomeState, Ref, Wanted};

use crate::bed::{AHA, Bed, Console, HR, full, offers};
use crate::drive::{
    assert_operated, assert_read, assert_refused, assert_set, change, confirmed, create, outcome, refusal, text, texts,
    wish, words,
};
use crate::seed::aha::{OPERATIONS, ROWS};
use crate::seed::{Proof, Row};

/// All records of a kind as the simulator sends them, details included.
async fn records(bed: &Bed, kind: Kind) -> Vec<Value> {
    let key = kind.plural().to_lowercase();
    let mut all = Vec::new();
    for page in 1.. {
        let document = bed.get("aha", &format!("/api/v1/{key}?per_page=200&page={page}")).await;
        let rows = document[&key].as_array().unwrap().clone();
        if rows.is_empty() {
            break;
        }
        all.extend(rows);
    }
    if kind == Kind::Product {
        for product in &mut all {
            let id = product["id"].as_str().unwrap().to_owned();
            *product = bed.get("aha", &format!("/api/v1/products/{id}")).await["product"].take();
        }
    }
    all
}

/// Not in the list of products: read from the product itself, of those that are product lines (only they have children).
const DETAILS: [&str; 9] = [
    "product_line_type",
    "resource",
    "children[].id",
    "children[].reference_prefix",
    "children[].name",
    "children[].product_line",
    "capacity_planning_enabled",
    "default_capacity_units",
    "updated_at",
];

/// What the numbers of roles mean (Aha!'s own documentation).
fn role(text: &str) -> &str {
    match text {
        "20" => "product_owner",
        "30" => "contributor",
        "35" => "developer",
        "40" => "reviewer",
        "50" => "viewer",
        other => other,
    }
}

/// How Aha!'s fields read here: roles as words, and a pair with role `none` is no pair.
fn said(row: &Row, record: &Value) -> Option<Vec<String>> {
    let pairs =
        record["product_roles"].as_array()?.iter().filter(|pair| !["0", "none"].contains(&&*texts(pair, "role")[0]));
    match row.here {
        "productRoles#role" => Some(pairs.map(|pair| role(&texts(pair, "role")[0]).to_owned()).collect()),
        "productRoles#productId" => Some(pairs.flat_map(|pair| texts(pair, "product_id")).collect()),
        _ => None,
    }
}

/// The roles that there are: those that are built in, and the custom ones that users hold.
fn roles(users: &[Value]) -> Vec<Value> {
    let built_in =
        ["product_owner Owner", "contributor Contributor", "reviewer Reviewer", "viewer Viewer", "none None"];
    let built_in = built_in.iter().map(|role| role.split_once(' ').unwrap());
    let mut roles: Vec<Value> = built_in.map(|(id, name)| serde_json::json!({ "id": id, "name": name })).collect();
    for user in users {
        for custom in user["user_roles"].as_array().unwrap() {
            roles.push(serde_json::json!({ "id": texts(custom, "role_id")[0], "name": custom["name"] }));
        }
    }
    roles
}

async fn native(console: &mut Console, key: RecordKey) -> String {
    use trueup::engine::protocol::{Command, Report};
    console.handle.send(Command::Native(key.clone()));
    loop {
        match console.next().await {
            Report::Native { key: have, text } if have == key => return text.unwrap(),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_aha_is_read_and_written_or_refused() {
    let bed = Bed::of(400, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    let mut seen = bed.simulator("aha").seen.all();
    let users = records(&bed, Kind::User).await;
    let products = records(&bed, Kind::Product).await;
    let roles = roles(&users);

    let lines: Vec<Value> = products.iter().filter(|product| product["product_line"] == true).cloned().collect();
    assert!(lines.len() > 2);

    for row in ROWS {
        let records = match row.kind {
            Kind::Role => &roles,
            Kind::Product if DETAILS.contains(&row.native) => &lines,
            Kind::Product => &products,
            _ => &users,
        };
        match row.direct {
            Proof::Shown => {
                let holder = records.iter().find(|record| !texts(record, row.field()).is_empty()).unwrap();
                let key =
                    RecordKey::new(trueup::model::SystemId::new("aha"), row.kind, texts(holder, "id")[0].as_str());
                let shown = native(&mut console, key).await;
                for text in texts(holder, row.field()) {
                    assert!(shown.contains(&text), "{}: {text} is not in {shown}", row.here);
                }
            }
            Proof::Unseen { .. } => {
                assert!(users.iter().all(|user| texts(user, row.field()).is_empty()), "never returned");
            }
            _ => assert_read(&world, "aha", row, row.field(), records, &said),
        }
    }

    let plain: Vec<Value> =
        users.iter().filter(|user| user["enabled"] == true && user["administrator"] == false).cloned().collect();
    let sets: Vec<_> = ROWS
        .iter()
        .map(|row| (row, row.direct, row.field()))
        .filter(|(_, proof, _)| matches!(proof, Proof::Set(_) | Proof::Unseen { .. }))
        .collect();
    seen.extend(assert_set(&bed, &mut console, "aha", &sets, &plain, |_, id| format!("/api/v1/users/{id}")).await);

    let refused: Vec<_> = ROWS
        .iter()
        .filter_map(|row| match row.direct {
            Proof::Refused(words) => Some((row, words)),
            _ => None,
        })
        .collect();
    let id = |kind| match kind {
        Kind::Role => "viewer".to_owned(),
        Kind::Product => texts(&products[0], "id").remove(0),
        _ => texts(&plain[0], "id").remove(0),
    };
    assert_refused(&bed, &mut console, "aha", &refused, id).await;

    // A create, and the get of one user after it.
    let all = offers(&world);
    confirmed(&mut console, crate::bed::created(&all)).await;
    seen.extend(bed.simulator("aha").seen.all());
    let operations: Vec<_> = OPERATIONS.iter().map(|operation| (operation, operation.direct)).collect();
    assert_operated(&seen, &operations);
}

/// Somebody at Aha! who is switched on and administers nothing, with a pair: the id, the product, another product.
async fn somebody(bed: &Bed) -> (String, String, String) {
    let users = records(bed, Kind::User).await;
    let user = users.iter().find(|user| {
        user["enabled"] == true
            && user["administrator"] == false
            && said(pair_row(), user).is_some_and(|pairs| pairs.len() == 1)
    });
    let user = user.unwrap();
    let has = said(pair_row(), user).unwrap().remove(0);
    let products = records(bed, Kind::Product).await;
    let taken = texts(user, "product_roles[].product_id");
    let other = products.iter().map(|product| texts(product, "id").remove(0)).find(|id| !taken.contains(id)).unwrap();
    (texts(user, "id").remove(0), has, other)
}

fn pair_row() -> &'static Row {
    ROWS.iter().find(|row| row.here == "productRoles#productId").unwrap()
}

fn pair(product: &str, role: &str) -> trueup::plan::Want {
    wish("productRoles", Some(&[product]), Wanted::Ref(Ref::Id(role.into())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limitations_of_aha_hold_and_none_bites() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    console.world().await;
    let (id, had, other) = somebody(&bed).await;
    let path = format!("/api/v1/users/{id}");
    let set = |op, want| change("aha", Kind::User, &id, op, vec![want]);

    // 1: role and product are given together or not at all, and one pair never touches another.
    let alone = wish("productRoles", Some(&[&other]), Wanted::Present);
    let why = refusal(&mut console, set(Op::Put, alone)).await;
    assert!(why.contains("role"), "{why}");
    let without = wish("productRoles", None, Wanted::Text("viewer".into()));
    let why = refusal(&mut console, set(Op::Put, without)).await;
    assert!(why.contains("role and product only together"), "{why}");
    confirmed(&mut console, vec![set(Op::Put, pair(&other, "reviewer"))]).await;
    let pairs = texts(&bed.get("aha", &path).await["user"], "product_roles[].product_id");
    assert!(pairs.contains(&had) && pairs.contains(&other), "{pairs:?}");

    // 5: deactivate and never delete; still listed, and taken back.
    let why = refusal(&mut console, set(Op::Delete, text("active", "false"))).await;
    assert!(why.contains("delete"), "{why}");
    for (op, value) in [(Op::Deactivate, false), (Op::Reactivate, true)] {
        confirmed(&mut console, vec![set(op, text("active", &value.to_string()))]).await;
        assert_eq!(bed.get("aha", &path).await["user"]["enabled"], value);
        let listed = records(&bed, Kind::User).await;
        assert!(listed.iter().any(|user| texts(user, "id")[0] == id && user["enabled"] == value));
    }

    // 6: an unknown role is never sent; and where Aha! takes its default after all, that is what is said.
    let before = bed.writes("aha").len();
    let why = refusal(&mut console, set(Op::Put, pair(&other, "grand_vizier"))).await;
    assert!(why.contains("grand_vizier"), "{why}");
    assert_eq!(bed.writes("aha").len(), before, "nothing was sent");
    bed.faults("aha", &["role-default"]);
    let state = outcome(&mut console, set(Op::Put, pair(&other, "contributor"))).await;
    assert!(matches!(state, OutcomeState::Differs { .. }) && words(&state).contains("viewer"), "{state:?}");
    bed.faults("aha", &[]);

    // 7: a product that is not there is a 404, told as what it means.
    let state = outcome(&mut console, set(Op::Put, pair("99", "viewer"))).await;
    assert!(words(&state).contains("product") && !matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");

    // 3: no teams or groups are made here; those that there are are read (below).
    let group = create("aha", Kind::Group, ("displayName", "Truth"), vec![text("displayName", "Truth")]);
    let why = refusal(&mut console, group).await;
    assert!(!why.is_empty() && !why.contains("connector has no request"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valid_key_at_the_wrong_address_is_told_and_nothing_can_be_pushed() {
    // Limitation 2.
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut systems = bed.setup(&full()).systems;
    let aha = bed.simulator("aha");
    systems[1] = crate::bed::system("aha", "aha", &aha.url, trueup::simulate::aha::WRONG_ACCOUNT_KEY, &full());
    let mut console = Console::over(crate::bed::setup(systems, &bed.dir.0));
    let world = console.world_without(&["aha"]).await;
    let site = world.systems[1].site.clone();
    let blocked = site.as_ref().and_then(|site| site.blocked.clone()).unwrap_or_default();
    assert!(blocked.contains("umbrella") && blocked.contains("acme"), "{:?}", world.systems[1].health);
    let why =
        refusal(&mut console, change("aha", Kind::User, "1", Op::Deactivate, vec![text("active", "false")])).await;
    assert!(why.contains("umbrella") || why.contains("not connected"), "{why}");
    bed.assert_unwritten();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_mandatory_at_aha_and_lacking_is_asked_for_before_a_create() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    console.world().await;
    let full = [
        text("emails[work]", "new.truth@example.com"),
        text("name.givenName", "New"),
        text("name.familyName", "Truth"),
        pair(&somebody(&bed).await.2, "viewer"),
    ];
    for field in crate::seed::aha::MANDATORY {
        let want: Vec<_> = full.iter().filter(|want| want.facet.path.as_str() != field.here).cloned().collect();
        let state = outcome(&mut console, create("aha", Kind::User, ("userName", "new.truth@example.com"), want)).await;
        assert!(matches!(state, OutcomeState::Refused { .. }), "{}: {state:?}", field.printed);
        assert!(words(&state).contains(field.refusal), "{}: {}", field.printed, words(&state));
    }
    bed.assert_unwritten();
}

/// The members of each team as the simulator has them: those who are users.
async fn teams(bed: &Bed) -> BTreeMap<String, (String, Vec<String>)> {
    let document = bed.get("aha", "/api/v1/teams?per_page=200").await;
    let mut teams = BTreeMap::new();
    for team in document["teams"].as_array().unwrap() {
        let id = texts(team, "id").remove(0);
        let listed = bed.get("aha", &format!("/api/v1/teams/{id}/team_memberships?per_page=200")).await;
        let mut users = texts(&listed, "team_memberships[].team_member.user_id");
        users.sort();
        teams.insert(id, (texts(team, "name").remove(0), users));
    }
    teams
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn teams_are_groups_that_are_shown_with_their_members_and_never_changed() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = bed.console(&full());
    let world = console.world().await;
    let wanted = teams(&bed).await;
    let aha = &world.compared.inputs.systems[1];
    let snapshot = aha.snapshot(Kind::Group).unwrap();
    assert!(snapshot.proved() && snapshot.feeds.len() == 2, "{:?}", snapshot.feeds);
    let table = &snapshot.table;
    let attr = |path: &str| table.schema().find(&path.into()).unwrap();
    let held: BTreeMap<String, (String, Vec<String>)> = table
        .rows()
        .map(|row| {
            let members = table.entries(row, attr("members")).expect("read");
            let mut users: Vec<String> =
                members.iter().map(|entry| table.entry_text(attr("members"), *entry).0[0].to_owned()).collect();
            users.sort();
            (table.id(row).to_owned(), (table.cell(row, attr("displayName")).text().to_owned(), users))
        })
        .collect();
    assert_eq!(held, wanted);
    assert!(held.values().any(|(name, users)| name == "Engineering" && users.len() > 5), "{held:?}");

    // Nothing of it counts, and nothing can be staged.
    let comparison = world.compared.kind(Kind::Group);
    assert!(comparison.pairings[1].iter().all(|pairing| !pairing.counts()), "teams are reference data");
    assert!(comparison.pairings[1].contains(&trueup::compare::Pairing::Shown));
    let of_teams = |offer: &trueup::plan::stage::Offer| {
        offer.change.kind == Kind::Group && offer.change.system == trueup::model::SystemId::new("aha")
    };
    assert!(!offers(&world).iter().any(of_teams));
    let (team, (_, users)) = wanted.iter().next().unwrap();
    for (op, want) in [
        (Op::Set, text("displayName", "Truth")),
        (Op::Drop, wish("members", Some(&[&users[0]]), Wanted::Clear)),
        (Op::Delete, text("displayName", "")),
    ] {
        let why = refusal(&mut console, change("aha", Kind::Group, team, op, vec![want])).await;
        assert!(why.contains("only read here"), "{op:?}: {why}");
    }
    bed.assert_unwritten();
    let shown =
        native(&mut console, RecordKey::new(trueup::model::SystemId::new("aha"), Kind::Group, team.as_str())).await;
    assert!(shown.contains("team_memberships") && shown.contains(&users[0]), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_teams_loses_nothing_else() {
    for fault in ["teams=forbidden", "teams=unserved"] {
        let bed = Bed::of(300, &[HR, ("aha", "aha", "aha", &[])]).await;
        bed.faults("aha", &[fault]);
        let mut console = bed.console(&full());
        let world = console.world().await;
        let aha = &world.compared.inputs.systems[1];
        assert!(aha.snapshot(Kind::Group).is_none());
        for kind in [Kind::User, Kind::Role, Kind::Product] {
            assert!(aha.snapshot(kind).is_some_and(|snapshot| snapshot.proved()), "{fault}: {kind}");
        }
        let site = world.systems[1].site.clone().unwrap();
        assert!(site.good() && site.blocked.is_none(), "{:?}", site.evidence);
        assert!(site.evidence.iter().any(|line| line.detail.contains("no groups here")), "{:?}", site.evidence);
        assert!(!offers(&world).is_empty());
    }
}
