//! `trueup init`: the first configuration. It asks for what it cannot find out, tests each connection as it goes, and writes
//! a commented file that only its owner can read. It never overwrites one.

use std::io::{BufRead, IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Dirs, Exit, Global, setup, test};
use crate::config;
use crate::console::app::said::said;
use crate::engine;
use crate::mapping::{Mapping, Setting};

const HEAD: &str = "\
# trueup.toml, begun by `trueup init`. `trueup help config` explains every key, `trueup test` tries every system.
# Secrets never stand here: only where they are.
";

const SOURCE: &str = "
# The system that is right: all others are compared with it, and nothing is ever written to it.
";

const TARGET: &str = "\
# What may be written there: nothing as it stands. \"append-only\": nothing that takes away; \"full\": all that it offers.
# mode = \"append-only\"
# A production system: its name has to be typed before a push.
# production = true
# Who should have an account there, as a filter on the source's users; without it everybody.
# scope = 'department eq \"Sales\"'
# Records that no push may touch.
# protect = 'userName ew \"@svc.example.com\"'
";

/// Asks, tests and writes.
///
/// # Errors
/// When there is a configuration already, nothing was answered, or the file cannot be written.
pub fn run(global: &Global) -> anyhow::Result<Exit> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let path = global.config.clone().unwrap_or_else(|| dirs.config_file());
    if path.exists() {
        bail!("{} is there already and stays as it is; `trueup init --config FILE` begins another one", path.display());
    }
    let mappings = setup::mappings(&dirs, &path)?;
    super::face::speak_as(global, &config::Face::default());
    let (mut input, mut out) = (std::io::stdin().lock(), std::io::stdout().lock());
    let env: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
    let mut talk = Talk { input: &mut input, out: &mut out, env, mappings: &mappings };
    talk.tell(&format!(
        "This writes {}. Enter takes what stands in [brackets]; ctrl-c ends, and nothing is written.\n",
        path.display()
    ))?;
    let mut attempt = |text: &str, name: &str, out: &mut dyn Write| -> anyhow::Result<bool> {
        let mut config = config::parse(text, "this configuration", &mappings)?;
        config.systems.retain(|system| system.id.as_str() == name);
        let names: Vec<_> = config.systems.iter().map(|system| system.id.clone()).collect();
        config.source = None;
        let sites = setup::runtime()?.block_on(engine::test(setup::build(&config, &dirs, &mappings)?, &names));
        let mut good = true;
        for site in &sites {
            good &= site.good() && site.blocked.is_none();
            test::table(site, out)?;
        }
        Ok(good)
    };
    let Some(text) = talk.configuration(&mut attempt)? else {
        bail!("no system was named, so nothing is written");
    };
    write(&path, &text)?;
    talk.tell(&format!(
        "\nWritten: {}\nNow: trueup (the console), trueup check (the same as text), trueup help config.\n",
        path.display()
    ))?;
    Ok(Exit::True)
}

/// Writes the file, for its owner alone and never over another one.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(dir) = path.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(|| format!("cannot make the directory {}", dir.display()))?;
    }
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Tries a system of a configuration and prints what it found: the text, the system's name, where to print.
type Attempt<'a> = dyn FnMut(&str, &str, &mut dyn Write) -> anyhow::Result<bool> + 'a;

/// The conversation.
struct Talk<'t> {
    input: &'t mut dyn BufRead,
    out: &'t mut dyn Write,
    /// The names of all variables of the environment.
    env: Vec<String>,
    mappings: &'t [Mapping],
}

/// A line in the operator's language; what stands before and behind its words stays.
fn spoken(line: &str) -> String {
    let words = line.trim();
    line.replacen(words, &said(words), usize::from(!words.is_empty()))
}

impl Talk<'_> {
    fn tell(&mut self, words: &str) -> anyhow::Result<()> {
        for line in words.split_inclusive('\n') {
            self.out.write_all(spoken(line).as_bytes())?;
        }
        Ok(self.out.flush()?)
    }

    /// A question; the default where nothing is typed. `None`: there is no more input.
    fn ask(&mut self, question: &str, default: &str) -> anyhow::Result<Option<String>> {
        let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
        self.tell(&format!("{}{shown}: ", spoken(question)))?;
        let mut line = String::new();
        if self.input.read_line(&mut line)? == 0 {
            self.tell("\n")?;
            return Ok(None);
        }
        let typed = line.trim();
        Ok(Some(if typed.is_empty() { default.to_owned() } else { typed.to_owned() }))
    }

    /// The same until something is answered.
    fn must(&mut self, question: &str, default: &str) -> anyhow::Result<String> {
        loop {
            match self.ask(question, default)? {
                Some(answer) if !answer.is_empty() => return Ok(answer),
                Some(_) => self.tell("  This one is needed.\n")?,
                None => bail!("the answers ended; nothing is written"),
            }
        }
    }

    /// The whole file; `None`: no system was named.
    fn configuration(&mut self, attempt: &mut Attempt<'_>) -> anyhow::Result<Option<String>> {
        let mut text = HEAD.to_owned();
        let mut names: Vec<String> = Vec::new();
        loop {
            let question = if names.is_empty() {
                "Address of the system that is right, or the path of its export (CSV, JSON Lines)"
            } else {
                "Address of a system to compare with it, or the path of its export (Enter: no more)"
            };
            let Some(address) = self.ask(question, "")?.filter(|address| !address.is_empty()) else {
                return Ok((!names.is_empty()).then_some(text));
            };
            let Some(connector) = self.connector(&address)? else { continue };
            let name = name(&connector, names.is_empty(), &names);
            let block = self.system(&name, &connector, &address, names.is_empty())?;
            let mut with = text.clone();
            if names.is_empty() {
                with.push_str(&format!("{SOURCE}source = {}\n", quoted(&name)));
            }
            with.push_str(&block);
            self.tell(&format!("\nTesting {name}\n"))?;
            let good = attempt(&with, &name, self.out)
                .or_else(|error| self.tell(&format!("  BAD  {error:#}\n")).map(|()| false))?;
            if !good {
                let question = "It does not answer as it should. a: ask again, k: keep it as it is, l: leave it out";
                match self.ask(question, "a")?.as_deref() {
                    Some("k") => {}
                    Some("l") | None => continue,
                    Some(_) => {
                        self.tell("\n")?;
                        continue;
                    }
                }
            }
            self.tell("\n")?;
            text = with;
            names.push(name);
        }
    }

    /// The connector of an address: from the address, where that tells.
    fn connector(&mut self, address: &str) -> anyhow::Result<Option<String>> {
        if let Some(found) = recognised(address) {
            self.tell(&format!("  That is {found}: {}\n", self.title(found)))?;
            return Ok(Some(found.to_owned()));
        }
        if !address.starts_with("http") {
            self.tell("  There is no such file, and an address begins with https://\n")?;
            return Ok(None);
        }
        let known: Vec<&str> = self.mappings.iter().map(|mapping| mapping.connector.as_str()).collect();
        let question = format!("  What is it? One of {}", known.join(", "));
        loop {
            let answer = self.must(&question, "scim")?;
            if self.mappings.iter().any(|mapping| mapping.connector == answer) {
                return Ok(Some(answer));
            }
        }
    }

    fn title(&self, connector: &str) -> String {
        self.mappings
            .iter()
            .find(|mapping| mapping.connector == connector)
            .map(|mapping| mapping.title.clone())
            .unwrap_or_default()
    }

    /// One `[system.NAME]`.
    fn system(&mut self, name: &str, connector: &str, address: &str, source: bool) -> anyhow::Result<String> {
        let mapping = self.mappings.iter().find(|mapping| mapping.connector == connector);
        let settings: Vec<Setting> = mapping.map(|mapping| mapping.settings.clone()).unwrap_or_default();
        let key_header = mapping.is_some_and(|mapping| mapping.api_key_header.is_some());
        let mut block = format!("\n[system.{name}]\nconnector = {}\n", quoted(connector));
        let files = settings.iter().any(|setting| setting.path);
        let own = settings.iter().find(|setting| setting.address).map_or("url", |setting| &setting.name);
        block.push_str(&format!("{} = {}\n", if files { "path" } else { own }, quoted(address)));
        let wanted = |setting: &&Setting| setting.required || setting.help.contains("wanted unless");
        let asked: Vec<&Setting> =
            settings.iter().filter(|setting| !setting.address && !setting.path).filter(wanted).collect();
        for setting in &asked {
            let value = if setting.secret {
                self.secret(name, connector, &setting.name, &setting.help)?
            } else {
                let default = if setting.name == "source_name" { "trueup" } else { "" };
                quoted(&self.must(&format!("  {}", setting.help), default)?)
            };
            block.push_str(&format!("{} = {value}\n", setting.name));
        }
        let signs_in_itself = asked.iter().any(|setting| setting.secret);
        if !files && !signs_in_itself {
            block.push_str(&self.auth(name, connector, key_header)?);
        }
        if !source && !files {
            block.push_str(TARGET);
        }
        Ok(block)
    }

    fn auth(&mut self, name: &str, connector: &str, key_header: bool) -> anyhow::Result<String> {
        let way = match (key_header, connector) {
            (true, _) => "api_key".to_owned(),
            (_, "aha" | "idaas") => "bearer".to_owned(),
            _ => loop {
                let way = self.must(
                    "  How does it let you in? bearer (a token), basic (user, password), oauth2 (client)",
                    "bearer",
                )?;
                if ["bearer", "basic", "oauth2"].contains(&way.as_str()) {
                    break way;
                }
            },
        };
        Ok(match way.as_str() {
            "basic" => {
                let user = self.must("  User", "")?;
                let place = self.secret(name, connector, "password", "Its password")?;
                format!("auth = {{ basic = {{ username = {}, password = {place} }} }}\n", quoted(&user))
            }
            "oauth2" => {
                let url = self.must("  Address of the token endpoint", "")?;
                let id = self.must("  Client id", "")?;
                let place = self.secret(name, connector, "secret", "Its client secret")?;
                format!(
                    "auth = {{ oauth2 = {{ token_url = {}, client_id = {}, client_secret = {place} }} }}\n",
                    quoted(&url),
                    quoted(&id)
                )
            }
            way => {
                let what = if way == "api_key" { "Its API key" } else { "Its token or API key" };
                format!("auth = {{ {way} = {} }}\n", self.secret(name, connector, "token", what)?)
            }
        })
    }

    /// Where a secret is, as the configuration says it. The secret itself is never taken.
    fn secret(&mut self, name: &str, connector: &str, key: &str, what: &str) -> anyhow::Result<String> {
        let found = self.variable(name, connector, key);
        let default = found.as_deref().unwrap_or("prompt");
        let ways = "a variable's NAME, a file's /path, a command, or prompt (asked at each start)";
        loop {
            let answer = self.must(&format!("  {what}: where is it? {ways}"), default)?;
            match place(&answer, &self.env) {
                Ok(place) => return Ok(place),
                Err(why) => self.tell(&format!("  {why}\n"))?,
            }
        }
    }

    /// A variable of the environment that by its name holds the secret.
    fn variable(&self, name: &str, connector: &str, key: &str) -> Option<String> {
        let key = key.to_uppercase();
        let endings = [key.as_str(), "TOKEN", "API_KEY", "APIKEY", "KEY", "SECRET", "PASSWORD"];
        let starts = [name.to_uppercase().replace('-', "_"), connector.to_uppercase()];
        let fits = |variable: &&String| {
            starts.iter().any(|start| {
                variable
                    .strip_prefix(start.as_str())
                    .is_some_and(|rest| endings.iter().any(|ending| rest == format!("_{ending}")))
            })
        };
        self.env.iter().find(fits).cloned()
    }
}

/// The connector that an address is of, where the address tells.
fn recognised(address: &str) -> Option<&'static str> {
    if !address.starts_with("http") {
        return home(address).is_file().then_some("file");
    }
    let url = url::Url::parse(address).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    let path = url.path().to_ascii_lowercase();
    let at = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if at("aha.io") {
        Some("aha")
    } else if ["litmos.com", "litmos.com.au", "litmoseu.com"].into_iter().any(at) {
        Some("litmos")
    } else if path.contains("/k3cloud") {
        Some("kingdee")
    } else if path.contains("/scim") {
        Some("scim")
    } else {
        None
    }
}

fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), directories::BaseDirs::new()) {
        (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => PathBuf::from(path),
    }
}

/// A name that is free: the connector's, `hr` for the source.
fn name(connector: &str, source: bool, taken: &[String]) -> String {
    let base = if source { "hr" } else { connector };
    let mut name = base.to_owned();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{base}{number}");
        number += 1;
    }
    name
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// An answer as the reference to a secret that it means, or what is wrong with it.
fn place(answer: &str, env: &[String]) -> Result<String, String> {
    let variable = answer.strip_prefix('$').unwrap_or(answer);
    if answer == "prompt" {
        return Ok("{ prompt = true }".to_owned());
    }
    if answer.starts_with(['/', '~', '.']) {
        if home(answer).is_file() {
            return Ok(format!("{{ file = {} }}", quoted(answer)));
        }
        return Err(format!("there is no file {answer}"));
    }
    let named = variable.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if env.iter().any(|have| have == variable) || named && variable.contains('_') {
        return Ok(format!("{{ env = {} }}", quoted(variable)));
    }
    let words: Vec<String> = answer.split_whitespace().map(quoted).collect();
    if words.len() > 1 {
        return Ok(format!("{{ command = [{}] }}", words.join(", ")));
    }
    Err("that is no variable, file or command. If it is the secret itself: it does not belong into the configuration; put it \
         into a file that only you can read, and name that"
        .to_owned())
}

/// What to do where there is no configuration yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Look at the demo.
    Demo,
    /// Set it up.
    Init,
    /// Neither.
    Leave,
}

/// Asks what to do where there is no configuration yet.
///
/// # Errors
/// When the terminal cannot be read or written.
pub fn first(path: &Path) -> anyhow::Result<First> {
    use crate::console::app::text::text;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}\n", text!("welcome.none", path = path.display()))?;
    if cfg!(feature = "simulate") {
        writeln!(out, "  1  {}", text!("welcome.demo"))?;
    }
    writeln!(out, "  2  {}\n  q  {}\n", text!("welcome.init"), text!("welcome.leave"))?;
    write!(out, "> ")?;
    out.flush()?;
    let mut line = String::new();
    if std::io::stdin().is_terminal() {
        std::io::stdin().lock().read_line(&mut line)?;
    }
    Ok(match line.trim() {
        "1" if cfg!(feature = "simulate") => First::Demo,
        "2" => First::Init,
        _ => First::Leave,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// What is asked, and the file that comes of it. `tests`: what each connection test says.
    fn talk(answers: &str, env: &[&str], tests: &[bool]) -> (String, Option<String>) {
        let mappings = setup::builtin().unwrap();
        let mut out = Vec::new();
        let mut input = answers.as_bytes();
        let mut asked = tests.iter();
        let mut attempt = |text: &str, _: &str, _: &mut dyn Write| {
            config::parse(text, "test", &mappings)?;
            Ok(*asked.next().unwrap())
        };
        let env = env.iter().map(|name| (*name).to_owned()).collect();
        let mut talk = Talk { input: &mut input, out: &mut out, env, mappings: &mappings };
        let text = talk.configuration(&mut attempt).unwrap();
        (String::from_utf8(out).unwrap(), text)
    }

    #[test]
    fn what_can_be_found_out_is_not_asked_and_the_file_is_a_good_configuration() {
        let answers = "https://idaas.example.com/scim/v2\n\n\nhttps://acme.aha.io\n\n\n";
        let (asked, text) = talk(answers, &["HR_TOKEN", "AHA_API_KEY"], &[true, true]);
        let text = text.unwrap();
        assert_eq!(asked.matches("]: ").count(), 3, "{asked}");
        assert!(!asked.contains("What is it?"), "{asked}");
        for line in
            ["source = \"hr\"", "bearer = { env = \"HR_TOKEN\" }", "bearer = { env = \"AHA_API_KEY\" }", "# mode ="]
        {
            assert!(text.contains(line), "{line}: {text}");
        }
        let config = config::parse(&text, "test", &setup::builtin().unwrap()).unwrap();
        assert_eq!(config.systems.len(), 2);
    }

    #[test]
    fn every_connector_can_be_set_up() {
        let answers = "https://hr.example.com/scim/v2\nbasic\nreader\nHR_PASSWORD\n\
                       https://api.litmos.com\n\nLITMOS_API_KEY\n\
                       https://erp.example.com/k3cloud/\n5f0a\n299999_x\npass show erp\nintegration\n\
                       https://idaas.example.com\nidaas\nprompt\n\n";
        let (asked, text) = talk(answers, &[], &[true; 4]);
        let text = text.unwrap();
        let config = config::parse(&text, "test", &setup::builtin().unwrap()).unwrap();
        let connectors: Vec<&str> = config.systems.iter().map(|system| system.connector.as_str()).collect();
        assert_eq!(connectors, ["scim", "litmos", "kingdee", "idaas"], "{asked}");
        assert!(text.contains("application_secret = { command = [\"pass\", \"show\", \"erp\"] }"), "{text}");
    }

    #[test]
    fn a_secret_that_is_typed_is_not_taken() {
        let answers = "https://acme.aha.io\n8e2c1f0ab7\nAHA_KEY\n\n";
        let (asked, text) = talk(answers, &[], &[true]);
        assert!(asked.contains("does not belong into the configuration"), "{asked}");
        assert!(!text.unwrap().contains("8e2c1f0ab7"));
    }

    #[test]
    fn a_system_that_does_not_answer_is_asked_for_again_kept_or_left_out() {
        let again = "https://acme.aha.io\nA_KEY\na\nhttps://acme.aha.io\nB_KEY\n\n";
        assert!(talk(again, &[], &[false, true]).1.unwrap().contains("B_KEY"));
        assert!(talk("https://acme.aha.io\nA_KEY\nk\n\n", &[], &[false]).1.unwrap().contains("A_KEY"));
        assert_eq!(talk("https://acme.aha.io\nA_KEY\nl\n\n", &[], &[false]).1, None);
        assert_eq!(talk("", &[], &[]).1, None);
    }

    #[test]
    fn the_file_is_its_owners_and_never_overwritten() {
        use std::os::unix::fs::PermissionsExt;
        let dir = std::env::temp_dir().join(format!("trueup-init-{}", std::process::id()));
        let path = dir.join("trueup.toml");
        write(&path, "a = 1\n").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write(&path, "b = 2\n").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a = 1\n");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
