//! How a system is signed in to, as the file has it.

use toml::de::DeTable;

use super::{File, Value, home};
use crate::config::keys::Form;
use crate::config::{Auth, ClientAuth, ConfigError};
use crate::mapping::Mapping;
use crate::secret::Source;

/// The ways to sign in, as they stand under `auth`.
const WAYS: &[&str] = &["bearer", "basic", "api_key", "header", "oauth2"];

impl File<'_> {
    pub(super) fn auth(&self, table: &DeTable<'_>, mapping: Option<&Mapping>) -> Result<Auth, ConfigError> {
        let Some(value) = table.get("auth") else { return Ok(Auth::None) };
        let Some(auth) = value.get_ref().as_table() else { return Ok(Auth::None) };
        self.check(auth, "auth", &[])?;
        let mut given = WAYS.iter().filter_map(|way| Some((*way, auth.get(*way)?)));
        let (Some((way, value)), None) = (given.next(), given.next()) else {
            return self.fault(value.span().start, format!("`auth` needs one of {}", WAYS.join(", ")));
        };
        match way {
            "bearer" => Ok(Auth::Bearer(self.secret(way, value)?)),
            "api_key" => match mapping.and_then(|mapping| mapping.api_key_header.clone()) {
                Some(name) => Ok(Auth::Header { name, value: self.secret(way, value)? }),
                None => self.fault(
                    value.span().start,
                    "this connector's service has no header of its own for an API key; write \
                     auth = { header = { name = \"...\", value = ... } }, or bearer",
                ),
            },
            "basic" => {
                let basic = self.way("basic", value)?;
                Ok(Auth::Basic { user: basic.text("username"), password: basic.secret("password")? })
            }
            "header" => {
                let header = self.way("header", value)?;
                Ok(Auth::Header { name: header.text("name"), value: header.secret("value")? })
            }
            _ => {
                let oauth2 = self.way("oauth2", value)?;
                Ok(Auth::OAuth2 {
                    token_url: oauth2.text("token_url"),
                    client_id: oauth2.text("client_id"),
                    client_secret: oauth2.secret("client_secret")?,
                    scope: Some(oauth2.text("scope")).filter(|scope| !scope.is_empty()),
                    client_auth: if oauth2.text("client_auth") == "form" {
                        ClientAuth::Form
                    } else {
                        ClientAuth::Basic
                    },
                })
            }
        }
    }

    /// The table of one way to sign in, with everything that it must have.
    fn way<'v>(&'v self, way: &str, value: &'v Value<'_>) -> Result<Way<'v>, ConfigError> {
        let place = format!("auth.{way}");
        let Some(table) = value.get_ref().as_table() else {
            return self.fault(value.span().start, format!("`{way}` must be {}", Form::Table.describe()));
        };
        self.check(table, &place, &[])?;
        let required: Vec<_> = super::keys::within(&place).filter(|key| key.required).map(|key| key.name).collect();
        if required.iter().all(|name| table.contains_key(*name)) {
            Ok(Way { file: self, table })
        } else {
            self.fault(value.span().start, format!("`{way}` needs `{}`", required.join("`, `")))
        }
    }

    pub(super) fn secret(&self, name: &str, value: &Value<'_>) -> Result<Source, ConfigError> {
        let at = value.span().start;
        let Some(table) = value.get_ref().as_table() else {
            return self.fault(at, format!("`{name}` must be {}", Form::Secret.describe()));
        };
        let mut entries = table.iter();
        let (Some((key, value)), None) = (entries.next(), entries.next()) else {
            return self.fault(at, format!("`{name}` must be {}", Form::Secret.describe()));
        };
        let text = value.get_ref().as_str().filter(|text| !text.is_empty());
        match (&**key.get_ref(), text) {
            ("env", Some(text)) => Ok(Source::Env(text.to_owned())),
            ("file", Some(text)) => Ok(Source::File(home(text))),
            ("keyring", Some(text)) => Ok(Source::Keyring(text.to_owned())),
            ("prompt", None) if value.get_ref().as_bool() == Some(true) => Ok(Source::Prompt),
            ("command", _) => {
                let argv: Option<Vec<String>> = value
                    .get_ref()
                    .as_array()
                    .map(|items| items.iter().filter_map(|item| item.get_ref().as_str()).map(str::to_owned).collect());
                match argv {
                    Some(argv) if !argv.is_empty() => Ok(Source::Command(argv)),
                    _ => self.fault(at, "`command` is a list: [\"program\", \"argument\", ...]"),
                }
            }
            ("env" | "file" | "keyring" | "prompt", _) => {
                self.fault(at, format!("`{name}` must be {}", Form::Secret.describe()))
            }
            (other, _) => self.unknown(
                key.span().start,
                "way to keep a secret called",
                other,
                &["env", "file", "command", "keyring", "prompt"],
            ),
        }
    }
}

/// A checked table under `auth`.
struct Way<'v> {
    file: &'v File<'v>,
    table: &'v DeTable<'v>,
}

impl Way<'_> {
    fn text(&self, name: &str) -> String {
        self.table.get(name).and_then(|value| value.get_ref().as_str()).unwrap_or_default().to_owned()
    }

    fn secret(&self, name: &str) -> Result<Source, ConfigError> {
        match self.table.get(name) {
            Some(value) => self.file.secret(name, value),
            // What is required has been looked for already.
            None => self.file.fault(0, format!("`{name}` is missing")),
        }
    }
}
