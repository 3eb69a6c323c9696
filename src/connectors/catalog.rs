use std::collections::BTreeMap;
use std::sync::Arc;

use super::Connector;
use super::aha::Aha;
use super::scim::Scim;
use crate::mapping::Mapping;

/// A system's settings as data, checked by `config`: no secrets.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The base URL as given, scheme and host included, without a slash at the end.
    pub url: String,
    /// The connector's own settings.
    pub own: BTreeMap<String, String>,
}

/// The connector that speaks this wire ([`Mapping::speaks`]) over a mapping, `None` if there is none.
pub fn connector(name: &str, mapping: Arc<Mapping>, settings: &Settings) -> Option<Arc<dyn Connector>> {
    match name {
        "scim" => Some(Arc::new(Scim::new(mapping, settings))),
        "aha" => Some(Arc::new(Aha::new(mapping, settings))),
        _ => None,
    }
}
