//! Changes and requests in words: what the preview shows, exactly as it will be sent.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::compare::Compared;
use crate::mapping::Edit;
use crate::model::{AttrPath, Form, Kind};
use crate::plan::reset::is_typed;
use crate::plan::{
    At, Body, By, Called, Change, ChangeId, Expect, OutcomeState, Plan, Ref, Request, Seen, Step, Target, Wanted,
};

use super::lines::{Line, Tone, clock, padded};
use super::mask::private;
use super::said::said;
use super::text::{self, text};

/// A line set in from the left.
pub fn indent(by: usize, line: Line) -> Line {
    let mut set = Line::plain(" ".repeat(by));
    set.parts.extend(line.parts);
    set.private.extend(line.private);
    set
}

/// Why a change of a plan cannot be taken back once it is made; `None`: it can.
pub fn cannot_undo(plan: &Plan, change: &Change) -> Option<String> {
    crate::plan::cannot_undo(plan, change).map(|why| said(&why).into_owned())
}

/// Those of these changes of a plan that cannot be taken back.
pub fn lasting<'c>(plan: &Plan, changes: impl IntoIterator<Item = &'c Change>) -> HashSet<ChangeId> {
    let lasts = |change: &&Change| crate::plan::cannot_undo(plan, change).is_some();
    changes.into_iter().filter(lasts).map(|change| change.id.clone()).collect()
}

/// That so many changes cannot be taken back, in words; `None` where all can.
pub fn lasting_words(n: usize) -> Option<String> {
    (n > 0).then(|| text!("plan.no-undo-count", changes = text::changes(n)))
}

/// What outcomes of one cause have in common: the outcome and its reason, whatever numbers stand in it.
pub fn cause(state: &OutcomeState) -> String {
    let mut common = state.word().to_owned();
    let mut number = false;
    for c in why(state).unwrap_or_default().chars() {
        if !(number && c.is_ascii_digit()) {
            common.push(if c.is_ascii_digit() { '0' } else { c });
        }
        number = c.is_ascii_digit();
    }
    common
}

/// A change in one line: who, and from what to what. What it refers to is called as it is now, or else as it was when its plan
/// was made.
pub fn describe(change: &Change, compared: Option<&Compared>, were: &Called) -> Line {
    let mut line = Line::default().data(Tone::Strong, private(&change.label));
    let yours: Vec<&str> =
        change.want.iter().filter(|want| want.by == By::Operator).map(|want| want.facet.path.local(&[])).collect();
    if !yours.is_empty() {
        line = line.with(Tone::Warn, text!("plan.by-operator", what = text::listed(&yours)));
    }
    let seen = |facet: &crate::plan::Facet| match &change.expect {
        Expect::Facets(facets) => facets.iter().find(|(have, _)| have == facet).map(|(_, seen)| seen),
        Expect::Absent { .. } => None,
    };
    for (at, want) in change.want.iter().enumerate() {
        line = line.with(Tone::Dim, if at == 0 { "  " } else { ", " });
        let refers = refers(compared, change, &want.facet.path);
        let system = compared.and_then(|compared| compared.inputs.index(&change.system));
        let called = |kind: Option<Kind>, part: At, id: &str| {
            let name = compared.zip(system).zip(kind);
            name.and_then(|((compared, system), kind)| super::detail::called(compared, system, kind, id))
                .or_else(|| were.get(&change.system, &want.facet.path, part, id).map(str::to_owned))
                .unwrap_or_else(|| id.to_owned())
        };
        let referred = |kind: Option<Kind>, part: At, reference: &Ref| match reference {
            Ref::Id(id) => called(kind, part, id),
            Ref::New(create) => created(create, compared),
        };
        let mut name = want.facet.path.local(&[]).to_owned();
        if let Some(key) = &want.facet.key {
            let parts = key.iter().zip(refers.0).enumerate();
            let parts: Vec<String> = parts.map(|(at, (part, kind))| referred(kind, At::Key(at), part)).collect();
            name = format!("{name}[{}]", parts.join(", "));
        }
        line = line.data(Tone::Plain, name);
        match seen(&want.facet) {
            // An entry that is only there has no value to speak of.
            Some(Seen::Value(text)) if !text.is_empty() => {
                line = line
                    .with(Tone::Dim, ": ")
                    .data(Tone::Dim, called(refers.1, At::Value, text))
                    .with(Tone::Dim, " -> ");
            }
            _ => line = line.with(Tone::Dim, ": "),
        }
        line = match &want.value {
            Wanted::Text(text) => line.data(Tone::Plain, called(refers.1, At::Value, text)),
            Wanted::Ref(reference) => line.data(Tone::Plain, referred(refers.1, At::Value, reference)),
            Wanted::Present => line.with(Tone::Plain, text!("plan.present")),
            Wanted::Clear if want.facet.key.is_some() => line.with(Tone::Plain, text!("plan.removed")),
            Wanted::Clear => line.with(Tone::Plain, text!("plan.cleared")),
            Wanted::Secret(name) if is_typed(name) => line.with(Tone::Plain, text!("plan.typed")),
            Wanted::Secret(name) => line.with(Tone::Plain, text!("plan.secret", setting = name)),
        };
    }
    if let Some(words) = compared.and_then(|compared| direction(change, compared)) {
        line = line.with(Tone::Dim, format!("   ({words})"));
    }
    // A change whose effect shows elsewhere (Aha!'s first and last name in the name): what is there now.
    if let Expect::Facets(facets) = &change.expect {
        for (facet, seen) in facets {
            if let Seen::Value(text) = seen
                && change.want.iter().all(|want| want.facet != *facet)
                && facet.key.is_none()
                // Every change stands on it; only one that changes it speaks of it.
                && facet.path != AttrPath::new("active")
            {
                let now = text!("plan.now", attribute = facet.path.local(&[]));
                line = line.with(Tone::Dim, format!("   {now} ")).data(Tone::Dim, text.clone());
            }
        }
    }
    line
}

/// The record that a change will create, by the name that the source has for it where that is at hand.
fn created(create: &ChangeId, compared: Option<&Compared>) -> String {
    let named = || {
        let mut parts = create.0.splitn(3, '/').skip(1);
        let (kind, rest) = (Kind::parse(parts.next()?)?, parts.next()?);
        // As the stager calls it: after the source's record.
        let id = rest.rsplit_once('/')?.0.strip_prefix('+')?;
        let name = super::detail::called(compared?, compared?.inputs.base()?, kind, id)?;
        Some(new_record(kind, &name))
    };
    named().unwrap_or_else(|| Ref::New(create.clone()).to_string())
}

/// A record that is not there yet, in words.
pub fn new_record(kind: Kind, name: &str) -> String {
    match kind {
        Kind::User => text!("plan.new-user", name = name),
        Kind::Group => text!("plan.new-group", name = name),
        Kind::Role => text!("plan.new-role", name = name),
        Kind::Product => text!("plan.new-product", name = name),
    }
}

/// Which side moved, where that is known.
fn direction(change: &Change, compared: &Compared) -> Option<Cow<'static, str>> {
    let Target::Record(key) = &change.target else { return None };
    if compared.inputs.bases.of(key).is_empty() {
        return None;
    }
    let system = compared.inputs.index(&key.system)?;
    let row = compared.inputs.systems[system].snapshot(key.kind)?.table.find(&key.id)?;
    let identity = compared.kind(key.kind).identity_of(system, row)?;
    let all = crate::compare::facets(compared, key.kind, identity, system);
    // What is written may show elsewhere (Aha!'s first and last name in the name): there it is what differs.
    let expected = match &change.expect {
        Expect::Facets(facets) => &facets[..],
        Expect::Absent { .. } => &[],
    };
    let about = |facet: &&crate::compare::FacetDiff| {
        change.want.iter().any(|want| super::detail::is(&want.facet, facet))
            || expected
                .iter()
                .any(|(shown, _)| super::detail::is(shown, facet) && shown.path != AttrPath::new("active"))
    };
    let told = all.iter().filter(about);
    told.map(|facet| facet.direction.words()).find(|words| !words.is_empty()).map(said)
}

/// What an attribute's key parts and value refer to in the change's system.
fn refers(compared: Option<&Compared>, change: &Change, path: &AttrPath) -> ([Option<Kind>; 2], Option<Kind>) {
    let none = ([None, None], None);
    let Some(compared) = compared else { return none };
    let snapshot =
        compared.inputs.index(&change.system).and_then(|at| compared.inputs.systems[at].snapshot(change.kind));
    let Some(schema) = snapshot.map(|snapshot| snapshot.table.schema()) else { return none };
    let Some(attr) = schema.find(path) else { return none };
    let def = schema.def(attr);
    match &def.form {
        Form::Text => ([None, None], def.refers),
        Form::List(list) => (list.key, list.value.flatten()),
    }
}

/// The words of an outcome that needs more than one; `None` where the one word says all.
pub fn why(state: &OutcomeState) -> Option<String> {
    match state {
        OutcomeState::Differs { now } => Some(text!("outcome.differs", now = now)),
        OutcomeState::Failed { why } | OutcomeState::Unknown { why } | OutcomeState::Stopped { why } => {
            Some(said(why).into_owned())
        }
        OutcomeState::Refused { rule } => Some(said(rule).into_owned()),
        OutcomeState::Stale { what } => Some(said(what).into_owned()),
        OutcomeState::Skipped { needs } => Some(text!("outcome.skipped", needs = needs)),
        OutcomeState::Confirmed { already: true, .. } => Some(text!("outcome.already").to_owned()),
        OutcomeState::Confirmed { unread, .. } if !unread.is_empty() => {
            Some(text!("outcome.unread", what = text::listed(unread)))
        }
        OutcomeState::Waiting { until, why } if why.is_empty() => Some(text!("outcome.waiting", until = clock(*until))),
        OutcomeState::Waiting { until, why } => {
            Some(format!("{}: {why}", text!("outcome.waiting", until = clock(*until))))
        }
        _ => None,
    }
}

/// How an outcome is meant.
pub const fn outcome_tone(state: &OutcomeState) -> Tone {
    match state {
        OutcomeState::Pending | OutcomeState::Sent | OutcomeState::Accepted => Tone::Dim,
        OutcomeState::Waiting { .. } | OutcomeState::Skipped { .. } | OutcomeState::Stopped { .. } => Tone::Warn,
        OutcomeState::Confirmed { .. } => Tone::Good,
        OutcomeState::Differs { .. } | OutcomeState::Stale { .. } | OutcomeState::Unknown { .. } => Tone::Warn,
        OutcomeState::Failed { .. } | OutcomeState::Refused { .. } => Tone::Bad,
    }
}

/// The requests of a step, exactly as they will be sent.
pub fn step_lines(step: &Step) -> Vec<Line> {
    let mut lines = Vec::new();
    for request in &step.read {
        lines.push(request_line(text!("plan.read"), request));
    }
    lines.extend(request_lines(&step.write));
    for request in &step.verify {
        lines.push(request_line(text!("plan.check"), request));
    }
    for effect in &step.side_effects {
        lines.push(indent(11, Line::of(Tone::Warn, effect.clone())));
    }
    if step.serves.len() > 1 {
        let n = text::count(step.serves.len() as u64);
        lines.push(indent(11, Line::of(Tone::Dim, text!("plan.serves", n = n))));
    }
    lines.push(Line::default());
    lines
}

/// A write in full.
pub fn request_lines(write: &Request) -> Vec<Line> {
    let mut lines = vec![request_line(text!("plan.write"), write)];
    lines.extend(write_lines(write));
    lines
}

fn request_line(what: &str, request: &Request) -> Line {
    let tone = if request.reads() { Tone::Dim } else { Tone::Strong };
    Line::of(Tone::Dim, padded(&format!("    {what}"), 11))
        .with(tone, format!("{:<6} ", request.method))
        .data(tone, target(request))
}

/// Path and query as they stand in the request's first line.
pub fn target(request: &Request) -> String {
    let mut target = request.path.clone();
    for (at, (name, value)) in request.query.iter().enumerate() {
        target.push(if at == 0 { '?' } else { '&' });
        target.push_str(&encoded(name));
        target.push('=');
        target.push_str(&encoded(value));
    }
    target
}

/// A query's text as the engine sends it: all but RFC 3986's unreserved characters percent-encoded.
fn encoded(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => shown.push(byte as char),
            _ => shown.push_str(&format!("%{byte:02X}")),
        }
    }
    shown
}

fn write_lines(request: &Request) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, value) in &request.headers {
        lines.push(indent(11, Line::of(Tone::Dim, format!("{name}: ")).data(Tone::Dim, value.clone())));
    }
    for edit in &request.edits {
        let line = match edit {
            Edit::Set { at, value } => Line::of(Tone::Differs, text!("edit.set"))
                .with(Tone::Plain, format!(" {at} = "))
                .data(Tone::Strong, value.to_string()),
            Edit::Insert { at, key, value } => Line::of(Tone::Missing, text!("edit.insert"))
                .with(Tone::Plain, format!(" {at}[{key}] = "))
                .data(Tone::Strong, value.to_string()),
            Edit::Remove { at, key } => {
                Line::of(Tone::Extra, text!("edit.remove")).with(Tone::Plain, format!(" {at}[{key}]"))
            }
        };
        lines.push(indent(11, line));
    }
    if let Body::Json { json, media } = &request.body {
        lines.push(indent(11, Line::of(Tone::Dim, media.clone())));
        let pretty = serde_json::to_string_pretty(json).unwrap_or_default();
        lines.extend(pretty.lines().map(|line| indent(11, Line::default().data(Tone::Plain, line))));
    }
    if !request.carried.is_empty() {
        let n = text::count(request.carried.len() as u64);
        let what = request.carried.join(" ");
        lines.push(indent(11, Line::of(Tone::Dim, text!("plan.carried", n = n, what = what))));
    }
    if !request.holes.is_empty() {
        lines.push(indent(11, Line::of(Tone::Dim, text!("plan.holes"))));
    }
    lines
}
