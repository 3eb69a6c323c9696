use crate::secret::Source;

/// How a service is signed in to.
#[derive(Clone, Debug)]
pub enum Auth {
    /// Not at all.
    None,
    /// `Authorization: Bearer …`.
    Bearer(Source),
    /// `Authorization: Basic …`.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Source,
    },
    /// A header of the service's own (`apikey`).
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: Source,
    },
    /// A token of an OAuth2 token endpoint, by client credentials (RFC 6749 4.4).
    OAuth2 {
        /// The token endpoint, on this host or another.
        token_url: String,
        /// The client id.
        client_id: String,
        /// The client secret.
        client_secret: Source,
        /// What is asked for; `None`: the service's default.
        scope: Option<String>,
        /// How the client says who it is there.
        client_auth: ClientAuth,
    },
}

/// How an OAuth2 client says who it is (RFC 6749 2.3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientAuth {
    /// `Authorization: Basic …`.
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the form.
    Form,
}

impl Auth {
    /// Where its secret comes from.
    pub fn source(&self) -> Option<&Source> {
        match self {
            Self::None => None,
            Self::Bearer(source)
            | Self::Basic { password: source, .. }
            | Self::Header { value: source, .. }
            | Self::OAuth2 { client_secret: source, .. } => Some(source),
        }
    }

    /// The same, to put another source in its place.
    pub fn source_mut(&mut self) -> Option<&mut Source> {
        match self {
            Self::None => None,
            Self::Bearer(source)
            | Self::Basic { password: source, .. }
            | Self::Header { value: source, .. }
            | Self::OAuth2 { client_secret: source, .. } => Some(source),
        }
    }
}
