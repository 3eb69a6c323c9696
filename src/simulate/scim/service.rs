//! One request in, one reply out: which resource, which method, who is asking, and how an error looks.
//!
//! Knows no sockets, so every rule can be tested without one.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;

use crate::simulate::faults::Faults;

use super::discovery::Discovery;
use super::exchange::{Reply, Request, decoded};
use super::findings::Findings;
use super::gate::Gate;
use super::gateway;
use super::library::{Library, id_of};
use super::listing::{Listing, newcomer};
use super::manner::Manner;
use super::naming;
use super::problem::Problem;
use super::project::Projection;
use super::quirks::{Etag, Quirks};
use super::render::{Renderer, hash};
use super::search::Search;
use super::tokens::{self, Tokens};
use super::writing;

/// The path of the base address.
pub const BASE: &str = "/scim/v2";

/// The service.
pub struct Scim {
    library: RwLock<Library>,
    findings: Findings,
    faults: Faults,
    gate: Gate,
    tokens: Tokens,
    manner: Manner,
    /// What was deleted, by collection and id.
    gone: Mutex<HashSet<(usize, String)>>,
}

impl Scim {
    /// A service over a library.
    pub fn new(library: Library, gate: Gate, faults: Faults) -> Self {
        Self {
            library: RwLock::new(library),
            findings: Findings::default(),
            faults,
            gate,
            tokens: Tokens::default(),
            manner: Manner::Plain,
            gone: Mutex::default(),
        }
    }

    /// The same in the manner of a product.
    pub fn in_manner(self, manner: Manner) -> Self {
        Self { manner, ..self }
    }

    /// Answers one request.
    pub fn answer(&self, request: &Request) -> Reply {
        let quirks = match Quirks::read(&self.faults) {
            Ok(mut quirks) => {
                self.manner.bend(&mut quirks);
                quirks
            }
            Err(told) => return refuse(&Quirks::default(), &Problem::new(500, told)),
        };
        if request.path == tokens::PATH {
            let reply = self.tokens.answer(&self.gate, &quirks, request);
            if reply.status == 200 {
                self.faults.renew();
            }
            return reply;
        }
        let mut reply = self.carry_out(request, &quirks).unwrap_or_else(|problem| refuse(&quirks, &problem));
        if quirks.etag == Etag::OfBody && reply.status < 300 && !reply.body.is_empty() {
            reply.headers.push(("etag", format!("W/\"{:x}-{:x}\"", reply.body.len(), hash(&reply.body))));
        }
        reply
    }

    fn carry_out(&self, request: &Request, quirks: &Quirks) -> Result<Reply, Problem> {
        let path =
            request.path.strip_prefix(self.manner.base()).filter(|path| path.is_empty() || path.starts_with('/'));
        let path = path.ok_or_else(|| Problem::not_found(&request.path))?;
        let segments: Vec<String> = path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let discovery = segments.first().and_then(|segment| Discovery::named(segment));
        // Some services show what they offer to anyone (targets/scim.md A1, A5).
        if discovery != Some(Discovery::Config) || quirks.closed_discovery {
            let authorization = request.authorization.as_deref();
            if !self.tokens.know(authorization) {
                self.gate.admit(authorization)?;
            }
        }
        if self.faults.spend("failover") {
            // For some seconds, while a region fails over (targets/scim.md A4).
            return Err(Problem::new(406, "Not Acceptable"));
        }
        let base = format!("http://{}{}", request.host, self.manner.base());
        let desk = Desk { scim: self, request, quirks, base: &base };
        let method = request.method.as_str();
        match (discovery, segments.as_slice()) {
            (Some(discovery), [_]) => desk.discover(discovery, None),
            (Some(discovery), [_, id]) => desk.discover(discovery, Some(id)),
            (_, ["Me" | "Bulk", ..]) => Err(Problem::new(501, "this is not offered")),
            (_, []) if method == "GET" => desk.list(None, &desk.asked()?),
            (_, [".search"]) if method == "POST" => desk.list(None, &Search::of_body(&desk.body()?)?),
            (_, [] | [".search"]) => Err(not_allowed(method)),
            (_, [endpoint, rest @ ..]) => {
                let at = self.read().at_endpoint(endpoint).ok_or_else(|| Problem::not_found(endpoint))?;
                match (rest, method) {
                    ([], "GET") => desk.list(Some(at), &desk.asked()?),
                    ([], "POST") => desk.create(at),
                    ([".search"], "POST") => desk.list(Some(at), &Search::of_body(&desk.body()?)?),
                    ([id], "GET") => desk.get(at, id),
                    ([id], "PUT" | "PATCH") => desk.change(at, id),
                    ([id], "DELETE") => desk.delete(at, id),
                    ([] | [_], _) => Err(not_allowed(method)),
                    _ => Err(Problem::not_found(path)),
                }
            }
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Library> {
        self.library.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Library> {
        self.library.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one request is worked on with.
struct Desk<'a> {
    scim: &'a Scim,
    request: &'a Request,
    quirks: &'a Quirks,
    base: &'a str,
}

impl Desk<'_> {
    fn discover(&self, discovery: Discovery, id: Option<&str>) -> Result<Reply, Problem> {
        if self.request.method != "GET" {
            return Err(not_allowed(&self.request.method));
        }
        if self.asked()?.filter.is_some() {
            // RFC 7644, section 4: so that nobody takes an unfiltered answer for a filtered one.
            return Err(Problem::new(403, "what the service says of itself cannot be filtered"));
        }
        let document = discovery.answer(&self.scim.read(), self.quirks, self.base, id)?;
        Ok(reply(200, &document))
    }

    fn list(&self, at: Option<usize>, search: &Search) -> Result<Reply, Problem> {
        let library = self.scim.read();
        let over = at.map_or_else(|| (0..library.collections.len()).collect(), |at| vec![at]);
        let listing = Listing {
            renderer: self.renderer(&library),
            faults: &self.scim.faults,
            findings: &self.scim.findings,
            over,
            lenient: at.is_none(),
        };
        let (document, more) = listing.answer(search)?;
        drop(library);
        if more && at.is_some() && self.scim.faults.spend("drift") {
            self.drift();
        }
        Ok(reply(200, &document))
    }

    /// Between two pages somebody comes in, in front of all others.
    fn drift(&self) {
        let mut library = self.scim.write();
        if let Some(users) = library.named("User") {
            let number = library.generation();
            library.create(users, newcomer(number), true);
        }
    }

    fn get(&self, at: usize, id: &str) -> Result<Reply, Problem> {
        let library = self.scim.read();
        let document = self.find(&library, at, id).map_err(|problem| match self.quirks.absent {
            Some(status) => Problem::new(status, "Bad Gateway"),
            None => problem,
        })?;
        if self.quirks.etag == Etag::Kept
            && self.request.if_none_match.as_deref().is_some_and(|tags| names_version(tags, &document))
        {
            return Ok(Reply { status: 304, headers: vec![("etag", version_of(&document))], body: String::new() });
        }
        self.show(&library, at, 200, document)
    }

    fn create(&self, at: usize) -> Result<Reply, Problem> {
        let mut input = self.body()?;
        let mut library = self.scim.write();
        naming::translate(&library, self.quirks, at, &mut input);
        gateway::bend(&library, self.quirks, &mut input)?;
        self.scim.manner.sent(&library, &mut input);
        let made = writing::created(&library, self.quirks, at, &input);
        if let (Err(Problem { kind: Some("uniqueness"), .. }), Some(status)) = (&made, self.quirks.duplicate)
            && let Some(id) = input["userName"].as_str().and_then(|name| library.user_named(name))
            && let Some(there) = library.get(at, &id)
        {
            return self.show(&library, at, status, there);
        }
        let mut document = made?;
        self.scim.manner.settle(&library, kind_of(&library, at), None, &mut document)?;
        let document = library.create(at, document, false).ok_or_else(lost)?;
        self.show(&library, at, 201, document)
    }

    fn change(&self, at: usize, id: &str) -> Result<Reply, Problem> {
        if self.request.method == "PATCH" && self.quirks.no_patch {
            return Err(Problem::new(501, "PATCH is not offered"));
        }
        let mut input = self.body()?;
        let mut library = self.scim.write();
        let before = self.find(&library, at, id).map_err(|problem| self.ghost(&library, at, id).unwrap_or(problem))?;
        self.match_version(&before)?;
        self.count_members(&before, &input)?;
        naming::translate(&library, self.quirks, at, &mut input);
        gateway::bend(&library, self.quirks, &mut input)?;
        self.scim.manner.sent(&library, &mut input);
        let mut after = if self.request.method == "PUT" {
            writing::replaced(&library, self.quirks, at, &before, &input)?
        } else {
            let mut after = writing::patched(&library, self.quirks, at, &before, &input)?;
            gateway::bend_pairs(&library, self.quirks, &mut after)?;
            after
        };
        self.scim.manner.settle(&library, kind_of(&library, at), Some(&before), &mut after)?;
        let same = writing::is_same(&before, &after);
        let after = if same { before } else { library.replace(at, &before, after).ok_or_else(lost)? };
        let after = id_of(&after).and_then(|id| library.get(at, id)).ok_or_else(lost)?;
        if self.request.method == "PATCH" && self.quirks.patch_without_body {
            return Ok(Reply { status: 204, headers: self.tag(&after), body: String::new() });
        }
        self.show(&library, at, 200, after)
    }

    /// AWS IAM Identity Center takes 100 changes of members in one request, and refuses to have all of them replaced or taken
    /// away (targets/scim.md A3).
    fn count_members(&self, before: &Value, input: &Value) -> Result<(), Problem> {
        let Some(most) = self.quirks.member_changes else { return Ok(()) };
        let count = |value: &Value| value.as_array().map_or(1, Vec::len);
        let mut changes = 0;
        for operation in input["Operations"].as_array().into_iter().flatten() {
            let path = operation["path"].as_str().unwrap_or_default();
            let op = operation["op"].as_str().unwrap_or_default().to_ascii_lowercase();
            match (path.split('[').next(), path.contains('[')) {
                (Some("members"), true) => changes += 1,
                (Some("members"), false) if op == "replace" || op == "remove" && operation.get("value").is_none() => {
                    return Err(Problem::value("all members cannot be replaced or removed in one request"));
                }
                (Some("members"), false) => changes += count(&operation["value"]),
                _ => changes += operation["value"].get("members").map_or(0, count),
            }
        }
        if self.request.method == "PUT" && input.get("members") != before.get("members") {
            changes += input.get("members").map_or(0, count);
        }
        if changes > most {
            return Err(Problem::value(format!("no more than {most} membership changes can be made in one request")));
        }
        Ok(())
    }

    fn delete(&self, at: usize, id: &str) -> Result<Reply, Problem> {
        let mut library = self.scim.write();
        let document = self.find(&library, at, id)?;
        self.match_version(&document)?;
        if self.quirks.soft_delete && library.named("User") == Some(at) {
            // Still listed, and found by its id (seeds 004, Aha! limitation 5).
            let mut after = document.clone();
            after["active"] = Value::Bool(false);
            library.replace(at, &document, after).ok_or_else(lost)?;
            return Ok(Reply { status: 204, ..Reply::default() });
        }
        let id = id_of(&document).ok_or_else(lost)?;
        library.remove(at, id).ok_or_else(lost)?;
        self.scim.gone.lock().unwrap_or_else(PoisonError::into_inner).insert((at, id.to_owned()));
        Ok(Reply { status: 204, ..Reply::default() })
    }

    /// The document that the last segment of an address names.
    fn find(&self, library: &Library, at: usize, shown: &str) -> Result<Value, Problem> {
        let id = naming::meant(library, self.quirks, shown);
        let by_name = || {
            let users = self.quirks.location_username && library.named("User") == Some(at);
            library.get(at, &library.user_named(shown).filter(|_| users)?)
        };
        let document = library.get(at, &id).or_else(by_name);
        document.ok_or_else(|| Problem::not_found(&format!("resource {shown}")))
    }

    /// What a write to a record that was deleted comes to here, where that is no 404.
    fn ghost(&self, library: &Library, at: usize, id: &str) -> Option<Problem> {
        let gone = self.scim.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.contains(&(at, id.to_owned())).then(|| self.scim.manner.ghost(kind_of(library, at)))?
    }

    /// RFC 7644, section 3.14.
    fn match_version(&self, document: &Value) -> Result<(), Problem> {
        let stale = self.request.if_match.as_deref().is_some_and(|tags| !names_version(tags, document));
        if stale && self.quirks.etag == Etag::Kept {
            return Err(Problem::new(412, "the resource has changed on the server"));
        }
        Ok(())
    }

    fn show(&self, library: &Library, at: usize, status: u16, document: Value) -> Result<Reply, Problem> {
        let kind = &library.collection(at).ok_or_else(lost)?.kind;
        let search = self.asked()?;
        let mut headers = self.tag(&document);
        let whole = self.renderer(library).whole(at, document);
        if status == 201 {
            headers.push(("location", whole["meta"]["location"].as_str().unwrap_or_default().to_owned()));
        }
        let wanted = Projection::new(kind, &search.attributes, &search.excluded).apply(kind, whole);
        Ok(Reply { headers, ..reply(status, &wanted) })
    }

    fn tag(&self, document: &Value) -> Vec<(&'static str, String)> {
        let kept = self.quirks.etag == Etag::Kept;
        kept.then(|| ("etag", version_of(document))).into_iter().collect()
    }

    fn renderer<'r>(&'r self, library: &'r Library) -> Renderer<'r> {
        Renderer { library, quirks: self.quirks, base: self.base }
    }

    fn asked(&self) -> Result<Search, Problem> {
        Search::of_query(&self.request.pairs())
    }

    fn body(&self) -> Result<Value, Problem> {
        let json = self.request.content_type.as_deref().is_none_or(|kind| kind.to_ascii_lowercase().contains("json"));
        if !json {
            return Err(Problem::new(415, "application/scim+json was expected"));
        }
        serde_json::from_slice(&self.request.body)
            .map_err(|error| Problem::bad("invalidSyntax", format!("the body is no JSON: {error}")))
    }
}

/// The name of a resource type.
fn kind_of(library: &Library, at: usize) -> &str {
    library.collection(at).map_or("", |collection| collection.kind.name.as_str())
}

fn reply(status: u16, document: &Value) -> Reply {
    Reply { status, headers: Vec::new(), body: document.to_string() }
}

/// An error in the service's own words; each of these forms was seen on the wire (targets/scim.md A1).
fn refuse(quirks: &Quirks, problem: &Problem) -> Reply {
    let body = if quirks.empty_errors {
        String::new()
    } else if quirks.html_errors {
        format!("<!doctype html>\n<title>{0}</title>\n<h1>Error {0}</h1>\n", problem.status)
    } else {
        problem.body(quirks.status_integer).to_string()
    };
    let headers = if problem.status == 401 {
        vec![("www-authenticate", "Bearer realm=\"scim\", Basic realm=\"scim\"".to_owned())]
    } else {
        Vec::new()
    };
    Reply { status: problem.status, headers, body }
}

fn version_of(document: &Value) -> String {
    document["meta"]["version"].as_str().unwrap_or("W/\"0\"").to_owned()
}

/// Whether a list of tags names the version of a document; tags are compared weakly.
fn names_version(tags: &str, document: &Value) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let version = bare(&version_of(document));
    tags.split(',').any(|tag| tag.trim() == "*" || bare(tag) == version)
}

fn not_allowed(method: &str) -> Problem {
    Problem::new(405, format!("{method} is not allowed here"))
}

fn lost() -> Problem {
    Problem::new(500, "the resource went away in the middle")
}
