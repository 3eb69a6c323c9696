//! What stands between the program and a service and means ill: it drops, delays, cuts, forges, repeats and mixes up.
//!
//! Everything that goes wrong is drawn from a seed. What it did to which request is written down, so that a test can tell
//! what may be believed; it knows nothing of connectors or changes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longer than the program waits for a reply here.
pub const FOREVER: Duration = Duration::from_secs(600);

/// What is done to a request or to its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mischief {
    /// The connection ends, and the request never arrived.
    Dropped,
    /// It was carried out, and the connection ends without a reply.
    Lost,
    /// It never arrived, and no reply comes.
    Silent,
    /// It was carried out, and no reply comes.
    Late,
    /// It is passed on after a while.
    Slow,
    /// Half of the reply, and then the connection ends.
    Cut,
    /// Half of the reply, as if that were all.
    Half,
    /// A web page with status 200 instead.
    Web,
    /// A web page with status 200 in the place of the reply.
    WebAfter,
    /// A yes with nothing in it, and it never arrived.
    Deaf,
    /// This status instead.
    Instead(u16),
    /// This status in the place of the reply.
    After(u16),
    /// What the same request brought earlier.
    Stale,
    /// What another request of this kind brought.
    Other,
    /// It arrives twice, and the first reply is passed on.
    Twice,
    /// It arrives twice, and the second reply is passed on.
    TwiceSecond,
}

impl Mischief {
    /// Whether a service that did this to a read has told of a record what is not so.
    pub fn lies(self, write: bool) -> bool {
        match self {
            Self::Stale | Self::Other | Self::Deaf => true,
            Self::Instead(status) => !write && (400..500).contains(&status) && status != 429,
            Self::Twice | Self::TwiceSecond => write,
            _ => false,
        }
    }
}

/// What goes wrong at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The line alone.
    Line,
    /// The line, and what a gateway in between or a service in distress answers.
    Gateway,
    /// All that, and replies that are not so.
    Liar,
}

use Mischief::{
    After, Cut, Deaf, Dropped, Half, Instead, Late, Lost, Other, Silent, Slow, Stale, Twice, TwiceSecond, Web, WebAfter,
};

/// What is drawn from for writes.
const LINE: &[Mischief] = &[Dropped, Lost, Lost, Silent, Late, Slow, Cut, Half];
const GATEWAY: &[Mischief] = &[
    Web,
    WebAfter,
    Instead(302),
    Instead(400),
    Instead(403),
    Instead(404),
    Instead(409),
    Instead(412),
    Instead(422),
    Instead(429),
    Instead(500),
    Instead(502),
    Instead(503),
    Instead(504),
    After(302),
    After(303),
    After(500),
    After(502),
    After(503),
    After(504),
];
const LIAR: &[Mischief] = &[Deaf, Twice, Twice, TwiceSecond, TwiceSecond];
/// And for reads: what is repeated by itself takes its time, so there is little of it.
const READ_LINE: &[Mischief] = &[Slow, Slow, Slow, Cut];
const READ_GATEWAY: &[Mischief] = &[Web, WebAfter, Web, Instead(429), Instead(503)];
const READ_LIAR: &[Mischief] = &[Stale, Stale, Stale, Other, Other, Other, Deaf, Instead(404), Instead(403)];

/// A request that was met.
#[derive(Clone, Debug)]
pub struct Met {
    pub write: bool,
    /// Method, path, query and body.
    pub asked: String,
    pub mischief: Option<Mischief>,
    /// What the program was answered; 0 where nothing came, or not all.
    pub status: u16,
}

/// A reply as the service made it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    first: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

#[derive(Debug)]
struct State {
    family: Option<Family>,
    seed: u64,
    /// Met in a row: a service that never answers is another test's business.
    row: u32,
    met: Vec<Met>,
    /// Replies to reads since [`Adversary::forget`], by the shape of the request and then by the request.
    read: BTreeMap<String, BTreeMap<String, Vec<Answer>>>,
    reads: &'static [&'static str],
}

impl State {
    /// SplitMix64: enough to be different each time and the same for a seed.
    fn draw(&mut self, below: usize) -> usize {
        self.seed = self.seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.seed;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % below as u64) as usize
    }

    fn mischief(&mut self, write: bool) -> Option<Mischief> {
        let family = self.family?;
        let chance = if write { 2 } else { 4 };
        if self.row >= 2 || self.draw(chance) > 0 {
            self.row = 0;
            return None;
        }
        self.row += 1;
        let groups: &[&[Mischief]] = match (family, write) {
            (Family::Line, true) => &[LINE],
            (Family::Line, false) => &[READ_LINE],
            (Family::Gateway, true) => &[LINE, GATEWAY],
            (Family::Gateway, false) => &[READ_LINE, READ_GATEWAY],
            (Family::Liar, true) => &[LINE, GATEWAY, LIAR, LIAR],
            (Family::Liar, false) => &[READ_LINE, READ_GATEWAY, READ_LIAR, READ_LIAR, READ_LIAR],
        };
        let group = groups[self.draw(groups.len())];
        Some(group[self.draw(group.len())])
    }
}

/// The adversary before one service.
#[derive(Clone)]
pub struct Adversary {
    /// Host and port.
    pub address: String,
    state: Arc<Mutex<State>>,
}

impl Adversary {
    /// Stands before the service at this host and port. `reads`: parts of paths of requests that read though they are POST.
    pub async fn before(service: String, reads: &'static [&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = State { family: None, seed: 0, row: 0, met: Vec::new(), read: BTreeMap::new(), reads };
        let adversary = Self { address, state: Arc::new(Mutex::new(state)) };
        let mine = adversary.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (mine, service) = (mine.clone(), service.clone());
                tokio::spawn(async move {
                    // A line that broke is what this is all about.
                    let _ = mine.serve(stream, &service).await;
                });
            }
        });
        adversary
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// From now on all is honest, and what was read before is forgotten.
    pub fn forget(&self) {
        let mut state = self.state();
        state.family = None;
        state.read.clear();
        state.met.clear();
    }

    /// From now on things go wrong.
    pub fn arm(&self, family: Family, seed: u64) {
        let mut state = self.state();
        (state.family, state.seed, state.row) = (Some(family), seed, 0);
        state.met.clear();
    }

    /// From now on all is honest; gives what was met meanwhile.
    pub fn disarm(&self) -> Vec<Met> {
        let mut state = self.state();
        state.family = None;
        std::mem::take(&mut state.met)
    }

    async fn serve(&self, mut client: TcpStream, service: &str) -> std::io::Result<()> {
        while let Some((head, body)) = request(&mut client).await? {
            let first = head.lines().next().unwrap_or_default().to_owned();
            let (write, drawn) = {
                let mut state = self.state();
                let write = !first.starts_with("GET") && !state.reads.iter().any(|part| first.contains(part));
                let drawn = state.mischief(write);
                (write, drawn)
            };
            let asked = format!("{first} {}", String::from_utf8_lossy(&body));
            let passed = || passed_on(service, &head, &body);
            let answer = match drawn {
                None => Some(passed().await?),
                Some(Slow) => {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    Some(passed().await?)
                }
                Some(Dropped) => None,
                Some(Silent) => {
                    self.note(write, &asked, drawn, 0);
                    return nothing_comes(client).await;
                }
                Some(Late) => {
                    passed().await?;
                    self.note(write, &asked, drawn, 0);
                    return nothing_comes(client).await;
                }
                Some(Lost) => {
                    passed().await?;
                    None
                }
                Some(Cut) => {
                    let answer = passed().await?;
                    self.note(write, &asked, drawn, 0);
                    let whole = answer.bytes();
                    client.write_all(&whole[..whole.len() - answer.body.len() / 2 - 1]).await?;
                    return client.shutdown().await;
                }
                Some(Half) => {
                    let mut answer = passed().await?;
                    answer.body.truncate(answer.body.len() / 2);
                    Some(answer)
                }
                Some(Web) => Some(page()),
                Some(WebAfter) => {
                    passed().await?;
                    Some(page())
                }
                Some(Deaf) => Some(Answer { first: "HTTP/1.1 200 OK".into(), headers: Vec::new(), body: Vec::new() }),
                Some(Instead(status)) => Some(told(status)),
                Some(After(status)) => {
                    passed().await?;
                    Some(told(status))
                }
                Some(Stale | Other) => {
                    let honest = passed().await?;
                    let forged = self.earlier(&first, &asked, drawn == Some(Stale), &honest);
                    self.keep(&first, &asked, &honest);
                    let drawn = forged.is_some().then_some(drawn).flatten();
                    let answer = forged.unwrap_or(honest);
                    self.note(write, &asked, drawn, answer.status());
                    client.write_all(&answer.bytes()).await?;
                    continue;
                }
                Some(Twice) => {
                    let answer = passed().await?;
                    passed().await?;
                    Some(answer)
                }
                Some(TwiceSecond) => {
                    passed().await?;
                    Some(passed().await?)
                }
            };
            self.note(write, &asked, drawn, answer.as_ref().map_or(0, Answer::status));
            let Some(answer) = answer else { return client.shutdown().await };
            if !write && drawn.is_none() {
                self.keep(&first, &asked, &answer);
            }
            client.write_all(&answer.bytes()).await?;
        }
        Ok(())
    }

    fn note(&self, write: bool, asked: &str, mischief: Option<Mischief>, status: u16) {
        let mut state = self.state();
        if state.family.is_some() {
            state.met.push(Met { write, asked: asked.to_owned(), mischief, status });
        }
    }

    fn keep(&self, first: &str, asked: &str, answer: &Answer) {
        let mut state = self.state();
        let all = state.read.entry(shape(first)).or_default().entry(asked.to_owned()).or_default();
        if all.last() != Some(answer) {
            all.push(answer.clone());
        }
    }

    /// What the same request brought before it brought this; or what another one of the same shape brought.
    fn earlier(&self, first: &str, asked: &str, same: bool, honest: &Answer) -> Option<Answer> {
        let mut state = self.state();
        let all = state.read.get(&shape(first))?;
        let fit = all.iter().filter(|(of, _)| (*of == asked) == same).flat_map(|(_, answers)| answers);
        let fit: Vec<Answer> = fit.filter(|answer| *answer != honest).cloned().collect();
        let at = state.draw(fit.len().max(1));
        fit.into_iter().nth(at)
    }
}

/// Requests of one shape are about records of one kind, asked for in one way.
fn shape(first: &str) -> String {
    let target = first.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let names: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    // Where it is all in the query, the path says of what.
    format!("{} {names:?}", if query.is_empty() { folder } else { path })
}

impl Answer {
    fn status(&self) -> u16 {
        self.first.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.first).into_bytes();
        for header in &self.headers {
            bytes.extend_from_slice(format!("{header}\r\n").as_bytes());
        }
        bytes.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.body.len()).as_bytes());
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

fn page() -> Answer {
    Answer {
        first: "HTTP/1.1 200 OK".into(),
        headers: vec!["Content-Type: text/html".into()],
        body: b"<!doctype html><html><body>Please sign in to the proxy</body></html>".to_vec(),
    }
}

fn told(status: u16) -> Answer {
    let mut headers = vec!["Content-Type: application/json".to_owned()];
    if status == 429 {
        headers.push("Retry-After: 0".to_owned());
    }
    let body = format!("{{\"detail\":\"it is what it is\",\"status\":\"{status}\"}}").into_bytes();
    Answer { first: format!("HTTP/1.1 {status} Forged"), headers, body }
}

/// Holds the line open until the other side gives up.
async fn nothing_comes(mut client: TcpStream) -> std::io::Result<()> {
    let mut byte = [0; 1];
    let gone = async { while client.read(&mut byte).await.is_ok_and(|read| read > 0) {} };
    let _ = tokio::time::timeout(FOREVER, gone).await;
    Ok(())
}

/// A message's head and as much of a body as it says; nothing where the other side is gone.
async fn request(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = length(&head).unwrap_or(0);
            while bytes.len() < end + 4 + length {
                if stream.read_buf(&mut bytes).await? == 0 {
                    return Ok(None);
                }
            }
            return Ok(Some((head, bytes[end + 4..].to_vec())));
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}

fn length(head: &str) -> Option<usize> {
    head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
}

/// Has the service carry a request out.
async fn passed_on(service: &str, head: &str, body: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(service).await?;
    let own = |line: &&str| {
        let line = line.to_ascii_lowercase();
        !["connection:", "accept-encoding:"].iter().any(|name| line.starts_with(name))
    };
    let head: Vec<&str> = head.lines().filter(own).collect();
    stream.write_all(format!("{}\r\nConnection: close\r\n\r\n", head.join("\r\n")).as_bytes()).await?;
    stream.write_all(body).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n").expect("the service answers");
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{head}");
    let mut lines = head.lines().map(str::to_owned);
    let first = lines.next().unwrap_or_default();
    let own = |line: &String| {
        let line = line.to_ascii_lowercase();
        !["connection:", "content-length:"].iter().any(|name| line.starts_with(name))
    };
    Ok(Answer { first, headers: lines.filter(own).collect(), body: bytes[end + 4..].to_vec() })
}
