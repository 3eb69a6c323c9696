//! What a connector's TOML says, as an operator reads it: plain text of at most 80 columns.
//!
//! Nothing is said here that is not in the mapping, so the two cannot disagree.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::layout::{line, para, title};
use super::service::service;
use crate::cli::face::spoken;
use crate::mapping::{Access, Capability, Feed, KindMap, LEGEND, MapRow, Mapping, Policy, Profile, Rate, Via, cited};
use crate::model::Op;

/// The sheet of a connector.
pub fn sheet(mapping: &Mapping) -> String {
    let mut out = String::new();
    head(&mut out, mapping, None);
    if !mapping.about.is_empty() {
        let _ = write!(out, "\n{}", mapping.about);
    }
    rest(&mut out, mapping, &[]);
    out
}

/// The sheet of a service that is known by name: what its connector's mapping says, and what stands `behind` it.
pub fn profile(mapping: &Mapping, profile: &Profile, behind: &[&Mapping]) -> String {
    let own = [("profile".to_owned(), profile.name.clone())].into();
    let mut chosen = mapping.chosen(&own);
    let mut out = String::new();
    head(&mut out, mapping, Some(profile));
    let _ = write!(out, "\n{}", profile.about);
    if behind.is_empty() {
        // What stands behind something is told of what can stand behind it.
        chosen.alternatives.retain(|other| !other.when.iter().any(|(name, _)| name == BEHIND));
        chosen.settings.retain(|setting| setting.name != BEHIND);
    }
    rest(&mut out, &chosen, behind);
    out
}

/// The setting that says what stands behind a gateway.
pub const BEHIND: &str = "behind";

fn rest(out: &mut String, mapping: &Mapping, behind: &[&Mapping]) {
    settings(out, mapping);
    service(out, &mapping.service);
    operations(out, mapping, "");
    abilities(out, mapping);
    mandatory(out, mapping, "");
    for map in &mapping.kinds {
        attributes(out, map);
    }
    alternatives(out, mapping);
    for product in behind {
        let with = format!(" of {}, with {BEHIND} = \"{}\"", product.title, product.connector);
        operations(out, product, &with);
        mandatory(out, product, &with);
        limitations(out, product, &[Via::Starling, Via::Both]);
    }
    limitations(out, mapping, &[Via::Starling, Via::Direct, Via::Both]);
    side_effects(out, mapping);
    busy(out, mapping);
    feeds(out, &mapping.feeds);
    out.push('\n');
    para(out, 0, LEGEND);
}

fn head(out: &mut String, mapping: &Mapping, profile: Option<&Profile>) {
    let name = profile.map_or(&mapping.title, |profile| &profile.title);
    let _ = writeln!(out, "{name}");
    let _ = writeln!(out, "{}\n", "=".repeat(name.width()));
    let with = profile.map(|profile| format!(", profile = \"{}\"", profile.name)).unwrap_or_default();
    let _ = writeln!(out, "In trueup.toml: connector = \"{}\"{with}", mapping.connector);
    if mapping.speaks != mapping.connector {
        let _ = writeln!(out, "A file of your own, based on \"{}\".", mapping.speaks);
    }
    let Rate { per_second, burst, parallel } = mapping.rate;
    let speed = format!(
        "Unless `rate` says otherwise: at most {} requests a minute, {burst} at once, {parallel} side by side; pages of {}.",
        per_second * 60.0,
        mapping.page_size
    );
    para(out, 0, &speed);
}

fn settings(out: &mut String, mapping: &Mapping) {
    title(out, "Settings");
    for setting in &mapping.settings {
        let mut marks = Vec::new();
        if setting.required {
            marks.push("required");
        }
        if setting.secret {
            marks.push("a secret: { env | file | command | prompt }");
        }
        let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
        let _ = writeln!(out, "  {}{marks}", setting.name);
        para(out, 6, &spoken(&setting.help));
        if !setting.one_of.is_empty() {
            let default = setting.default.iter().map(|word| format!(" Unless it is given: {word}."));
            para(out, 6, &format!("One of: {}.{}", setting.one_of.join(", "), default.collect::<String>()));
        }
    }
    para(out, 2, "And those that every system has: `trueup help config`.");
}

fn operations(out: &mut String, mapping: &Mapping, with: &str) {
    if mapping.operations.is_empty() {
        return;
    }
    title(out, &format!("Operations of the vendor's guide{with}"));
    for operation in &mapping.operations {
        let _ = writeln!(out, "  {}: {} ({})", operation.kind, operation.name, operation.verb);
        para(out, 6, &format!("{} [{}]", operation.here, cited(&operation.cite)));
    }
}

/// What can be done here, kind by kind, and why the rest cannot.
fn abilities(out: &mut String, mapping: &Mapping) {
    title(out, "What can be done");
    let mut kinds: Vec<_> = mapping.capabilities.iter().map(|(kind, ..)| *kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for kind in kinds {
        let of = |op: Op| mapping.capabilities.iter().find(|(have, what, _)| *have == kind && *what == op);
        let can: Vec<&str> =
            Op::ALL.into_iter().filter(|op| matches!(of(*op), Some((.., Capability::Yes)))).map(Op::name).collect();
        let reads = if mapping.kind(kind).is_some() { "read" } else { "not read" };
        let list = if can.is_empty() { String::new() } else { format!(", {}", can.join(", ")) };
        let _ = writeln!(out, "  {}: {reads}{list}", kind.plural());
        let mut said: Vec<(&str, Vec<&str>)> = Vec::new();
        for op in Op::ALL {
            if let Some((.., Capability::No(why))) = of(op) {
                match said.iter_mut().find(|(have, _)| have == why) {
                    Some((_, ops)) => ops.push(op.name()),
                    None => said.push((why, vec![op.name()])),
                }
            }
        }
        for (why, ops) in said {
            para(out, 6, &format!("not {}: {why}", ops.join(", ")));
        }
        if mapping.kind(kind).is_some_and(|map| map.reference) {
            para(out, 6, "reference data: what is absent on one side is never missing or extra");
        }
    }
}

fn mandatory(out: &mut String, mapping: &Mapping, with: &str) {
    if mapping.kinds.iter().all(|map| map.mandatory.is_empty()) {
        return;
    }
    title(out, &format!("Mandatory for a new record{with}"));
    for map in &mapping.kinds {
        for field in &map.mandatory {
            para(out, 2, &format!("{}: {} [{}]", map.kind, field.attr, cited(&field.cite)));
        }
    }
}

fn attributes(out: &mut String, map: &KindMap) {
    title(out, &format!("Attributes of {}", map.kind.plural()));
    line(out, 2, "canonical (SCIM)", "theirs", "");
    for row in &map.rows {
        attribute(out, row);
    }
}

/// Other readings that a setting chooses.
fn alternatives(out: &mut String, mapping: &Mapping) {
    for other in &mapping.alternatives {
        let when: Vec<String> = other.when.iter().map(|(name, value)| format!("{name} = \"{value}\"")).collect();
        title(out, &format!("{}, with {}", other.name, when.join(", ")));
        para(out, 2, &spoken(&other.help));
        for (_, row) in &other.rows {
            attribute(out, row);
        }
    }
}

fn attribute(out: &mut String, row: &MapRow) {
    let access = match row.access {
        Access::ReadWrite => "read, write",
        Access::ReadOnly => "read",
        Access::WriteOnly => "write",
        Access::Create => "on create",
    };
    let mut natives = Vec::new();
    let all = row.read.iter().chain(&row.detail).chain(row.within.iter().flat_map(|(_, fields)| &fields.read));
    for native in all.filter(|native| *native != ".") {
        if !natives.contains(native) {
            natives.push(native.clone());
        }
    }
    if let Some(write) = row.write.as_ref().filter(|write| !natives.contains(write)) {
        let mark = if natives.is_empty() { "" } else { "written: " };
        natives.push(format!("{mark}{write}"));
    }
    let mut natives = natives.into_iter();
    line(out, 2, row.attr.as_str(), &natives.next().unwrap_or_default(), access);
    for native in natives {
        line(out, 2, "", &native, "");
    }
    if let Some(list) = &row.list {
        let refers = |kind: Option<crate::model::Kind>| kind.map(|kind| format!(": {kind}")).unwrap_or_default();
        for part in &list.key {
            line(out, 2, &format!("  .{}", part.name), &part.read.join(" or "), &format!("key{}", refers(part.refers)));
        }
        if let Some(part) = &list.value {
            line(
                out,
                2,
                &format!("  .{}", part.name),
                &part.read.join(" or "),
                &format!("value{}", refers(part.refers)),
            );
        }
        for (name, native) in &list.shown {
            line(out, 2, &format!("  .{name}"), native, "shown only");
        }
    }
    let mut said: Vec<String> = Vec::new();
    if let Some(rank) = row.key {
        said.push(format!("records are linked by it ({rank})"));
    }
    if let Some(kind) = row.refers {
        said.push(format!("the id of a {kind}"));
    }
    if row.secret {
        said.push("a secret: never kept, shown or compared".to_owned());
    } else if row.access == Access::WriteOnly {
        said.push("never returned, so never out of true".to_owned());
    } else if !row.compare {
        said.push("shown, not compared".to_owned());
    }
    match row.policy {
        Policy::Force => {}
        Policy::Keep => said.push("the source's value only where there is none".to_owned()),
        Policy::SkipEmpty => said.push("an empty value of the source never clears it".to_owned()),
    }
    if let Some(shown) = &row.shows_in {
        said.push(format!("writing it changes {shown}"));
    }
    said.extend(row.note.as_deref().map(|note| spoken(note).into_owned()));
    let said = if said.is_empty() { String::new() } else { format!("{} ", said.join("; ")) };
    para(out, 6, &format!("{said}[{}]", cited(&row.cite)));
}

/// The vendor's limitations that hold on one of these ways, with what is done about each.
pub fn limitations(out: &mut String, mapping: &Mapping, ways: &[Via]) {
    let held: Vec<_> = mapping.limitations.iter().filter(|limitation| ways.contains(&limitation.via)).collect();
    if held.is_empty() {
        return;
    }
    title(out, &format!("Limitations of {}, and what is done about them", mapping.title));
    for limitation in held {
        let way = match limitation.via {
            Via::Starling => "through Starling",
            Via::Direct => "direct",
            Via::Both => "direct and through Starling",
        };
        let _ = writeln!(out, "  {} ({way})", limitation.id);
        para(out, 6, &format!("\"{}\"", spoken(&limitation.sentence)));
        para(out, 6, &format!("{} [{}]", spoken(&format!("Here: {}", limitation.here)), cited(&limitation.cite)));
    }
}

fn side_effects(out: &mut String, mapping: &Mapping) {
    if mapping.side_effects.is_empty() {
        return;
    }
    title(out, "What happens outside the record");
    for effect in &mapping.side_effects {
        para(
            out,
            2,
            &format!("{} a {}: {} [{}]", effect.op.name(), effect.kind, spoken(&effect.text), cited(&effect.cite)),
        );
    }
}

/// Statuses that mean "not just now"; what holds with several settings is told once.
fn busy(out: &mut String, mapping: &Mapping) {
    if mapping.busy.is_empty() {
        return;
    }
    title(out, "When it is busy");
    let mut said: Vec<(String, Vec<String>)> = Vec::new();
    for busy in &mapping.busy {
        let text = format!(
            "{}: {}; read {} times at most [{}]",
            busy.status,
            spoken(&busy.text),
            busy.tries,
            cited(&busy.cite)
        );
        let when: Vec<String> = busy.when.iter().map(|(name, value)| format!("{name} = \"{value}\"")).collect();
        let when = when.join(", ");
        match said.iter_mut().find(|(have, _)| *have == text) {
            Some((_, all)) => all.push(when),
            None => said.push((text, vec![when])),
        }
    }
    for (text, mut when) in said {
        when.retain(|when| !when.is_empty());
        let with = if when.is_empty() { String::new() } else { format!("with {}: ", when.join(" or ")) };
        para(out, 2, &format!("{with}{text}"));
    }
}

fn feeds(out: &mut String, feeds: &[Feed]) {
    title(out, "How it is read");
    for feed in feeds {
        let way = match (feed.single, &feed.detail_of) {
            (_, Some(of)) if feed.whole => format!("one list of all details of {of}"),
            (_, Some(of)) => format!("record by record of {of}"),
            (true, None) => "one record".to_owned(),
            (false, None) => "a list".to_owned(),
        };
        let path = if feed.path.is_empty() { "as discovered" } else { &feed.path };
        para(out, 2, &format!("{} ({}): {way}, {path} [{}]", feed.name, feed.kind, cited(&feed.cite)));
    }
}
