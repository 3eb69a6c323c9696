//! The mapping trace: how an attribute comes in and how it would go out.

use crate::mapping::{Access, MapRow, Transform};

use super::lines::{Line, Tone, padded};
use super::said::said;
use super::text::{self, text};
use super::{App, Focus};

impl App {
    pub(super) fn open_trace(&mut self) {
        let Some(about) = self.detail.about.clone() else { return };
        let view = &about.compared.inputs.systems[about.system];
        let chosen =
            (self.focus == Focus::Detail).then(|| self.detail.facet()).flatten().map(|facet| facet.path.clone());
        let mut lines = Vec::new();
        match view.mapping.kind(about.kind) {
            None => lines.push(Line::of(Tone::Bad, text!("trace.no-kind", kind = about.kind))),
            Some(map) => {
                for row in &map.rows {
                    if chosen.as_ref().is_none_or(|path| *path == row.attr) {
                        lines.extend(row_lines(row));
                    }
                }
                if lines.is_empty() {
                    lines.push(Line::of(Tone::Warn, text!("trace.not-mapped")));
                }
            }
        }
        self.read(text!("trace.title", system = view.id, connector = view.mapping.title), lines);
    }
}

fn row_lines(row: &MapRow) -> Vec<Line> {
    let mut lines = vec![Line::of(Tone::Heading, row.attr.to_string())];
    let part = |name: &str, words: String| {
        Line::of(Tone::Dim, padded(&format!("  {name}"), 10)).with(Tone::Plain, words).hanging(10)
    };
    let read: Vec<String> = row.read.iter().map(|path| place(path)).collect();
    let read = if read.is_empty() { text!("trace.never").to_owned() } else { text::listed(&read) };
    lines.push(part(text!("trace.read"), read));
    if !row.detail.is_empty() {
        lines.push(part(text!("trace.detail"), text::listed(&row.detail)));
    }
    if !row.via.is_empty() {
        let steps: Vec<String> = row.via.iter().map(step).collect();
        lines.push(part(text!("trace.via"), steps.join(" > ")));
    }
    let write = match (row.access, &row.write) {
        (Access::ReadOnly, _) => text!("trace.read-only").to_owned(),
        (Access::Create, Some(field)) => text!("trace.create-only", field = field),
        (Access::WriteOnly, Some(field)) => text!("trace.write-only", field = field),
        (Access::ReadWrite, Some(field)) => field.clone(),
        (_, None) => text!("trace.own-call").to_owned(),
    };
    lines.push(part(text!("trace.write"), write));
    if !row.compare {
        lines.push(part(text!("trace.compare"), text!("trace.not-compared").to_owned()));
    }
    if let Some(note) = &row.note {
        lines.push(part(text!("trace.note"), said(note).into_owned()));
    }
    lines.push(part(text!("trace.cite"), row.cite.clone()));
    lines.push(Line::default());
    lines
}

/// Where a value stands: the path of a field, or the column of a row that has no names.
fn place(path: &str) -> String {
    match path.strip_prefix('#').and_then(|at| at.parse::<usize>().ok()) {
        Some(at) => text!("trace.column", n = at + 1),
        None => path.to_owned(),
    }
}

/// What is done to a text on its way in.
fn step(step: &Transform) -> String {
    match step {
        Transform::Trim => text!("trace.trim").to_owned(),
        Transform::Collapse => text!("trace.collapse").to_owned(),
        Transform::Lower => text!("trace.lower").to_owned(),
        Transform::Bool { yes, no } => text!("trace.bool", yes = yes.join(", "), no = no.join(", ")),
        Transform::Not => text!("trace.not").to_owned(),
        Transform::Words(_) => text!("trace.words").to_owned(),
        Transform::Join(by) => text!("trace.join", by = by),
        Transform::Split { at, part, .. } => text!("trace.split", at = at, n = part + 1),
        Transform::StripPrefix(text) => text!("trace.strip-prefix", text = text),
        Transform::StripSuffix(text) => text!("trace.strip-suffix", text = text),
        Transform::AddPrefix(text) => text!("trace.add-prefix", text = text),
        Transform::Date(_) => text!("trace.date").to_owned(),
        Transform::Zone => text!("trace.zone").to_owned(),
        Transform::Const(text) => text!("trace.const", text = text),
    }
}
