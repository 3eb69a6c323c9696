//! `trueup check`: read everything, compare, say what is out of true. Reads only.

use std::io::Write;

use anyhow::{Context, bail};

use super::args::{Check, Format};
use super::lines::{AttributeLine, FeedLine, Line};
use super::{Exit, Global, face, out, setup};
use crate::compare::Identity;
use crate::compare::{Compared, FacetDiff, Pairing, SystemView, Verdict, facets, label};
use crate::engine::protocol::{Health, World};
use crate::engine::{Setup, SystemSetup};
use crate::model::filter::Query;
use crate::model::{Form, Kind, Proof, Snapshot, SystemId, text};

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

/// What was asked for: one kind, one system, some records.
pub(super) struct Wanted<'w> {
    kind: Option<Kind>,
    system: Option<&'w str>,
    pub(super) filter: Option<Query>,
}

impl<'w> Wanted<'w> {
    /// What the arguments ask for.
    ///
    /// # Errors
    /// When there is no such kind or system, or the filter is none.
    pub(super) fn new(
        setup: &Setup,
        kind: Option<&str>,
        system: Option<&'w str>,
        filter: Option<&str>,
    ) -> anyhow::Result<Self> {
        let kind = kind
            .map(|name| {
                Kind::parse(name)
                    .with_context(|| format!("there is no kind `{name}`; there are users, groups, roles, products"))
            })
            .transpose()?;
        if let Some(system) = system {
            setup::known(setup.systems.iter().map(SystemSetup::id), system)?;
        }
        let filter = super::filter::read(filter, setup, kind)?;
        Ok(Self { kind, system, filter })
    }

    /// Refuses to judge what the others are compared with.
    ///
    /// # Errors
    /// When the system that is asked for is the source or the reference.
    pub(super) fn target(&self, setup: &Setup) -> anyhow::Result<()> {
        let (base, called) = match (&setup.source, &setup.reference) {
            (Some(source), _) => (source, "the source of truth"),
            (None, Some(reference)) => (reference, "the reference"),
            (None, None) => return Ok(()),
        };
        if self.system != Some(base.as_str()) {
            return Ok(());
        }
        let others: Vec<_> =
            setup.systems.iter().map(|one| one.id().as_str()).filter(|id| *id != base.as_str()).collect();
        bail!(
            "{base} is {called}: the others are compared with it, and it with none of them; name one of these: {}",
            others.join(", ")
        );
    }

    /// Refuses a filter that asks for what no system has.
    ///
    /// # Errors
    /// When it does.
    pub(super) fn judge(&self, world: &World) -> anyhow::Result<()> {
        self.filter.as_ref().map_or(Ok(()), |query| super::filter::judge(query, world, self.kind))
    }

    /// Calls `each` with everybody that is out of true: kind, identity, system.
    pub(super) fn each(&self, compared: &Compared, mut each: impl FnMut(Kind, u32, usize)) {
        let inputs = &compared.inputs;
        for kind in self.kinds() {
            let comparison = compared.kind(kind);
            for system in 0..inputs.systems.len() {
                if Some(system) == inputs.base() || !self.system(compared, system) {
                    continue;
                }
                for identity in 0..comparison.len {
                    let counts = comparison.state(identity, system).is_some_and(|state| state.pairing.counts());
                    if counts && self.matches(compared, kind, identity, system) {
                        each(kind, identity, system);
                    }
                }
            }
        }
    }
}

impl Wanted<'_> {
    fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        Kind::ALL.into_iter().filter(|kind| self.kind.is_none_or(|wanted| wanted == *kind))
    }

    /// Whether a system's results are wanted; the system that is compared with always is.
    fn system(&self, compared: &Compared, at: usize) -> bool {
        let inputs = &compared.inputs;
        self.system.is_none_or(|wanted| inputs.systems[at].id.as_str() == wanted || inputs.base() == Some(at))
    }

    fn matches(&self, compared: &Compared, kind: Kind, identity: u32, system: usize) -> bool {
        self.filter.as_ref().is_none_or(|query| {
            let subject = Identity::new(compared, kind, identity, compared.inputs.base());
            let target = Identity::new(compared, kind, identity, Some(system));
            // What is asked of the source's record, or of the state in this very target.
            query.eval(&subject) == Some(true) || query.eval(&target) == Some(true)
        })
    }
}

/// Whether everything that was asked for was read to its end.
pub(super) fn complete(world: &World, wanted: &Wanted<'_>) -> bool {
    let inputs = &world.compared.inputs;
    world.systems.iter().zip(&inputs.systems).enumerate().all(|(at, (status, system))| {
        !wanted.system(&world.compared, at)
            || (!matches!(status.health, Health::Bad { .. })
                && wanted.kinds().all(|kind| {
                    system.mapping.kind(kind).is_none()
                        || system.snapshot(kind).is_none_or(|snapshot| snapshot.complete())
                }))
    })
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

/// A mismatch, ready to be printed.
struct Found<'w> {
    system: usize,
    kind: Kind,
    pairing: Pairing,
    key: &'w str,
    source_id: Option<&'w str>,
    target_id: Option<&'w str>,
    attributes: Vec<AttributeLine>,
}

/// Calls `each` with every mismatch that is wanted, in the order of kinds, systems and identities.
fn mismatches<'w>(
    world: &'w World,
    wanted: &Wanted<'_>,
    mut each: impl FnMut(Found<'w>) -> std::io::Result<()>,
) -> std::io::Result<usize> {
    let compared = &*world.compared;
    let inputs = &compared.inputs;
    let base = inputs.base();
    let mut count = 0;
    for kind in wanted.kinds() {
        let comparison = compared.kind(kind);
        for system in 0..inputs.systems.len() {
            if Some(system) == base || !wanted.system(compared, system) {
                continue;
            }
            for identity in 0..comparison.len {
                let Some(state) = comparison.state(identity, system) else { continue };
                if !state.pairing.counts() || !wanted.matches(compared, kind, identity, system) {
                    continue;
                }
                count += 1;
                let id = |of: usize| {
                    let row = comparison.row(identity, of)?;
                    Some(inputs.systems[of].snapshot(kind)?.table.id(row))
                };
                let attributes = match state.pairing {
                    Pairing::Differs | Pairing::Leaver | Pairing::Leaving => facets(compared, kind, identity, system)
                        .into_iter()
                        .filter(|facet| facet.verdict.counts())
                        .map(|facet| attribute(compared, kind, system, facet))
                        .collect(),
                    _ => Vec::new(),
                };
                each(Found {
                    system,
                    kind,
                    pairing: state.pairing,
                    key: key(compared, kind, identity, system),
                    source_id: base.and_then(id),
                    target_id: id(system),
                    attributes,
                })?;
            }
        }
    }
    Ok(count)
}

/// What operators call an identity: as the source has it, or the target for an extra.
fn key(compared: &Compared, kind: Kind, identity: u32, system: usize) -> &str {
    let comparison = compared.kind(kind);
    compared
        .inputs
        .base()
        .into_iter()
        .chain([system])
        .find_map(|of| {
            let row = comparison.row(identity, of)?;
            Some(label(&compared.inputs.systems[of].snapshot(kind)?.table, row))
        })
        .unwrap_or_default()
}

/// An attribute's line. Entries of lists are called by the source's id of what their key refers to, else by the target's.
fn attribute(compared: &Compared, of: Kind, system: usize, facet: FacetDiff) -> AttributeLine {
    let shown = match &facet.key {
        Some((_, name)) if !name.is_empty() => Some(format!("{}[{name}]", facet.path)),
        _ => None,
    };
    let path = match &facet.key {
        None => facet.path.to_string(),
        Some((ids, name)) => {
            let parts: Vec<String> = ids
                .iter()
                .enumerate()
                .map(|(part, id)| {
                    let kind = key_kind(&compared.inputs.systems[system], of, &facet, part);
                    kind.and_then(|kind| source_id(compared, kind, system, id)).unwrap_or_else(|| id.clone())
                })
                .collect();
            // Of what is still to be created the target has no id.
            let parts = if parts.is_empty() { facet.source_key.clone() } else { parts };
            let inside = if parts.iter().all(String::is_empty) { name.clone() } else { parts.join(" ") };
            format!("{}[{inside}]", facet.path)
        }
    };
    let shown = shown.unwrap_or_else(|| path.clone());
    let why = (facet.verdict == Verdict::Awaits).then_some(facet.why);
    AttributeLine { path, shown, source: facet.source, target: facet.target, direction: facet.direction, why }
}

/// The source's id of a target's record.
fn source_id(compared: &Compared, kind: Kind, system: usize, id: &str) -> Option<String> {
    let inputs = &compared.inputs;
    let base = inputs.base()?;
    let comparison = compared.kind(kind);
    let row = inputs.systems[system].snapshot(kind)?.table.find(id)?;
    let row = comparison.row(comparison.identity_of(system, row)?, base)?;
    Some(inputs.systems[base].snapshot(kind)?.table.id(row).to_owned())
}

/// What a part of the key of a list's entries refers to.
fn key_kind(system: &SystemView, of: Kind, facet: &FacetDiff, part: usize) -> Option<Kind> {
    let schema = &system.mapping.kind(of)?.schema;
    match &schema.def(schema.find(&facet.path)?).form {
        Form::List(list) => list.key.get(part).copied().flatten(),
        Form::Text => None,
    }
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
