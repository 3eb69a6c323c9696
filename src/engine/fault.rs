use std::error::Error as _;
use std::fmt;

/// What went wrong on the way to a service or back, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// A short word for the strip (`down`, `auth`, `tls`).
    pub word: &'static str,
    /// What happened, what it means, what to do. Holds no secret.
    pub text: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Why there is no reply. For a write the difference is everything: what was lost may have been carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Provably nothing reached the service.
    #[error("{0}")]
    NotSent(Trouble),
    /// It was sent, or part of it, and no whole reply came back.
    #[error("{0}")]
    Lost(Trouble),
}

impl Fault {
    /// What went wrong.
    pub fn trouble(&self) -> &Trouble {
        match self {
            Self::NotSent(trouble) | Self::Lost(trouble) => trouble,
        }
    }

    /// Whether provably nothing reached the service.
    pub fn not_sent(&self) -> bool {
        matches!(self, Self::NotSent(_))
    }

    pub(super) fn refused(word: &'static str, text: impl Into<String>) -> Self {
        Self::NotSent(Trouble { word, text: text.into() })
    }

    pub(super) fn lost(word: &'static str, text: impl Into<String>) -> Self {
        Self::Lost(Trouble { word, text: text.into() })
    }
}

/// The chain of causes as one text, without the address (it may hold secrets).
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !text.contains(&told) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&told);
        }
        cause = error.source();
    }
    text
}

/// What the client library reports, as the operator's words. `system` and `host` name the place; `reply` is the status
/// that had already come when the fault struck.
pub(super) fn told(error: reqwest::Error, system: &str, host: &str, reply: Option<u16>) -> Fault {
    let error = error.without_url();
    let cause = chain(&error);
    let low = cause.to_ascii_lowercase();
    if error.is_builder() {
        return Fault::refused("setup", format!("{system}: the request could not be made: {cause}"));
    }
    if error.is_connect() {
        // Before the connection stood nothing of the request had left.
        return if error.is_dns() || low.contains("dns error") || low.contains("lookup") {
            Fault::refused(
                "dns",
                format!("{system}: the name {host} is not known here; check the url, or this host's DNS and network"),
            )
        } else if low.contains("certificate") && low.contains("expired") {
            Fault::refused(
                "tls",
                format!(
                    "{system}: the certificate of {host} has expired; who runs the service has to renew it, unless the \
                     clock of this host is wrong"
                ),
            )
        } else if low.contains("invalidcontenttype") {
            // What rustls says of an answer that is no TLS.
            Fault::refused("tls", format!("{system}: {host} speaks no TLS there; check the port in the url"))
        } else if low.contains("certificate") || low.contains("tls") || low.contains("handshake") {
            Fault::refused(
                "tls",
                format!(
                    "{system}: no safe connection to {host}: {cause}; if the service has a certificate of your own \
                     authority, name it in ca_file"
                ),
            )
        } else if low.contains("refused") {
            Fault::refused(
                "down",
                format!("{system}: {host} refuses connections; the service is down, or the port in the url is wrong"),
            )
        } else if error.is_timeout() {
            Fault::refused(
                "down",
                format!("{system}: {host} does not answer; it is down, or a firewall stands in between"),
            )
        } else {
            Fault::refused("down", format!("{system}: no connection to {host}: {cause}"))
        };
    }
    if error.is_timeout() {
        return Fault::lost("slow", format!("{system}: {host} took the request and did not answer in time"));
    }
    match reply {
        Some(status) => Fault::lost("cut", format!("{system}: the reply ({status}) broke off before its end: {cause}")),
        None => Fault::lost("cut", format!("{system}: {host} closed the connection without a reply: {cause}")),
    }
}
