//! Where a system is, and how a request's address is put together from it.

use std::fmt::Write as _;
use std::net::IpAddr;

use reqwest::Url;

use crate::connectors::file::STDIN;

/// What the address of a system begins with that is no service but files.
pub(super) const FILES: &str = "file:";

/// Query parameters whose values are never shown.
const SECRET_NAMES: [&str; 14] = [
    "apikey",
    "api_key",
    "api-key",
    "key",
    "token",
    "access_token",
    "refresh_token",
    "auth",
    "password",
    "passwd",
    "secret",
    "client_secret",
    "signature",
    "sign",
];

/// A system's base address: scheme, host and port, and the query that every request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `https://host:port`, no slash at the end.
    origin: String,
    host: String,
    /// The query of the base URL (targets/scim.md A3: a SCIM base URL may carry one).
    query: Option<String>,
    loopback: bool,
}

impl Address {
    /// Reads a base URL.
    ///
    /// # Errors
    /// In words, when it is none, holds a password, or would send secrets over a network unencrypted.
    pub(super) fn parse(system: &str, url: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{system}: the url {why}; write it like https://host/path");
        let parsed = Url::parse(url).map_err(|error| wrong(&format!("cannot be read ({error})")))?;
        let host = parsed.host_str().ok_or_else(|| wrong("names no host"))?.to_owned();
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(format!("{system}: the url holds a user or password; put them under auth"));
        }
        let loopback = loopback(&host);
        match parsed.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => {
                return Err(format!(
                    "{system}: plain http is refused, since anybody on the way could read the key; use https://{host}"
                ));
            }
            _ => return Err(wrong("is neither https nor http")),
        }
        let mut origin = format!("{}://{host}", parsed.scheme());
        if let Some(port) = parsed.port() {
            let _ = write!(origin, ":{port}");
        }
        let query = parsed.query().filter(|query| !query.is_empty()).map(str::to_owned);
        Ok(Self { origin, host, query, loopback })
    }

    /// The address of what has none.
    pub(super) fn nowhere() -> Self {
        Self { origin: String::new(), host: String::new(), query: None, loopback: true }
    }

    /// The host's name.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is on this machine.
    pub(super) fn loopback(&self) -> bool {
        self.loopback
    }

    /// Path and query of a request as they go over the wire.
    ///
    /// # Errors
    /// In words, when the path is not absolute.
    pub(super) fn target(&self, path: &str, query: &[(String, String)]) -> Result<String, String> {
        if !path.starts_with('/') {
            return Err(format!("the path {path} is not absolute on the host"));
        }
        let (path, own) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut target = String::with_capacity(path.len() + 64);
        keep(&mut target, path, b"!$&'()*+,;=:@/%");
        let mut separator = '?';
        let mut part = |target: &mut String, text: &str| {
            target.push(separator);
            separator = '&';
            keep(target, text, b"!$&()*+,;=:@/?%");
        };
        if let Some(base) = &self.query {
            part(&mut target, base);
        }
        if let Some(own) = own.filter(|own| !own.is_empty()) {
            part(&mut target, own);
        }
        for (name, value) in query {
            let mut pair = String::new();
            keep(&mut pair, name, b"");
            pair.push('=');
            keep(&mut pair, value, b"");
            part(&mut target, &pair);
        }
        Ok(target)
    }

    /// The whole address of a target.
    ///
    /// # Errors
    /// In words, when it would be sent otherwise than it is shown (`/../` and its like), or elsewhere.
    pub(super) fn url(&self, target: &str) -> Result<Url, String> {
        let url = Url::parse(&format!("{}{target}", self.origin))
            .map_err(|error| format!("the address {} cannot be read ({error})", masked(target)))?;
        let path = target.split('?').next().unwrap_or_default();
        if url.path() != path || !self.holds(&url) {
            return Err(format!("the address {} would not be sent as it is shown", masked(target)));
        }
        Ok(url)
    }

    /// Whether an address is on this very scheme, host and port.
    pub(super) fn holds(&self, url: &Url) -> bool {
        Url::parse(&self.origin).is_ok_and(|own| own.origin() == url.origin())
    }

    /// The target that a redirect from `url` leads to; `None` if it leads off the host.
    pub(super) fn redirect(&self, url: &Url, location: &str) -> Option<String> {
        let next = url.join(location).ok().filter(|next| self.holds(next))?;
        Some(next.query().map_or_else(|| next.path().to_owned(), |query| format!("{}?{query}", next.path())))
    }
}

fn loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Appends a text; what is neither unreserved (RFC 3986 2.3) nor in `also` is percent-encoded.
fn keep(out: &mut String, text: &str, also: &[u8]) {
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also.contains(&byte) {
            out.push(byte as char);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// A target as it may be shown: the values of secret parameters masked.
pub(super) fn masked(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let mut shown = format!("{path}?");
    for (at, pair) in query.split('&').enumerate() {
        if at > 0 {
            shown.push('&');
        }
        match pair.split_once('=') {
            Some((name, _)) if SECRET_NAMES.contains(&name.to_ascii_lowercase().as_str()) => {
                let _ = write!(shown, "{name}=***");
            }
            _ => shown.push_str(pair),
        }
    }
    shown
}

/// A base URL as it may be shown: without user and password, secret parameters masked.
pub(super) fn base(url: &str) -> String {
    if let Some(file) = url.strip_prefix(FILES) {
        return if file == STDIN { "standard input".to_owned() } else { file.to_owned() };
    }
    let Ok(mut parsed) = Url::parse(url) else { return "(not a url)".to_owned() };
    // Only an address that cannot have them refuses to lose them.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    masked(parsed.as_str())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn address(url: &str) -> Address {
        Address::parse("hr", url).unwrap()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn plain_http_is_refused_except_on_the_loopback() {
        for good in
            ["http://127.0.0.1:8080/x", "http://127.9.9.9", "http://[::1]:1/x", "http://LOCALHOST/", "https://a.b/"]
        {
            assert!(Address::parse("hr", good).is_ok(), "{good}");
        }
        for bad in ["http://example.com", "http://10.0.0.1/", "http://localhost.example.com/", "http://0.0.0.0/"] {
            let told = Address::parse("hr", bad).unwrap_err();
            assert!(told.starts_with("hr: plain http is refused"), "{told}");
        }
        assert!(Address::parse("hr", "ftp://a.b/").is_err());
        assert!(Address::parse("hr", "a.b/c").is_err());
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_shown() {
        let told = Address::parse("hr", "https://me:hunter2@a.b/").unwrap_err();
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn paths_are_joined_before_the_base_query() {
        let base = address("https://a.b/scim/v2/?aadOptscim062020");
        assert_eq!(
            base.target("/scim/v2/Users", &pairs(&[("filter", "userName eq \"a+b@x\""), ("cursor", "")])).unwrap(),
            "/scim/v2/Users?aadOptscim062020&filter=userName%20eq%20%22a%2Bb%40x%22&cursor="
        );
        assert_eq!(address("https://a.b").target("/x?y=1", &[]).unwrap(), "/x?y=1");
        assert!(base.target("Users", &[]).is_err());
    }

    #[test]
    fn what_is_sent_is_what_is_shown() {
        let base = address("https://a.b");
        for good in ["/Users/a%2Fb", "/Users/a b", "/Users/{x}", "/Users/王", "/Users?x='", "//evil.example/x", "/@c.d"]
        {
            let target = base.target(good, &pairs(&[("q", "'\"<>#&=?/ %")])).unwrap();
            let url = base.url(&target).unwrap();
            assert_eq!(url.as_str(), format!("https://a.b{target}"), "{good}");
        }
        for bad in ["/Users/..", "/Users/../Groups", "/Users/%2e%2e", "/Users/./x"] {
            let target = base.target(bad, &[]).unwrap();
            assert!(base.url(&target).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_redirect_is_followed_on_the_very_host_only() {
        let base = address("https://a.b:8443/x");
        let from = base.url("/x/y").unwrap();
        assert_eq!(base.redirect(&from, "/z?q=1").unwrap(), "/z?q=1");
        assert_eq!(base.redirect(&from, "https://a.b:8443/z").unwrap(), "/z");
        for off in ["https://a.b/z", "http://a.b:8443/z", "https://c.d:8443/z", "//c.d:8443/z"] {
            assert_eq!(base.redirect(&from, off), None, "{off}");
        }
    }

    #[test]
    fn values_of_secret_parameters_are_masked() {
        assert_eq!(masked("/x?apikey=s3cr3t&page=2&TOKEN=t"), "/x?apikey=***&page=2&TOKEN=***");
        assert_eq!(masked("/x"), "/x");
        assert_eq!(base("https://me:hunter2@a.b/x?token=t&y=1"), "https://a.b/x?token=***&y=1");
        assert_eq!(base("hunter2"), "(not a url)");
    }
}
