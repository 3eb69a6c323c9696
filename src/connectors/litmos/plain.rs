//! Texts that come HTML-escaped, turned back as they are read where the settings say that they come so (targets/litmos.md 1): text
//! by text and never in the document as a whole, which `&quot;` would break. What is carried over into a write is plain then
//! too: written back escaped, it would be escaped once more.

use bytes::Bytes;
use serde_json::Value;

use super::Litmos;
use crate::mapping::Mangled;

impl Litmos {
    /// A reply's body with its texts as they are meant. What is no JSON stays as it is, for the reader to say so.
    pub(super) fn plain_body(&self, body: Bytes) -> Bytes {
        let Some(mangled) = self.unmangles() else { return body };
        let Ok(mut document) = serde_json::from_slice::<Value>(&body) else { return body };
        plain(mangled, &mut document);
        document.to_string().into()
    }

    /// The same of a document that is parsed already.
    pub(super) fn plain_value(&self, mut document: Value) -> Value {
        if let Some(mangled) = self.unmangles() {
            plain(mangled, &mut document);
        }
        document
    }

    fn unmangles(&self) -> Option<&Mangled> {
        self.mapping.mangled.as_ref().filter(|_| self.html_escaped)
    }

    /// Words for a record that would be written back with escaped texts in it.
    pub(super) fn still_mangled(&self, fields: &serde_json::Map<String, Value>, carried: &[String]) -> Option<String> {
        let mangled = self.mapping.mangled.as_ref().filter(|_| !self.html_escaped)?;
        let escaped = |name: &&String| {
            let text = fields.get(name.trim_start_matches('/')).and_then(Value::as_str);
            text.is_some_and(|text| mangled.undone(text).is_some())
        };
        let names: Vec<&str> = carried.iter().filter(escaped).map(|name| name.trim_start_matches('/')).collect();
        (!names.is_empty()).then(|| {
            format!(
                "{} come HTML-escaped and are written back as they came, which may escape them once more: \
                 `html_escaped = \"yes\"` reads them as they are meant",
                names.join(", ")
            )
        })
    }
}

fn plain(mangled: &Mangled, value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(meant) = mangled.undone(text) {
                *text = meant;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| plain(mangled, item)),
        Value::Object(fields) => fields.values_mut().for_each(|field| plain(mangled, field)),
        _ => {}
    }
}
