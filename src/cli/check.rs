//! `trueup check`: read everything, compare, say what is out of true. Reads only.

mod found;
mod wanted;

use std::io::Write;

use anyhow::bail;

use super::args::{Check, Format};
use super::lines::{FeedLine, Line};
use super::{Exit, Global, face, out, setup};
use crate::compare::Pairing;
use crate::engine::protocol::{Health, World};
use crate::model::{Kind, Proof, Snapshot, SystemId, text};
use found::mismatches;
pub(super) use wanted::{Wanted, complete};

/// Reads all systems, compares, prints.
///
/// # Errors
/// When the configuration or the arguments are wrong.
pub fn run(global: &Global, args: &Check) -> anyhow::Result<Exit> {
    face::speak_to(global, args.format);
    let setup = setup::load(global)?;
    let wanted = Wanted::new(&setup, args.kind.as_deref(), args.system.as_deref(), args.filter.as_deref())?;
    wanted.target(&setup)?;
    if setup.source.is_none() && setup.reference.is_none() && setup.systems.len() > 1 {
        bail!(
            "nothing to compare with: name the source of truth (`source = \"NAME\"`) or a `reference` in the configuration"
        );
    }
    let world = setup::read_all(setup.only(args.system.as_deref()))?;
    wanted.judge(&world)?;
    let mismatches = out::print(|out| {
        Ok(match args.format {
            Format::Json => json(&world, &wanted, out)?,
            Format::Table => table(&world, &wanted, out)?,
        })
    })?;
    // Where whoever reads has had enough, there was something to be read.
    Ok(exit(&world, &wanted, mismatches.is_none_or(|count| count > 0)))
}

/// The exit status of a look at the systems.
pub(super) fn exit(world: &World, wanted: &Wanted<'_>, found: bool) -> Exit {
    if !complete(world, wanted) {
        Exit::Incomplete
    } else if found {
        Exit::OutOfTrue
    } else {
        Exit::True
    }
}

fn reason(proof: &Proof) -> Option<String> {
    match proof {
        Proof::Partial { why } => Some(why.clone()),
        Proof::Reading { .. } => Some("the reading was not finished".to_owned()),
        Proof::Acknowledged { by, why } => Some(format!("taken for complete by {by}: {why}")),
        Proof::Complete { .. } => None,
    }
}

fn snapshots<'w>(world: &'w World, wanted: &'w Wanted<'_>) -> impl Iterator<Item = &'w Snapshot> {
    let compared = &world.compared;
    compared.inputs.systems.iter().enumerate().filter(|(at, _)| wanted.system(compared, *at)).flat_map(
        move |(_, system)| wanted.kinds().filter_map(move |kind| system.snapshot(kind)).map(|snapshot| &**snapshot),
    )
}

/// How many records have a difference that was adopted.
fn waived(world: &World, wanted: &Wanted<'_>) -> usize {
    let compared = &*world.compared;
    let base = compared.inputs.base();
    let systems: Vec<usize> = (0..compared.inputs.systems.len())
        .filter(|system| Some(*system) != base && wanted.system(compared, *system))
        .collect();
    wanted
        .kinds()
        .flat_map(|kind| (0..compared.kind(kind).len).map(move |identity| (kind, identity)))
        .map(|(kind, identity)| {
            let is = |system: &&usize| {
                compared.kind(kind).waived(identity, **system) && wanted.matches(compared, kind, identity, **system)
            };
            systems.iter().filter(is).count()
        })
        .sum()
}

fn lints<'w>(world: &'w World, wanted: &'w Wanted<'_>) -> impl Iterator<Item = &'w crate::compare::Lint> {
    world.compared.lints.iter().filter(move |lint| {
        wanted.kind.is_none_or(|kind| kind == lint.kind)
            && wanted.system.is_none_or(|system| system == lint.system.as_str())
            && wanted.filter.is_none()
    })
}

fn json(world: &World, wanted: &Wanted<'_>, out: &mut impl Write) -> std::io::Result<usize> {
    let mut write = |line: &Line<'_>| -> std::io::Result<()> {
        serde_json::to_writer(&mut *out, line)?;
        out.write_all(b"\n")
    };
    for snapshot in snapshots(world, wanted) {
        write(&Line::Snapshot {
            system: snapshot.system.as_str(),
            kind: snapshot.kind.name(),
            records: snapshot.table.len(),
            complete: snapshot.complete(),
            reason: None,
            feeds: snapshot
                .feeds
                .iter()
                .map(|feed| FeedLine {
                    feed: &feed.feed,
                    complete: feed.proof.complete(),
                    pages: feed.pages,
                    requests: feed.requests,
                    reason: reason(&feed.proof),
                })
                .collect(),
        })?;
    }
    for (system, kind, why) in unread(world, wanted) {
        let (system, kind) = (system.as_str(), kind.name());
        write(&Line::Snapshot { system, kind, records: 0, complete: false, reason: Some(why), feeds: Vec::new() })?;
    }
    for status in world.systems.iter() {
        if let Health::Bad { text, .. } = &status.health {
            out::aside(&trouble(&status.id, text));
        }
    }
    let systems = &world.compared.inputs.systems;
    let mismatches = mismatches(world, wanted, |found| {
        write(&Line::Mismatch {
            system: systems[found.system].id.as_str(),
            kind: found.kind.name(),
            state: found.pairing.state(),
            key: found.key,
            source_id: found.source_id,
            target_id: found.target_id,
            attributes: found.attributes,
        })
    })?;
    let mut lint = 0;
    for fault in lints(world, wanted) {
        lint += 1;
        write(&Line::Lint {
            system: fault.system.as_str(),
            kind: fault.kind.name(),
            rule: fault.rule,
            key: &fault.key,
            id: &fault.record.id,
            path: fault.path.as_ref().map(crate::model::AttrPath::as_str),
            text: &fault.text,
        })?;
    }
    let waived = waived(world, wanted);
    let complete = complete(world, wanted);
    write(&Line::Summary { mismatches, lint, waived, complete, changes: None, left_out: None, outcomes: None })?;
    Ok(mismatches)
}

/// What was asked for and not read at all, with the reason.
fn unread<'w>(world: &'w World, wanted: &'w Wanted<'_>) -> impl Iterator<Item = (&'w SystemId, Kind, String)> {
    let views = world.systems.iter().zip(&world.compared.inputs.systems).enumerate();
    views.filter(|(at, _)| wanted.system(&world.compared, *at)).flat_map(move |(_, (status, view))| {
        let why = match &status.health {
            Health::Bad { text, .. } => Some(bare(&status.id, text).into_owned()),
            _ => None,
        };
        let kinds = wanted.kinds().filter(|kind| view.mapping.kind(*kind).is_some() && view.snapshot(*kind).is_none());
        kinds.filter_map(move |kind| Some((&status.id, kind, why.clone()?)))
    })
}

/// Says on standard error what was asked for and could not be read to its end, where nothing else would say so.
pub(super) fn say_unread(world: &World, wanted: &Wanted<'_>) {
    for (at, status) in world.systems.iter().enumerate() {
        if let Health::Bad { text, .. } = &status.health
            && wanted.system(&world.compared, at)
        {
            out::aside(&trouble(&status.id, text));
        }
    }
    for snapshot in snapshots(world, wanted).filter(|snapshot| !snapshot.complete()) {
        if let Some((feed, why)) = snapshot.feeds.iter().find_map(|feed| reason(&feed.proof).map(|why| (feed, why))) {
            let kind = snapshot.kind.plural().to_lowercase();
            let said = format!("{} {kind} are not complete: {}: {why}", snapshot.system, feed.feed);
            out::aside(&text::clean(&said));
        }
    }
}

/// What is wrong with a system, without its name.
fn bare<'t>(system: &SystemId, text: &'t str) -> std::borrow::Cow<'t, str> {
    text::clean(text.strip_prefix(&format!("{system}: ")).unwrap_or(text))
}

/// What is wrong with a system, named once: some texts begin with its name.
fn trouble(system: &SystemId, text: &str) -> String {
    format!("{system}: {}", bare(system, text))
}

fn table(world: &World, wanted: &Wanted<'_>, out: &mut impl Write) -> std::io::Result<usize> {
    for status in world.systems.iter() {
        if let Health::Bad { text, .. } = &status.health {
            writeln!(out, "{}", trouble(&status.id, text))?;
        }
    }
    for snapshot in snapshots(world, wanted) {
        let state = match snapshot.feeds.iter().find_map(|feed| reason(&feed.proof).map(|why| (feed, why))) {
            None => "complete".to_owned(),
            Some((feed, why)) if snapshot.complete() => format!("{}: {why}", feed.feed),
            Some((feed, why)) => format!("INCOMPLETE: {}: {why}", feed.feed),
        };
        writeln!(
            out,
            "{:<12} {:<9} {:>9}  {}",
            snapshot.system,
            snapshot.kind.plural(),
            snapshot.table.len(),
            text::clean(&state)
        )?;
    }
    writeln!(out)?;
    let systems = &world.compared.inputs.systems;
    let mismatches = mismatches(world, wanted, |found| {
        // Several may be called the same: these are told apart by the target's id.
        let id = match (found.pairing, found.target_id) {
            (Pairing::Undecided | Pairing::Extra, Some(id)) => format!("   (id {})", text::clean(id)),
            _ => String::new(),
        };
        writeln!(
            out,
            "{:<12} {:<8} {:<10} {}{id}",
            systems[found.system].id,
            found.kind,
            found.pairing.state(),
            text::clean(found.key)
        )?;

        for attribute in &found.attributes {
            let words = attribute.why.as_deref().unwrap_or(attribute.direction.words());
            let direction = match words {
                "" => String::new(),
                words => format!("   ({})", text::clean(words)),
            };
            writeln!(
                out,
                "    {}: {} -> {}{direction}",
                text::clean(&attribute.shown),
                shown(attribute.target.as_deref()),
                shown(attribute.source.as_deref())
            )?;
        }
        Ok(())
    })?;
    let mut lint = 0;
    for fault in lints(world, wanted) {
        lint += 1;
        writeln!(
            out,
            "{:<12} {:<8} lint       {}: {}",
            fault.system,
            fault.kind,
            text::clean(&fault.key),
            text::clean(&face::spoken(&fault.text))
        )?;
    }
    let adopted = match waived(world, wanted) {
        0 => String::new(),
        n => format!(", {n} with adopted differences that are not counted"),
    };
    let all = if complete(world, wanted) { "" } else { "; not everything could be read, and of that nothing is said" };
    writeln!(out, "\n{mismatches} out of true, {lint} lint{adopted}{all}")?;
    Ok(mismatches)
}

fn shown(value: Option<&str>) -> std::borrow::Cow<'_, str> {
    match value {
        None | Some("") => "(none)".into(),
        Some(value) => text::clean(value),
    }
}
