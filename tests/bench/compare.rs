//! Link and compare: 1,000,000 people in three systems, 25 attributes, 2 % of them changed, rows in no order.
//!
//! The goal is 1.0 s wall and 1.8 s of CPU on 2 cores, from loaded tables to states, differences and lint (DESIGN.md
//! section 6). It also tells the memory of three systems with their comparison (goal 1.3 GiB) and the peak while one of them
//! is read anew (goal: one system more), and what comparing again after an edit costs (goal 200 ms for the rules of comparison,
//! policy and scope). `TRUEUP_BENCH_USERS` sets another number of people.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::sync::{Arc, LazyLock};

use divan::Bencher;
use trueup::compare::{Compared, Inputs, Link, LinkVerdict, Pairing, Rung, SystemView, compare, compare_again};
use trueup::mapping::Mapping;
use trueup::model::filter::{Filter, Filters};
use trueup::model::{AttrPath, FeedState, Fold, Kind, Proof, RecordKey, Schema, Snapshot, SystemId, TableBuilder};

fn main() {
    memory();
    divan::main();
}

/// A line of the process's status in MiB; 0 where the system does not tell.
fn mib(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|size| size.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// Three systems and what came of comparing them, then a fourth beside them that takes the place of the third.
fn memory() {
    let world = WORLD.clone();
    let loaded = mib("VmRSS:");
    let found = compare(world.clone());
    let (compared, peak) = (mib("VmRSS:"), mib("VmHWM:"));
    let mut again = (*world).clone();
    again.systems[2] = system("two", "u", 2, &world.systems[2].mapping);
    let anew = compare(Arc::new(again));
    assert_eq!(found.kind(Kind::User).tallies, anew.kind(Kind::User).tallies);
    eprintln!(
        "memory: three systems {loaded} MiB, compared {compared} MiB (peak {peak}), one read anew beside them {} MiB (peak {})",
        mib("VmRSS:"),
        mib("VmHWM:")
    );
}

fn users() -> u64 {
    std::env::var("TRUEUP_BENCH_USERS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000)
}

/// splitmix64: the same people on any machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len() as u64) as usize]
    }
}

const GIVEN: &[&str] =
    &["James", "José", "Zoë", "Anna-Lena", "Łukasz", "Fatima", "Ngọc", "明", "国志", "晓燕", "Patricia", "Seán"];
const FAMILY: &[&str] =
    &["O'Brien", "Müller", "García", "van der Berg", "Nguyễn", "王", "欧阳", "Ivanov", "Singh", "Großmann"];
const DOMAINS: &[&str] = &["example.com", "corp.example.com", "EXAMPLE.COM", "mail.example.org", "例子.example"];
const TITLES: &[&str] =
    &["工程师", "高级经理", "Engineer II", "Sr. Manager", "Director", "实习生", "VP, Sales", "Analyst"];
const DEPARTMENTS: &[&str] =
    &["财务部", "研发中心", "Finance", "R&D / Platform", "Sales EMEA", "IT Operations", "Legal"];
const CITIES: &[[&str; 4]] =
    &[["上海", "SH", "CN", "200000"], ["Berlin", "BE", "DE", "10115"], ["São Paulo", "SP", "BR", "01000"]];
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a person has in a system; `number` is the same person everywhere.
fn person(number: u64, prefix: &str, drifted: bool) -> Vec<(String, String)> {
    let mut dice = Dice(number.wrapping_mul(0x5851_F42D_4C95_7F2D) + 1);
    let (given, family) = (dice.of(GIVEN), dice.of(FAMILY));
    let login = format!("user.{number}");
    let mail = format!("{login}@{}", dice.of(DOMAINS));
    let mail = match dice.below(20) {
        0 => mail.to_uppercase(),
        1 => format!(" {mail}"),
        2 => mail.replace('@', "＠"),
        _ => mail,
    };
    let city = CITIES[dice.below(CITIES.len() as u64) as usize];
    let at = |name: &str| format!("{ENTERPRISE}:{name}");
    let mut all = vec![
        ("externalId".into(), format!("E{number:08}")),
        ("userName".into(), login.clone()),
        ("name.givenName".into(), given.into()),
        ("name.familyName".into(), family.into()),
        ("displayName".into(), format!("{given} {family}")),
        ("emails[work]".into(), mail),
        ("emails[other]".into(), if dice.below(3) == 0 { format!("{login}@old.example.com") } else { String::new() }),
        ("phoneNumbers[work]".into(), format!("+86 21 {} {}", dice.below(9000) + 1000, dice.below(9000) + 1000)),
        ("phoneNumbers[mobile]".into(), format!("+861{}", dice.below(9_000_000_000) + 1_000_000_000)),
        ("active".into(), (dice.below(12) != 0).to_string()),
        ("title".into(), dice.of(TITLES).into()),
        (at("department"), dice.of(DEPARTMENTS).into()),
        (at("employeeNumber"), (100_000 + number).to_string()),
        (at("costCenter"), format!("CC-{}", dice.below(900) + 100)),
        (at("division"), format!("D{:02}", dice.below(40))),
        (at("manager"), format!("{prefix}{}", number / 20)),
        ("addresses[work].streetAddress".into(), format!("{} Nanjing Rd", dice.below(999) + 1)),
        ("addresses[work].locality".into(), city[0].into()),
        ("addresses[work].region".into(), city[1].into()),
        ("addresses[work].country".into(), city[2].into()),
        ("addresses[work].postalCode".into(), city[3].into()),
        ("locale".into(), dice.of(&["zh-CN", "en-US", "de-DE", "pt-BR"]).into()),
        ("timezone".into(), dice.of(&["Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo"]).into()),
        ("userType".into(), dice.of(&["Employee", "Contractor"]).into()),
        ("meta.lastModified".into(), format!("2026-{:02}-{:02}T10:00:00Z", dice.below(12) + 1, dice.below(28) + 1)),
    ];
    if drifted {
        let at = [2, 3, 9, 10, 11, 13, 16][dice.below(7) as usize];
        all[at].1 =
            if at == 9 { if all[9].1 == "true" { "false" } else { "true" }.into() } else { format!("{} X", all[at].1) };
    }
    all
}

/// A system's people: `extra` of its own instead of as many of the others, rows in no order.
fn system(name: &str, prefix: &str, salt: u64, mapping: &Arc<Mapping>) -> SystemView {
    let count = users();
    let schema = mapping.kind(Kind::User).expect("users").schema.clone();
    let mut builder = TableBuilder::new(schema.clone());
    // A step that has no divisor in common with the count visits everybody once.
    let step = (count / 3 * 2 + salt * 2 + 1..count * 2).find(|step| gcd(*step, count) == 1).expect("a step");
    let mut attrs = Vec::new();
    for at in 0..count {
        let number = if salt == 0 { at } else { (at * step + salt * 7) % count };
        let mut dice = Dice(number ^ salt << 40);
        let chance = dice.below(1000);
        let other = salt > 0 && chance < 2;
        let drifted = salt > 0 && (2..20).contains(&chance);
        let number = if other { number + 10_000_000 * salt } else { number };
        assert!(builder.begin(&format!("{prefix}{number}")));
        for (at, (path, text)) in person(number, prefix, drifted).into_iter().enumerate() {
            if attrs.len() == at {
                attrs.push(schema.resolve(&path).unwrap_or_else(|| panic!("no {path}")));
            }
            builder.set(attrs[at], &text);
        }
        builder.end();
    }
    let proof = Proof::Complete { how: "made here".into(), total: count };
    let snapshot = Snapshot {
        system: SystemId::new(name),
        kind: Kind::User,
        generation: 1,
        table: builder.table(),
        feeds: vec![FeedState { feed: "users".into(), proof, pages: 1, requests: 1 }],
        taken: jiff::Timestamp::UNIX_EPOCH,
    };
    SystemView {
        id: SystemId::new(name),
        mapping: mapping.clone(),
        snapshots: [Some(Arc::new(snapshot)), None, None, None],
        scope: Filters::default(),
        manage: Filters::default(),
        deactivate_out_of_scope: false,
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

static WORLD: LazyLock<Arc<Inputs>> = LazyLock::new(|| {
    let mapping = Arc::new(Mapping::builtin("scim").expect("the built-in mapping"));
    let systems =
        vec![system("hr", "s", 0, &mapping), system("one", "t", 1, &mapping), system("two", "u", 2, &mapping)];
    Arc::new(Inputs { systems, source: Some(0), ..Inputs::default() })
});

/// CPU time of this process so far, in seconds, where the system tells (Linux: ticks of 10 ms).
fn cpu() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: f64 = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

/// From loaded tables to the outcome.
#[divan::bench(sample_count = 7, sample_size = 1)]
fn link_and_compare(bencher: Bencher) {
    let world = WORLD.clone();
    let (before, began) = (cpu(), std::time::Instant::now());
    let found = compare(world.clone());
    let (wall, after) = (began.elapsed(), cpu());
    let users = found.kind(Kind::User);
    let tally = users.tallies[1];
    if let (Some(before), Some(after)) = (before, after) {
        eprintln!("first run: {:.3} s wall, {:.2} s CPU, {tally:?}", wall.as_secs_f64(), after - before);
    }
    assert!(tally.missing > 0 && tally.extra > 0 && tally.differs > 0 && tally.undecided == 0);
    assert!(
        users.pairings[1].iter().filter(|pairing| **pairing == Pairing::Same).count() as u64
            > users.len as u64 * 9 / 10
    );
    bencher.bench(|| compare(world.clone()));
}

/// What an operator edits in the second system.
const EDITS: &[&str] = &["nothing", "scope", "compare", "policy", "fold", "link"];

/// The second system's row of `title` edited, over the same records.
fn remapped(view: &mut SystemView, edit: impl Fn(&mut trueup::mapping::MapRow)) {
    let mut mapping = Mapping::clone(&view.mapping);
    let map = mapping.kinds.iter_mut().find(|map| map.kind == Kind::User).expect("users");
    map.rows.iter_mut().filter(|row| row.attr == AttrPath::new("title")).for_each(edit);
    let mut defs = map.schema.attrs().to_vec();
    for (def, row) in defs.iter_mut().zip(&map.rows) {
        def.fold = row.fold;
    }
    map.schema = Schema::new(Kind::User, defs);
    let schema = map.schema.clone();
    view.mapping = Arc::new(mapping);
    let snapshot = view.snapshots[0].as_ref().expect("users");
    let table = snapshot.table.with_schema(schema).expect("the same attributes");
    view.snapshots[0] = Some(Arc::new(Snapshot { table, ..Snapshot::clone(snapshot) }));
}

fn edited(edit: &str) -> Arc<Inputs> {
    let mut inputs = (**WORLD).clone();
    let view = &mut inputs.systems[1];
    match edit {
        "scope" => view.scope = Filters::of_users(Filter::parse("title ne \"VP, Sales\"").expect("a filter")),
        "compare" => remapped(view, |row| row.compare = false),
        "policy" => remapped(view, |row| row.policy = trueup::mapping::Policy::SkipEmpty),
        "fold" => remapped(view, |row| row.fold = Fold::Exact),
        "link" => inputs.links.push(Link {
            a: RecordKey::new(SystemId::new("hr"), Kind::User, "s1"),
            b: RecordKey::new(SystemId::new("one"), Kind::User, "t2"),
            by: Rung::Kept,
            verdict: LinkVerdict::NotSame,
            since: jiff::Timestamp::UNIX_EPOCH,
        }),
        _ => {}
    }
    Arc::new(inputs)
}

static COMPARED: LazyLock<Compared> = LazyLock::new(|| compare(WORLD.clone()));

/// The same records again, after an edit.
#[divan::bench(args = EDITS, sample_count = 7, sample_size = 1)]
fn again(bencher: Bencher, edit: &str) {
    let inputs = edited(edit);
    let again = compare_again(inputs.clone(), &COMPARED);
    assert_eq!(again.kind(Kind::User).tallies, compare(inputs.clone()).kind(Kind::User).tallies);
    bencher.bench(|| compare_again(inputs.clone(), &COMPARED));
}
