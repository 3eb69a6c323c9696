//! A service in memory, the connector that knows its wire, and a line that loses what it is told to lose.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::connectors::{Connector, Input, Looked, Next, Observed, Walk};
use crate::engine::push::{Line, LineFault, Rest};
use crate::mapping::{Edit, Mapping};
use crate::model::{AttrPath, Form, Kind, Op, RecordKey, SystemId, TableBuilder};
use crate::plan::{
    Body, Change, Facet, Method, Ref, Refusal, Repeat, Reply, Request, Site, Step, Target, Verdict, Wanted, fixture,
};
use crate::store::Receipt;

/// What happens to a write.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing.
    None,
    /// It is carried out and its reply is lost.
    LostAfter,
    /// It is lost on the way.
    LostBefore,
    /// It never leaves.
    NotSent,
    /// It never leaves, and the service is left alone for a moment.
    Rests,
    /// It is not carried out and answered so.
    Status(u16),
    /// It is carried out, and answered with a gateway's error.
    DoneWith(u16),
    /// The role is another one than was asked for.
    Defaulted,
    /// It is carried out and shows only after this many reads.
    SlowToShow(usize),
    /// The sender breaks after it was carried out.
    Panic,
    /// It is carried out, and this sender never hears of it: the console was killed.
    Killed,
    /// It is carried out, and the answer names this record.
    Named(&'static str),
    /// It is carried out, answered with this status, and shows only after this many reads.
    DoneSlowly(u16, usize),
    /// It never leaves, as too much time has passed.
    TooLate,
    /// It is carried out later, if at all: nobody answers in time.
    Slow,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct User {
    pub texts: BTreeMap<String, String>,
    pub pairs: BTreeMap<String, String>,
}

/// What somebody else does.
pub type Meddle = Box<dyn Fn(&mut BTreeMap<String, User>) + Send>;

#[derive(Default)]
pub struct State {
    pub users: BTreeMap<String, User>,
    pub faults: VecDeque<Fault>,
    pub writes: Vec<Request>,
    pub reads: usize,
    /// Reads by POST.
    pub posted: usize,
    /// Whether a given name shows in the display name.
    pub names_show: bool,
    /// How the line says that the service is left alone, one at a time.
    pub rests: VecDeque<Rest>,
    /// Reads that fail from now on.
    pub unreadable: bool,
    /// What somebody else does just before the read of this number.
    pub meddling: BTreeMap<usize, Meddle>,
    hidden: Option<(usize, BTreeMap<String, User>)>,
    next: u32,
}

/// Pairs of texts.
pub type Texts<'t> = &'t [(&'t str, &'t str)];

#[derive(Default)]
pub struct Service {
    pub state: Mutex<State>,
}

impl Service {
    pub fn with(users: &[(&str, Texts<'_>, Texts<'_>)]) -> Arc<Self> {
        let service = Self::default();
        for (id, texts, pairs) in users {
            let owned = |of: &[(&str, &str)]| of.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            let user = User { texts: owned(texts), pairs: owned(pairs) };
            service.state.lock().unwrap().users.insert((*id).to_owned(), user);
        }
        Arc::new(service)
    }

    pub fn fault(&self, fault: Fault) {
        self.state.lock().unwrap().faults.push_back(fault);
    }

    pub fn user(&self, id: &str) -> User {
        self.state.lock().unwrap().users.get(id).cloned().unwrap_or_default()
    }

    pub fn change(&self, id: &str, path: &str, text: &str) {
        let mut state = self.state.lock().unwrap();
        state.users.get_mut(id).unwrap().texts.insert(path.into(), text.into());
    }

    /// What was slow to show shows.
    pub fn show(&self) {
        self.state.lock().unwrap().hidden = None;
    }

    /// The writes that left, as `METHOD path`.
    pub fn writes(&self) -> Vec<String> {
        let state = self.state.lock().unwrap();
        state.writes.iter().map(|request| format!("{} {}", request.method, request.path)).collect()
    }
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, headers: vec![("content-type".into(), "application/json".into())], body: body.to_string().into() }
}

fn shown(id: &str, user: &User) -> Value {
    // A given name is never returned.
    let mut texts = user.texts.clone();
    texts.remove("name.givenName");
    json!({"id": id, "texts": texts, "pairs": user.pairs})
}

impl State {
    fn read(&mut self, request: &Request) -> Reply {
        self.reads += 1;
        self.posted += usize::from(request.method == Method::Post);
        if let Some(meddle) = self.meddling.remove(&self.reads) {
            meddle(&mut self.users);
        }
        let users = match &mut self.hidden {
            Some((left, old)) if *left > 0 => {
                *left -= 1;
                &*old
            }
            _ => &self.users,
        };
        if let Some((_, name)) = request.query.first() {
            let found = users.iter().filter(|(_, user)| user.texts.get("userName") == Some(name));
            return reply(200, &json!({"found": found.map(|(id, user)| shown(id, user)).collect::<Vec<_>>()}));
        }
        let id = request.path.trim_start_matches("/users/");
        match users.get(id) {
            Some(user) => reply(200, &shown(id, user)),
            None => reply(404, &json!({})),
        }
    }

    fn write(&mut self, request: &Request, defaulted: bool) -> Reply {
        let body = match &request.body {
            Body::Json { json, .. } => json.clone(),
            Body::None => Value::Null,
        };
        let parts: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let role = || if defaulted { "viewer".to_owned() } else { text("role") };
        match (request.method, &parts[..]) {
            (Method::Post, ["users"]) => {
                self.next += 1;
                let id = format!("new{}", self.next);
                let mut user = User::default();
                for (path, value) in body["texts"].as_object().into_iter().flatten() {
                    user.texts.insert(path.clone(), value.as_str().unwrap_or_default().into());
                }
                user.texts.entry("active".into()).or_insert_with(|| "true".into());
                if body["product"].is_string() {
                    user.pairs.insert(text("product"), role());
                }
                self.users.insert(id.clone(), user);
                reply(201, &json!({"id": id}))
            }
            (Method::Put, ["users", id]) => {
                let Some(user) = self.users.get_mut(*id) else { return reply(404, &json!({})) };
                for (path, value) in body.as_object().into_iter().flatten() {
                    match value.as_str() {
                        Some(value) => user.texts.insert(path.clone(), value.to_owned()),
                        None => user.texts.remove(path),
                    };
                }
                if let (true, Some(name)) = (self.names_show, user.texts.get("name.givenName").cloned()) {
                    user.texts.insert("displayName".into(), name);
                }
                reply(200, &json!({}))
            }
            (Method::Post, ["users", id, "pairs"]) => {
                let (product, role) = (text("product"), role());
                let Some(user) = self.users.get_mut(*id) else { return reply(404, &json!({})) };
                user.pairs.insert(product, role);
                reply(200, &json!({}))
            }
            (Method::Delete, ["users", id, "pairs", product]) => {
                let Some(user) = self.users.get_mut(*id) else { return reply(404, &json!({})) };
                user.pairs.remove(*product);
                reply(204, &Value::Null)
            }
            _ => reply(405, &json!({})),
        }
    }
}

/// The line to the service.
pub struct Wire(pub Arc<Service>);

impl Line for Wire {
    fn rests(&self, _: &SystemId) -> Option<Rest> {
        self.0.state.lock().unwrap().rests.pop_front()
    }

    fn read(&self, _: &SystemId, request: Request) -> futures_util::future::BoxFuture<'_, Result<Reply, LineFault>> {
        async move {
            assert!(request.reads(), "a read writes: {} {}", request.method, request.path);
            let mut state = self.0.state.lock().unwrap();
            if state.unreadable {
                return Err(LineFault::Lost("the network is down".into()));
            }
            Ok(state.read(&request))
        }
        .boxed()
    }

    fn write(
        &self,
        _: &SystemId,
        request: Request,
        _: &Receipt,
    ) -> futures_util::future::BoxFuture<'_, Result<Reply, LineFault>> {
        async move {
            let fault = {
                let mut state = self.0.state.lock().unwrap();
                assert!(request.holes.is_empty() && !request.path.contains('{'), "a hole was sent: {}", request.path);
                let fault = state.faults.pop_front().unwrap_or(Fault::None);
                if !matches!(fault, Fault::NotSent | Fault::Rests | Fault::TooLate) {
                    state.writes.push(request.clone());
                }
                let before = state.users.clone();
                let done = match &fault {
                    Fault::Rests => {
                        let why = "it is down".to_owned();
                        state.rests.push_back(Rest { left: Duration::from_millis(1), times: 1, why: why.clone() });
                        return Err(LineFault::NotSent(why));
                    }
                    Fault::NotSent => return Err(LineFault::NotSent("connection refused".into())),
                    Fault::TooLate => return Err(LineFault::TooLate("hours have passed".into())),
                    Fault::Slow => return Err(LineFault::Slow("nobody answered".into())),
                    Fault::LostBefore => return Err(LineFault::Lost("the connection broke".into())),
                    Fault::Status(status) => return Ok(reply(*status, &json!({}))),
                    Fault::Defaulted => state.write(&request, true),
                    _ => state.write(&request, false),
                };
                match fault {
                    Fault::LostAfter => return Err(LineFault::Lost("timed out".into())),
                    Fault::DoneWith(status) => return Ok(reply(status, &json!({}))),
                    Fault::SlowToShow(reads) => state.hidden = Some((reads, before)),
                    Fault::Named(id) => return Ok(reply(201, &json!({"id": id}))),
                    Fault::DoneSlowly(status, reads) => {
                        state.hidden = Some((reads, before));
                        return Ok(reply(status, &json!({})));
                    }
                    Fault::Killed => {}
                    Fault::Panic => {
                        drop(state);
                        panic!("the sender broke")
                    }
                    _ => return Ok(done),
                }
                if !matches!(fault, Fault::Killed) {
                    return Ok(done);
                }
                fault
            };
            assert!(matches!(fault, Fault::Killed));
            std::future::pending().await
        }
        .boxed()
    }
}

/// What knows the service's wire. `whole`: it takes only whole records.
pub struct Fake {
    pub whole: bool,
    pub mapping: Arc<Mapping>,
}

struct NoWalk;

impl Walk for NoWalk {
    fn next(&mut self, _: Input) -> Next {
        Next::Ask(Vec::new())
    }
}

impl Fake {
    fn observed(record: &Value) -> Observed {
        let schema = fixture::schema(Kind::User, true);
        let id = record["id"].as_str().unwrap().to_owned();
        let mut builder = TableBuilder::new(schema.clone());
        assert!(builder.begin(&id));
        for (path, text) in record["texts"].as_object().unwrap() {
            if let Some(attr) = schema.find(&AttrPath::new(path.as_str())) {
                builder.set(attr, text.as_str().unwrap());
            }
        }
        let (list, _) = schema.iter().find(|(_, def)| def.form != Form::Text).unwrap();
        for (product, role) in record["pairs"].as_object().unwrap() {
            builder.entry(list, [product, ""], role.as_str().unwrap());
        }
        builder.end();
        Observed { id, table: builder.table(), native: record.clone(), etag: None }
    }
}

fn text_of(value: &Wanted) -> String {
    match value {
        Wanted::Text(text) => text.clone(),
        Wanted::Ref(reference) => reference.to_string(),
        Wanted::Present | Wanted::Clear | Wanted::Secret(_) => String::new(),
    }
}

fn pair_key(facet: &Facet) -> Option<String> {
    facet.key.as_ref().map(|key| key[0].to_string())
}

impl Connector for Fake {
    fn mapping(&self) -> &Arc<Mapping> {
        &self.mapping
    }

    fn probe(&self) -> Box<dyn Walk> {
        Box::new(NoWalk)
    }

    fn feeds(&self, _: &Site, _: Kind) -> Vec<Arc<str>> {
        Vec::new()
    }

    fn walk(&self, _: &Site, _: &str, _: Vec<String>) -> Box<dyn Walk> {
        Box::new(NoWalk)
    }

    fn read_one(&self, _: &Site, key: &RecordKey) -> Vec<Request> {
        vec![Request::get(format!("/users/{}", key.id))]
    }

    fn find(&self, _: &Site, _: Kind, by: &[(AttrPath, String)]) -> Vec<Request> {
        by.iter().map(|(path, text)| Request::get("/users").query(path.as_str(), text.as_str())).collect()
    }

    fn observe(&self, _: &Site, _: Kind, want: Looked<'_>, replies: &[Reply]) -> Result<Option<Observed>, String> {
        let Some(reply) = replies.first() else { return Err("nothing was asked".into()) };
        if reply.status == 404 {
            return Ok(None);
        }
        let body: Value = serde_json::from_slice(&reply.body).map_err(|why| why.to_string())?;
        match want {
            Looked::Id(_) => Ok(Some(Self::observed(&body))),
            Looked::By(_) => Ok(body["found"].as_array().unwrap().first().map(Self::observed)),
        }
    }

    fn render(&self, site: &Site, changes: &[&Change], native: Option<&Observed>) -> Result<Vec<Step>, Refusal> {
        let first = changes[0];
        let (place, hole) = match &first.target {
            Target::Record(key) => (key.id.to_string(), None),
            Target::New(change) => (Ref::New(change.clone()).to_string(), Some(change.clone())),
        };
        let step = |serves: Vec<&Change>, method: Method, path: String, body: Value, edits: Vec<Edit>| {
            let body = Body::Json { json: body, media: "application/json".into() };
            let mut write = Request::new(method, path.clone(), body, Repeat::Never);
            write.edits = edits;
            write.holes = hole.iter().filter(|_| path.contains("{{")).cloned().collect();
            Step {
                side_effects: vec![format!("{method} has consequences")],
                ..Step::new(first.system.clone(), serves.iter().map(|change| change.id.clone()).collect(), write)
            }
        };
        let mut steps = Vec::new();
        let mut pairs: Vec<&Change> = changes.iter().filter(|change| change.op == Op::Put).copied().collect();
        if let Some(create) = changes.iter().find(|change| change.op == Op::Create) {
            let mut texts = serde_json::Map::new();
            let mut edits = Vec::new();
            for want in &create.want {
                texts.insert(want.facet.path.as_str().into(), text_of(&want.value).into());
                edits.push(Edit::Set { at: want.facet.path.as_str().into(), value: text_of(&want.value).into() });
            }
            if pairs.is_empty() {
                return Err(Refusal::Cannot("a product and a role on it are needed".into()));
            }
            let inside = pairs.remove(0);
            let (product, role) = (pair_key(&inside.want[0].facet), text_of(&inside.want[0].value));
            let body = json!({"texts": texts, "product": product, "role": role});
            edits.push(Edit::Insert { at: "pairs".into(), key: product.unwrap(), value: role.into() });
            let mut made = step(vec![create, inside], Method::Post, "/users".into(), body, edits);
            made.yields = Some(create.id.clone());
            steps.push(made);
        }
        let sets: Vec<&Change> = changes
            .iter()
            .filter(|change| matches!(change.op, Op::Set | Op::Deactivate | Op::Reactivate))
            .copied()
            .collect();
        if !sets.is_empty() {
            let mut body = serde_json::Map::new();
            if self.whole && !site.lessons.iter().any(|lesson| lesson == "put:User") {
                let Some(native) = native else { return Err(Refusal::NeedsNative) };
                body = native.native["texts"].as_object().unwrap().clone();
            }
            let mut edits = Vec::new();
            for want in sets.iter().flat_map(|change| &change.want) {
                let value = match &want.value {
                    Wanted::Clear => Value::Null,
                    value => text_of(value).into(),
                };
                body.insert(want.facet.path.as_str().into(), value.clone());
                edits.push(Edit::Set { at: want.facet.path.as_str().into(), value });
            }
            steps.push(step(sets, Method::Put, format!("/users/{place}"), body.into(), edits));
        }
        for put in pairs {
            let (key, role) = (pair_key(&put.want[0].facet).unwrap(), text_of(&put.want[0].value));
            let edit = Edit::Insert { at: "pairs".into(), key: key.clone(), value: role.clone().into() };
            let body = json!({"product": key, "role": role});
            steps.push(step(vec![put], Method::Post, format!("/users/{place}/pairs"), body, vec![edit]));
        }
        for out in changes.iter().filter(|change| change.op == Op::Drop) {
            let key = pair_key(&out.want[0].facet).unwrap();
            let edit = Edit::Remove { at: "pairs".into(), key: key.clone() };
            steps.push(step(vec![out], Method::Delete, format!("/users/{place}/pairs/{key}"), Value::Null, vec![edit]));
        }
        Ok(steps)
    }

    fn classify(&self, _: &Site, _: &Step, reply: &Reply) -> Verdict {
        let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        match reply.status {
            200..300 => Verdict::Accepted { id: body["id"].as_str().map(str::to_owned), note: None },
            412 => Verdict::Stale("the service says that it moved".into()),
            423 => Verdict::InUse("in use by demo".into()),
            429 => Verdict::Busy("too many requests".into()),
            // Busy, as it says; it may have been carried out all the same.
            406 => Verdict::Busy("the region fails over".into()),
            501 => Verdict::OtherForm("not implemented".into()),
            500.. => Verdict::Unknown(format!("status {}", reply.status)),
            status => Verdict::Failed(format!("status {status}")),
        }
    }

    fn lesson(&self, _: &Site, step: &Step, _: &Reply) -> Option<String> {
        Some(format!("{}:User", step.write.method.to_string().to_lowercase()))
    }

    fn explain(&self, _: &Request, reply: &Reply) -> String {
        format!("status {}", reply.status)
    }
}
