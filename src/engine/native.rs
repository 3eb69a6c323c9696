//! A record as its system sends it now.

use std::sync::Arc;

use super::ask::ask;
use super::http::Client;
use crate::connectors::{Connector, Looked};
use crate::model::RecordKey;
use crate::plan::Site;
use crate::store::Cache;

/// What it takes to ask a system.
pub(super) type Known = (Arc<dyn Connector>, Client, Arc<Site>);

/// The record as pretty JSON, or why there is none. What was kept from the last reading stands in where it cannot be asked
/// for one by one.
pub(super) async fn show(
    key: &RecordKey,
    known: Option<Known>,
    cache: Option<Arc<dyn Cache>>,
) -> Result<String, String> {
    let Some((connector, client, site)) = known else {
        return kept(key, cache).await.ok_or_else(|| format!("{} has not been reached yet", key.system));
    };
    let requests = connector.read_one(&site, key);
    if requests.is_empty() {
        let why = || format!("{} cannot show one {} by itself", key.system, key.kind);
        return kept(key, cache).await.ok_or_else(why);
    }
    let replies = ask(&client, &requests, requests.len()).await.map_err(|fault| fault.to_string())?;
    let refused = requests.iter().zip(&replies).find(|(_, reply)| !reply.ok() && reply.status != 404);
    if let Some((request, reply)) = refused {
        return Err(connector.explain(request, reply));
    }
    match connector.observe(&site, key.kind, Looked::Id(&key.id), &replies)? {
        Some(observed) => serde_json::to_string_pretty(&observed.native).map_err(|error| error.to_string()),
        None => Err(format!("{} has no {} with the id {} any more", key.system, key.kind, key.id)),
    }
}

async fn kept(key: &RecordKey, cache: Option<Arc<dyn Cache>>) -> Option<String> {
    let key = key.clone();
    let cache = cache?;
    let found = tokio::task::spawn_blocking(move || cache.native(&key).ok().flatten());
    found.await.ok().flatten()
}
