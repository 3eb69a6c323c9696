//! What the service says about itself (RFC 7643, sections 5 to 7; RFC 7644, section 4; RFC 9865 for pagination).

use serde_json::{Value, json};

use super::core;
use super::gateway::UNTYPED;
use super::library::Library;
use super::problem::Problem;
use super::quirks::{Endpoint, Etag, PAGE, Quirks};

/// The documents of discovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// `/ServiceProviderConfig`.
    Config,
    /// `/ResourceTypes`.
    ResourceTypes,
    /// `/Schemas`.
    Schemas,
}

impl Discovery {
    /// The endpoint of this name, letter case ignored: One Identity's own instructions ask for `/resourcetypes/`
    /// (targets/scim.md A4).
    pub fn named(segment: &str) -> Option<Self> {
        Some(match segment.to_ascii_lowercase().as_str() {
            "serviceproviderconfig" | "serviceproviderconfigs" => Self::Config,
            "resourcetypes" => Self::ResourceTypes,
            "schemas" => Self::Schemas,
            _ => return None,
        })
    }

    /// The answer to a GET of the endpoint, or of one document below it.
    ///
    /// # Errors
    /// 404 if there is no such document.
    pub fn answer(self, library: &Library, quirks: &Quirks, base: &str, id: Option<&str>) -> Result<Value, Problem> {
        let documents = match self {
            Self::Config if id.is_some() => return Err(Problem::not_found("this address was")),
            Self::Config => return Ok(config(quirks, base)),
            Self::ResourceTypes => resource_types(library, quirks, base),
            Self::Schemas => schemas(library, quirks, base),
        };
        let Some(id) = id else {
            let mut list = json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
                "totalResults": documents.len(),
                "startIndex": 1,
                "itemsPerPage": documents.len(),
                "Resources": documents,
            });
            if let (true, Some(list)) = (quirks.no_total, list.as_object_mut()) {
                list.shift_remove("totalResults");
            }
            return Ok(list);
        };
        let named = |document: &Value| document["id"].as_str().is_some_and(|held| held.eq_ignore_ascii_case(id));
        documents.into_iter().find(named).ok_or_else(|| Problem::not_found(id))
    }
}

fn resource_types(library: &Library, quirks: &Quirks, base: &str) -> Vec<Value> {
    let path = base.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
    let endpoint = |name: &str| match quirks.endpoint {
        Endpoint::Relative => format!("/{name}"),
        Endpoint::OfServer => format!("/{path}/{name}"),
        Endpoint::Absolute => format!("{base}/{name}"),
    };
    let kinds = library.collections.iter().map(|collection| &collection.kind);
    kinds.map(|kind| kind.announce(base, &endpoint(&kind.endpoint))).collect()
}

fn schemas(library: &Library, quirks: &Quirks, base: &str) -> Vec<Value> {
    let mut out: Vec<Value> = Vec::new();
    let own = library
        .collections
        .iter()
        .flat_map(|collection| std::iter::once(&collection.kind.schema).chain(&collection.kind.extensions));
    for schema in own.chain(&core::discovery()) {
        if !out.iter().any(|held| held["id"] == json!(schema.id)) {
            let mut announced = schema.announce(base);
            if quirks.untyped {
                untype(&mut announced);
            }
            if let Some(attributes) = announced["attributes"].as_array_mut() {
                let off = |name: &str| quirks.disabled.iter().any(|other| other.eq_ignore_ascii_case(name));
                attributes.retain(|one| !one["name"].as_str().is_some_and(off));
                for one in attributes {
                    if quirks
                        .never
                        .iter()
                        .any(|other| one["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(other)))
                    {
                        one["returned"] = json!("never");
                    }
                }
            }
            out.push(announced);
        }
    }
    out
}

/// Takes the part `type` out of the lists of a schema that have none here.
fn untype(schema: &mut Value) {
    let attributes = schema["attributes"].as_array_mut().into_iter().flatten();
    for attribute in attributes.filter(|one| UNTYPED.iter().any(|name| one["name"] == **name)) {
        if let Some(parts) = attribute["subAttributes"].as_array_mut() {
            parts.retain(|part| part["name"] != "type");
        }
    }
}

fn config(quirks: &Quirks, base: &str) -> Value {
    let mut config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": !quirks.no_patch },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": quirks.max_results },
        "changePassword": { "supported": true },
        "sort": { "supported": true },
        "etag": { "supported": quirks.etag == Etag::Kept },
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "Bearer token",
                "description": "A token in the Authorization header",
                "specUri": "https://www.rfc-editor.org/info/rfc6750",
                "primary": true,
            },
            {
                "type": "httpbasic",
                "name": "Basic",
                "description": "A name and a password in the Authorization header",
                "specUri": "https://www.rfc-editor.org/info/rfc7617",
            },
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    });
    if !quirks.no_cursor {
        config["pagination"] = json!({
            "cursor": true,
            "index": !quirks.cursor_only,
            "defaultPaginationMethod": if quirks.cursor_only { "cursor" } else { "index" },
            "defaultPageSize": PAGE.min(quirks.max_results),
            "maxPageSize": quirks.max_results,
            "cursorTimeout": 3_600,
        });
    }
    config
}
