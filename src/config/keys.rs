//! Every key of `trueup.toml`, once: the parser looks keys up here, and `trueup help config` prints this.

use std::fmt::Write;

use crate::mapping::Mapping;

/// What a key's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// An `http` or `https` address.
    Url,
    /// The name of a `[system.NAME]`.
    System,
    /// A path; `~` is the home directory.
    Path,
    /// `true` or `false`.
    Flag,
    /// A number above 0.
    Number,
    /// A whole number, 0 or more.
    Count,
    /// The name of a connector: built in, or from a file of the operator's own.
    Connector,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A filter of RFC 7644, or a table of such by kind.
    Filters,
    /// A list of texts.
    List,
    /// A reference to a secret: `{ env = "NAME" }`, `{ file = "PATH" }`, `{ command = ["PROGRAM", "ARG"] }`,
    /// `{ keyring = "NAME" }`, `{ prompt = true }`.
    Secret,
    /// A table with keys of its own.
    Table,
}

impl Form {
    /// What it looks like, for help and errors.
    pub fn describe(self) -> String {
        match self {
            Self::Text => "text".into(),
            Self::Url => "an address, https://... (http:// only on this machine)".into(),
            Self::System => "the name of a [system.NAME] below".into(),
            Self::Path => "a path (~ is your home directory)".into(),
            Self::Flag => "true or false".into(),
            Self::Number => "a number above 0".into(),
            Self::Count => "a whole number, 0 or more".into(),
            Self::Connector => "the name of a connector; `trueup help connectors` lists them".into(),
            Self::OneOf(words) => {
                let quoted: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
                format!("one of {}", quoted.join(", "))
            }
            Self::Filters => {
                "a filter, such as 'active eq true and department sw \"R\"', or one for each kind that has one: \
                              { User = '...', Group = '...' }"
                    .into()
            }
            Self::List => "a list: [\"NAME\", ...]".into(),
            Self::Secret => {
                "where the secret is: { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"PROGRAM\", \"ARG\"] }, \
                 { keyring = \"NAME\" } (a key of the kernel's, where trueup was built with it) or { prompt = true }"
                    .into()
            }
            Self::Table => "a table".into(),
        }
    }
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Where it stands: empty for the top level, `system`, `auth`, `auth.basic`, `limits`.
    pub within: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub form: Form,
    /// Whether it must be there.
    pub required: bool,
    /// What it means, in one sentence.
    pub help: &'static str,
}

const fn key(within: &'static str, name: &'static str, form: Form, required: bool, help: &'static str) -> Key {
    Key { within, name, form, required, help }
}

/// Every key, in the order of the help.
pub const KEYS: &[Key] = &[
    key("", "source", Form::System, false, "The system that is right. Without it nothing can be staged."),
    key("", "reference", Form::System, false, "Without a source: the system that the others are compared with."),
    key(
        "",
        "lease_dir",
        Form::Path,
        false,
        "Where the operators of this host see who pushes to what, and keep together to the limits that services count by \
         account: the same sticky directory (chmod 1777) for all of them, best made by root: its owner can take leases \
         away. Default: /run/lock/trueup and /tmp/trueup-leases.",
    ),
    key(
        "",
        "language",
        Form::OneOf(&["en", "zh"]),
        false,
        "What the screen speaks: English or Simplified Chinese. Default: what LC_ALL, LC_MESSAGES or LANG ask for.",
    ),
    key(
        "",
        "keep",
        Form::Count,
        false,
        "Days that what was read is kept on this machine, to be shown at the next start; 0 keeps none. Looked after at every \
         start. The record of pushes stays. Default: 30.",
    ),
    key(
        "",
        "patience",
        Form::Number,
        false,
        "Seconds that a write may take to show when it is read back or looked up. Default: 30.",
    ),
    key(
        "",
        "theme",
        Form::Text,
        false,
        "How the screen looks: dark, light, mono, high-contrast, colour-blind, or the name of a file of yours in themes/ of \
         the configuration directory.",
    ),
    key(
        "",
        "borders",
        Form::OneOf(&["ascii", "lines"]),
        false,
        "What frames are drawn with. \"lines\" only where your terminal draws box characters one cell wide. Default: \
         \"ascii\".",
    ),
    key("", "plain", Form::Flag, false, "For screen readers: as --plain. Default: false."),
    key(
        "",
        "lens",
        Form::Table,
        false,
        "Filters with a name, to look through: berlin = 'state eq \"leaver\" and department sw \"B\"'.",
    ),
    key("", "system", Form::Table, true, "The connected systems, one [system.NAME] each."),
    key("system", "connector", Form::Connector, true, "What kind of system it is."),
    key(
        "system",
        "url",
        Form::Url,
        false,
        "Its base address, for SCIM with the path (https://idaas.example.com/scim/v2). Wanted unless the connector has its \
         own key for it.",
    ),
    key("system", "auth", Form::Table, false, "How to sign in."),
    key(
        "system",
        "mode",
        Form::OneOf(&["read-only", "append-only", "full"]),
        false,
        "What may be written: nothing (the default), nothing that takes away, or everything.",
    ),
    key(
        "system",
        "sensitive",
        Form::List,
        false,
        "Attributes whose values are not written into the record of pushes: a salted hash stands there instead, and a change of \
         them cannot be undone from it.",
    ),
    key("system", "production", Form::Flag, false, "Its name must be typed before a push. Default: false."),
    key(
        "system",
        "require_reason",
        Form::Flag,
        false,
        "A push wants a reason or ticket, which is kept in the history. Default: false.",
    ),
    key(
        "system",
        "scope",
        Form::Filters,
        false,
        "Which of the source's records should be here: a filter alone is of users, { Group = 'displayName sw \"Dept \"' } of \
         groups. It never hides one that exists. Default: all.",
    ),
    key(
        "system",
        "manage",
        Form::Filters,
        false,
        "Which of its own records are ours to judge: a filter alone is of users, a table is by kind. Default: all.",
    ),
    key(
        "system",
        "out_of_scope",
        Form::OneOf(&["show", "deactivate"]),
        false,
        "What is offered for an account whose person is out of scope. Default: \"show\".",
    ),
    key("system", "limits", Form::Table, false, "How much one push may take away of each kind."),
    key(
        "system",
        "protect",
        Form::Filters,
        false,
        "Records that no push may touch: a filter alone is of every kind, and a record of which it cannot be decided is \
         protected; a table is by kind.",
    ),
    key(
        "system",
        "administrators",
        Form::Text,
        false,
        "A filter over its users: who is an administrator. No push takes that from the last one. Default: the connector's.",
    ),
    key("system", "ca_file", Form::Path, false, "Certificates (PEM) to trust beside those of this machine."),
    key("system", "timeout", Form::Number, false, "Seconds to wait for a reply. Default: 30."),
    key("system", "rate", Form::Number, false, "Requests a second at most. Default: the connector's."),
    key("system", "mapping", Form::Path, false, "A mapping file that is laid over the built-in one."),
    key("auth", "bearer", Form::Secret, false, "A bearer token or API key."),
    key("auth", "basic", Form::Table, false, "A user and a password."),
    key("auth", "api_key", Form::Secret, false, "An API key, in the header that the connector's service wants."),
    key("auth", "header", Form::Table, false, "A header of the service's own."),
    key("auth", "oauth2", Form::Table, false, "A token that a token endpoint gives out for client credentials."),
    key("auth.basic", "username", Form::Text, true, "The user."),
    key("auth.basic", "password", Form::Secret, true, "The password."),
    key("auth.header", "name", Form::Text, true, "The header's name."),
    key("auth.header", "value", Form::Secret, true, "Its value."),
    key("auth.oauth2", "token_url", Form::Url, true, "The token endpoint; it may be on another host."),
    key("auth.oauth2", "client_id", Form::Text, true, "The client id."),
    key("auth.oauth2", "client_secret", Form::Secret, true, "The client secret."),
    key("auth.oauth2", "scope", Form::Text, false, "What is asked for. Default: nothing in particular."),
    key(
        "auth.oauth2",
        "client_auth",
        Form::OneOf(&["basic", "form"]),
        false,
        "How the client id and secret are sent. Default: \"basic\", and as a form where that is refused.",
    ),
    key("limits", "deactivate", Form::Count, false, "Accounts switched off. Default: 10."),
    key("limits", "delete", Form::Count, false, "Records deleted. Default: 0."),
    key("limits", "remove", Form::Count, false, "Members, roles and grants taken away. Default: 100."),
    key("limits", "percent", Form::Count, false, "Percent of all records switched off or deleted. Default: 5."),
    key(
        "limits",
        "create",
        Form::Count,
        false,
        "Records created. Default: as many as are staged; so those that follow.",
    ),
    key("limits", "create_percent", Form::Count, false, "The same in percent of the records that are there."),
    key("limits", "update", Form::Count, false, "Records whose attributes are changed."),
    key("limits", "update_percent", Form::Count, false, "The same in percent of all records."),
    key("limits", "reactivate", Form::Count, false, "Accounts switched on again."),
    key("limits", "add", Form::Count, false, "Members, roles and grants added."),
    key(
        "limits",
        "shrink",
        Form::Count,
        false,
        "Percent of its records that the source or the target may have lost since it was last read whole, without a question. \
         Default: 20.",
    ),
    key(
        "limits",
        "hours",
        Form::Count,
        false,
        "What your own pushes of so many hours did there counts too, so that two pushes are no way round. Default: 1; 0: each \
         push by itself.",
    ),
    key(
        "limits",
        "User",
        Form::Table,
        false,
        "The same keys for users alone; what is not among them is as above. So also Group, Role, Product.",
    ),
    key("limits", "Group", Form::Table, false, "For groups alone: { deactivate = 2 }."),
    key("limits", "Role", Form::Table, false, "For roles alone."),
    key("limits", "Product", Form::Table, false, "For products alone."),
];

/// The keys that may stand in a place.
pub fn within(place: &str) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.within == place)
}

/// Every key with its meaning, and each connector's own settings: the text of `trueup help config`.
pub fn help(mappings: &[Mapping]) -> String {
    let mut text = String::from(
        "trueup reads trueup.toml: --config FILE, else ./trueup.toml, else the one in your configuration directory.\n\
         Secrets are never written there: only where to find them.\n",
    );
    let places = [
        ("", "At the top"),
        ("system", "In each [system.NAME]"),
        ("auth", "In auth"),
        ("auth.basic", "In auth.basic"),
        ("auth.header", "In auth.header"),
        ("auth.oauth2", "In auth.oauth2"),
        ("limits", "In [system.NAME.limits], or limits = { ... }"),
    ];
    for (place, title) in places {
        let _ = write!(text, "\n{title}:\n");
        for key in within(place) {
            let must = if key.required { " (required)" } else { "" };
            let _ = writeln!(text, "  {}{must}\n      {}\n      {}", key.name, key.help, key.form.describe());
        }
    }
    for mapping in mappings.iter().filter(|mapping| !mapping.settings.is_empty()) {
        let _ =
            write!(text, "\nIn a [system.NAME] with connector = \"{}\" ({}) also:\n", mapping.connector, mapping.title);
        for setting in &mapping.settings {
            let must = if setting.required { " (required)" } else { "" };
            let _ = writeln!(text, "  {}{must}\n      {}", setting.name, setting.help);
            if setting.secret {
                let _ = writeln!(text, "      {}", Form::Secret.describe());
            } else if setting.address {
                let _ = writeln!(text, "      {}; instead of url", Form::Url.describe());
            } else if !setting.one_of.is_empty() {
                let _ = writeln!(text, "      one of {}", setting.one_of.join(", "));
            }
        }
    }
    text.push_str(
        "\nExample:\n\n  source = \"hr\"\n\n  [system.hr]\n  connector = \"scim\"\n  url  = \"https://idaas.example.com/scim/v2\"\n  \
         auth = { bearer = { env = \"HR_TOKEN\" } }\n\n  [system.aha]\n  connector = \"aha\"\n  url  = \"https://acme.aha.io\"\n  \
         auth = { bearer = { command = [\"pass\", \"show\", \"aha/api\"] } }\n  mode = \"full\"\n  production = true\n",
    );
    text
}
