//! For tests: carries a walk through a conversation with a service that is a function.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::{Finish, Input, Next, Walk};
use crate::mapping::{Mapping, Taken};
use crate::model::Proof;
use crate::plan::{Reply, Request, Site};

/// What a walk did.
#[derive(Debug)]
pub(super) struct Told {
    /// Every request, as one line.
    pub(super) asked: Vec<String>,
    /// Every page, by feed and owner.
    pub(super) pages: Vec<(String, Option<String>)>,
    /// The distinct ids that came.
    pub(super) ids: HashSet<String>,
    pub(super) finish: Finish,
}

impl Told {
    pub(super) fn site(self) -> Site {
        match self.finish {
            Finish::Site(site) => *site,
            Finish::Feed(proof) => panic!("a probe ended in {proof:?}"),
        }
    }

    pub(super) fn why(&self) -> &str {
        match &self.finish {
            Finish::Feed(Proof::Partial { why }) => why,
            other => panic!("not partial: {other:?}"),
        }
    }

    pub(super) fn complete(&self) -> (u64, &str) {
        match &self.finish {
            Finish::Feed(Proof::Complete { how, total }) => (*total, how),
            other => panic!("not complete: {other:?}"),
        }
    }
}

/// A built-in mapping, read once.
pub(super) fn builtin(name: &str) -> Arc<Mapping> {
    static SCIM: LazyLock<Arc<Mapping>> = LazyLock::new(|| Arc::new(Mapping::builtin("scim").unwrap()));
    static AHA: LazyLock<Arc<Mapping>> = LazyLock::new(|| Arc::new(Mapping::builtin("aha").unwrap()));
    if name == "scim" { SCIM.clone() } else { AHA.clone() }
}

/// A request as one line.
pub(super) fn line(request: &Request) -> String {
    let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{} {}{mark}{}", request.method, request.path, query.join("&"))
}

/// A JSON reply.
pub(super) fn reply(status: u16, json: Value) -> Reply {
    let headers = vec![("content-type".into(), "application/json".into())];
    Reply { status, headers, body: json.to_string().into() }
}

/// A web page.
pub(super) fn page(status: u16) -> Reply {
    let headers = vec![("content-type".into(), "text/html".into())];
    Reply { status, headers, body: "<!doctype html><title>Sign in</title>".into() }
}

/// One value of a request's query.
pub(super) fn asked<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.query.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

/// Carries a walk to its end; `records` is the key under which pages hold their records.
pub(super) fn drive(mut walk: Box<dyn Walk>, records: &str, mut serve: impl FnMut(&Request) -> Reply) -> Told {
    let mut told = Told {
        asked: Vec::new(),
        pages: Vec::new(),
        ids: HashSet::new(),
        finish: Finish::Feed(Proof::Partial { why: String::new() }),
    };
    let mut input = Input::Start;
    for _ in 0..10_000 {
        input = match walk.next(input) {
            Next::Ask(requests) => {
                assert!(!requests.is_empty(), "a walk asked for nothing");
                told.asked.extend(requests.iter().map(line));
                assert!(requests.iter().all(Request::reads), "a walk wanted to write");
                Input::Replies(requests.iter().map(&mut serve).collect())
            }
            Next::Page(page) => {
                told.pages.push((page.feed.to_string(), page.owner.clone()));
                match serde_json::from_slice::<Value>(&page.bytes) {
                    Err(fault) => Input::Unreadable(fault.to_string()),
                    Ok(document) => {
                        let mut envelope = document.as_object().cloned().unwrap_or_default();
                        let rows = envelope.shift_remove(records).unwrap_or(json!([]));
                        let rows = rows.as_array().cloned().unwrap_or_default();
                        let fresh = rows.iter().filter(|row| told.ids.insert(row["id"].to_string())).count();
                        Input::Taken(Taken { records: rows.len() as u32, fresh: fresh as u32, envelope })
                    }
                }
            }
            Next::Block(block) => panic!("a piece of {} that this cannot read", block.feed),
            Next::Done(finish) => {
                told.finish = finish;
                return told;
            }
        };
    }
    panic!("the walk does not end: {:?}", &told.asked[told.asked.len() - 5..]);
}

/// A step as JSON, for comparing with what is expected: what is sent, what is shown, and the reads around it.
pub(super) fn shown(step: &crate::plan::Step) -> Value {
    use crate::plan::Body;
    let write = &step.write;
    let mut shown = json!({
        "serves": step.serves,
        "read": step.read.iter().map(line).collect::<Vec<_>>(),
        "write": line(write),
        "edits": write.edits,
        "verify": step.verify.iter().map(line).collect::<Vec<_>>(),
    });
    if let Body::Json { json, .. } = &write.body {
        shown["body"] = json.clone();
    }
    if !write.carried.is_empty() {
        shown["carried"] = json!(write.carried);
    }
    if !write.holes.is_empty() {
        shown["holes"] = json!(write.holes);
    }
    if let Some(id) = &step.yields {
        shown["yields"] = json!(id);
    }
    if let Some((_, tag)) = write.headers.iter().find(|(name, _)| name == "if-match") {
        shown["if-match"] = json!(tag);
    }
    shown
}

/// Changes for tests, in few words.
pub(super) mod wish {
    use crate::model::{AttrPath, Kind, Op, RecordKey, SystemId};
    use crate::plan::{By, Change, ChangeId, Expect, Facet, Ref, Target, Want, Wanted};

    pub(crate) fn text(path: &str, text: &str) -> Want {
        Want { facet: Facet::attr(path), value: Wanted::Text(text.into()), by: By::Source }
    }

    pub(crate) fn clear(path: &str) -> Want {
        Want { facet: Facet::attr(path), value: Wanted::Clear, by: By::Source }
    }

    pub(crate) fn entry(path: &str, key: &str, value: Wanted) -> Want {
        entry_of(path, Ref::Id(key.into()), value)
    }

    pub(crate) fn entry_of(path: &str, key: Ref, value: Wanted) -> Want {
        Want { facet: Facet { path: AttrPath::new(path), key: Some(vec![key]) }, value, by: By::Source }
    }

    pub(crate) fn change(name: &str, kind: Kind, id: &str, op: Op, want: Vec<Want>) -> Change {
        let system = SystemId::new("sys");
        Change {
            id: ChangeId(name.into()),
            target: Target::Record(RecordKey::new(system.clone(), kind, id)),
            system,
            kind,
            label: id.into(),
            source: None,
            op,
            want,
            expect: Expect::Facets(Vec::new()),
            needs: Vec::new(),
        }
    }

    /// A change of the record that `create` brings into being; the create itself where the names are the same.
    pub(crate) fn of_new(name: &str, create: &str, kind: Kind, op: Op, want: Vec<Want>) -> Change {
        let mut change = change(name, kind, "new", op, want);
        change.target = Target::New(ChangeId(create.into()));
        change
    }

    pub(crate) fn create(name: &str, kind: Kind, by: &[(&str, &str)], want: Vec<Want>) -> Change {
        let mut change = of_new(name, name, kind, Op::Create, want);
        change.expect =
            Expect::Absent { by: by.iter().map(|(path, value)| (AttrPath::new(*path), (*value).to_owned())).collect() };
        change
    }
}
