use std::fmt;

use serde::{Deserialize, Serialize};

/// What a record is: the four kinds that the console shows as tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A person's or service's account.
    User,
    /// A group, team, organisation or department.
    Group,
    /// A role that can be granted.
    Role,
    /// A product, workspace or product line.
    Product,
}

impl Kind {
    /// Every kind, in tab order. References point from earlier to later kinds more often than back.
    pub const ALL: [Self; 4] = [Self::User, Self::Group, Self::Role, Self::Product];

    /// The singular name, as in SCIM's `meta.resourceType`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::Role => "Role",
            Self::Product => "Product",
        }
    }

    /// The plural name, as on the tabs.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
            Self::Role => "Roles",
            Self::Product => "Products",
        }
    }

    /// The kind with this singular or plural name, whatever the case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| name.eq_ignore_ascii_case(kind.name()) || name.eq_ignore_ascii_case(kind.plural()))
    }

    /// Position in [`Kind::ALL`], 0 to 3.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.name())
    }
}
