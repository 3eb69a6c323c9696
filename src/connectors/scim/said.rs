//! What the file of a SCIM service says that it can, over what the service announces.

use crate::mapping::{Mapping, PagingBy, Removal};
use crate::plan::{Finding, MemberRemoval, Paging, Site};

/// What a service's file says goes before what the service says; told as evidence.
pub(super) fn learn(site: &mut Site, mapping: &Mapping) {
    let said = apply(site, mapping);
    if !said.is_empty() {
        let what = format!("what the file of {} says", mapping.title);
        let detail = format!("{}; see {}", said.join("; "), mapping.service.cite);
        site.line(what, Finding::Note, detail);
    }
}

/// Puts what the file says into what is known of the service, and gives it in words.
pub(super) fn apply(site: &mut Site, mapping: &Mapping) -> Vec<String> {
    let service = &mapping.service;
    let mut said = Vec::new();
    let mut flag = |what: &str, is: Option<bool>, place: &mut bool| {
        if let Some(is) = is {
            *place = is;
            said.push(format!("{what} {}", if is { "yes" } else { "no" }));
        }
    };
    flag("PATCH", service.patch, &mut site.patch);
    flag("filter", service.filter, &mut site.filter);
    flag("ETag", service.etag, &mut site.etag);
    let mut counts = !site.no_count;
    flag("count", service.count, &mut counts);
    site.no_count = !counts;
    if let Some(paging) = service.paging {
        let (paging, word) = match paging {
            PagingBy::Index => (Paging::Index, "by index"),
            PagingBy::Cursor => (Paging::Cursor, "by cursor"),
        };
        site.paging = Some(paging);
        said.push(format!("pages {word}"));
    }
    if let Some(size) = service.max_page {
        site.max_page = Some(size);
        said.push(format!("pages of {size} at most"));
    }
    if let Some(removal) = service.removal {
        site.member_removal = Some(match removal {
            Removal::Filter => MemberRemoval::Filter,
            Removal::ValueList => MemberRemoval::ValueList,
        });
    }
    said
}
