//! How real services differ from the RFC, each switchable by name (targets/scim.md A1 to A3, A6).
//!
//! Owns the switches of this simulator and their reading. They are read again for each request, so a test can change
//! them while a client is in the middle of a walk.

use crate::simulate::faults::{Faults, Switch};

use super::patch::Removal;

/// What `ignore-start-index` says the page starts at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// 1, as it is.
    Truth,
    /// What was asked.
    Asked,
}

/// What the service says about versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Etag {
    /// Versions are announced, sent and kept.
    #[default]
    Kept,
    /// There are none.
    Off,
    /// None are announced; an `ETag` of the reply's bytes is sent and `If-Match` means nothing (SCIMMY).
    OfBody,
}

/// The form in which a resource type says where it is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Endpoint {
    /// `/Users`, below the base address.
    #[default]
    Relative,
    /// `/scim/v2/Users` (django-scim2).
    OfServer,
    /// `http://…/scim/v2/Users` (Canaille).
    Absolute,
}

/// How a client has to say who it is at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenWay {
    /// In either way.
    #[default]
    Either,
    /// In the header only.
    Basic,
    /// In the form only.
    Form,
}

/// The deviations in force.
#[derive(Clone, Debug, Default)]
pub struct Quirks {
    /// PATCH is not offered and answered with 501.
    pub no_patch: bool,
    /// A successful PATCH is answered with 204 and no body.
    pub patch_without_body: bool,
    /// Filters are ignored: everybody is returned (Canaille).
    pub no_filter: bool,
    /// A filter whose attribute is a whole URN matches nothing (SCIMMY).
    pub urn_filter_matches_nothing: bool,
    /// Always page 1.
    pub ignore_start_index: Option<Echo>,
    /// Page 1 again past the end.
    pub page_one_past_end: bool,
    /// `itemsPerPage` is what was asked (SCIMMY).
    pub echo_count: bool,
    /// An empty page with a cursor in the middle of a walk.
    pub empty_page: bool,
    /// Pages are walked by cursor whether it was asked for or not.
    pub cursor_only: bool,
    /// The service has never heard of cursors.
    pub no_cursor: bool,
    /// From page 2 on, a page names itself as the next one.
    pub repeat_cursor: bool,
    /// Counts are rounded up to multiples of this (targets/scim.md A4: 255 asked, 300 returned).
    pub round_up: Option<usize>,
    /// Lists do not say how many there are (django-scim2).
    pub no_total: bool,
    /// Any `count` gives a 500 (Canaille).
    pub no_count: bool,
    /// The largest page.
    pub max_results: usize,
    /// How a resource type says where it is served.
    pub endpoint: Endpoint,
    /// What is said about versions.
    pub etag: Etag,
    /// The status in an error body is a number (django-scim2).
    pub status_integer: bool,
    /// Error bodies are web pages that call themselves JSON (Canaille).
    pub html_errors: bool,
    /// Errors have no body (django-scim2).
    pub empty_errors: bool,
    /// These attributes are accepted and not kept (django-scim2).
    pub drop_attributes: Vec<String>,
    /// Members are named by userName (Canaille).
    pub member_username: bool,
    /// Addresses of users end in the userName (Canaille).
    pub location_username: bool,
    /// Which forms of removal are known.
    pub removal: Removal,
    /// Ids are JSON numbers above 2^53.
    pub numbers: bool,
    /// Of what has no value some is null, some is absent, some is empty.
    pub null_absent_empty: bool,
    /// Even the ServiceProviderConfig wants a token.
    pub closed_discovery: bool,
    /// How the token endpoint is asked.
    pub token_way: TokenWay,
    /// How long its tokens live.
    pub token_seconds: u64,
    /// A DELETE of a user only switches it off.
    pub soft_delete: bool,
    /// An unknown role becomes the default one, and nobody is told.
    pub role_default: bool,
    /// An unknown product is a 404.
    pub product_not_found: bool,
    /// Nothing says when a record was made or changed (SAP Litmos behind Starling Connect).
    pub no_times: bool,
    /// Resource types whose lists are not walked by cursor.
    pub uncursored: &'static [&'static str],
    /// Filters are refused with this status.
    pub filter_status: Option<u16>,
    /// A create of somebody who is there answers with this status and what is there (Smartsheet, GoToMeeting).
    pub duplicate: Option<u16>,
    /// What a GET of what is not there gets in the place of a 404 (GoToMeeting).
    pub absent: Option<u16>,
    /// Lists leave these attributes out; a GET by id has them (Apigee, ServiceNow).
    pub list_omits: Vec<String>,
    /// So many changes of members are taken in one request, and never all of them together (AWS).
    pub member_changes: Option<usize>,
    /// These attributes are switched off: no schema and no record has them, and nobody may send them.
    pub disabled: Vec<String>,
    /// Attributes that are taken and never returned (RFC 7643 7, `returned`).
    pub never: Vec<String>,
    /// Attributes have no part `type`, and groups are named by `$ref` too (Canaille).
    pub untyped: bool,
}

/// The size of a page when none is asked for.
pub const PAGE: usize = 200;
/// The largest page of a service without deviations.
pub const MAX_RESULTS: usize = 1_000;

/// The switches of this simulator.
pub const SWITCHES: &[Switch] = &[
    switch("no-patch", "no-patch", "PATCH is not offered and gets a 501."),
    switch("patch-without-body", "patch-without-body", "A successful PATCH gets 204 and no body."),
    switch("no-filter", "no-filter[=403|501]", "Filters are ignored: everybody is returned; or they are refused so."),
    switch(
        "duplicate-create",
        "duplicate-create=200|201",
        "A create of somebody who is there already succeeds with that status, and gives what is there.",
    ),
    switch("absent", "absent=502", "A GET of what is not there gets that status and no 404."),
    switch("list-omits", "list-omits=title+displayName", "Lists leave these attributes out; a GET by id has them."),
    switch(
        "member-changes",
        "member-changes=N",
        "More than N changes of members in one request are refused, and so is taking all of them away together.",
    ),
    switch(
        "disabled",
        "disabled=title+department",
        "These attributes are switched off: no schema and no record has them, and a write that has one is a 400.",
    ),
    switch("never", "never=title+department", "These attributes are taken and never returned, and the schemas say so."),
    switch("urn-filter-matches-nothing", "urn-filter-matches-nothing", "A filter with a whole URN in it finds nobody."),
    switch(
        "ignore-start-index",
        "ignore-start-index[=echo]",
        "Always page 1; with `echo` it says that it starts where it was asked to.",
    ),
    switch("page-one-past-end", "page-one-past-end", "Page 1 again past the end."),
    switch("echo-count", "echo-count", "itemsPerPage is the count that was asked for."),
    switch("empty-page", "empty-page", "The second page of a cursor walk is empty and has a nextCursor."),
    switch("cursor-only", "cursor-only", "Pages are walked by cursor whether it was asked for or not."),
    switch("no-cursor", "no-cursor", "The service has never heard of cursors."),
    switch("cursor-expires", "cursor-expires=N", "After N pages walked by cursor the cursor has expired, once."),
    switch("repeat-cursor", "repeat-cursor", "From page 2 on, a page names itself as the next one."),
    switch("round-up", "round-up=N", "Counts are rounded up to multiples of N."),
    switch("no-total", "no-total", "Lists do not say totalResults."),
    switch("no-count", "no-count", "Any count gets a 500."),
    switch("max-results", "max-results=N", "No page is larger than N."),
    switch("drift", "drift[=N]", "After each first page (the first N of them) somebody is put in front of all others."),
    switch("absolute-endpoints", "absolute-endpoints", "Resource types give their whole address."),
    switch(
        "server-absolute-endpoints",
        "server-absolute-endpoints",
        "Resource types give the path from the server's root.",
    ),
    switch(
        "etag",
        "etag=on|off|body",
        "Versions are kept, or there are none, or the ETag is of the reply's bytes and If-Match means nothing.",
    ),
    switch("status-integer", "status-integer", "The status in an error body is a number."),
    switch("html-errors", "html-errors", "Errors are web pages that call themselves JSON."),
    switch("empty-errors", "empty-errors", "Errors have no body."),
    switch(
        "drop-attributes",
        "drop-attributes=title+department",
        "These attributes are accepted with success and not kept.",
    ),
    switch("member-username", "member-username", "Members are named by their userName."),
    switch("location-username", "location-username", "The address of a user ends in the userName."),
    switch(
        "member-removal",
        "member-removal=value-list|filter|literal",
        "Only this form of removal is known; `literal` ignores a value beside remove and takes the whole list.",
    ),
    switch("string-ids-as-numbers", "string-ids-as-numbers", "Ids are JSON numbers, above 2^53 where they were text."),
    switch(
        "null-absent-empty",
        "null-absent-empty",
        "Of what has no value some is null, some is absent, some is empty.",
    ),
    switch("closed-discovery", "closed-discovery", "Even the ServiceProviderConfig wants a token."),
    switch(
        "token-way",
        "token-way=basic|form",
        "The token endpoint takes the client's name and secret only in this way.",
    ),
    switch("token-expires", "token-expires=SECONDS", "Tokens of the token endpoint live that long (default 3600)."),
    switch(
        "failover",
        "failover[=N]",
        "Every request (the next N) is answered with 406, as while a region fails over.",
    ),
    switch("soft-delete", "soft-delete", "A DELETE of a user switches it off; it stays listed."),
    switch("role-default", "role-default", "A role that does not exist becomes `viewer`, and nobody is told."),
    switch("product-not-found", "product-not-found", "A product that does not exist is a 404."),
    switch("no-times", "no-times", "Nothing says when a record was made or changed."),
    switch(
        "untyped",
        "untyped",
        "E-mail addresses and numbers have no `type`: the schema lacks it, and one that is sent is refused.",
    ),
];

const fn switch(name: &'static str, form: &'static str, help: &'static str) -> Switch {
    Switch { name, form, help }
}

impl Quirks {
    /// Reads the switches that are in force now.
    ///
    /// # Errors
    /// A sentence that names the switch whose value makes no sense.
    pub fn read(faults: &Faults) -> Result<Self, String> {
        let on = |name: &str| faults.flag(name).is_some();
        let number = |name: &str| match faults.flag(name) {
            None => Ok(None),
            Some(text) => match text.parse::<usize>() {
                Ok(number) if number > 0 => Ok(Some(number)),
                _ => Err(format!("fault `{name}`: `{text}` is not a number above 0")),
            },
        };
        let word = |name: &str, words: &[&str]| match faults.flag(name) {
            None => Ok(None),
            Some(text) => match words.iter().position(|word| *word == text) {
                Some(at) => Ok(Some(at)),
                None => Err(format!("fault `{name}`: `{text}` is none of {}", words.join(", "))),
            },
        };
        let names = |name: &str| -> Vec<String> {
            let text = faults.flag(name).unwrap_or_default();
            text.split(['+', ',']).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
        };
        // Their count is spent one by one; here only its form is looked at.
        for name in ["drift", "failover", "cursor-expires"] {
            let text = faults.flag(name).unwrap_or_default();
            let may_be_bare = name != "cursor-expires" && text.is_empty();
            if text.parse::<u32>().is_err() && !may_be_bare && on(name) {
                return Err(format!("fault `{name}`: `{text}` is not a number"));
            }
        }
        Ok(Self {
            no_patch: on("no-patch"),
            patch_without_body: on("patch-without-body"),
            no_filter: on("no-filter"),
            filter_status: match word("no-filter", &["", "403", "501"])? {
                Some(1) => Some(403),
                Some(2) => Some(501),
                _ => None,
            },
            duplicate: word("duplicate-create", &["200", "201"])?.map(|at| if at == 0 { 200 } else { 201 }),
            absent: number("absent")?.map(|status| status as u16),
            list_omits: names("list-omits"),
            member_changes: number("member-changes")?,
            disabled: names("disabled"),
            never: names("never"),
            urn_filter_matches_nothing: on("urn-filter-matches-nothing"),
            ignore_start_index: word("ignore-start-index", &["", "echo"])?
                .map(|at| if at == 0 { Echo::Truth } else { Echo::Asked }),
            page_one_past_end: on("page-one-past-end"),
            echo_count: on("echo-count"),
            empty_page: on("empty-page"),
            cursor_only: on("cursor-only"),
            no_cursor: on("no-cursor"),
            repeat_cursor: on("repeat-cursor"),
            round_up: number("round-up")?,
            no_total: on("no-total"),
            no_count: on("no-count"),
            max_results: number("max-results")?.unwrap_or(MAX_RESULTS),
            endpoint: match (on("absolute-endpoints"), on("server-absolute-endpoints")) {
                (true, _) => Endpoint::Absolute,
                (false, true) => Endpoint::OfServer,
                (false, false) => Endpoint::Relative,
            },
            etag: match word("etag", &["on", "off", "body"])? {
                Some(1) => Etag::Off,
                Some(2) => Etag::OfBody,
                _ => Etag::Kept,
            },
            status_integer: on("status-integer"),
            html_errors: on("html-errors"),
            empty_errors: on("empty-errors"),
            drop_attributes: names("drop-attributes"),
            member_username: on("member-username"),
            location_username: on("location-username"),
            removal: match word("member-removal", &["value-list", "filter", "literal"])? {
                Some(0) => Removal::ValueList,
                Some(1) => Removal::Filter,
                Some(_) => Removal::Literal,
                None => Removal::Both,
            },
            numbers: on("string-ids-as-numbers"),
            null_absent_empty: on("null-absent-empty"),
            closed_discovery: on("closed-discovery"),
            token_way: match word("token-way", &["basic", "form"])? {
                Some(0) => TokenWay::Basic,
                Some(_) => TokenWay::Form,
                None => TokenWay::Either,
            },
            token_seconds: number("token-expires")?.unwrap_or(3_600) as u64,
            soft_delete: on("soft-delete"),
            role_default: on("role-default"),
            product_not_found: on("product-not-found"),
            no_times: on("no-times"),
            uncursored: &[],
            untyped: on("untyped"),
        })
    }

    /// The size of a page for the count that was asked for; the largest one does not bind a count that is rounded up.
    pub fn page(&self, asked: Option<usize>) -> usize {
        let size = asked.unwrap_or(PAGE).min(self.max_results);
        match self.round_up {
            Some(step) if size > 0 => size.div_ceil(step) * step,
            _ => size,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn read(specs: &[&str]) -> Result<Quirks, String> {
        let specs: Vec<String> = specs.iter().map(|spec| (*spec).to_owned()).collect();
        let faults = Faults::parse(&specs).unwrap();
        faults.only(SWITCHES).unwrap();
        Quirks::read(&faults)
    }

    #[test]
    fn a_count_is_rounded_up_past_the_largest_page() {
        let quirks = read(&["round-up=100", "max-results=255"]).unwrap();
        assert_eq!(quirks.page(Some(255)), 300);
        assert_eq!(quirks.page(Some(1)), 100);
        assert_eq!(quirks.page(Some(0)), 0);
        assert_eq!(read(&["max-results=50"]).unwrap().page(None), 50);
    }

    #[test]
    fn every_switch_can_be_read_and_a_wrong_value_is_refused() {
        for switch in SWITCHES {
            let plain = switch.form.split(['[', '|']).next().unwrap().replace("=N", "=2").replace("=SECONDS", "=2");
            assert!(read(&[&plain]).is_ok(), "{plain}");
        }
        for wrong in
            ["round-up", "round-up=0", "max-results=x", "etag=maybe", "drift=x", "cursor-expires", "member-removal"]
        {
            assert!(read(&[wrong]).is_err(), "{wrong}");
        }
    }
}
