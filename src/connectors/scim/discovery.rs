//! What a SCIM service says of itself: ServiceProviderConfig, ResourceTypes, Schemas (RFC 7644 4, RFC 7643 5 to 7).
//!
//! Reads leniently: lists may lack `totalResults` or be bare arrays, names have no case, numbers may be texts.

use serde_json::Value;

use super::document::{member, records, text};
use super::pages::parted;
use crate::connectors::address::Address;
use crate::connectors::loose;
use crate::mapping::Feed;
use crate::model::Kind;
use crate::plan::{Endpoint, Paging};

/// The core schemas (RFC 7643 4).
pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core schema of groups.
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension (RFC 7643 4.3).
pub(super) const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Names of resource types that become a kind, best first. Beyond users and groups the names are the ones that One
/// Identity's own project template knows (targets/scim.md A4).
const NAMES: [(Kind, &[&str]); 4] = [
    (Kind::User, &["user", "users"]),
    (Kind::Group, &["group", "groups"]),
    (
        Kind::Role,
        &["role", "roles", "entitlement", "entitlements", "profile", "profiles", "permissionset", "permissionsets"],
    ),
    (Kind::Product, &["product", "products", "workspace", "workspaces"]),
];

fn flag(value: &Value, name: &str) -> Option<bool> {
    loose::flag(member(value, name)?)
}

fn number(value: &Value, name: &str) -> Option<u32> {
    match member(value, name)? {
        Value::Number(number) => number.as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// What the service says it can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offers {
    pub(super) patch: Option<bool>,
    pub(super) filter: Option<bool>,
    pub(super) etag: Option<bool>,
    pub(super) paging: Option<Paging>,
    pub(super) max_page: Option<u32>,
}

/// Reads ServiceProviderConfig. `None` where the document is none.
pub(super) fn offers(document: &Value) -> Option<Offers> {
    // Some wrap the one configuration in a list.
    let config = match records(document).first() {
        Some(first) => *first,
        None => document,
    };
    let known = ["patch", "filter", "bulk", "etag", "sort", "changePassword", "authenticationSchemes"];
    if !known.iter().any(|name| member(config, name).is_some()) {
        return None;
    }
    let supported = |name: &str| member(config, name).and_then(|part| flag(part, "supported"));
    let mut offers =
        Offers { patch: supported("patch"), filter: supported("filter"), etag: supported("etag"), ..Offers::default() };
    if let Some(pagination) = member(config, "pagination") {
        let cursor = flag(pagination, "cursor") == Some(true);
        let by_default =
            text(pagination, "defaultPaginationMethod").is_some_and(|name| name.eq_ignore_ascii_case("cursor"));
        // RFC 9865 3: `index` false means that only cursors work.
        let only = flag(pagination, "index") == Some(false);
        offers.paging = Some(if cursor && (by_default || only) { Paging::Cursor } else { Paging::Index });
        offers.max_page = number(pagination, "maxPageSize").filter(|&size| size > 0);
    }
    let results = member(config, "filter").and_then(|filter| number(filter, "maxResults")).filter(|&size| size > 0);
    offers.max_page = offers.max_page.or(results);
    Some(offers)
}

/// What ResourceTypes come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Types {
    /// One endpoint a kind.
    pub(super) endpoints: Vec<Endpoint>,
    /// Types that are not used, by name.
    pub(super) unused: Vec<String>,
    /// Types that cannot be used, with the reason.
    pub(super) refused: Vec<String>,
    /// Remarks.
    pub(super) notes: Vec<String>,
}

impl Types {
    /// Puts a listing where its file says that it is; a resource type that is served there says its schemas.
    pub(super) fn placed(&mut self, feed: &Feed, document: Option<&Value>, base: &Address) {
        let path = match place(parted(&feed.path).0, base) {
            Ok((path, _)) => path,
            Err(why) => return self.refused.push(format!("{}: {why}", feed.name)),
        };
        let rows = document.map(records).unwrap_or_default();
        let here = |row: &&Value| {
            let said = text(row, "endpoint").and_then(|endpoint| place(endpoint, base).ok());
            said.is_some_and(|(said, _)| said.eq_ignore_ascii_case(&path))
        };
        let row = rows.into_iter().find(here);
        let name = row.and_then(|row| text(row, "name").or_else(|| text(row, "id"))).unwrap_or(feed.kind.name());
        let said = row.and_then(|row| text(row, "schema"));
        self.unused.retain(|unused| unused != name);
        self.endpoints.retain(|have| have.kind != feed.kind && !have.path.eq_ignore_ascii_case(&path));
        self.endpoints.push(Endpoint {
            kind: feed.kind,
            name: name.to_owned(),
            schema: feed.schema.as_deref().or(said).unwrap_or_else(|| core(feed.kind)).to_owned(),
            extensions: match row {
                Some(row) => extensions(row),
                None if feed.kind == Kind::User => vec![ENTERPRISE.into()],
                None => Vec::new(),
            },
            path,
        });
    }
}

/// Reads ResourceTypes. `None` where the document holds none.
pub(super) fn types(document: &Value, base: &Address) -> Option<Types> {
    let rows: Vec<_> = records(document).into_iter().filter(|row| text(row, "endpoint").is_some()).collect();
    if rows.is_empty() {
        return None;
    }
    let mut types = Types::default();
    let mut used = vec![false; rows.len()];
    let mut hits: Vec<(Kind, usize)> = Vec::new();
    for (kind, names) in NAMES {
        let found = names.iter().filter_map(|wanted| rows.iter().position(|row| answers(row, wanted)));
        // There is one place for users and one for groups; what people may have is kept under several names by some
        // (One Identity's project template: roles, profiles, permission sets, entitlements).
        let most = if matches!(kind, Kind::User | Kind::Group) { 1 } else { usize::MAX };
        let mut found: Vec<usize> = found.collect();
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|at| seen.insert(*at));
        hits.extend(found.into_iter().take(most).map(|at| (kind, at)));
    }
    for (kind, at) in hits {
        let row = rows[at];
        used[at] = true;
        let name = text(row, "name").or_else(|| text(row, "id")).unwrap_or(kind.name()).to_owned();
        match place(text(row, "endpoint").unwrap_or_default(), base) {
            Ok((path, note)) => {
                types.notes.extend(note.map(|note| format!("{name}: {note}")));
                types.endpoints.push(Endpoint {
                    kind,
                    path,
                    schema: text(row, "schema").unwrap_or_else(|| core(kind)).to_owned(),
                    extensions: extensions(row),
                    name,
                });
            }
            Err(why) => types.refused.push(format!("{name}: {why}")),
        }
    }
    types.unused = rows
        .iter()
        .zip(&used)
        .filter(|(_, used)| !**used)
        .map(|(row, _)| text(row, "name").or_else(|| text(row, "endpoint")).unwrap_or_default().to_owned())
        .collect();
    Some(types)
}

fn answers(row: &Value, wanted: &str) -> bool {
    let last =
        text(row, "endpoint").map(|endpoint| endpoint.trim_end_matches('/').rsplit('/').next().unwrap_or_default());
    [text(row, "name"), text(row, "id"), last].into_iter().flatten().any(|name| name.eq_ignore_ascii_case(wanted))
}

fn extensions(row: &Value) -> Vec<String> {
    match member(row, "schemaExtensions") {
        Some(Value::Array(items)) => {
            items.iter().filter_map(|item| text(item, "schema").or(item.as_str()).map(str::to_owned)).collect()
        }
        Some(one @ Value::Object(_)) => text(one, "schema").map(str::to_owned).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The core schema of a kind, where the service does not say another. Only users and groups have one in RFC 7643.
pub(super) fn core(kind: Kind) -> &'static str {
    match kind {
        Kind::User => USER,
        Kind::Group => GROUP,
        Kind::Role => "urn:ietf:params:scim:schemas:core:2.0:Role",
        Kind::Product => "urn:ietf:params:scim:schemas:core:2.0:Product",
    }
}

/// The endpoints of a service that does not describe itself (RFC 7644 3.2).
pub(super) fn defaults(base: &Address) -> Vec<Endpoint> {
    [Kind::User, Kind::Group]
        .into_iter()
        .map(|kind| Endpoint {
            kind,
            path: base.join(kind.plural()),
            name: kind.name().into(),
            schema: core(kind).into(),
            extensions: if kind == Kind::User { vec![ENTERPRISE.into()] } else { Vec::new() },
        })
        .collect()
}

/// The absolute path of an endpoint in any of the three forms in which services state it: relative to the base, a path on
/// the server, a whole URL (targets/scim.md A1); and a remark where the operator should know.
///
/// # Errors
/// In words, when it is on another host.
pub(super) fn place(endpoint: &str, base: &Address) -> Result<(String, Option<String>), String> {
    let endpoint = endpoint.trim();
    if endpoint.contains("://") {
        let there = Address::parse(endpoint).ok_or_else(|| format!("its address {endpoint} is no web address"))?;
        if there.host != base.host {
            return Err(format!(
                "its address is on another host, {}; only {} is asked, so it is not used",
                there.host, base.host
            ));
        }
        let note = (there.port != base.port || there.scheme != base.scheme).then(|| {
            format!("states {endpoint}, which differs in scheme or port; the path is asked at the configured address")
        });
        return sound(&there.path).map(|path| (path, note));
    }
    let path = endpoint.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let on_server = !base.path.is_empty()
        && path.len() > base.path.len()
        && path.starts_with(&base.path)
        && path.as_bytes()[base.path.len()] == b'/';
    if on_server { sound(path).map(|path| (path, None)) } else { sound(&base.join(path)).map(|path| (path, None)) }
}

fn sound(path: &str) -> Result<String, String> {
    let odd = path.split('/').any(|part| matches!(part, "." | ".."))
        || path.contains(|c: char| c.is_control() || c.is_whitespace() || matches!(c, '?' | '#' | '\\'));
    if odd || path.is_empty() || path.ends_with('/') || !path.starts_with('/') || path.starts_with("//") {
        return Err(format!("its address {path:?} cannot be used"));
    }
    Ok(path.to_owned())
}

/// One attribute that a schema declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    /// Its path within the schema.
    pub(super) path: String,
    /// Its type in lower case (RFC 7643 2.3); empty where it is not stated.
    pub(super) form: String,
    /// It has several values.
    pub(super) list: bool,
}

/// A schema's id and its attributes, sub-attributes of single-valued complex ones included.
pub(super) fn schemas(document: &Value) -> Vec<(String, Vec<Declared>)> {
    records(document)
        .into_iter()
        .filter_map(|schema| {
            let id = text(schema, "id")?.to_owned();
            let mut paths = Vec::new();
            if let Some(Value::Array(attributes)) = member(schema, "attributes") {
                for attribute in attributes {
                    declare(attribute, "", &mut paths);
                }
            }
            Some((id, paths))
        })
        .collect()
}

/// The parts of each multi-valued complex attribute of a schema that a client may send.
pub(super) fn parts(document: &Value, schema: &str) -> Vec<(String, Vec<String>)> {
    let schema =
        records(document).into_iter().find(|one| text(one, "id").is_some_and(|id| id.eq_ignore_ascii_case(schema)));
    let Some(Value::Array(attributes)) = schema.and_then(|schema| member(schema, "attributes")) else {
        return Vec::new();
    };
    attributes
        .iter()
        .filter(|attribute| flag(attribute, "multiValued") == Some(true))
        .filter_map(|attribute| {
            let Some(Value::Array(subs)) = member(attribute, "subAttributes") else { return None };
            let sent =
                |sub: &&Value| !text(sub, "mutability").is_some_and(|word| word.eq_ignore_ascii_case("readOnly"));
            let names: Vec<String> =
                subs.iter().filter(sent).filter_map(|sub| text(sub, "name")).map(str::to_owned).collect();
            // A schema that names no parts says nothing.
            (!names.is_empty()).then(|| Some((text(attribute, "name")?.to_owned(), names)))?
        })
        .collect()
}

/// What a schema says of one of its attributes, or of a part of one: those included that only the service sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// Its path within the schema, without the filter of a list: `emails.value`.
    pub(super) path: String,
    /// When it is returned, in lower case; empty where nothing is said.
    pub(super) returned: String,
}

/// Each schema's id, and what it says of its attributes and their parts.
pub(super) fn said(document: &Value) -> Vec<(String, Vec<Said>)> {
    fn gather(attributes: &Value, outer: &str, said: &mut Vec<Said>) {
        for attribute in attributes.as_array().into_iter().flatten() {
            let Some(name) = text(attribute, "name") else { continue };
            let path = if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") };
            let returned = text(attribute, "returned").unwrap_or_default().to_ascii_lowercase();
            if let Some(parts) = member(attribute, "subAttributes").filter(|_| outer.is_empty()) {
                gather(parts, &path, said);
            }
            said.push(Said { path, returned });
        }
    }
    let of = |schema: &Value| {
        let mut said = Vec::new();
        gather(member(schema, "attributes").unwrap_or(&Value::Null), "", &mut said);
        said
    };
    records(document).into_iter().filter_map(|schema| Some((text(schema, "id")?.to_owned(), of(schema)))).collect()
}

/// What a schema demands of its attributes, and of the parts of those that have one value: which are required, and which
/// never change. What only the service sets is no business of ours.
pub(super) fn demands(document: &Value, schema: &str) -> Vec<(String, bool, bool)> {
    let schema =
        records(document).into_iter().find(|one| text(one, "id").is_some_and(|id| id.eq_ignore_ascii_case(schema)));
    let mut demands = Vec::new();
    if let Some(Value::Array(attributes)) = schema.and_then(|schema| member(schema, "attributes")) {
        demand(attributes, "", &mut demands);
    }
    demands
}

fn demand(attributes: &[Value], outer: &str, demands: &mut Vec<(String, bool, bool)>) {
    for attribute in attributes {
        let is = |value: &str| text(attribute, "mutability").is_some_and(|have| have.eq_ignore_ascii_case(value));
        let Some(name) = text(attribute, "name").filter(|_| !is("readOnly")) else { continue };
        let path = if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") };
        let (required, immutable) = (flag(attribute, "required") == Some(true), is("immutable"));
        if required || immutable {
            demands.push((path.clone(), required, immutable));
        }
        if let Some(Value::Array(subs)) = member(attribute, "subAttributes")
            && flag(attribute, "multiValued") != Some(true)
            && outer.is_empty()
        {
            demand(subs, &path, demands);
        }
    }
}

/// Whether an attribute can be read back and written: what only the service sets, or never returns, is nothing to compare
/// (RFC 7643 7).
fn usable(attribute: &Value) -> bool {
    let is = |name: &str, value: &str| text(attribute, name).is_some_and(|have| have.eq_ignore_ascii_case(value));
    !is("mutability", "readOnly") && !is("returned", "never") && text(attribute, "name") != Some("$ref")
}

fn declare(attribute: &Value, outer: &str, declared: &mut Vec<Declared>) {
    let Some(name) = text(attribute, "name").filter(|_| usable(attribute)) else { return };
    let path = if outer.is_empty() { name.to_owned() } else { format!("{outer}.{name}") };
    let list = flag(attribute, "multiValued") == Some(true);
    match member(attribute, "subAttributes") {
        Some(Value::Array(subs)) if !subs.is_empty() && !list && outer.is_empty() => {
            for sub in subs {
                declare(sub, &path, declared);
            }
        }
        _ => declared.push(Declared {
            path,
            form: text(attribute, "type").unwrap_or_default().to_ascii_lowercase(),
            list,
        }),
    }
}
