//! What the schemas of a service add to what its mapping knows: attributes of extensions, parts of lists, what is required and
//! what never changes (RFC 7643 7).

use serde_json::Value;

use super::discovery;
use super::probe::{Probe, Profile};
use crate::model::{AttrPath, Kind};
use crate::plan::{Declared, Endpoint, Finding};

impl Probe {
    pub(super) fn learn_schemas(&mut self, path: &str, document: Option<&Value>) {
        let schemas = document.map(discovery::schemas).unwrap_or_default();
        let mut urns: Vec<String> = schemas.iter().map(|(id, _)| id.clone()).collect();
        for endpoint in &self.site.endpoints {
            urns.push(endpoint.schema.clone());
            urns.extend(endpoint.extensions.iter().cloned());
        }
        // Longest first: a URN may hold another one (targets/scim.md A4).
        urns.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        urns.dedup_by(|one, other| one.eq_ignore_ascii_case(other));
        self.site.urns = urns;
        for endpoint in &self.site.endpoints {
            let parts = document.map(|document| discovery::parts(document, &endpoint.schema)).unwrap_or_default();
            let demands = document.map(|document| discovery::demands(document, &endpoint.schema)).unwrap_or_default();
            let demands = demands.into_iter().map(|(path, required, immutable)| Declared {
                kind: endpoint.kind,
                path,
                required,
                immutable,
            });
            self.site.declared.extend(demands);
            self.site.parts.extend(parts.into_iter().map(|(list, names)| (endpoint.kind, list, names)));
        }
        let (mut discovered, mut types, mut lists) = (Vec::new(), Vec::new(), 0);
        for endpoint in &self.site.endpoints {
            for (id, declared) in &schemas {
                if !endpoint.extensions.iter().any(|urn| urn.eq_ignore_ascii_case(id)) && !self.custom(endpoint, id) {
                    continue;
                }
                for one in declared {
                    let whole = format!("{id}:{}", one.path);
                    if self.named(endpoint.kind, &whole) {
                        continue;
                    }
                    // A list that no row waits for has no keys by which its entries could be told apart.
                    if (one.list || one.form == "complex") && !self.waited_for(endpoint.kind, &one.path) {
                        lists += 1;
                        continue;
                    }
                    if matches!(one.form.as_str(), "boolean" | "integer" | "decimal") {
                        types.push((whole.clone(), one.form.clone()));
                    }
                    discovered.push((endpoint.kind, whole));
                }
            }
        }
        if document.is_some() {
            let more = match discovered.len() {
                0 => String::new(),
                n => format!("; {n} extension attributes that the mapping does not name"),
            };
            let left = match lists {
                0 => String::new(),
                n => format!("; {n} lists of extensions are not used"),
            };
            self.site.line(format!("GET {path}"), Finding::Good, format!("{} schemas{more}{left}", schemas.len()));
        }
        self.site.discovered = discovered;
        self.site.types = types;
        self.absent.undeclared = self.undeclared(document);
    }

    /// Whether a schema holds the custom attributes of what an endpoint serves: Starling's URNs of those hold the URN of what
    /// they add to (seeds 004), and its resource types need not name them.
    fn custom(&self, endpoint: &Endpoint, id: &str) -> bool {
        let Some(inner) = id.strip_prefix("urn:starling:custom:").filter(|_| self.profile == Profile::Starling) else {
            return false;
        };
        let of_users = endpoint.kind == Kind::User && inner.eq_ignore_ascii_case(discovery::ENTERPRISE);
        of_users
            || std::iter::once(&endpoint.schema).chain(&endpoint.extensions).any(|urn| urn.eq_ignore_ascii_case(inner))
    }

    /// Whether a row of the mapping takes an attribute of this name in whatever extension it is.
    fn waited_for(&self, kind: Kind, name: &str) -> bool {
        self.mapping.kind(kind).into_iter().flat_map(|map| &map.rows).flat_map(|row| &row.read).any(|read| {
            read.strip_prefix("urn:*:")
                .and_then(|read| read.split(['.', '[']).next())
                .is_some_and(|read| read.eq_ignore_ascii_case(name))
        })
    }

    /// Whether the mapping names an extension's attribute in full, itself or the complex one that it is a part of.
    fn named(&self, kind: Kind, path: &str) -> bool {
        let row = |path: &str| self.mapping.row(kind, &AttrPath::new(path)).is_some();
        let outer = path.rsplit_once('.').filter(|(_, sub)| !sub.contains(':')).map(|(outer, _)| outer);
        row(path) || outer.is_some_and(row)
    }
}
