//! Which product a view is: what its service is like beside what the switches say (targets/scim.md A4, A5).

use serde_json::Value;

use super::behind_aha;
use super::behind_litmos;
use super::library::Library;
use super::problem::Problem;
use super::quirks::{Etag, Quirks};

/// Whose service it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// Nobody's in particular.
    #[default]
    Plain,
    /// Starling Connect before Aha!.
    Aha,
    /// Starling Connect before SAP Litmos.
    Litmos,
    /// One Identity Manager's provider.
    OneIm,
}

/// The path of One Identity Manager's provider (targets/scim.md A5).
const ONE_IM: &str = "/ApiServer/scim/v2";

impl Manner {
    /// The manner of a view.
    pub fn of(view: &str) -> Self {
        match view {
            "starling-aha" => Self::Aha,
            "starling-litmos" => Self::Litmos,
            "oneim" => Self::OneIm,
            _ => Self::Plain,
        }
    }

    /// The path of the base address.
    pub fn base(self) -> &'static str {
        if self == Self::OneIm { ONE_IM } else { super::BASE }
    }

    /// The values that a client needs beside address and log-in: settings of the connector.
    pub fn settings(view: &str) -> &'static [(&'static str, &'static str)] {
        match view {
            "starling" => &[("profile", "starling")],
            "starling-aha" => &[("profile", "starling"), ("behind", "aha")],
            "starling-litmos" => &[("profile", "starling"), ("behind", "litmos")],
            "oneim" => &[("profile", "oneim")],
            _ => &[],
        }
    }

    /// Puts its ways beside those that were switched on.
    pub fn bend(self, quirks: &mut Quirks) {
        match self {
            Self::Plain => {}
            Self::Aha => {
                // Every connector's table has POST, PUT, DELETE and GET alone (targets/scim.md A4).
                quirks.no_patch = true;
                quirks.etag = Etag::Off;
                // Seeds 004, Aha! limitations 4 to 7.
                quirks.round_up = quirks.round_up.or(Some(100));
                quirks.uncursored = &["Role"];
                quirks.soft_delete = true;
                quirks.role_default = true;
                quirks.product_not_found = true;
            }
            Self::Litmos => {
                quirks.no_patch = true;
                quirks.etag = Etag::Off;
                // Seeds 004, SAP Litmos limitations: neither date is returned.
                quirks.no_times = true;
            }
            Self::OneIm => {
                // It announces PATCH and filters (targets/scim.md A5); of all else nothing is known.
                quirks.etag = Etag::Off;
                quirks.no_cursor = true;
            }
        }
    }

    /// Looks at what a client sent, before it is held against the schema.
    pub fn sent(self, library: &Library, input: &mut Value) {
        if self == Self::Litmos {
            behind_litmos::sent(library, input);
        }
    }

    /// Makes of an accepted document of the resource type of this name what the product makes of it; `before`: the one in
    /// whose place it stands.
    ///
    /// # Errors
    /// 400 where something mandatory is lacking, 409 where an address is taken.
    pub fn settle(
        self,
        library: &Library,
        kind: &str,
        before: Option<&Value>,
        document: &mut Value,
    ) -> Result<(), Problem> {
        match (self, kind) {
            (Self::Aha, "User") => behind_aha::settle(library, before, document),
            (Self::Litmos, "User") => behind_litmos::settle_user(library, before, document),
            (Self::Litmos, "Group") => {
                behind_litmos::settle_team(library, before, document);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What a write to a record that was deleted comes to, where that is no 404.
    pub fn ghost(self, kind: &str) -> Option<Problem> {
        (self == Self::Litmos && kind == "User").then(|| Problem::new(500, behind_litmos::GHOST))
    }
}
