//! Wanted facets into edits of native records.

use serde::{Deserialize, Serialize};

use crate::model::AttrPath;

/// One thing that a write changes in the record, as shown in the preview. Paths are JSON pointers into the native
/// record, or a SCIM path where the service is addressed by one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "edit")]
pub enum Edit {
    /// A value is set; `null` clears it.
    Set {
        /// Where.
        at: String,
        /// To what.
        value: serde_json::Value,
    },
    /// An entry is added to, or changed in, a keyed list.
    Insert {
        /// The list.
        at: String,
        /// The entry's key, the service's own ids.
        key: String,
        /// The entry.
        value: serde_json::Value,
    },
    /// An entry is taken out of a keyed list.
    Remove {
        /// The list.
        at: String,
        /// The entry's key.
        key: String,
    },
}

/// One kind's way from a wanted text to the edit of a native record.
#[derive(Debug)]
pub struct Writer {}

impl Writer {
    /// The edit that makes an attribute be this canonical text; empty text clears it.
    ///
    /// # Errors
    /// In words for the operator, when the attribute cannot be written or the text has no native form.
    pub fn edit(&self, path: &AttrPath, text: &str) -> Result<Edit, String> {
        Err(format!("{path} cannot be written ({text})"))
    }

    /// The native form of one canonical text of an attribute: the value that goes into a request (`"viewer"`, `false`).
    ///
    /// # Errors
    /// When the text has no native form.
    pub fn native(&self, path: &AttrPath, text: &str) -> Result<serde_json::Value, String> {
        Err(format!("{path} cannot be written ({text})"))
    }
}
