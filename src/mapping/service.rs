//! What a SCIM service can do, said by its file where it does not say so itself, or says it wrongly.

use serde::Deserialize;

use super::fault::Placed;
use super::{Mapping, MappingError};
use crate::model::Op;

/// What is known of a service whatever it announces; what is not said here is found out by asking.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Whether parts of a record are changed by PATCH; otherwise whole records are sent.
    pub patch: Option<bool>,
    /// Whether it searches by key.
    pub filter: Option<bool>,
    /// Whether a write may say which version it was made from.
    pub etag: Option<bool>,
    /// Whether it may be told how many records a page shall have.
    pub count: Option<bool>,
    /// Whether `/Schemas` tells which attributes there are; otherwise what it does not declare may be there all the same.
    pub schemas: Option<bool>,
    /// How it pages.
    pub paging: Option<PagingBy>,
    /// The number of the first row; `None`: 1.
    pub start_index: Option<u32>,
    /// The most records of a page, whatever is asked for.
    pub max_page: Option<u32>,
    /// How an entry leaves a list in a PATCH.
    pub removal: Option<Removal>,
    /// How a user is switched off.
    pub switch_off: Option<SwitchOff>,
    /// A user who is switched off is not shown any more: that one is gone says that one is off.
    #[serde(default)]
    pub hides_inactive: bool,
    /// The media type of what is sent; `None`: SCIM's own.
    pub media: Option<String>,
    /// Where it is stated.
    pub cite: String,
}

/// How a listing goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PagingBy {
    /// By the number of the first row (RFC 7644 3.4.2.4).
    Index,
    /// By a cursor (RFC 9865).
    Cursor,
}

/// How an entry leaves a list in a PATCH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// By a filter in the path: `members[value eq "7"]`.
    Filter,
    /// By a list of values: `members`, and which.
    ValueList,
}

/// How a user is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SwitchOff {
    /// By a write of `active`.
    Update,
    /// By a DELETE that is a soft one.
    Delete,
}

/// By what the end of a listing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// By the total that the service states; where it states none, by a page that has no more.
    #[default]
    Total,
    /// By an empty page: the total that is stated is wrong, and not gone by.
    EmptyPage,
}

impl Mapping {
    /// Whether a record that is not there is as an operation leaves it: there are services that do not show any more who is
    /// switched off.
    pub fn done_when_absent(&self, op: Op) -> bool {
        op == Op::Delete || (op == Op::Deactivate && self.service.hides_inactive)
    }
}

/// What is said of a service, checked.
pub(super) fn service(spec: Option<Placed<Service>>, speaks: &str) -> Result<Service, MappingError> {
    let Some(Placed { at, it }) = spec else { return Ok(Service::default()) };
    let fault = |message: &str| Err(at.error(format_args!("`service`: {message}")));
    if speaks != "scim" {
        return fault("it is for what is based on `scim`; other wires leave nothing open");
    }
    if it.cite.trim().is_empty() {
        return fault("`cite` is empty: say where this is stated");
    }
    if it.max_page == Some(0) {
        return fault("`max_page` must be above 0");
    }
    if it.start_index.is_some_and(|first| first > 1) {
        return fault("`start_index` is 0 or 1: the number of the first row");
    }
    if it.hides_inactive && it.switch_off != Some(SwitchOff::Delete) {
        return fault("`hides_inactive` goes with `switch_off = \"delete\"`");
    }
    if it.media.as_ref().is_some_and(|media| !media.contains('/') || media.contains(char::is_whitespace)) {
        return fault("`media` is a media type such as `application/json`");
    }
    Ok(it)
}
