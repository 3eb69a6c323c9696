//! The feeds of a mapping file, checked.

use std::sync::Arc;

use super::fault::{Placed, did_you_mean};
use super::file::FeedSpec;
use super::{Feed, MappingError};

/// All feeds. `speaks`: the connector whose wire they are read over.
pub(super) fn feeds(specs: &[Placed<FeedSpec>], speaks: &str) -> Result<Vec<Feed>, MappingError> {
    let mut feeds: Vec<Feed> = Vec::new();
    for Placed { at, it } in specs {
        if feeds.iter().any(|feed| *feed.name == *it.name) {
            return Err(at.error(format_args!("there are two feeds `{}`", it.name)));
        }
        if let Some(of) = &it.detail_of {
            let known = specs.iter().any(|feed| feed.it.name == *of && feed.it.kind == it.kind);
            if !known {
                let hint = did_you_mean(of, specs.iter().map(|feed| feed.it.name.as_str()));
                return Err(at.error(format_args!("`detail_of`: there is no feed `{of}` of {}{hint}", it.kind)));
            }
            // The details of one record that is read alone are no list of anything.
            let list =
                |feed: &&Placed<FeedSpec>| feed.it.kind == it.kind && !feed.it.single && feed.it.detail_of.is_none();
            if specs.iter().any(|feed| feed.it.name == *of && !list(&feed)) {
                let hint = did_you_mean(of, specs.iter().filter(list).map(|feed| feed.it.name.as_str()));
                return Err(
                    at.error(format_args!("`detail_of`: `{of}` is no list; details are read of what is listed{hint}"))
                );
            }
        } else if it.id.is_empty() {
            return Err(at.error(format_args!("feed `{}`: `id` is missing: the records' id field", it.name)));
        }
        if it.whole && it.detail_of.is_none() {
            return Err(at.error(format_args!("feed `{}`: only a feed with `detail_of` can be `whole`", it.name)));
        }
        if speaks == "scim"
            && let Some(why) = misplaced(it)
        {
            return Err(at.error(format_args!("feed `{}`: {why}", it.name)));
        }
        feeds.push(Feed {
            name: it.name.as_str().into(),
            kind: it.kind,
            path: it.path.clone(),
            schema: it.schema.clone(),
            ends: it.ends,
            records: it.records.clone(),
            id: it.id.clone(),
            or_id: it.or_id.0.clone(),
            single: it.single,
            detail_of: it.detail_of.as_deref().map(Arc::from),
            whole: it.whole,
            total: it.total.clone(),
            cite: it.cite.clone(),
        });
    }
    Ok(feeds)
}

/// What is wrong with where a SCIM service is said to keep a feed.
fn misplaced(feed: &FeedSpec) -> Option<&'static str> {
    let owned = feed.path.contains("{id}");
    match (&feed.detail_of, feed.path.is_empty()) {
        (Some(_), _) if !owned => {
            Some("`path` says where, with {id} in the place of the owner's id: /Groups/{id}/members")
        }
        (None, false) if owned => Some("`path`: only a feed with `detail_of` is asked for by {id}"),
        (None, false) if feed.single => {
            Some("`path`: one record is read where its list is; give the list's feed the path")
        }
        (_, false) if !feed.path.starts_with('/') => {
            Some("`path` begins with a slash and goes on behind the system's url")
        }
        _ => None,
    }
}
