//! Attribute paths: from what a client writes to the attribute that is meant (RFC 7644, section 3.10).
//!
//! A URN contains dots (`…:2.0:User`), so a path is not split at the first dot: the longest URN that this resource type
//! knows is taken off first.

use serde_json::Value;

use super::schema::{Attribute, ResourceType, Schema, Type};

/// What a path names.
#[derive(Clone, Copy, Debug)]
pub enum Target<'s> {
    /// A whole extension: `urn:…:enterprise:2.0:User`.
    Extension(&'s Schema),
    /// An attribute or a part of one.
    Attribute {
        /// The extension that it belongs to.
        extension: Option<&'s Schema>,
        /// The attribute.
        attribute: &'s Attribute,
        /// The part of it.
        part: Option<&'s Attribute>,
    },
}

/// Finds what a path without a value filter names; `None` if this resource type has no such attribute.
pub fn resolve<'s>(kind: &'s ResourceType, path: &str) -> Option<Target<'s>> {
    let (extension, rest) = split_urn(kind, path)?;
    if rest.is_empty() {
        return extension.map(Target::Extension);
    }
    let (name, part) = match rest.split_once('.') {
        Some((name, part)) => (name, Some(part)),
        None => (rest, None),
    };
    let attribute = match extension {
        Some(schema) => schema.attribute(name)?,
        None => kind.attribute(name)?,
    };
    let part = match part {
        Some(part) => Some(attribute.part(part)?),
        None => None,
    };
    Some(Target::Attribute { extension, attribute, part })
}

/// Takes a known URN off the front; a path that starts with an unknown one names nothing.
fn split_urn<'s, 'p>(kind: &'s ResourceType, path: &'p str) -> Option<(Option<&'s Schema>, &'p str)> {
    if !path.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("urn:")) {
        return Some((None, path));
    }
    let known = std::iter::once((None, &kind.schema))
        .chain(kind.extensions.iter().map(|schema| (Some(schema), schema)))
        .filter_map(|(extension, schema)| Some((extension, schema.id.len(), after(path, &schema.id)?)));
    let (extension, _, rest) = known.max_by_key(|(_, len, _)| *len)?;
    // The bare URN of the core schema names the resource itself, which is no attribute.
    (extension.is_some() || !rest.is_empty()).then_some((extension, rest))
}

fn after<'p>(path: &'p str, urn: &str) -> Option<&'p str> {
    let start = path.get(..urn.len())?;
    let rest = path.get(urn.len()..)?;
    if !start.eq_ignore_ascii_case(urn) {
        return None;
    }
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(':') }
}

/// A resolved path that owns its names, so that it can be followed in a million documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    extension: Option<String>,
    attribute: String,
    part: Option<String>,
    /// The type of the values at the end.
    pub kind: Type,
    /// Whether letter case counts there.
    pub case_exact: bool,
}

impl Steps {
    /// The steps to an attribute, or to its part.
    pub fn new(extension: Option<&Schema>, attribute: &Attribute, part: Option<&Attribute>) -> Self {
        let last = part.unwrap_or(attribute);
        Self {
            extension: extension.map(|schema| schema.id.clone()),
            attribute: attribute.name.clone(),
            part: part.map(|part| part.name.clone()),
            kind: last.kind,
            case_exact: last.case_exact,
        }
    }

    /// The steps inside one value of a complex attribute.
    pub fn inside(part: &Attribute) -> Self {
        Self::new(None, part, None)
    }

    /// The name of an attribute at the top level, if the steps go there and no further.
    pub fn top(&self) -> Option<&str> {
        (self.extension.is_none() && self.part.is_none()).then_some(self.attribute.as_str())
    }

    /// Whether `test` holds for any value at the end of the steps. Lists are entered; null is no value.
    pub fn any(&self, document: &Value, test: &mut dyn FnMut(&Value) -> bool) -> bool {
        let root = match &self.extension {
            Some(urn) => document.get(urn),
            None => Some(document),
        };
        let Some(value) = root.and_then(|root| root.get(&self.attribute)) else {
            return false;
        };
        match &self.part {
            Some(part) => each(value, &mut |value| value.get(part).is_some_and(|value| each(value, &mut *test))),
            None => each(value, test),
        }
    }

    /// The value that a list is sorted by: of many the primary one, else the first (RFC 7644, section 3.4.2.3).
    pub fn first<'d>(&self, document: &'d Value) -> Option<&'d Value> {
        let root = match &self.extension {
            Some(urn) => document.get(urn)?,
            None => document,
        };
        let value = match root.get(&self.attribute)? {
            Value::Array(values) => {
                let primary = values.iter().find(|value| value.get("primary").and_then(Value::as_bool) == Some(true));
                primary.or(values.first())?
            }
            value => value,
        };
        match &self.part {
            Some(part) => value.get(part),
            None => Some(value),
        }
        .filter(|value| !value.is_null())
    }
}

fn each(value: &Value, test: &mut dyn FnMut(&Value) -> bool) -> bool {
    match value {
        Value::Null => false,
        Value::Array(values) => values.iter().filter(|value| !value.is_null()).any(test),
        value => test(value),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::core;
    use super::*;

    fn shown(path: &str) -> Option<String> {
        let kind = core::users();
        Some(match resolve(&kind, path)? {
            Target::Extension(schema) => format!("extension {}", schema.name),
            Target::Attribute { extension, attribute, part } => format!(
                "{}/{}/{}",
                extension.map_or("", |schema| &schema.name),
                attribute.name,
                part.map_or("", |part| &part.name)
            ),
        })
    }

    #[test]
    fn names_are_found_in_any_letter_case() {
        assert_eq!(shown("USERNAME").unwrap(), "/userName/");
        assert_eq!(shown("name.FamilyName").unwrap(), "/name/familyName");
        assert_eq!(shown("Meta.lastmodified").unwrap(), "/meta/lastModified");
    }

    #[test]
    fn a_urn_is_taken_off_whole_though_it_contains_dots() {
        assert_eq!(shown(&format!("{}:userName", core::USER)).unwrap(), "/userName/");
        assert_eq!(shown(&format!("{}:name.givenName", core::USER)).unwrap(), "/name/givenName");
        let enterprise = core::ENTERPRISE_USER;
        assert_eq!(shown(&format!("{enterprise}:department")).unwrap(), "EnterpriseUser/department/");
        assert_eq!(shown(&format!("{enterprise}:manager.$ref")).unwrap(), "EnterpriseUser/manager/$ref");
        assert_eq!(shown(&enterprise.to_uppercase()).unwrap(), "extension EnterpriseUser");
    }

    #[test]
    fn a_urn_inside_a_urn_is_told_apart_by_its_length() {
        // targets/scim.md A1: Starling nests the core URN in its own.
        let custom = format!("urn:starling:custom:{}", core::USER);
        let schema = Schema::new(&custom, "Custom", "", vec![Attribute::text("badge", "")]);
        let longer = Schema::new(&format!("{custom}:more"), "More", "", vec![Attribute::text("badge", "")]);
        let kind = core::users().extended(schema).extended(longer);
        let found = |path: &str| match resolve(&kind, path) {
            Some(Target::Attribute { extension: Some(schema), .. }) => schema.name.clone(),
            other => format!("{other:?}"),
        };
        assert_eq!(found(&format!("{custom}:badge")), "Custom");
        assert_eq!(found(&format!("{custom}:more:badge")), "More");
    }

    #[test]
    fn what_is_not_known_is_not_found() {
        for path in ["", "nothing", "name.nothing", "userName.value", "urn:x:y", core::USER, "emails.value.x"] {
            assert_eq!(shown(path), None, "{path}");
        }
    }
}
