//! The path of an operation: an attribute, some of its values, a part of them (RFC 7644, section 3.5.2).

use crate::simulate::scim::filter::{self, Filter, Scope};
use crate::simulate::scim::path::{self, Target};
use crate::simulate::scim::problem::Problem;
use crate::simulate::scim::schema::{Attribute, ResourceType, Schema};

/// What the path of an operation names.
pub enum Place<'s> {
    /// A whole extension.
    Extension(&'s Schema),
    /// An attribute, or a part of it.
    Attribute {
        /// The extension that it belongs to.
        extension: Option<&'s Schema>,
        /// The attribute.
        attribute: &'s Attribute,
        /// Which of its values.
        filter: Option<Filter>,
        /// Which part of them.
        part: Option<&'s Attribute>,
    },
}

impl<'s> Place<'s> {
    /// Finds what a path names.
    ///
    /// # Errors
    /// `invalidPath` if it names nothing here.
    pub fn find(kind: &'s ResourceType, path: &str) -> Result<Self, Problem> {
        let unknown = || Problem::bad("invalidPath", format!("there is no attribute {path}"));
        let Some((name, rest)) = path.split_once('[') else {
            return match path::resolve(kind, path).ok_or_else(unknown)? {
                Target::Extension(schema) => Ok(Self::Extension(schema)),
                Target::Attribute { extension, attribute, part } => {
                    Ok(Self::Attribute { extension, attribute, filter: None, part })
                }
            };
        };
        let Some(Target::Attribute { extension, attribute, part: None }) = path::resolve(kind, name) else {
            return Err(unknown());
        };
        let (inside, after) = rest.rsplit_once(']').ok_or_else(unknown)?;
        let filter = filter::read(inside, Scope::Parts(attribute))
            .map_err(|problem| Problem::bad("invalidPath", problem.detail))?;
        let part = match after {
            "" => None,
            after => Some(after.strip_prefix('.').and_then(|part| attribute.part(part)).ok_or_else(unknown)?),
        };
        Ok(Self::Attribute { extension, attribute, filter: Some(filter), part })
    }
}
