use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Connector;
use super::aha::Aha;
use super::file::File;
use super::kingdee::Kingdee;
use super::litmos::Litmos;
use super::scim::Scim;
use crate::mapping::Mapping;

/// A system's settings as data, checked by `config`: no secrets, only which of them are there.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The base URL as given, scheme and host included, without a slash at the end.
    pub url: String,
    /// The connector's own settings.
    pub own: BTreeMap<String, String>,
    /// The names of the secret ones that are given.
    pub secrets: BTreeSet<String>,
}

/// The connector that speaks this wire ([`Mapping::speaks`]) over a mapping, `None` if there is none.
pub fn connector(name: &str, mapping: Arc<Mapping>, settings: &Settings) -> Option<Arc<dyn Connector>> {
    let mapping = if mapping.settings.is_empty() { mapping } else { Arc::new(mapping.chosen(&settings.own)) };
    match name {
        "scim" => Some(Arc::new(Scim::new(mapping, settings))),
        "aha" => Some(Arc::new(Aha::new(mapping, settings))),
        "file" => Some(Arc::new(File::new(mapping, settings))),
        "litmos" => Some(Arc::new(Litmos::new(mapping, settings))),
        "kingdee" => Some(Arc::new(Kingdee::new(mapping, settings))),
        _ => None,
    }
}
