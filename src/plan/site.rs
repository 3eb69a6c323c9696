use serde::{Deserialize, Serialize};

use crate::model::Kind;

/// How a finding of the connection test turned out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// As it should be.
    Good,
    /// Works, but the operator should know.
    Note,
    /// Not usable, or not safe to push to.
    Bad,
}

/// One line of a connection test: what was looked at and what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was looked at (`GET /api/v1/me`).
    pub what: String,
    /// How it turned out.
    pub finding: Finding,
    /// What was found and what it means, in words for the operator.
    pub detail: String,
}

/// How a SCIM service lists its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Paging {
    /// By `startIndex` (RFC 7644 3.4.2.4).
    Index,
    /// By `cursor` (RFC 9865).
    Cursor,
}

/// Which form of removing one member a SCIM service takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRemoval {
    /// `remove` with path `members[value eq "…"]` (RFC 7644 3.5.2.2).
    Filter,
    /// `remove` with path `members` and a value list (targets/scim.md A3).
    ValueList,
}

/// Where a kind is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The kind.
    pub kind: Kind,
    /// The absolute path on the host, without a slash at the end (`/scim/v2/Users`).
    pub path: String,
    /// The resource type's name, as the service calls it.
    pub name: String,
    /// The core schema's URN.
    pub schema: String,
    /// The extensions' URNs.
    pub extensions: Vec<String>,
}

/// What a probe found out about one service: plain data, shared by reading, rendering and storing.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Site {
    /// The connection test, line by line.
    pub evidence: Vec<Evidence>,
    /// Why nothing may be pushed, whatever the mode (the key answers for another account).
    pub blocked: Option<String>,
    /// Why some writes may be refused (the key's user is no administrator).
    pub warning: Option<String>,
    /// Who we are there, for the operator.
    pub whoami: Option<String>,
    /// The account that answers.
    pub account: Option<String>,
    /// Where each kind is served, as far as the service says.
    pub endpoints: Vec<Endpoint>,
    /// Whether PATCH is offered.
    pub patch: bool,
    /// Whether ETags are announced.
    pub etag: bool,
    /// Whether filters are announced.
    pub filter: bool,
    /// How to page; `None` where unknown.
    pub paging: Option<Paging>,
    /// The largest page that the service states.
    pub max_page: Option<u32>,
    /// Which removal form is known to work.
    pub member_removal: Option<MemberRemoval>,
    /// URNs of all schemas, longest first.
    pub urns: Vec<String>,
    /// Attributes of extensions that the mapping does not name, as canonical paths, per kind.
    pub discovered: Vec<(Kind, String)>,
    /// Of those, the ones that are no texts, and what they are (`boolean`, `integer`, `decimal`).
    #[serde(default)]
    pub types: Vec<(String, String)>,
    /// What the service calls things, as the probe has learned it (`operation SEC_User Forbid`: the number of that operation).
    #[serde(default)]
    pub learned: std::collections::BTreeMap<String, String>,
    /// The parts of lists that the schemas declare, by kind and list: what is not among them is not sent.
    #[serde(default)]
    pub parts: Vec<(Kind, String, Vec<String>)>,
    /// Attributes that the schemas declare to be required or never to change.
    #[serde(default)]
    pub declared: Vec<Declared>,
    /// Attributes that cannot be read here as things are, though the mapping has them.
    #[serde(default)]
    pub lost: Vec<Lost>,
    /// How many records of a kind there are at least, as far as the probe has seen them.
    #[serde(default)]
    pub at_least: Vec<(Kind, u64)>,
    /// Whether the service refuses to be told how many records a page shall have.
    #[serde(default)]
    pub no_count: bool,
    /// Lessons from refused writes: the forms that this service does not take (`patch:User`).
    pub lessons: Vec<String>,
}

/// An attribute that a service was found not to show, though the mapping has it: what was not seen is never compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The kind.
    pub kind: Kind,
    /// The attribute, canonically.
    pub path: String,
    /// In which way.
    pub how: Hidden,
    /// Why, in words for the operator.
    pub why: String,
}

/// In which way an attribute is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hidden {
    /// The service does not have it: it is neither read nor written.
    Nowhere,
    /// It is taken and never returned (RFC 7643 7, `returned`).
    Never,
    /// Lists leave it out; a record that is read alone has it.
    Lists,
}

/// What a schema demands of an attribute (RFC 7643 7).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    /// The kind.
    pub kind: Kind,
    /// The attribute, or a part of a complex one that has one value (`name.formatted`).
    pub path: String,
    /// A new record must have it.
    pub required: bool,
    /// It is given when a record is created and never again.
    pub immutable: bool,
}

impl Site {
    /// Whether the schemas demand an attribute of every new record.
    pub fn requires(&self, kind: Kind, path: &str) -> bool {
        self.declared.iter().any(|rule| rule.required && rule.kind == kind && rule.path.eq_ignore_ascii_case(path))
    }

    /// Whether the schemas let an attribute be given when a record is created and never again.
    pub fn fixes(&self, kind: Kind, path: &str) -> bool {
        self.declared.iter().any(|rule| rule.immutable && rule.kind == kind && rule.path.eq_ignore_ascii_case(path))
    }

    /// The endpoint of a kind.
    pub fn endpoint(&self, kind: Kind) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.kind == kind)
    }

    /// All endpoints of a kind: a service may keep roles under several names.
    pub fn endpoints_of(&self, kind: Kind) -> impl Iterator<Item = &Endpoint> {
        self.endpoints.iter().filter(move |endpoint| endpoint.kind == kind)
    }

    /// The parts that a list declares; `None` where the schemas say nothing of it.
    pub fn parts_of(&self, kind: Kind, list: &str) -> Option<&[String]> {
        let said = self.parts.iter().find(|(of, name, _)| *of == kind && name.eq_ignore_ascii_case(list));
        said.map(|(_, _, parts)| parts.as_slice())
    }

    /// How many records of a kind there are at least; 0 where the probe saw none.
    pub fn at_least(&self, kind: Kind) -> u64 {
        self.at_least.iter().find(|(of, _)| *of == kind).map_or(0, |(_, many)| *many)
    }

    /// A line of the connection test.
    pub fn line(&mut self, what: impl Into<String>, finding: Finding, detail: impl Into<String>) {
        self.evidence.push(Evidence { what: what.into(), finding, detail: detail.into() });
    }

    /// A finding that makes every push unsafe.
    pub fn block(&mut self, what: impl Into<String>, detail: impl Into<String>) {
        let detail = detail.into();
        self.blocked.get_or_insert_with(|| format!("{detail}: no push"));
        self.line(what, Finding::Bad, detail);
    }

    /// Whether the test found nothing bad.
    pub fn good(&self) -> bool {
        self.evidence.iter().all(|line| line.finding != Finding::Bad)
    }
}
