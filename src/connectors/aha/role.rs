//! Aha!'s built-in roles: written as a name, read as an integer, shown as a label; one token for all three
//! (targets/aha.md 10.1).

/// A built-in role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role {
    /// The name that is written; also the canonical token and the role's id here.
    pub(super) token: &'static str,
    /// The integer that is read.
    pub(super) code: i64,
    /// The label that is read, for people.
    pub(super) label: &'static str,
    /// Whether the interface takes it.
    pub(super) writable: bool,
}

/// All built-in roles, most powerful first; `none` last.
pub(super) const ROLES: [Role; 6] = [
    Role { token: "product_owner", code: 20, label: "Owner", writable: true },
    Role { token: "contributor", code: 30, label: "Contributor", writable: true },
    // Read in samples; no name for writing it is documented.
    Role { token: "developer", code: 35, label: "Developer", writable: false },
    Role { token: "reviewer", code: 40, label: "Reviewer", writable: true },
    Role { token: "viewer", code: 50, label: "Viewer", writable: true },
    Role { token: "none", code: 0, label: "None", writable: true },
];

/// The role with this token.
pub(super) fn by_token(token: &str) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.token == token)
}

/// The role with this integer.
pub(super) fn by_code(code: i64) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.code == code)
}

/// The token of an integer; unknown ones stay visible and cannot be written (targets/aha.md 10.1).
pub(super) fn token(code: i64) -> String {
    by_code(code).map_or_else(|| format!("aha:role:{code}"), |role| role.token.to_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn integer_and_name_are_one_token() {
        for role in ROLES {
            assert_eq!(by_code(role.code), by_token(role.token));
            assert_eq!(token(role.code), role.token);
        }
        assert_eq!(token(10), "aha:role:10");
        assert_eq!(by_token("Owner"), None, "the label that is read is no name that may be written");
    }
}
