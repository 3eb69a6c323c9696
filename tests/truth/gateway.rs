//! The same rows through Starling Connect's SCIM, which is signed in to with the four values of its portal: tables 289 to 294
//! where the connector behind it is Aha!, 295 to 298 where it is SAP Litmos.

use std::sync::Arc;

use serde_json::{Value, json};
use trueup::config::{ClientAuth, SystemConfig};
use trueup::engine::protocol::{Command, Report};
use trueup::engine::{Auth, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Op, RecordKey, SystemId};
use trueup::plan::{Method, OutcomeState, Ref, Wanted};
use trueup::secret::{Secret, Source};

use crate::bed::{Bed, Console, HR, Part, full, offers};
use crate::drive::{
    assert_operated, assert_read, assert_refused, assert_set, change, confirmed, create, outcome, refusal, text, texts,
    wish, words, writes,
};
use crate::seed::{Operation, Proof, Row, aha, litmos};

const AHA: Part = ("star", "scim", "starling-aha", &[]);
const LITMOS: Part = ("star", "scim", "starling-litmos", &[]);

/// The console over the source and the gateway, as the portal has it: profile, what is behind, client credentials.
fn console(bed: &Bed, more: &[(&str, &str)]) -> Console {
    let running = bed.simulator("star");
    let said = |name: &str| running.login[name].clone();
    let auth = Auth::OAuth2 {
        token_url: said("token_url"),
        client_id: said("client_id"),
        client_secret: Source::Given(Secret::new(said("client_secret"))),
        scope: None,
        client_auth: ClientAuth::default(),
    };
    let mut config = SystemConfig::new(SystemId::new("star"), "scim", &running.url, auth);
    for (name, value) in [("profile", said("profile")), ("behind", said("behind"))] {
        config.own.insert(name.to_owned(), value);
    }
    config.own.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    config.policy = full();
    config.rate = Some(1000.0);
    let mut setup = bed.setup(&full());
    setup.systems[1] = SystemSetup::over(config, Arc::new(Mapping::builtin("scim").unwrap())).unwrap();
    Console::over(setup)
}

/// What the token endpoint was asked, by its answers.
fn tokens(bed: &Bed) -> Vec<u16> {
    let seen = bed.simulator("star").seen.all();
    seen.iter().filter(|request| request.path == "/oauth2/token").map(|request| request.status).collect()
}

async fn records(bed: &Bed, kind: Kind) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let path = format!("/scim/v2/{}?startIndex={}&count=100", kind.plural(), all.len() + 1);
        let page = bed.get("star", &path).await;
        let rows = page["Resources"].as_array().cloned().unwrap_or_default();
        if rows.is_empty() {
            return all;
        }
        all.extend(rows);
    }
}

impl Row {
    /// The left column as a path of the record: extensions are looked through, what is noted behind it is left out.
    pub fn scim_path(&self) -> &'static str {
        match self.scim {
            "Emails.Value" => "emails[].value",
            printed => {
                let path = printed.split(" (").next().unwrap();
                let prefixes = ["Extension.", "userExtension.", "groupExtension."];
                prefixes.iter().find_map(|prefix| path.strip_prefix(prefix)).unwrap_or(path)
            }
        }
    }
}

async fn native(console: &mut Console, kind: Kind, id: &str) -> String {
    let key = RecordKey::new(SystemId::new("star"), kind, id);
    console.handle.send(Command::Native(key.clone()));
    loop {
        match console.next().await {
            Report::Native { key: have, text } if have == key => return text.unwrap(),
            _ => {}
        }
    }
}

/// Rows that are read, shown, secret, or never returned.
async fn read(
    console: &mut Console,
    world: &trueup::engine::protocol::World,
    rows: &[Row],
    of: &dyn Fn(Kind) -> Vec<Value>,
    said: &dyn Fn(&Row, &Value) -> Option<Vec<String>>,
) {
    for row in rows {
        let records = of(row.kind);
        match row.gateway {
            Proof::Shown => {
                let holder = records.iter().find(|record| !texts(record, row.scim_path()).is_empty());
                let holder = holder.unwrap_or_else(|| panic!("nothing has {}", row.scim_path()));
                let shown = native(console, row.kind, &texts(holder, "id")[0]).await;
                for text in texts(holder, row.scim_path()) {
                    assert!(shown.contains(&text), "{}: {text} is not in {shown}", row.here);
                }
            }
            Proof::Secret | Proof::Unseen { .. } => {
                let held = records.iter().find(|record| !texts(record, row.scim_path()).is_empty());
                assert_eq!(held, None, "{} is never returned", row.scim);
                let table = &world.compared.inputs.systems[1].snapshot(row.kind).unwrap().table;
                let attr = table.schema().find(&row.here.into()).unwrap();
                assert!(table.schema().def(attr).unreadable, "{} is never read", row.here);
            }
            // The guide lists it, and says among the limitations that it is never returned.
            _ if row.here == "meta.created" && row.table == 297 => {
                assert!(records.iter().all(|record| texts(record, "meta.created").is_empty()));
            }
            _ => assert_read(world, "star", row, row.scim_path(), &records, said),
        }
    }
}

/// Rows that are written, and rows that are refused.
async fn write(
    bed: &Bed,
    console: &mut Console,
    rows: &[Row],
    of: &dyn Fn(Kind) -> Vec<Value>,
) -> Vec<trueup::simulate::seen::Request> {
    let mut seen = Vec::new();
    for kind in [Kind::User, Kind::Group] {
        let sets: Vec<_> = rows.iter().filter(|row| row.kind == kind && writes(row.gateway)).collect();
        let sets: Vec<_> = sets.into_iter().map(|row| (row, row.gateway, row.scim_path())).collect();
        if !sets.is_empty() {
            let show = |kind: Kind, id: &str| format!("/scim/v2/{}/{id}", kind.plural());
            seen.extend(assert_set(bed, console, "star", &sets, &of(kind), show).await);
        }
    }
    let refused = rows.iter().filter_map(|row| match row.gateway {
        Proof::Refused(words) => Some((row, words)),
        Proof::Secret => Some((row, "password")),
        _ => None,
    });
    let refused: Vec<_> = refused.collect();
    assert_refused(bed, console, "star", &refused, |kind| texts(&of(kind)[0], "id").remove(0)).await;
    seen
}

fn assert_gateway_operated(seen: &[trueup::simulate::seen::Request], operations: &[Operation]) {
    let operations: Vec<_> = operations.iter().map(|operation| (operation, operation.gateway)).collect();
    assert_operated(seen, &operations);
}

/// Roles come as numbers, as Aha! has them; a pair with role `none` is no pair.
fn said_of_aha(row: &Row, record: &Value) -> Option<Vec<String>> {
    let pairs = texts(record, "productRoles[].role").into_iter().zip(texts(record, "productRoles[].productId"));
    let pairs = pairs.filter(|(role, _)| role != "0");
    let word = |role: &str| {
        let words = ["20 product_owner", "30 contributor", "35 developer", "40 reviewer", "50 viewer"];
        words.iter().find_map(|word| word.strip_prefix(role)).map_or(role, str::trim).to_owned()
    };
    match row.here {
        "productRoles#role" => Some(pairs.map(|(role, _)| word(&role)).collect()),
        "productRoles#productId" => Some(pairs.map(|(_, product)| product).collect()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_aha_is_read_and_written_or_refused_through_the_gateway() {
    let bed = Bed::of(400, &[HR, AHA]).await;
    let mut console = console(&bed, &[("switch_off", "delete")]);
    let world = console.world().await;
    let mut seen = bed.simulator("star").seen.all();
    assert_eq!(tokens(&bed), [200], "one token for all that was read");
    let users = records(&bed, Kind::User).await;
    let (roles, products) = (records(&bed, Kind::Role).await, records(&bed, Kind::Product).await);
    assert!(users.len() > 390, "limitation 4: pages that are rounded up bring everybody once");
    let active: Vec<Value> = users.iter().filter(|user| user["active"] == true).cloned().collect();
    let of = |kind| match kind {
        Kind::Role => roles.clone(),
        Kind::Product => products.clone(),
        _ => users.clone(),
    };
    let working = |kind| if kind == Kind::User { active.clone() } else { of(kind) };
    read(&mut console, &world, aha::ROWS, &of, &said_of_aha).await;
    seen.extend(write(&bed, &mut console, aha::ROWS, &working).await);

    // Create with a pair, and switched off by DELETE, which is a soft delete (table 289, limitation 5).
    let product = texts(&products[0], "id").remove(0);
    bed.simulator("star").seen.forget();
    confirmed(&mut console, vec![newcomer(&product)]).await;
    seen.extend(bed.simulator("star").seen.all());
    let found = bed.get("star", "/scim/v2/Users?filter=userName%20eq%20%22new.truth@example.com%22").await;
    let found = found["Resources"][0].clone();
    assert_eq!(texts(&found, "productRoles[].productId"), std::slice::from_ref(&product));
    assert_eq!(texts(&found, "productRoles[].role"), ["50"]);
    let id = texts(&found, "id").remove(0);
    let off = change("star", Kind::User, &id, Op::Deactivate, vec![text("active", "false")]);
    let plan = confirmed(&mut console, vec![off]).await;
    assert_eq!(plan.steps[0].write.method, Method::Delete);
    assert!(plan.steps[0].side_effects.iter().any(|effect| effect.contains("soft delete")), "{:?}", plan.steps[0]);
    seen.extend(bed.simulator("star").seen.all());
    assert_eq!(bed.get("star", &format!("/scim/v2/Users/{id}")).await["active"], json!(false));
    assert!(records(&bed, Kind::User).await.iter().any(|user| user["id"] == *id), "limitation 5: still listed");
    bed.simulator("star").seen.forget();
    confirmed(&mut console, vec![change("star", Kind::User, &id, Op::Reactivate, vec![text("active", "true")])]).await;
    seen.extend(bed.simulator("star").seen.all());
    assert_gateway_operated(&seen, aha::OPERATIONS);
}

/// Somebody new at Aha!, with a pair.
fn newcomer(product: &str) -> trueup::plan::Change {
    let want = vec![
        text("userName", "new.truth@example.com"),
        text("name.givenName", "New"),
        text("name.familyName", "Truth"),
        text("emails[work]", "new.truth@example.com"),
        pair(product, "viewer"),
    ];
    create("star", Kind::User, ("userName", "new.truth@example.com"), want)
}

fn pair(product: &str, role: &str) -> trueup::plan::Want {
    wish("productRoles", Some(&[product]), Wanted::Ref(Ref::Id(role.into())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limitations_of_aha_hold_through_the_gateway_and_are_linted_alike() {
    let bed = Bed::of(300, &[HR, AHA]).await;
    let mut console = console(&bed, &[]);
    let world = console.world().await;

    // 2: the test cannot prove the account; it says each limitation, and lint is that of Aha! itself.
    let site = world.systems[1].site.clone().unwrap();
    for sentence in aha::LIMITATIONS {
        assert!(site.evidence.iter().any(|line| line.detail.contains(sentence)), "{sentence}");
    }
    let direct = Bed::of(300, &[HR, crate::bed::AHA]).await;
    let own = direct.console(&full()).world().await;
    let lints = |world: &trueup::engine::protocol::World, system: &str| {
        let of = world.compared.lints.iter().filter(|lint| lint.system.as_str() == system && lint.kind == Kind::User);
        let mut lints: Vec<_> = of.map(|lint| (lint.rule.name(), lint.key.clone(), lint.path.clone())).collect();
        // The gateway does not say who administers billing.
        lints.retain(|(rule, ..)| *rule != "last_billing_admin");
        lints.sort();
        lints
    };
    let (through, at_aha) = (lints(&world, "star"), lints(&own, "aha"));
    assert!(through.len() > 3, "{through:?}");
    assert_eq!(through, at_aha);
    let states = |world: &trueup::engine::protocol::World| {
        let mut pairings = world.compared.kind(Kind::User).pairings[1].clone();
        pairings.retain(|pairing| pairing.counts());
        pairings.sort();
        pairings
    };
    assert_eq!(states(&world), states(&own), "what is out of true is the same by both ways");

    // 3: no groups.
    assert!(site.endpoint(Kind::Group).is_none());
    let group = create("star", Kind::Group, ("displayName", "Truth"), vec![text("displayName", "Truth")]);
    assert!(!refusal(&mut console, group).await.is_empty());

    // Everything that was found can be put right, records whole and with every extension as it was.
    let users = records(&bed, Kind::User).await;
    let user =
        users.iter().find(|user| user["active"] == true && texts(user, "productRoles[].role").len() == 2).unwrap();
    let id = texts(user, "id").remove(0);
    let path = format!("/scim/v2/Users/{id}");
    let set = |op, want| change("star", Kind::User, &id, op, vec![want]);
    let products = texts(user, "productRoles[].productId");
    let others = records(&bed, Kind::Product).await;
    let other = others.iter().map(|product| texts(product, "id").remove(0)).find(|id| !products.contains(id)).unwrap();

    // 1: together or not at all; one pair never touches another.
    let why = refusal(&mut console, set(Op::Put, wish("productRoles", Some(&[&other]), Wanted::Present))).await;
    assert!(why.contains("role"), "{why}");
    confirmed(&mut console, vec![set(Op::Put, pair(&other, "reviewer"))]).await;
    let now = bed.get("star", &path).await;
    assert!(products.iter().all(|have| texts(&now, "productRoles[].productId").contains(have)), "{now}");
    assert_eq!(texts(&now, "productRoles[].role").len(), 3);
    assert!(bed.simulator("star").seen.writes().is_empty(), "the look from outside forgot them");

    // 5: never called deletion.
    let why = refusal(&mut console, set(Op::Delete, text("active", "false"))).await;
    assert!(why.contains("only switches the record off"), "{why}");
    for (op, value) in [(Op::Deactivate, false), (Op::Reactivate, true)] {
        let plan = confirmed(&mut console, vec![set(op, text("active", &value.to_string()))]).await;
        assert_eq!(plan.steps[0].write.method, Method::Put, "whole records, where the operator wants no DELETE");
        let now = bed.get("star", &path).await;
        assert_eq!(now["active"], value);
        assert_eq!(texts(&now, "productRoles[].role").len(), 3, "every extension is kept");
    }

    // 6: an unknown role is never sent; what the gateway makes of a role that went away is seen.
    let why = refusal(&mut console, set(Op::Put, pair(&other, "grand_vizier"))).await;
    assert!(why.contains("grand_vizier"), "{why}");

    // 7: a product that is not there.
    let state = outcome(&mut console, set(Op::Put, pair("99", "viewer"))).await;
    assert!(!matches!(state, OutcomeState::Confirmed { .. }) && words(&state).len() > 10, "{state:?}");

    // What is mandatory and lacking is said before anything is sent.
    let full = newcomer(&other);
    for field in aha::MANDATORY {
        let mut lacking = full.clone();
        lacking.want.retain(|want| want.facet.path.as_str() != field.here);
        let state = outcome(&mut console, lacking).await;
        assert!(matches!(state, OutcomeState::Refused { .. }), "{}: {state:?}", field.printed);
        assert!(words(&state).contains(field.printed) || words(&state).contains(field.here), "{}", words(&state));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_asked_for_in_either_way_and_a_failover_is_waited_out() {
    for (fault, wanted) in [("token-way=basic", &[200][..]), ("token-way=form", &[401, 200])] {
        let bed = Bed::of(30, &[HR, AHA]).await;
        bed.faults("star", &[fault, "failover=2"]);
        let mut console = console(&bed, &[]);
        let world = console.world().await;
        assert!(world.compared.inputs.systems[1].snapshot(Kind::User).unwrap().proved(), "{fault}");
        assert_eq!(tokens(&bed), wanted);
        let again = bed.simulator("star").seen.all().iter().filter(|request| request.status == 406).count();
        assert_eq!(again, 2, "brief 406s on failover are asked again");
        // A token that is not taken any more is renewed once.
        bed.faults("star", &[fault, "expire=0"]);
        console.handle.send(Command::Refresh { system: None, kind: None });
        let world = loop {
            let world = console.world().await;
            if tokens(&bed).len() > wanted.len() {
                break world;
            }
        };
        assert_eq!(tokens(&bed)[wanted.len()..], [200], "renewed once");
        assert!(world.compared.inputs.systems[1].snapshot(Kind::User).unwrap().proved(), "{fault}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_litmos_is_read_and_written_or_refused_through_the_gateway() {
    let bed = Bed::of(400, &[HR, LITMOS]).await;
    let mut console = console(&bed, &[]);
    let world = console.world().await;
    let mut seen = bed.simulator("star").seen.all();
    let (users, groups) = (records(&bed, Kind::User).await, records(&bed, Kind::Group).await);
    assert!(users.len() > 300 && groups.len() > 10, "{} users, {} groups", users.len(), groups.len());
    let plain = |user: &&Value| user["active"] == true && texts(user, "accessLevel") == ["Learner"];
    let plain: Vec<Value> = users.iter().filter(plain).cloned().collect();
    let of = |kind| if kind == Kind::Group { groups.clone() } else { users.clone() };
    let working = |kind| if kind == Kind::Group { groups.clone() } else { plain.clone() };
    let zones = [
        ("Arab Standard Time", "Asia/Riyadh"),
        ("China Standard Time", "Asia/Shanghai"),
        ("E. South America Standard Time", "America/Sao_Paulo"),
        ("GMT Standard Time", "Europe/London"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Taipei Standard Time", "Asia/Taipei"),
    ];
    let said = |row: &Row, record: &Value| {
        let native = texts(record, "timezone");
        let zones = zones.iter().filter(|(name, _)| native.iter().any(|native| native == name));
        (row.here == "timezone").then(|| zones.map(|(_, zone)| (*zone).to_owned()).collect())
    };
    read(&mut console, &world, litmos::ROWS, &of, &said).await;
    seen.extend(write(&bed, &mut console, litmos::ROWS, &working).await);

    // Create and delete, of a user and of a team; the user name is the e-mail too.
    let name = "new.truth@example.com";
    let user = vec![
        text("userName", name),
        text("name.givenName", "New"),
        text("name.familyName", "Truth"),
        wish("password", None, Wanted::Clear),
    ];
    let user = user.into_iter().filter(|want| want.value != Wanted::Clear).collect();
    for (kind, by, want) in [
        (Kind::User, ("userName", name), user),
        (Kind::Group, ("displayName", "A team of truth"), vec![text("displayName", "A team of truth")]),
    ] {
        bed.simulator("star").seen.forget();
        confirmed(&mut console, vec![create("star", kind, by, want)]).await;
        seen.extend(bed.simulator("star").seen.all());
        let there = |all: Vec<Value>| all.into_iter().find(|record| record[by.0] == by.1);
        let new = there(records(&bed, kind).await).expect("it is in the simulator");
        if kind == Kind::User {
            assert_eq!(texts(&new, "emails[].value"), [by.1]);
        }
        let id = texts(&new, "id").remove(0);
        confirmed(&mut console, vec![change("star", kind, &id, Op::Delete, Vec::new())]).await;
        seen.extend(bed.simulator("star").seen.all());
        assert_eq!(there(records(&bed, kind).await), None, "it is deleted");
    }
    assert_gateway_operated(&seen, litmos::OPERATIONS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limitations_of_litmos_hold_through_the_gateway_and_are_linted_alike() {
    let bed = Bed::of(300, &[HR, LITMOS]).await;
    let mut console = console(&bed, &[]);
    let world = console.world().await;
    let site = world.systems[1].site.clone().unwrap();
    for sentence in litmos::LIMITATIONS {
        let held = Mapping::builtin("litmos").unwrap();
        let direct =
            held.limitations.iter().any(|have| have.sentence == sentence && have.via == trueup::mapping::Via::Direct);
        assert!(direct || site.evidence.iter().any(|line| line.detail.contains(sentence)), "{sentence}");
    }
    // Teams of one name are told.
    let repeated =
        world.compared.lints.iter().filter(|lint| lint.rule.name() == "duplicate" && lint.kind == Kind::Group);
    assert!(repeated.filter(|lint| lint.system.as_str() == "star").count() > 1);
    assert!(!offers(&world).is_empty());

    let (users, groups) = (records(&bed, Kind::User).await, records(&bed, Kind::Group).await);
    let learner = users.iter().filter(|user| user["active"] == true && texts(user, "accessLevel") == ["Learner"]);
    let learners: Vec<String> = learner.map(|user| texts(user, "id").remove(0)).collect();
    let child = groups.iter().find(|group| !texts(group, "parentTeamId").is_empty()).unwrap();
    let team = texts(child, "id").remove(0);
    let members = texts(child, "members[].value");
    let outsider = learners.iter().find(|id| !members.contains(id)).unwrap();

    // Custom attributes: legacy ones are texts under the core custom schema, the others have types under the enterprise one.
    let core = "urn:starling:custom:urn:ietf:params:scim:schemas:core:2.0:User:badge";
    let typed = "urn:starling:custom:urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:floor";
    for (path, value) in [(core, "42"), (typed, "7")] {
        confirmed(&mut console, vec![change("star", Kind::User, outsider, Op::Set, vec![text(path, value)])]).await;
    }
    let now = bed.get("star", &format!("/scim/v2/Users/{outsider}")).await;
    assert_eq!(texts(&now, "badge"), ["42"]);
    let urn = typed.rsplit_once(':').unwrap().0;
    assert_eq!(now[urn]["floor"], json!(7), "an integer is sent as one");
    assert_eq!(now[urn]["since"], json!("2020-01-31T08:00:00Z"), "what else the extension holds is kept");

    // A member that is there, and one that nobody knows: taken without a word, and told.
    let member = |id: &str| wish("members", Some(&[id]), Wanted::Present);
    let put = |id: &str| change("star", Kind::Group, &team, Op::Put, vec![member(id)]);
    confirmed(&mut console, vec![put(outsider)]).await;
    let state = outcome(&mut console, put("nobody1")).await;
    assert!(matches!(state, OutcomeState::Differs { .. }) && words(&state).len() > 5, "{state:?}");
    let now = bed.get("star", &format!("/scim/v2/Groups/{team}")).await;
    assert_eq!(texts(&now, "members[].value").len(), members.len() + 1);
    assert_eq!(texts(&now, "parentTeamId"), texts(child, "parentTeamId"), "every extension is kept");

    // With a parent, and never without it again.
    let parent = texts(child, "parentTeamId").remove(0);
    let under = wish("parent", None, Wanted::Ref(Ref::Id(parent.as_str().into())));
    let want = vec![text("displayName", "Truth below"), under];
    confirmed(&mut console, vec![create("star", Kind::Group, ("displayName", "Truth below"), want)]).await;
    let below =
        records(&bed, Kind::Group).await.into_iter().find(|group| group["displayName"] == "Truth below").unwrap();
    assert_eq!(texts(&below, "parentTeamId"), [parent]);
    let lift = change("star", Kind::Group, &team, Op::Set, vec![wish("parent", None, Wanted::Clear)]);
    let why = refusal(&mut console, lift).await;
    assert!(why.contains("create"), "{why}");

    // An update of somebody who was deleted meanwhile is not sent: it would be a 500.
    let gone = &learners[9];
    let plan = console.prepare(vec![change("star", Kind::User, gone, Op::Set, vec![text("title", "Ghost")])]).await;
    bed.behind("star", "DELETE", &format!("/scim/v2/Users/{gone}"), &Value::Null).await;
    let state = console.push(plan).await.remove(0).1;
    assert!(!matches!(state, OutcomeState::Confirmed { .. }), "{state:?}");
    assert!(bed.writes("star").is_empty(), "nothing was sent: {:?}", bed.writes("star"));

    for field in litmos::MANDATORY {
        let by = if field.kind == Kind::User { "userName" } else { "displayName" };
        let full = [text("userName", "n@example.com"), text("name.givenName", "N"), text("name.familyName", "T")];
        let group = [text("displayName", "Team N"), text("description", "x")];
        let all: &[_] = if field.kind == Kind::User { &full } else { &group };
        let want = all.iter().filter(|want| want.facet.path.as_str() != field.here).cloned().collect();
        let state = outcome(&mut console, create("star", field.kind, (by, "n@example.com"), want)).await;
        assert!(matches!(state, OutcomeState::Refused { .. }), "{}: {state:?}", field.printed);
        assert!(words(&state).contains(field.here), "{}: {}", field.printed, words(&state));
    }
}
