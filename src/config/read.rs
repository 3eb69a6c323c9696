//! From text to [`Config`], with every fault told by file and line.

mod auth;
mod by_kind;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Form, Key};
use super::{Config, ConfigError, Face, SystemConfig};
use crate::mapping::{Mapping, Setting};
use crate::model::filter::Filters;
use crate::model::{AttrPath, SystemId};
use crate::plan::{Mode, Policy};
use crate::secret::Source;

/// Days that snapshots are kept where nothing else is said.
const KEEP: u32 = 30;

/// Reads and checks a configuration file.
///
/// # Errors
/// When it cannot be read, is no TOML, or holds a key or value that is not known.
pub fn read(path: &Path, mappings: &[Mapping]) -> Result<Config, ConfigError> {
    let origin = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| ConfigError {
        origin: origin.clone(),
        line: None,
        message: match error.kind() {
            std::io::ErrorKind::NotFound => {
                "there is no such file. `trueup help config` shows what belongs in it; `trueup demo` needs none."
                    .to_owned()
            }
            _ => format!("it cannot be read: {error}"),
        },
    })?;
    parse(&text, &origin, mappings)
}

/// Checks a configuration given as text. `origin` names it in errors.
///
/// # Errors
/// When it is no TOML, or holds a key or value that is not known.
pub fn parse(text: &str, origin: &str, mappings: &[Mapping]) -> Result<Config, ConfigError> {
    let file = File { text, origin, mappings };
    let root = DeTable::parse(text).map_err(|error| ConfigError {
        origin: origin.to_owned(),
        line: error.span().map(|span| file.line(span.start)),
        message: format!("this is no TOML: {}", error.message()),
    })?;
    file.root(root.get_ref())
}

struct File<'t> {
    text: &'t str,
    origin: &'t str,
    mappings: &'t [Mapping],
}

type Value<'v> = Spanned<DeValue<'v>>;

/// A connector's own settings, and where the secret ones come from.
type Own = (BTreeMap<String, String>, BTreeMap<String, Source>);

impl File<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.get(..at).unwrap_or_default().matches('\n').count() + 1
    }

    fn fault<T>(&self, at: usize, message: impl Into<String>) -> Result<T, ConfigError> {
        Err(ConfigError { origin: self.origin.to_owned(), line: Some(self.line(at)), message: message.into() })
    }

    fn unknown<T>(&self, at: usize, what: &str, name: &str, known: &[&str]) -> Result<T, ConfigError> {
        self.fault(at, format!("there is no {what} `{name}`{}", nearest(name, known)))
    }

    /// Every key of a table against those that may stand there.
    fn check(&self, table: &DeTable<'_>, place: &str, own: &[Setting]) -> Result<(), ConfigError> {
        for (name, value) in table {
            let text: &str = name.get_ref();
            if let Some(key) = keys::within(place).find(|key| key.name == text) {
                self.form(key, value)?;
            } else if !own.iter().any(|setting| setting.name == text) {
                let known: Vec<&str> =
                    keys::within(place).map(|key| key.name).chain(own.iter().map(|setting| &*setting.name)).collect();
                return self.unknown(name.span().start, "key", text, &known);
            }
        }
        Ok(())
    }

    fn form(&self, key: &Key, value: &Value<'_>) -> Result<(), ConfigError> {
        let at = value.span().start;
        let value = value.get_ref();
        let good = match key.form {
            Form::Text | Form::System | Form::Path => value.as_str().is_some_and(|text| !text.is_empty()),
            Form::Filters => value.is_table() || value.as_str().is_some_and(|text| !text.is_empty()),
            Form::Url => return self.url(key.name, value.as_str(), at),
            Form::Flag => value.is_bool(),
            Form::Number => number(value).is_some_and(|number| number > 0.0),
            Form::Count => count(value).is_some(),
            Form::OneOf(words) => match value.as_str() {
                Some(word) if words.contains(&word) => true,
                Some(word) => {
                    return self.fault(
                        at,
                        format!(
                            "`{}` must be {}, not \"{word}\"{}",
                            key.name,
                            key.form.describe(),
                            nearest(word, words)
                        ),
                    );
                }
                None => false,
            },
            Form::Connector => match value.as_str() {
                Some(name) if self.mappings.iter().any(|mapping| mapping.connector == name) => true,
                Some(name) => {
                    let known: Vec<&str> = self.mappings.iter().map(|mapping| mapping.connector.as_str()).collect();
                    return self.unknown(at, "connector", name, &known);
                }
                None => false,
            },
            Form::List => value.as_array().is_some_and(|items| items.iter().all(|item| item.get_ref().is_str())),
            Form::Secret | Form::Table => value.is_table(),
        };
        if good {
            return Ok(());
        }
        if key.form == Form::Secret && value.is_str() {
            return self.written_out(key.name, at);
        }
        self.fault(at, format!("`{}` must be {}", key.name, key.form.describe()))
    }

    fn written_out<T>(&self, name: &str, at: usize) -> Result<T, ConfigError> {
        let form = Form::Secret.describe();
        self.fault(
            at,
            format!(
                "`{name}` holds the secret itself. Write {form} instead, and change the secret if others can read this file"
            ),
        )
    }

    fn url(&self, name: &str, value: Option<&str>, at: usize) -> Result<(), ConfigError> {
        let Some(text) = value else {
            return self.fault(at, format!("`{name}` must be {}", Form::Url.describe()));
        };
        let Ok(url) = url::Url::parse(text) else {
            // What may hold a password or a token is not repeated.
            let shown = if text.contains(['@', '?', '#']) { String::new() } else { format!(": \"{text}\"") };
            return self.fault(at, format!("`{name}` is no address{shown}. It looks like https://host/path"));
        };
        if !url.username().is_empty() || url.password().is_some() {
            return self.fault(at, format!("`{name}` holds a user or password; put them in `auth`"));
        }
        let local = url.host_str().is_some_and(|host| {
            host == "localhost"
                || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        });
        match url.scheme() {
            "https" => Ok(()),
            "http" if local => Ok(()),
            "http" => self.fault(
                at,
                format!("`{name}` is plain http, which would show the key to everybody on the way; use https"),
            ),
            other => self.fault(at, format!("`{name}` must begin with https://, not {other}://")),
        }
    }

    /// Filters with a name. What is no filter is looked for as plain text, as in the console's filter bar.
    fn lenses(&self, root: &DeTable<'_>) -> Result<Vec<(String, String)>, ConfigError> {
        let Some(table) = root.get("lens").and_then(|value| value.get_ref().as_table()) else { return Ok(Vec::new()) };
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        let mut lenses = Vec::new();
        for (name, value) in entries {
            match value.get_ref().as_str() {
                Some(filter) if !filter.trim().is_empty() => {
                    lenses.push((name.get_ref().to_string(), filter.to_owned()));
                }
                _ => {
                    let what = "a filter, such as 'active eq true and department sw \"R\"'";
                    return self.fault(value.span().start, format!("the lens `{}` must be {what}", name.get_ref()));
                }
            }
        }
        Ok(lenses)
    }

    fn root(&self, root: &DeTable<'_>) -> Result<Config, ConfigError> {
        self.check(root, "", &[])?;
        let mut systems = Vec::new();
        let Some(table) = root.get("system").and_then(|value| value.get_ref().as_table()) else {
            return Err(ConfigError {
                origin: self.origin.to_owned(),
                line: None,
                message: "there is no [system.NAME]; `trueup help config` shows an example".to_owned(),
            });
        };
        // A table forgets its order; the file's is the operator's.
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in entries {
            let Some(settings) = value.get_ref().as_table() else {
                return self.fault(value.span().start, format!("`system.{}` must be a table", name.get_ref()));
            };
            if !name.get_ref().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
                return self.fault(name.span().start, "a system's name is letters, digits, - and _");
            }
            systems.push(self.system(name.get_ref(), name.span().start, settings)?);
        }
        let named = |key: &str| -> Result<Option<SystemId>, ConfigError> {
            let Some(value) = root.get(key) else { return Ok(None) };
            let name = value.get_ref().as_str().unwrap_or_default();
            match systems.iter().find(|system| system.id.as_str() == name) {
                Some(system) => Ok(Some(system.id.clone())),
                None => {
                    let known: Vec<&str> = systems.iter().map(|system| system.id.as_str()).collect();
                    self.unknown(value.span().start, "system", name, &known)
                }
            }
        };
        let source = named("source")?;
        let reference = named("reference")?;
        let lease_dir = root.get("lease_dir").and_then(|value| value.get_ref().as_str()).map(home);
        let word = |key: &str| root.get(key).and_then(|value| value.get_ref().as_str()).map(str::to_owned);
        let keep = root.get("keep").and_then(|value| count(value.get_ref())).unwrap_or(KEEP);
        let face = Face {
            lenses: self.lenses(root)?,
            language: word("language"),
            theme: word("theme"),
            lines: word("borders").as_deref() == Some("lines"),
            plain: root.get("plain").and_then(|value| value.get_ref().as_bool()).unwrap_or(false),
        };
        let patience = root.get("patience").and_then(|value| number(value.get_ref()));
        let patience = patience.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Ok(Config { origin: self.origin.to_owned(), source, reference, lease_dir, face, keep, patience, systems })
    }

    fn system(&self, name: &str, at: usize, table: &DeTable<'_>) -> Result<SystemConfig, ConfigError> {
        let connector = table.get("connector").and_then(|value| value.get_ref().as_str()).unwrap_or_default();
        let mapping = self.mappings.iter().find(|mapping| mapping.connector == connector);
        let settings: &[Setting] = mapping.map_or(&[], |mapping| mapping.settings.as_slice());
        self.check(table, "system", settings)?;
        let files = self.files(name, at, table, settings)?;
        for key in keys::within("system").filter(|key| key.required) {
            if !table.contains_key(key.name) {
                return self.fault(at, format!("system {name} lacks `{}`: {}", key.name, key.form.describe()));
            }
        }
        let (own, own_secrets) = self.own(name, at, table, settings)?;
        let text = |key: &str| table.get(key).and_then(|value| value.get_ref().as_str());
        let flag = |key: &str| table.get(key).and_then(|value| value.get_ref().as_bool()).unwrap_or(false);
        let (limits, limits_of) = self.limits(table)?;
        let policy = Policy {
            mode: match text("mode") {
                Some("full") => Mode::Full,
                Some("append-only") => Mode::AppendOnly,
                _ => Mode::ReadOnly,
            },
            limits,
            limits_of,
            production: flag("production"),
            require_reason: flag("require_reason"),
            protect: self.filters(table, "protect", |filter| Filters::of_all(&filter))?,
        };
        let seconds = table.get("timeout").and_then(|value| number(value.get_ref())).unwrap_or(30.0);
        Ok(SystemConfig {
            id: SystemId::new(name),
            connector: connector.to_owned(),
            url: match files {
                Some(files) => files,
                None => self.address(name, at, table, settings)?,
            },
            auth: self.auth(table, mapping)?,
            policy,
            sensitive: self.sensitive(table, mapping)?,
            scope: self.filters(table, "scope", Filters::of_users)?,
            manage: self.filters(table, "manage", Filters::of_users)?,
            deactivate_out_of_scope: text("out_of_scope") == Some("deactivate"),
            administrators: match table.get("administrators") {
                Some(value) => Some(self.filter("administrators", value)?),
                None => None,
            },
            ca_file: text("ca_file").map(home),
            timeout: Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(30)),
            rate: table.get("rate").and_then(|value| number(value.get_ref())),
            mapping: text("mapping").map(home),
            own,
            own_secrets,
        })
    }

    /// Attributes whose values are not written into the record of pushes.
    fn sensitive(&self, table: &DeTable<'_>, mapping: Option<&Mapping>) -> Result<Vec<AttrPath>, ConfigError> {
        let listed = table.get("sensitive").and_then(|value| value.get_ref().as_array()).into_iter().flatten();
        let rows = || mapping.into_iter().flat_map(|mapping| &mapping.kinds).flat_map(|map| &map.rows);
        let mut found = Vec::new();
        for item in listed {
            let (at, name) = (item.span().start, item.get_ref().as_str().unwrap_or_default());
            let wanted = AttrPath::new(name);
            let mut about =
                rows().filter(|row| row.attr == wanted || row.attr.local(&[]).eq_ignore_ascii_case(name)).peekable();
            if about.peek().is_none() {
                let known: Vec<&str> = rows().map(|row| row.attr.local(&[])).collect();
                return self.unknown(at, "attribute", name, &known);
            }
            for row in about {
                if row.key.is_some() {
                    return self.fault(
                        at,
                        format!(
                            "`{name}` is what records are found by, also after a crash; it cannot be kept as a hash"
                        ),
                    );
                }
                found.push(row.attr.clone());
            }
        }
        Ok(found)
    }

    /// For a connector that reads files: the first of them, as the system's address. `None`: it has a real address.
    fn files(
        &self,
        name: &str,
        at: usize,
        table: &DeTable<'_>,
        settings: &[Setting],
    ) -> Result<Option<String>, ConfigError> {
        let mut paths = settings.iter().filter(|setting| setting.path).peekable();
        if paths.peek().is_none() {
            return Ok(None);
        }
        let names: Vec<&str> = paths.map(|setting| setting.name.as_str()).collect();
        for key in ["url", "auth", "ca_file"] {
            if let Some(value) = table.get(key) {
                return self.fault(
                    value.span().start,
                    format!("`{key}` is for services; system {name} reads files: {}", names.join(", ")),
                );
            }
        }
        match names.iter().find_map(|name| table.get(*name)?.get_ref().as_str()) {
            Some(first) => Ok(Some(format!("file:{first}"))),
            None => self.fault(at, format!("system {name} names no file; it needs one of: {}", names.join(", "))),
        }
    }

    /// The connector's own settings: texts, and where the secret ones come from.
    fn own(&self, name: &str, at: usize, table: &DeTable<'_>, settings: &[Setting]) -> Result<Own, ConfigError> {
        let (mut own, mut secrets) = Own::default();
        for setting in settings {
            match table.get(setting.name.as_str()) {
                Some(value) if setting.secret => {
                    if value.get_ref().is_str() {
                        return self.written_out(&setting.name, value.span().start);
                    }
                    secrets.insert(setting.name.clone(), self.secret(&setting.name, value)?);
                }
                Some(value) if setting.address => {
                    self.url(&setting.name, value.get_ref().as_str(), value.span().start)?;
                    own.insert(setting.name.clone(), value.get_ref().as_str().unwrap_or_default().to_owned());
                }
                Some(value) => match value.get_ref().as_str() {
                    Some(text) if setting.one_of.is_empty() || setting.one_of.iter().any(|word| word == text) => {
                        own.insert(setting.name.clone(), text.to_owned());
                    }
                    _ => {
                        let words: Vec<&str> = setting.one_of.iter().map(String::as_str).collect();
                        let expected =
                            if words.is_empty() { "text".to_owned() } else { format!("one of {}", words.join(", ")) };
                        return self.fault(value.span().start, format!("`{}` must be {expected}", setting.name));
                    }
                },
                None if setting.required => {
                    return self.fault(at, format!("system {name} lacks `{}`: {}", setting.name, setting.help));
                }
                None => {}
            }
        }
        Ok((own, secrets))
    }

    /// The base URL: `url`, or the connector's own key for it.
    fn address(&self, name: &str, at: usize, table: &DeTable<'_>, settings: &[Setting]) -> Result<String, ConfigError> {
        let own = settings.iter().find(|setting| setting.address).map(|setting| setting.name.as_str());
        let key = own.unwrap_or("url");
        match (table.get(key), table.get("url")) {
            (Some(_), Some(url)) if own.is_some() => {
                self.fault(url.span().start, format!("`url` and `{key}` say the same thing; leave `url` out"))
            }
            (Some(value), _) | (None, Some(value)) => {
                Ok(value.get_ref().as_str().unwrap_or_default().trim_end_matches('/').to_owned())
            }
            (None, None) => self.fault(at, format!("system {name} lacks `{key}`: {}", Form::Url.describe())),
        }
    }
}

fn home(path: &str) -> PathBuf {
    match path.strip_prefix("~/") {
        Some(rest) => {
            directories::BaseDirs::new().map_or_else(|| PathBuf::from(path), |dirs| dirs.home_dir().join(rest))
        }
        None => PathBuf::from(path),
    }
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    value
        .as_float()
        .map(toml::de::DeFloat::as_str)
        .or_else(|| value.as_integer().map(toml::de::DeInteger::as_str))?
        .parse()
        .ok()
}

fn count(value: &DeValue<'_>) -> Option<u32> {
    value.as_integer()?.as_str().parse().ok()
}

/// `; did you mean …` where a known name is close, else all that there are.
fn nearest(name: &str, known: &[&str]) -> String {
    let best = known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(&name.to_ascii_lowercase(), known), known))
        .min()
        .filter(|(distance, known)| *distance <= 1 + known.len() / 3);
    match best {
        Some((_, known)) => format!("; did you mean `{known}`?"),
        None => format!("; there are: {}", known.join(", ")),
    }
}
