//! The mapping trace: how an attribute comes in and how it would go out.

use crate::mapping::{Access, MapRow};

use super::lines::{Line, Tone, padded};
use super::text::text;
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
    let read = if row.read.is_empty() { text!("trace.never").to_owned() } else { row.read.join(", ") };
    lines.push(part(text!("trace.read"), read));
    if !row.detail.is_empty() {
        lines.push(part(text!("trace.detail"), row.detail.join(", ")));
    }
    if !row.via.is_empty() {
        let steps: Vec<String> = row.via.iter().map(|step| format!("{step:?}")).collect();
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
        lines.push(part(text!("trace.note"), note.clone()));
    }
    lines.push(part(text!("trace.cite"), row.cite.clone()));
    lines.push(Line::default());
    lines
}
