use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A canonical attribute's path: `name.givenName`, or `urn:…:2.0:User:department` for an extension's.
///
/// Names compare without regard to case (RFC 7643 2.1). URNs contain dots, so a path is never split at its first dot:
/// the longest known URN is taken off first (RFC 7644 3.10).
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AttrPath(Arc<str>);

impl AttrPath {
    /// A path, kept as it is written.
    pub fn new(path: impl Into<Arc<str>>) -> Self {
        Self(path.into())
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path without its schema: `department` of `urn:…:User:department`.
    ///
    /// The longest of `urns` that the path starts with is cut; where none is known the cut is at the last colon.
    pub fn local<'p>(&'p self, urns: &[&str]) -> &'p str {
        self.split(urns).1
    }

    /// The path as schema (empty for a core attribute) and local part.
    pub fn split<'p>(&'p self, urns: &[&str]) -> (&'p str, &'p str) {
        let path = &*self.0;
        if path.len() < 4 || !path.is_char_boundary(4) || !path[..4].eq_ignore_ascii_case("urn:") {
            return ("", path);
        }
        let known = urns
            .iter()
            .filter(|urn| {
                path.len() > urn.len()
                    && path.as_bytes()[urn.len()] == b':'
                    && path.as_bytes()[..urn.len()].eq_ignore_ascii_case(urn.as_bytes())
            })
            .map(|urn| urn.len())
            .max();
        match known.or_else(|| path.rfind(':')) {
            Some(at) => (&path[..at], &path[at + 1..]),
            None => ("", path),
        }
    }
}

impl PartialEq for AttrPath {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl std::hash::Hash for AttrPath {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}

impl PartialOrd for AttrPath {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AttrPath {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_ascii_lowercase().cmp(&other.0.to_ascii_lowercase())
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<&str> for AttrPath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORE: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    #[test]
    fn a_urn_with_dots_is_cut_whole() {
        let path = AttrPath::new(format!("{ENTERPRISE}:manager.value"));
        assert_eq!(path.split(&[CORE, ENTERPRISE]), (ENTERPRISE, "manager.value"));
    }

    #[test]
    fn the_longest_known_urn_wins() {
        let nested = format!("urn:starling:custom:{CORE}");
        let path = AttrPath::new(format!("{nested}:shoeSize"));
        assert_eq!(path.split(&["urn:starling:custom", &nested]), (nested.as_str(), "shoeSize"));
    }

    #[test]
    fn a_core_path_has_no_schema() {
        assert_eq!(AttrPath::new("name.givenName").split(&[CORE]), ("", "name.givenName"));
    }

    #[test]
    fn names_compare_without_regard_to_case() {
        assert_eq!(AttrPath::new("userName"), AttrPath::new("USERNAME"));
    }
}
