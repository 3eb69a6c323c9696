//! Where a service is: its base URL taken apart, paths joined to it, ids made fit for a path.
//!
//! Owns percent-encoding for the connectors. Knows nothing of any product.

/// A service's base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `http` or `https`.
    pub scheme: String,
    /// The host's name in lower case, without the port.
    pub host: String,
    /// The port as it is written.
    pub port: Option<String>,
    /// The path without a slash at the end; empty for the root.
    pub path: String,
    /// A name or password stood before the host.
    pub userinfo: bool,
}

impl Address {
    /// Takes a URL apart. `None` for anything but `http` and `https`, or without a host.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.trim().split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return None;
        }
        let rest = rest.split('#').next().unwrap_or_default();
        // A base may carry a query (a tenant switch, targets/scim.md A3); whoever sends adds it to every request.
        let before = rest.split('?').next().unwrap_or_default();
        let (authority, path) = before.find('/').map_or((before, ""), |at| before.split_at(at));
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((_, host)) => (true, host),
            None => (false, authority),
        };
        // An IPv6 address has colons of its own, inside brackets.
        let (host, port) = match authority.rfind(':') {
            Some(at) if !authority[at..].contains(']') => (&authority[..at], Some(authority[at + 1..].to_owned())),
            _ => (authority, None),
        };
        if host.is_empty() {
            return None;
        }
        Some(Self {
            scheme,
            host: host.to_ascii_lowercase(),
            port: port.filter(|port| !port.is_empty()),
            path: path.trim_end_matches('/').to_owned(),
            userinfo,
        })
    }

    /// The base's path with `rest` behind it, one slash between them.
    pub fn join(&self, rest: &str) -> String {
        format!("{}/{}", self.path, rest.trim_start_matches('/'))
    }

    /// Whether it is this very machine.
    pub fn loopback(&self) -> bool {
        self.host == "localhost" || self.host == "[::1]" || self.host.starts_with("127.")
    }
}

/// One segment of a path, percent-encoded. `None` for what no encoding keeps apart from the path around it: nothing, `.`
/// and `..` (clients resolve them even when they are encoded).
pub fn segment(id: &str) -> Option<String> {
    if matches!(id, "" | "." | "..") {
        return None;
    }
    let mut encoded = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    Some(encoded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_url_comes_apart_and_its_query_is_no_part_of_a_path() {
        let address = Address::parse("https://Idp.Example.com:8443/scim/v2/?aadOptscim062020&t=a%20b").unwrap();
        assert_eq!(address.host, "idp.example.com");
        assert_eq!(address.port.as_deref(), Some("8443"));
        assert_eq!(address.join("/Users"), "/scim/v2/Users");
    }

    #[test]
    fn a_root_and_an_ipv6_host_are_addresses_too() {
        let address = Address::parse("http://[::1]:9000").unwrap();
        assert_eq!((address.host.as_str(), address.port.as_deref()), ("[::1]", Some("9000")));
        assert!(address.loopback());
        assert_eq!(address.join("Users"), "/Users");
    }

    #[test]
    fn what_is_no_web_address_is_none() {
        for url in ["", "idp.example.com", "ftp://x/y", "https:///x"] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }

    #[test]
    fn an_id_cannot_leave_its_place_in_a_path() {
        assert_eq!(segment("a/b?c#d%e").as_deref(), Some("a%2Fb%3Fc%23d%25e"));
        assert_eq!(segment("ana@example.com").as_deref(), Some("ana%40example.com"));
        assert_eq!(segment(".."), None);
        assert_eq!(segment(""), None);
    }
}
