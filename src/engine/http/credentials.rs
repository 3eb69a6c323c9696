//! The fixed header that says who we are, where a system wants no more than that.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::RequestBuilder;
use reqwest::header::{HeaderName, HeaderValue};

use crate::config::Auth;
use crate::engine::fault::Trouble;
use crate::secret::{Secret, Source};

/// What goes on every request.
pub(super) enum Credentials {
    None,
    Bearer(Secret),
    Basic(String, Secret),
    Header(HeaderName, HeaderValue, Secret),
}

impl Credentials {
    /// Gets the secret: reads a file or runs a command.
    pub(super) fn new(system: &str, auth: &Auth) -> Result<Self, Trouble> {
        let unsendable = |what: &str| Trouble {
            word: "setup",
            text: format!("{system}: {what} holds characters that cannot be sent in a header"),
        };
        let sendable = |secret: Secret| {
            let fits = HeaderValue::from_str(secret.expose()).is_ok();
            if fits { Ok(secret) } else { Err(unsendable("the secret")) }
        };
        Ok(match auth {
            // An OAuth2 client secret goes to the token endpoint alone.
            Auth::None | Auth::OAuth2 { .. } => Self::None,
            Auth::Bearer(source) => Self::Bearer(sendable(resolved(system, "secret", source)?)?),
            Auth::Basic { user, password } => Self::Basic(user.clone(), resolved(system, "secret", password)?),
            Auth::Header { name, value } => {
                let secret = resolved(system, "secret", value)?;
                let name =
                    HeaderName::try_from(name.as_str()).map_err(|_| unsendable("the name of the auth header"))?;
                Self::Header(name, sensitive(&secret).ok_or_else(|| unsendable("the secret"))?, secret)
            }
        })
    }

    /// Puts them on a request.
    pub(super) fn on(&self, builder: RequestBuilder) -> RequestBuilder {
        match self {
            Self::None => builder,
            Self::Bearer(secret) => builder.bearer_auth(secret.expose()),
            Self::Basic(user, secret) => builder.basic_auth(user, Some(secret.expose())),
            Self::Header(name, value, _) => builder.header(name, value.clone()),
        }
    }

    /// The secrets in them, in the forms in which they are sent.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::None => Vec::new(),
            Self::Bearer(secret) | Self::Header(_, _, secret) => vec![secret.clone()],
            Self::Basic(user, secret) => {
                let pair = STANDARD.encode(format!("{user}:{}", secret.expose()));
                vec![Secret::new(pair), secret.clone()]
            }
        }
    }
}

/// A secret from where it is kept. `what`: what it is called in the configuration.
pub(super) fn resolved(system: &str, what: &str, source: &Source) -> Result<Secret, Trouble> {
    source.resolve().map_err(|error| {
        let of = if what == "secret" { String::new() } else { format!("{what}: ") };
        Trouble { word: "secret", text: format!("{system}: {of}{error}") }
    })
}

/// A secret as a header that is never shown.
pub(super) fn sensitive(secret: &Secret) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(secret.expose()).ok()?;
    value.set_sensitive(true);
    Some(value)
}
