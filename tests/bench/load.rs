//! Loading users from SCIM JSON Lines into a table: wall time, processor time and peak memory.
//!
//! `cargo bench --bench load` writes the population to the temporary directory once (about 1 GB for 1,000,000 users) and
//! loads it. The population has 25 attributes, Chinese and Latin names and messy addresses; the same number always gives
//! the same bytes.
#![allow(clippy::expect_used)]

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Instant;

use trueup::connectors::{Finish, Input, Next, Settings, connector};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Proof, Table, TableBuilder};
use trueup::plan::{Reply, Site};

/// What is read from the file at a time.
const BLOCK: usize = 8 << 20;

fn main() {
    let asked: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    for users in if asked.is_empty() { vec![1_000_000] } else { asked } {
        report(users);
    }
    divan::main();
}

/// One load with everything that the budget names.
fn report(users: u64) {
    let path = population(users);
    let bytes = std::fs::metadata(&path).map_or(0, |data| data.len());
    // The first reading brings the file into the system's cache, as a reply that has just arrived is.
    std::io::copy(&mut File::open(&path).expect("the population"), &mut std::io::sink()).expect("the population");
    let (cpu, start) = (processor_seconds(), Instant::now());
    let table = load(&path);
    let (wall, cpu) = (start.elapsed().as_secs_f64(), processor_seconds() - cpu);
    assert_eq!(table.len() as u64, users);
    println!(
        "load {users} users, {} MB: {wall:.2} s wall, {cpu:.2} s processor, {} MiB peak, {} MiB now, {} cores",
        bytes / 1_000_000,
        status("VmHWM:") / 1024,
        status("VmRSS:") / 1024,
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    );
}

#[divan::bench(args = [10_000, 100_000], sample_count = 5)]
fn lines(bencher: divan::Bencher<'_, '_>, users: u64) {
    let path = population(users);
    bencher.counter(divan::counter::ItemsCount::new(users)).bench(|| load(&path));
}

/// Users on pages of 100, as a service sends them.
#[divan::bench(args = [10_000], sample_count = 5)]
fn pages(bencher: divan::Bencher<'_, '_>, users: u64) {
    let text = std::fs::read_to_string(population(users)).expect("the population");
    let lines: Vec<&str> = text.lines().collect();
    let pages: Vec<String> = lines
        .chunks(100)
        .map(|page| format!("{{\"totalResults\":{users},\"Resources\":[{}]}}", page.join(",")))
        .collect();
    let scim = Mapping::builtin("scim").expect("the built-in mapping");
    let reader = scim.reader("users").expect("the feed");
    bencher.counter(divan::counter::ItemsCount::new(users)).bench(|| {
        let mut into = TableBuilder::new(reader.schema().clone());
        for page in &pages {
            reader.read(page.as_bytes(), None, &mut into).expect("a page");
            into.next_page();
        }
        into.table()
    });
}

/// The same users as an export in CSV, through the connector `file`: every walk ends proved.
#[divan::bench(args = [10_000, 100_000], sample_count = 5)]
fn csv(bencher: divan::Bencher<'_, '_>, users: u64) {
    let path = csv_population(users);
    bencher.counter(divan::counter::ItemsCount::new(users)).bench(|| export(&path, users));
}

/// An export, block by block as the engine answers them.
fn export(path: &Path, users: u64) -> Table {
    let mapping = Arc::new(Mapping::builtin("file").expect("the built-in mapping"));
    let mut into = TableBuilder::new(mapping.kind(Kind::User).expect("users").schema.clone());
    let own = [("users".to_owned(), path.display().to_string())].into();
    let file = connector("file", mapping, &Settings { own, ..Settings::default() }).expect("the connector");
    let mut walk = file.walk(&Site::default(), "users", Vec::new());
    let mut bytes = File::open(path).expect("the population");
    let mut input = Input::Start;
    loop {
        input = match walk.next(input) {
            Next::Ask(_) => {
                let mut body = Vec::new();
                (&mut bytes).take(4 << 20).read_to_end(&mut body).expect("a block");
                Input::Replies(vec![Reply { status: 200, headers: Vec::new(), body: body.into() }])
            }
            Next::Block(block) => Input::Taken(block.read(&mut into).expect("whole rows")),
            Next::Done(Finish::Feed(Proof::Complete { total, .. })) => {
                assert_eq!(total, users);
                return into.table();
            }
            other => panic!("the export is not proved: {other:?}"),
        };
    }
}

/// The population as CSV: the columns that are texts of the record itself, and the work address.
fn csv_population(users: u64) -> PathBuf {
    const COLUMNS: [(&str, &str); 14] = [
        ("id", "/id"),
        ("externalId", "/externalId"),
        ("userName", "/userName"),
        ("name.givenName", "/name/givenName"),
        ("name.familyName", "/name/familyName"),
        ("displayName", "/displayName"),
        ("emails[work]", "/emails/0/value"),
        ("phoneNumbers[work]", "/phoneNumbers/0/value"),
        ("phoneNumbers[mobile]", "/phoneNumbers/1/value"),
        ("active", "/active"),
        ("title", "/title"),
        ("addresses[work].streetAddress", "/addresses/0/streetAddress"),
        ("locale", "/locale"),
        ("timezone", "/timezone"),
    ];
    let path = population(users).with_extension("csv");
    if path.exists() {
        return path;
    }
    let text = std::fs::read_to_string(population(users)).expect("the population");
    let mut out = COLUMNS.map(|(name, _)| name).join(",") + "\n";
    for line in text.lines() {
        let user: serde_json::Value = serde_json::from_str(line).expect("a user");
        let cell = |at: &str| match user.pointer(at) {
            Some(serde_json::Value::String(text)) => format!("\"{}\"", text.replace('"', "\"\"")),
            Some(other) => other.to_string(),
            None => String::new(),
        };
        out.push_str(&COLUMNS.map(|(_, at)| cell(at)).join(","));
        out.push('\n');
    }
    std::fs::write(&path, out).expect("room in the temporary directory");
    path
}

/// The file block by block, the next one being read while one is parsed.
fn load(path: &Path) -> Table {
    let scim = Mapping::builtin("scim").expect("the built-in mapping");
    let reader = scim.reader("users").expect("the feed");
    let mut into = TableBuilder::new(reader.schema().clone());
    let mut file = File::open(path).expect("the population");
    std::thread::scope(|scope| {
        let (full, blocks) = sync_channel::<Vec<u8>>(1);
        let (empty, buffers) = sync_channel::<Vec<u8>>(2);
        for _ in 0..2 {
            empty.send(Vec::with_capacity(BLOCK + BLOCK / 8)).expect("room");
        }
        scope.spawn(move || {
            let mut rest: Vec<u8> = Vec::new();
            while let Ok(mut block) = buffers.recv() {
                block.clear();
                block.append(&mut rest);
                let read = (&mut file).take(BLOCK as u64).read_to_end(&mut block).expect("a block");
                let end = block.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
                if read > 0 {
                    rest.extend_from_slice(&block[end..]);
                    block.truncate(end);
                }
                if (read == 0 && block.is_empty()) || full.send(block).is_err() {
                    return;
                }
            }
        });
        for block in blocks {
            reader.read_lines(&block, &mut into).expect("whole lines");
            // The reading thread may have ended.
            let _ = empty.send(block);
        }
    });
    into.table()
}

/// The population as a file, written where it is not there yet.
fn population(users: u64) -> PathBuf {
    let path = std::env::temp_dir().join(format!("trueup-bench-{users}.jsonl"));
    if path.exists() {
        return path;
    }
    let partial = path.with_extension("partial");
    let mut out = BufWriter::with_capacity(1 << 20, File::create(&partial).expect("a temporary file"));
    let mut random = Random(1);
    for number in 0..users {
        user(&mut random, number, &mut out).expect("room in the temporary directory");
    }
    out.flush().expect("room in the temporary directory");
    std::fs::rename(&partial, &path).expect("a temporary file");
    path
}

/// splitmix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len() as u64) as usize]
    }

    fn char_of(&mut self, text: &str) -> char {
        let count = text.chars().count() as u64;
        text.chars().nth(self.below(count) as usize).unwrap_or(' ')
    }
}

const FAMILY: &str =
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈";
const GIVEN: &str =
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂建华国志文玉红春梅琴云飞鹏宇浩轩梓涵子墨雨泽欣怡思琪";
const LOGIN: [&str; 10] = ["wang", "li", "zhang", "liu", "chen", "yang", "huang", "zhao", "wu", "zhou"];
const FIRST: [&str; 12] =
    ["James", "Mary", "José", "Zoë", "Anna-Lena", "Søren", "Łukasz", "Renée", "Björn", "Fatima", "Ngọc", "Ümit"];
const LAST: [&str; 10] =
    ["O'Brien", "Müller", "García", "van der Berg", "Smith-Jones", "Nguyễn", "Kowalski", "Østergaard", "Şahin", "Kim"];
const DOMAINS: [&str; 6] =
    ["example.com", "corp.example.com", "EXAMPLE.COM", "example.com.cn", "mail.example.org", "ex-ample.io"];
const DEPARTMENTS: [&str; 8] =
    ["财务部", "人力资源部", "研发中心", "Finance", "R&D / Platform", "Sales EMEA", "供应链", "IT Operations"];
const TITLES: [&str; 6] = ["工程师", "高级经理", "Engineer II", "Sr. Manager", "Director", "VP, Sales"];
const CITIES: [[&str; 4]; 4] = [
    ["上海", "SH", "CN", "200000"],
    ["Berlin", "BE", "DE", "10115"],
    ["São Paulo", "SP", "BR", "01000"],
    ["Dublin", "L", "IE", "D01"],
];
const STREETS: [&str; 4] = ["Nanjing Rd", "中山路", "Main St.", "Hauptstraße"];
const LOCALES: [&str; 3] = ["zh-CN", "en-US", "de-DE"];
const ZONES: [&str; 3] = ["Asia/Shanghai", "Europe/Berlin", "America/New_York"];

/// One user as a line.
fn user(random: &mut Random, number: u64, out: &mut impl Write) -> std::io::Result<()> {
    let chinese = random.below(100) < 55;
    let (given, family, display, login) = if chinese {
        let family = random.char_of(FAMILY).to_string();
        let given: String = (0..=random.below(4).min(1)).map(|_| random.char_of(GIVEN)).collect();
        let login = format!("{}.{}{number}", random.of(&LOGIN), random.of(&LOGIN));
        let display = format!("{family}{given}");
        (given, family, display, login)
    } else {
        let (given, family) = (random.of(&FIRST), random.of(&LAST));
        let login: String = format!("{given}.{family}{number}").to_lowercase().chars().filter(char::is_ascii).collect();
        let display = if random.below(5) > 0 { format!("{given} {family}") } else { format!("{family}, {given}") };
        (given.to_owned(), family.to_owned(), display, login.replace([' ', '\''], ""))
    };
    let mail = format!("{login}@{}", random.of(&DOMAINS));
    let mail = match random.below(20) {
        0 => mail.to_uppercase(),
        1 => format!(" {mail}"),
        2 => mail.replace('@', "+hr@"),
        3 => mail.replace('@', "＠"),
        4 => String::new(),
        5 => format!("\\\"{login}\\\"@example.com"),
        _ => mail,
    };
    let other = match random.below(3) {
        0 => format!(",{{\"value\":\"{login}@old.example.com\",\"type\":\"other\"}}"),
        _ => String::new(),
    };
    let (high, low) = (random.next(), random.next());
    let [city, region, country, code] = CITIES[random.below(4) as usize];
    let place = random.below(3) as usize;
    writeln!(
        out,
        concat!(
            r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"#,
            r#""id":"{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}","externalId":"E{:08}","userName":"{}","#,
            r#""name":{{"givenName":"{}","familyName":"{}"}},"displayName":"{}","#,
            r#""emails":[{{"value":"{}","type":"work","primary":true}}{}],"#,
            r#""phoneNumbers":[{{"value":"+86 21 {} {}","type":"work"}},{{"value":"+861{}","type":"mobile"}}],"#,
            r#""active":{},"title":"{}","#,
            r#""addresses":[{{"streetAddress":"{} {}","locality":"{}","region":"{}","country":"{}","postalCode":"{}","type":"work"}}],"#,
            r#""locale":"{}","timezone":"{}","#,
            r#""urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{{"employeeNumber":"{}","costCenter":"CC-{}","division":"D{:02}","department":"{}","manager":{{"value":"E{:08}"}}}},"#,
            r#""meta":{{"resourceType":"User","lastModified":"2026-{:02}-{:02}T{:02}:{:02}:{:02}Z"}}}}"#
        ),
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff,
        number,
        login,
        given,
        family,
        display,
        mail,
        other,
        random.below(9000) + 1000,
        random.below(9000) + 1000,
        random.below(9_000_000_000) + 1_000_000_000,
        random.below(12) > 0,
        random.of(&TITLES),
        random.below(999) + 1,
        random.of(&STREETS),
        city,
        region,
        country,
        code,
        LOCALES[place],
        ZONES[place],
        100_000 + number,
        random.below(900) + 100,
        random.below(40),
        random.of(&DEPARTMENTS),
        random.below(number + 1),
        random.below(12) + 1,
        random.below(28) + 1,
        random.below(24),
        random.below(60),
        random.below(60),
    )
}

/// User and system time of this process so far, to a hundredth of a second; 0 where the system does not tell.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |at: usize| after.split_whitespace().nth(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

/// A line of the process's status in KiB; 0 where the system does not tell.
fn status(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).unwrap_or(0)
}
