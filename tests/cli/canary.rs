//! Canaries: a secret of its own in every place that takes one, everything that the program does, and then a search through
//! all that it left behind, in every form in which it could be there.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

use crate::bed::{AHA, Bed, DIRECTORY, HR, KINGDEE, LITMOS, System, bed, secret};

/// What a service hands out or is sent and that nobody gave us by name.
const COOKIE: &str = "c00kie-canary-5f1d9a7e";
const FRESH: &str = "fresh-t0ken-canary-77ab3c";
/// What somebody writes into the configuration itself.
const WRITTEN: &str = "wr1tten-Canary-04c6be";
const PASSWORD: &str = "p@ssw0rd-Canary+19/=xY";

/// Tokens and session ids that services have handed out.
type Handed = std::sync::Arc<std::sync::Mutex<std::collections::BTreeSet<String>>>;

/// Before a simulator: passes everything on, adds a cookie and a token to each reply, repeats in each good one what it was
/// asked with, and refuses writes once it is told to, with an error that repeats everything that it was sent.
struct Echo {
    address: String,
    refuses: std::sync::Arc<std::sync::atomic::AtomicBool>,
    handed: Handed,
}

impl Echo {
    fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let refuses: std::sync::Arc<std::sync::atomic::AtomicBool> = std::sync::Arc::default();
        let (target, refusing, handed) = (target.to_owned(), refuses.clone(), Handed::default());
        let handing = handed.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (target, refusing, handed) = (target.clone(), refusing.clone(), handing.clone());
                std::thread::spawn(move || {
                    // A line that broke is the client's business.
                    let _ = pass(stream, &target, refusing.load(std::sync::atomic::Ordering::SeqCst), &handed);
                });
            }
        });
        Self { address, refuses, handed }
    }

    /// Before the service at this address.
    fn at(url: &str) -> Self {
        Self::before(url::Url::parse(url).unwrap().authority())
    }

    /// An address of that service, by way of this.
    fn through(&self, url: &str) -> String {
        url.replace(url::Url::parse(url).unwrap().authority(), &self.address)
    }

    /// What was handed out here.
    fn handed(&self) -> Vec<String> {
        self.handed.lock().unwrap().iter().cloned().collect()
    }

    fn refuse(&self, yes: bool) {
        self.refuses.store(yes, std::sync::atomic::Ordering::SeqCst);
    }
}

fn whole(stream: &mut TcpStream) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok())
                .unwrap_or(0_usize);
            while bytes.len() < end + 4 + length {
                let read = stream.read(&mut buffer)?;
                bytes.extend_from_slice(&buffer[..read]);
            }
            return Ok(Some((head, bytes[end + 4..].to_vec())));
        }
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&buffer[..read]);
    }
}

/// Notes the tokens and session ids in a reply.
fn note(reply: &str, handed: &Handed) {
    for before in ["\"access_token\":\"", "kdservice-sessionid=", "\"KDSVCSessionId\":\""] {
        for (at, _) in reply.match_indices(before) {
            let rest = &reply[at + before.len()..];
            let value = rest.split(['"', ';', '\r', ',']).next().unwrap_or_default();
            if value.len() >= 8 {
                handed.lock().unwrap().insert(value.to_owned());
            }
        }
    }
}

/// A good reply that is a JSON object, with what it was asked with in it.
fn echoed(reply: &[u8], asked: &str) -> Option<Vec<u8>> {
    let end = reply.windows(4).position(|part| part == b"\r\n\r\n")?;
    let (head, body) = (std::str::from_utf8(&reply[..end]).ok()?, &reply[end + 4..]);
    let object = body.first() == Some(&b'{') && head.starts_with("HTTP/1.1 2") && !head.contains("chunked");
    if !object || asked.contains("/oauth2/") || asked.contains("AuthService") {
        return None;
    }
    // First, where it shows on the first screen of a record.
    let rest = std::str::from_utf8(&body[1..]).ok().filter(|rest| rest.trim() != "}")?;
    let body = format!("{{\"_echoed\":{},{rest}", serde_json::Value::from(asked));
    let head = head.lines().filter(|line| !line.to_ascii_lowercase().starts_with("content-length:"));
    let head = head.collect::<Vec<_>>().join("\r\n");
    Some(format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes())
}

fn pass(mut client: TcpStream, target: &str, refuses: bool, handed: &Handed) -> std::io::Result<()> {
    let Some((head, body)) = whole(&mut client)? else { return Ok(()) };
    let first = head.lines().next().unwrap_or_default().to_owned();
    if refuses && !first.starts_with("GET") {
        let headers: BTreeMap<&str, &str> = head.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
        let coded = STANDARD.encode(head.as_bytes());
        let echo = serde_json::json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "403",
            "detail": format!("not allowed: {first} {headers:?} {coded}"),
            "message": format!("not allowed: {head}"),
        })
        .to_string();
        write!(
            client,
            "HTTP/1.1 403 Forbidden\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\nSet-Cookie: session={COOKIE}\r\nConnection: close\r\n\r\n{echo}",
            echo.len()
        )?;
        return Ok(());
    }
    let mut server = TcpStream::connect(target)?;
    let own =
        |line: &&str| !["connection:", "accept-encoding:"].iter().any(|own| line.to_ascii_lowercase().starts_with(own));
    let asked = head.clone();
    let head: Vec<&str> = head.lines().filter(own).collect();
    write!(server, "{}\r\nConnection: close\r\n\r\n", head.join("\r\n"))?;
    server.write_all(&body)?;
    let mut reply = Vec::new();
    server.read_to_end(&mut reply)?;
    note(&String::from_utf8_lossy(&reply), handed);
    let reply = echoed(&reply, &asked).unwrap_or(reply);
    let end = reply.windows(2).position(|part| part == b"\r\n").unwrap_or(reply.len());
    client.write_all(&reply[..end])?;
    write!(client, "\r\nSet-Cookie: session={COOKIE}\r\nX-Next-Token: {FRESH}")?;
    client.write_all(&reply[end..])
}

/// Every form in which a secret could be somewhere.
fn forms(canary: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![canary.as_bytes().to_vec()];
    let percent: String = canary
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    forms.push(percent.to_ascii_lowercase().into_bytes());
    forms.push(percent.into_bytes());
    forms.push(canary.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")).into_bytes());
    for before in 0..3_usize {
        let coded = STANDARD.encode([&vec![b'x'; before][..], canary.as_bytes()].concat());
        let whole = (before + canary.len()) * 8 / 6;
        forms.push(coded.as_bytes()[(before * 8).div_ceil(6)..whole].to_vec());
    }
    forms
}

fn holds(bytes: &[u8], form: &[u8]) -> bool {
    bytes.windows(form.len()).any(|part| part == form)
}

/// What is in a file, and what is in its compressed frames.
fn contents(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let mut all = bytes.clone();
    for at in (0..bytes.len().saturating_sub(4)).filter(|at| bytes[*at..].starts_with(&[0x28, 0xB5, 0x2F, 0xFD])) {
        let mut unpacked = Vec::new();
        if let Ok(mut frame) = zstd::Decoder::new(&bytes[at..]) {
            // A frame may end before the file does.
            let _ = frame.read_to_end(&mut unpacked);
        }
        all.extend(unpacked);
    }
    all
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Runs the program with its secrets in the environment; what it printed goes into `said`.
fn run(bed: &Bed, variables: &[(&str, &str)], args: &[&str], said: &mut Vec<(String, Vec<u8>)>) -> i32 {
    let output = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(["--config", bed.config().to_str().unwrap(), "--data-dir", bed.dir.0.join("data").to_str().unwrap()])
        .args(args)
        .envs(variables.iter().copied())
        .env("RUST_BACKTRACE", "full")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    said.push((format!("trueup {}", args.join(" ")), [output.stdout, output.stderr].concat()));
    output.status.code().unwrap_or(-1)
}

/// Opens the console, answers its question for a secret, looks at every tab, and leaves. Gives all that was written to the
/// terminal, and the screens.
fn console(bed: &Bed, variables: &[(&str, &str)], typed: &str) -> Vec<u8> {
    let pair = native_pty_system().openpty(PtySize { rows: 40, cols: 160, pixel_width: 0, pixel_height: 0 }).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_trueup"));
    command.args(["--config", bed.config().to_str().unwrap(), "--data-dir", bed.dir.0.join("data").to_str().unwrap()]);
    command.env("TERM", "xterm-256color");
    for (name, value) in variables {
        command.env(name, value);
    }
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let (send, bytes) = mpsc::channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read) = reader.read(&mut buffer) {
            if read == 0 || send.send(buffer[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut writer = pair.master.take_writer().unwrap();
    let mut parser = vt100::Parser::new(40, 160, 0);
    let mut all = Vec::new();
    let mut until = |wanted: &dyn Fn(&str) -> bool, all: &mut Vec<u8>| {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let screen = parser.screen().contents();
            if wanted(&screen) {
                all.extend(screen.into_bytes());
                return;
            }
            assert!(Instant::now() < deadline, "the screen is\n{screen}");
            if let Ok(more) = bytes.recv_timeout(Duration::from_millis(100)) {
                parser.process(&more);
                all.extend(more);
            }
        }
    };
    until(&|screen| screen.contains("password: "), &mut all);
    writer.write_all(format!("{typed}\r").as_bytes()).unwrap();
    until(&|screen| screen.contains("directory ok") && screen.contains("litmos ok"), &mut all);
    // A record of the source as it is sent: it repeats what it was asked with.
    writer.write_all(b"ly").unwrap();
    until(&|screen| screen.contains("_echoed"), &mut all);
    writer.write_all(b"\x1b").unwrap();
    until(&|screen| !screen.contains("_echoed"), &mut all);
    writer.write_all(b"h").unwrap();
    for (keys, wanted) in [
        ("6", "head "),
        ("\r", "what needs you"),
        ("o", "write"),
        ("7", "CONNECTOR"),
        ("jjj", "GET"),
        ("O", "Asked lately"),
    ] {
        writer.write_all(keys.as_bytes()).unwrap();
        until(&|screen| screen.contains(wanted), &mut all);
    }
    writer.write_all(b"q").unwrap();
    until(&|screen| !screen.contains("Esc close"), &mut all);
    writer.write_all(b"Q").unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "it does not end");
        while let Ok(more) = bytes.recv_timeout(Duration::from_millis(50)) {
            all.extend(more);
        }
    }
    all
}

#[test]
fn no_canary_is_found_in_anything_that_is_left_behind_or_shown() {
    let parts = [
        HR,
        System { more: "account = \"acme\"\nmode = \"full\"\n", ..AHA },
        DIRECTORY,
        System {
            more: "source_name = \"trueup\"\nmode = \"full\"\nnew_password = { env = \"NEW_PASSWORD\" }\n",
            ..LITMOS
        },
        KINGDEE,
    ];
    let bed = bed(300, &parts);
    let real = bed.system("directory").url.clone();
    let echo = Echo::at(&real);
    let login = |system: &str, key: &str| bed.system(system).login[key].clone();
    let tokens = [login("hr", "token"), login("aha", "token"), login("directory", "token"), login("litmos", "api_key")];
    let [hr, aha, directory, litmos] = tokens.clone();
    let application = login("kingdee", "application_secret");
    // Each secret comes from another place: the environment, a command, a file; the directory's lies behind the echo.
    let key = bed.dir.0.join("key-of-aha");
    secret(&key, &aha);
    let through = echo.through(&real);
    // The source is signed in to at a token endpoint and Kingdee for a session; both repeat what they are asked with.
    let (source, erp) = (bed.system("hr").url.clone(), login("kingdee", "server_address"));
    let (tokens_of, sessions_of) = (Echo::at(&source), Echo::at(&erp));
    let client = login("hr", "client_secret");
    bed.edit(|text| {
        let hr_auth = format!("auth = {{ bearer = {{ file = \"{}\" }} }}", bed.dir.0.join("hr.token").display());
        let oauth2 = format!(
            "auth = {{ oauth2 = {{ token_url = \"{}\", client_id = \"{}\", client_secret = {{ env = \"HR_SECRET\" }} }} }}",
            tokens_of.through(&login("hr", "token_url")),
            login("hr", "client_id")
        );
        assert!(text.contains(&hr_auth) && text.contains(&erp));
        let aha_file = format!("{{ file = \"{}\" }}", bed.dir.0.join("aha.token").display());
        text.replace(&hr_auth, &oauth2)
            .replace(&aha_file, &format!("{{ command = [\"cat\", \"{}\"] }}", key.display()))
            .replace(&real, &through)
            .replace(&source, &tokens_of.through(&source))
            .replace(&erp, &sessions_of.through(&erp))
    });
    let variables = [("HR_SECRET", client.as_str()), ("NEW_PASSWORD", PASSWORD)];
    let mut said = Vec::new();
    let mut go = |args: &[&str]| run(&bed, &variables, args, &mut said);
    let file = |name: &str| bed.dir.0.join(name).display().to_string();
    assert_eq!(go(&["test"]), 0);
    assert_eq!(go(&["check", "--format", "json"]), 1);
    assert_eq!(go(&["plan", "-o", &file("sets.plan"), "--only", "set", "--system", "directory", "--requests"]), 1);
    assert_eq!(
        go(&[
            "plan",
            "-o",
            &file("new.plan"),
            "--only",
            "create",
            "--system",
            "litmos",
            "--kind",
            "users",
            "--requests"
        ]),
        1
    );
    let count = |name: &str| {
        let plan: serde_json::Value = serde_json::from_slice(&fs::read(file(name)).unwrap()).unwrap();
        let all = plan["plan"]["changes"].as_array().unwrap().len() - plan["plan"]["refused"].as_array().unwrap().len();
        assert!(all > 0, "{name}");
        all.to_string()
    };
    echo.refuse(true);
    assert_eq!(go(&["push", &file("sets.plan"), "--yes-count", &count("sets.plan"), "--reason", "a reason"]), 4);
    echo.refuse(false);
    let users = go(&["push", &file("new.plan"), "--yes-count", &count("new.plan"), "--format", "json"]);
    assert!(users == 0 || users == 4);
    let sent = bed.system("litmos").seen.writes();
    assert!(sent.iter().any(|request| request.body.contains(PASSWORD)), "the new users were given the password");
    assert_eq!(go(&["history"]), 0);
    let names: Vec<String> = {
        let output = String::from_utf8_lossy(&said.last().unwrap().1).into_owned();
        output
            .lines()
            .filter_map(|line| line.split_whitespace().nth(2))
            .filter(|word| word.len() == 36)
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(names.len(), 2, "{names:?}");
    let mut go = |args: &[&str]| run(&bed, &variables, args, &mut said);
    for name in &names {
        assert_eq!(go(&["history", name]), 0);
        assert_eq!(go(&["history", name, "--format", "json"]), 0);
    }
    go(&["undo", &names[0], "-o", &file("undo.plan")]);
    go(&["retry", &names[1], "-o", &file("retry.plan")]);
    for what in ["mismatches", "list", "history"] {
        let name = format!("{what}.jsonl");
        let status = go(&["export", what, "-o", &name]);
        assert!(status <= 1, "{what}: {status}");
    }
    // A system whose key is wrong tells so, and not with which key; one that is asked for is typed, and does not show.
    secret(&bed.dir.0.join("litmos.api_key"), &format!("{litmos}-wrong"));
    assert_ne!(go(&["test", "litmos"]), 0);
    secret(&bed.dir.0.join("litmos.api_key"), &litmos);
    let prompted = bed.dir.0.join("kingdee.password");
    bed.edit(|text| text.replace(&format!("{{ file = \"{}\" }}", prompted.display()), "{ prompt = true }"));
    let typed = login("kingdee", "password");
    let screen = console(&bed, &variables, &typed);
    said.push(("the console".to_owned(), screen));

    // What somebody wrote where no secret belongs is told without it.
    let right = fs::read_to_string(bed.config()).unwrap();
    let bearer = format!("{{ file = \"{}\" }}", bed.dir.0.join("directory.token").display());
    assert!(right.contains(&bearer) && right.contains(&through));
    let authority = url::Url::parse(&through).unwrap().authority().to_owned();
    for wrong in [
        right.replace(&bearer, &format!("\"{WRITTEN}\"")),
        right
            .replace(&bearer, &format!("{{ file = \"{}\", value = \"{WRITTEN}\" }}", bed.dir.0.join("none").display())),
        right.replace(&bearer, &format!("\"{WRITTEN}\" = nonsense")),
        right.replace(&bearer, &format!("{{ env = \"X\" }} }}\n\"{WRITTEN}\"\nx = {{ y = 1")),
        right.replace(&authority, &format!("lena:{WRITTEN}@{authority}")),
        right.replace(&through, &format!("http://lena:{WRITTEN}@localhost:99999999/x")),
        right.replace(&through, &format!("no address?token={WRITTEN}")),
        right.replace(&through, &format!("{through}?api_key={WRITTEN}")),
        right.replace(&through, &format!("{through}/?access_token={WRITTEN}&x=1")),
    ] {
        assert!(wrong.contains(WRITTEN));
        // Beside what is searched: this file holds it.
        let elsewhere = std::env::temp_dir().join(format!("trueup-canary-{}.toml", uuid::Uuid::now_v7()));
        secret(&elsewhere, &wrong);
        let data = bed.dir.0.join("data-of-wrong");
        for args in [&["test", "directory"][..], &["check", "--system", "directory"]] {
            let output = Command::new(env!("CARGO_BIN_EXE_trueup"))
                .args(["--config", elsewhere.to_str().unwrap(), "--data-dir", data.to_str().unwrap()])
                .args(args)
                .envs(variables)
                .env("RUST_BACKTRACE", "full")
                .stdin(Stdio::null())
                .output()
                .unwrap();
            said.push((format!("trueup {args:?}, wrongly set up"), [output.stdout, output.stderr].concat()));
        }
        fs::remove_file(elsewhere).unwrap();
    }

    // What kept the secrets in the first place is not searched.
    let mut found = Vec::new();
    files(&bed.dir.0, &mut found);
    let given = |path: &Path| {
        path.parent() == Some(&bed.dir.0)
            && (path.file_name().is_some_and(|name| name == "key-of-aha")
                || parts.iter().any(|part| path.file_stem().is_some_and(|stem| stem == part.name)))
    };
    found.retain(|path| !given(path));
    let names: Vec<String> = found.iter().map(|path| path.display().to_string()).collect();
    for wanted in
        ["journal.db", "sets.plan", "new.plan", "history.jsonl", "cache/litmos.user", "cache/hr.user", "retry.plan"]
    {
        assert!(names.iter().any(|name| name.ends_with(wanted)), "{wanted} is not among {names:#?}");
    }
    let all: Vec<(String, Vec<u8>)> =
        found.iter().map(|path| (path.display().to_string(), contents(path))).chain(said).collect();
    // The search finds what is there: who pushed, in the journal, and a name out of a compressed snapshot.
    assert!(all.iter().any(|(of, bytes)| of.ends_with("journal.db") && holds(bytes, b"not allowed")));
    assert!(
        all.iter().any(|(of, bytes)| of.ends_with("hr.user") && holds(bytes, b"@example.com")),
        "snapshots are unpacked"
    );
    let canaries = [
        &*hr,
        &*aha,
        &*directory,
        &*litmos,
        &*application,
        &*typed,
        PASSWORD,
        COOKIE,
        FRESH,
        WRITTEN,
        &format!("{litmos}-wrong"),
        &*client,
    ]
    .map(str::to_owned);
    let handed = [tokens_of.handed(), sessions_of.handed()];
    assert!(handed.iter().all(|some| !some.is_empty()), "a token and a session id were handed out: {handed:?}");
    let canaries: Vec<String> = canaries.into_iter().chain(handed.concat()).collect();
    let mut leaks = Vec::new();
    for canary in &canaries {
        assert!(canary.len() >= 8, "{canary}");
        for form in forms(canary) {
            let there = all.iter().filter(|(_, bytes)| holds(bytes, &form));
            leaks.extend(there.map(|(of, _)| format!("{canary} is in {of} as {}", String::from_utf8_lossy(&form))));
        }
    }
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

#[test]
fn no_core_file_is_left_that_would_hold_what_was_in_memory() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use std::io::BufRead;
    // As where cores are wanted; what the tests start inherits it.
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    setrlimit(Resource::Core, Rlimit { current: maximum, maximum }).unwrap();
    let mut running = Command::new(env!("CARGO_BIN_EXE_trueup"))
        .args(["simulate", "scim", "--users", "1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(running.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.id())).unwrap();
    running.kill().unwrap();
    running.wait().unwrap();
    let core = limits.lines().find_map(|line| line.strip_prefix("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().next(), Some("0"), "{limits}");
}
