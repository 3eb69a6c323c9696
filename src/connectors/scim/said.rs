//! What the file of a SCIM service says that it can, over what the service announces.

use crate::mapping::{Mapping, PagingBy, Removal};
use crate::plan::{Evidence, Finding, MemberRemoval, Paging, Site};

/// What a service's file says goes before what the service says.
pub(super) fn learn(site: &mut Site, mapping: &Mapping) {
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
    if !said.is_empty() {
        let what = format!("what the file of {} says", mapping.title);
        let detail = format!("{} [{}]", said.join(", "), service.cite);
        site.evidence.push(Evidence { what, finding: Finding::Note, detail });
    }
}
