//! Reading and pushing over the network: how near the bound that latency, page size and the service's limit set.
//!
//! `cargo bench --bench fetch` starts itself a second time as the service: the simulator of SCIM behind a desk that keeps
//! every page once it was made, answers after a latency, and turns away what comes faster than its limit. So what is
//! measured here is the engine alone: wall time against the bound, its own processor time and memory, and how many requests
//! were turned away.
#![allow(clippy::expect_used)]

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use trueup::config::SystemConfig;
use trueup::engine::push::Patience;
use trueup::engine::{Auth, Session, Setup, SystemSetup};
use trueup::mapping::Mapping;
use trueup::model::{Kind, Op, RecordKey, SystemId};
use trueup::plan::{By, Change, Expect, Facet, Mode, Policy, Target, Want, Wanted};
use trueup::secret::{Secret, Source};
use trueup::simulate;
use trueup::store::{Leases, journal};

/// Tells the second process what it is: users, milliseconds, requests a second (0: no limit).
const SERVES: &str = "TRUEUP_BENCH_SERVES";

fn main() {
    if let Ok(told) = std::env::var(SERVES) {
        let numbers: Vec<u32> = told.split(' ').filter_map(|part| part.parse().ok()).collect();
        let [users, latency, limit] = numbers[..] else { return };
        runtime().block_on(serve(users, Duration::from_millis(latency.into()), limit));
        return;
    }
    let quick = std::env::args().any(|arg| arg == "quick");
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load of this machine: {}", load.trim());
    fetch(if quick { 2_000 } else { 10_000 }, 50);
    fetch(if quick { 10_000 } else { 100_000 }, 0);
    push(if quick { 20 } else { 200 }, 20);
}

fn runtime() -> tokio::runtime::Runtime {
    trueup::engine::runtime().expect("a runtime")
}

/// The service, in a process of its own.
struct Service {
    child: Child,
    url: String,
    token: String,
}

impl Service {
    fn start(users: u32, latency: u32, limit: u32) -> Self {
        let me = std::env::current_exe().expect("the path of this program");
        let mut child = Command::new(me)
            .env(SERVES, format!("{users} {latency} {limit}"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
        let (url, token) = line.trim().split_once(' ').expect("an address and a key");
        Self { url: url.to_owned(), token: token.to_owned(), child }
    }

    fn setup(&self, rate: f64) -> (Setup, u32) {
        let auth = Auth::Bearer(Source::Given(Secret::new(self.token.clone())));
        let mut config = SystemConfig::new(SystemId::new("far"), "scim", &self.url, auth);
        config.rate = Some(rate);
        config.policy = Policy { mode: Mode::Full, ..Policy::default() };
        // Small pages, as many services have them: the more of them, the more there is to lose between two.
        let mapping = Mapping { page_size: 100, ..Mapping::builtin("scim").expect("the mapping") };
        let mapping = Arc::new(mapping);
        let parallel = mapping.rate.parallel;
        let system = SystemSetup::over(config, mapping).expect("the connector");
        let setup = Setup {
            systems: vec![system],
            source: None,
            reference: None,
            journal: Box::new(journal::in_memory().expect("a journal")),
            cache: None,
            who: "bench".into(),
            leases: Leases::none(),
            patience: Patience::default(),
            read_at_start: true,
            reread: None,
            accepted: Vec::new(),
        };
        (setup, parallel)
    }

    /// Requests taken, turned away, and the seconds between the first and the last, since it was asked last.
    fn stats(&self) -> (u32, u32, f64) {
        let host = self.url.trim_start_matches("http://").split('/').next().expect("a host");
        let mut stream = std::net::TcpStream::connect(host).expect("the service");
        std::io::Write::write_all(&mut stream, b"GET /stats HTTP/1.1\r\nconnection: close\r\n\r\n")
            .expect("the service");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stream, &mut text).expect("the service");
        let mut parts = text.rsplit("\r\n\r\n").next().unwrap_or_default().split(' ').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        (next().parse().unwrap_or(0), next().parse().unwrap_or(0), next().parse().unwrap_or(0.0))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fetch(users: u32, latency: u32) {
    let service = Service::start(users, latency, 0);
    let read = || {
        let (setup, parallel) = service.setup(1_000_000.0);
        let (cpu, began) = (processor_seconds(), Instant::now());
        let session = runtime().block_on(Session::read(setup, |_| {}));
        let world = session.world().expect("it was read");
        let table = &world.compared.inputs.systems[0].snapshot(Kind::User).expect("users").table;
        assert_eq!(table.len(), users as usize);
        (began.elapsed().as_secs_f64(), processor_seconds() - cpu, parallel)
    };
    // The first reading has the pages made.
    read();
    service.stats();
    let (wall, cpu, parallel) = read();
    let (requests, rejected, _) = service.stats();
    let bound = f64::from(requests.div_ceil(parallel)) * f64::from(latency) / 1e3;
    let ratio = if latency == 0 { String::new() } else { format!(", {:.2} x the bound of {bound:.2} s", wall / bound) };
    println!(
        "fetch {users} users, {latency} ms: {wall:.2} s wall{ratio}, {cpu:.2} s processor, {} MiB peak, {requests} requests at \
         {parallel} side by side, {rejected} turned away",
        status("VmHWM:") / 1024
    );
}

fn push(changes: u32, limit: u32) {
    let service = Service::start(changes + 10, 50, limit);
    let (setup, _) = service.setup(f64::from(limit));
    let runtime = runtime();
    let session = runtime.block_on(Session::read(setup, |_| {}));
    let world = session.world().expect("it was read");
    let table = &world.compared.inputs.systems[0].snapshot(Kind::User).expect("users").table;
    let wanted: Vec<Change> = table.rows().take(changes as usize).map(|row| title(table.id(row))).collect();
    let plan = Arc::new(runtime.block_on(session.prepare(wanted, |_| {})).expect("a plan"));
    // Everything that was counted before has left the service's windows.
    std::thread::sleep(Duration::from_secs(2));
    service.stats();
    let cpu = processor_seconds();
    let pushed =
        session.push(plan.clone(), &plan.fingerprint, None, |_| {}, tokio_util::sync::CancellationToken::new());
    let outcomes = runtime.block_on(pushed).expect("the push");
    let done = outcomes.iter().filter(|outcome| outcome.state.word() == "confirmed").count();
    let (requests, rejected, wall) = service.stats();
    let bound = f64::from(requests.saturating_sub(1)) / f64::from(limit);
    println!(
        "push {changes} changes at {limit}/s: {done} confirmed, {requests} requests in {wall:.2} s, {:.1} % of the bound, \
         {rejected} turned away, {:.2} s processor",
        bound / wall * 100.0,
        processor_seconds() - cpu
    );
}

fn title(id: &str) -> Change {
    let system = SystemId::new("far");
    let facet = Facet::attr("title");
    Change {
        id: Change::name(&system, Kind::User, id, Op::Set, Some(&facet)),
        target: Target::Record(RecordKey::new(system.clone(), Kind::User, id)),
        system,
        kind: Kind::User,
        label: id.to_owned(),
        source: None,
        op: Op::Set,
        want: vec![Want { facet, value: Wanted::Text("Measured".into()), by: By::Operator }],
        expect: Expect::Facets(Vec::new()),
        needs: Vec::new(),
    }
}

/// What the service knows.
#[derive(Default)]
struct State {
    pages: BTreeMap<String, Arc<Vec<u8>>>,
    taken: VecDeque<Instant>,
    requests: u32,
    rejected: u32,
    first: Option<Instant>,
    last: Option<Instant>,
}

async fn serve(users: u32, latency: Duration, limit: u32) {
    let options =
        simulate::Options { users, rate_limit: false, view: "source".to_owned(), ..simulate::Options::default() };
    let running = simulate::start("scim", options).await.expect("the simulator");
    let behind = running.url.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("http://{}/scim/v2 {}", listener.local_addr().expect("a port"), running.login["token"]);
    let state: Arc<Mutex<State>> = Arc::default();
    while let Ok((stream, _)) = listener.accept().await {
        let (state, behind) = (state.clone(), behind.clone());
        tokio::spawn(async move {
            // Whoever hangs up has what they wanted.
            let _ = connection(stream, &state, &behind, latency, limit).await;
        });
    }
}

async fn connection(
    mut stream: TcpStream,
    state: &Mutex<State>,
    behind: &str,
    latency: Duration,
    limit: u32,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::new();
    loop {
        let Some(request) = message(&mut stream, &mut read).await? else { return Ok(()) };
        let line =
            String::from_utf8_lossy(request.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
        if line.starts_with("GET /stats") {
            let told = told(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", told.len());
            return stream.write_all((head + &told).as_bytes()).await;
        }
        if !let_in(&mut state.lock().unwrap_or_else(PoisonError::into_inner), limit) {
            tokio::time::sleep(latency).await;
            stream.write_all(b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n").await?;
            continue;
        }
        let list = line.starts_with("GET") && limit == 0;
        let known = state.lock().unwrap_or_else(PoisonError::into_inner).pages.get(&line).cloned().filter(|_| list);
        let page = match known {
            Some(page) => page,
            None => {
                let page = Arc::new(asked(behind, &request).await?);
                state.lock().unwrap_or_else(PoisonError::into_inner).pages.insert(line, page.clone());
                page
            }
        };
        tokio::time::sleep(latency).await;
        stream.write_all(&page).await?;
    }
}

fn told(state: &mut State) -> String {
    let wall = state.first.zip(state.last).map_or(0.0, |(first, last)| (last - first).as_secs_f64());
    let told = format!("{} {} {wall}", state.requests, state.rejected);
    (state.requests, state.rejected, state.first, state.last) = (0, 0, None, None);
    told
}

/// Whether a request is taken: at most so many in any second.
fn let_in(state: &mut State, limit: u32) -> bool {
    let now = Instant::now();
    while state.taken.front().is_some_and(|first| now - *first >= Duration::from_secs(1)) {
        state.taken.pop_front();
    }
    if limit > 0 && state.taken.len() >= limit as usize {
        state.rejected += 1;
        return false;
    }
    state.taken.push_back(now);
    state.requests += 1;
    state.first.get_or_insert(now);
    state.last = Some(now);
    true
}

/// One message with its body, by its length; `None` when the other side has hung up.
async fn message(stream: &mut TcpStream, read: &mut Vec<u8>) -> std::io::Result<Option<Vec<u8>>> {
    loop {
        if let Some(head) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&read[..head]).to_ascii_lowercase();
            let length =
                text.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            let whole = head + 4 + length.unwrap_or(0);
            if read.len() >= whole {
                return Ok(Some(read.drain(..whole).collect()));
            }
        }
        if stream.read_buf(read).await? == 0 {
            return Ok(None);
        }
    }
}

/// The simulator's own answer.
async fn asked(behind: &str, request: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(behind).await?;
    // What is compressed need not be compressed again and again; its length is not known before.
    stream.write_all(request).await?;
    let mut read = Vec::new();
    message(&mut stream, &mut read).await.map(Option::unwrap_or_default)
}

/// What this process has used of its processors.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = text.rsplit(')').next().unwrap_or_default();
    let ticks: f64 = after.split_whitespace().skip(11).take(2).filter_map(|tick| tick.parse::<f64>().ok()).sum();
    ticks / 100.0
}

/// A line of `/proc/self/status`, in KiB.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0)
}
