//! The conversation: questions, answers, and the configuration that comes of them.

use std::io::{BufRead, Write};

use anyhow::bail;

use super::known::{self, quoted};
use crate::console::app::said::said;
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

/// What came of trying a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// It answers as it should.
    Good,
    /// The service is somewhere else on that host.
    Elsewhere,
    /// Anything else.
    Bad,
}

/// Tries a system of a configuration and prints what it found: the text, the system's name, where to print.
type Attempt<'a> = dyn FnMut(&str, &str, &mut dyn Write) -> anyhow::Result<Tried> + 'a;

/// The conversation.
pub(super) struct Talk<'t> {
    pub(super) input: &'t mut dyn BufRead,
    pub(super) out: &'t mut dyn Write,
    /// The names of all variables of the environment.
    pub(super) env: Vec<String>,
    pub(super) mappings: &'t [Mapping],
}

/// A line in the operator's language; what stands before and behind its words stays.
fn spoken(line: &str) -> String {
    let words = line.trim();
    line.replacen(words, &said(words), usize::from(!words.is_empty()))
}

impl Talk<'_> {
    pub(super) fn tell(&mut self, words: &str) -> anyhow::Result<()> {
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
    pub(super) fn configuration(&mut self, attempt: &mut Attempt<'_>) -> anyhow::Result<Option<String>> {
        let mut text = HEAD.to_owned();
        let mut names: Vec<String> = Vec::new();
        // What was typed for a system that is asked for again.
        let mut before = String::new();
        loop {
            let question = match (before.is_empty(), names.is_empty()) {
                (false, _) => "Its address",
                (_, true) => "Address of the system that is right, or the path of its export (CSV, JSON Lines)",
                _ => "Address of a system to compare with it, or the path of its export (Enter: no more)",
            };
            let typed = self.ask(question, &std::mem::take(&mut before))?;
            let Some(typed) = typed.filter(|typed| !typed.is_empty()) else {
                return Ok((!names.is_empty()).then_some(text));
            };
            let (address, why) = known::address(&typed);
            if let Some(why) = why {
                self.tell(&format!("  Taken as {address}: {why}\n"))?;
            }
            let Some(connector) = self.connector(&address)? else { continue };
            let name = known::name(&connector, names.is_empty(), &names);
            let system = self.system(&name, &connector, &address, names.is_empty())?;
            let mut head = text.clone();
            if names.is_empty() {
                head.push_str(&format!("{SOURCE}source = {}\n", quoted(&name)));
            }
            self.tell(&format!("\nTesting {name}\n"))?;
            let with = format!("{head}{system}");
            let tried = attempt(&with, &name, self.out)
                .or_else(|error| self.tell(&format!("  BAD  {error:#}\n")).map(|()| Tried::Bad))?;
            let with = match tried {
                Tried::Good => with,
                Tried::Elsewhere if let Some(with) = self.found(&head, &system, &address, &name, attempt)? => with,
                _ => {
                    let question =
                        "It does not answer as it should. a: ask again, k: keep it as it is, l: leave it out";
                    match self.ask(question, "a")?.as_deref() {
                        Some("k") => with,
                        Some("l") | None => continue,
                        Some(_) => {
                            self.tell("\n")?;
                            before = address;
                            continue;
                        }
                    }
                }
            };
            self.tell("\n")?;
            text = with;
            names.push(name);
        }
    }

    /// Looks for a service at the usual places of its host: the configuration with the address where it is.
    fn found(
        &mut self,
        head: &str,
        system: &str,
        address: &str,
        name: &str,
        attempt: &mut Attempt<'_>,
    ) -> anyhow::Result<Option<String>> {
        // Nobody is asked for the same secret again and again.
        if system.contains("prompt = true") {
            return Ok(None);
        }
        for other in known::elsewhere(address) {
            let with = format!("{head}{}", system.replacen(&quoted(address), &quoted(&other), 1));
            let mut told = Vec::new();
            if matches!(attempt(&with, name, &mut told), Ok(Tried::Good)) {
                self.tell(&format!("  Found at {other}\n"))?;
                self.out.write_all(&told)?;
                return Ok(Some(with));
            }
        }
        Ok(None)
    }

    /// The connector of an address: from the address, where that tells.
    fn connector(&mut self, address: &str) -> anyhow::Result<Option<String>> {
        if let Some(found) = known::recognised(address) {
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
        let unsaid = known::recognised(address) != Some(connector);
        let wanted = |setting: &&Setting| {
            let help = &setting.help;
            setting.required
                || help.contains("wanted unless")
                || unsaid && help.contains("only wanted where the address does not say it")
        };
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
            match known::place(&answer, &self.env) {
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
