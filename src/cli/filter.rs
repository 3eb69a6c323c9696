//! What `--filter` asks for: a slip in it is told before anything is said of the systems, for a filter that holds for nobody
//! looks as if all were well.

use anyhow::bail;

use super::out;
use crate::compare::{Sense, SystemView};
use crate::engine::protocol::{Health, World};
use crate::engine::{Setup, SystemSetup};
use crate::model::filter::{Filters, Query};
use crate::model::{Kind, text};

/// What was typed, as it is understood; plain text is said to be one.
///
/// # Errors
/// When it was meant as a filter and is none, or asks for an answer that never comes.
pub(super) fn read(typed: Option<&str>, setup: &Setup, kind: Option<Kind>) -> anyhow::Result<Option<Query>> {
    let Some(typed) = typed else { return Ok(None) };
    let query = Query::parse(typed);
    if let Some((text, why)) = plain(&query) {
        if let Some(why) = why {
            bail!(
                "--filter {}: {why} (see `trueup help filter`). To look for it as a text, put ' before it",
                text::clean(typed)
            );
        }
        out::aside(&format!(
            "--filter: looked for as a text in all that is shown: {}; an attribute is asked for like department=\"...\"",
            text::clean(text)
        ));
    }
    if asks_staged(&query) {
        bail!("--filter {}: what is staged is known in the console alone", text::clean(typed));
    }
    let views: Vec<SystemView> = setup.systems.iter().map(view).collect();
    told(&query, &Sense::new(views.iter(), &kinds(kind), false))?;
    Ok(Some(query))
}

/// Refuses what no system has, once they were read: a service may have more attributes than its mapping knows.
///
/// # Errors
/// When it asks for an attribute that none of them has.
pub(super) fn judge(query: &Query, world: &World, kind: Option<Kind>) -> anyhow::Result<()> {
    // What could not be asked may have it; that not everything was read is said anyway.
    if world.systems.iter().any(|status| matches!(status.health, Health::Bad { .. })) {
        return Ok(());
    }
    told(query, &Sense::new(world.compared.inputs.systems.iter(), &kinds(kind), true))
}

fn told(query: &Query, sense: &Sense<'_>) -> anyhow::Result<()> {
    match sense.lacks(query) {
        None => Ok(()),
        Some(why) => bail!("--filter, understood as {}: {}", query.understood(), text::clean(&why)),
    }
}

fn kinds(kind: Option<Kind>) -> Vec<Kind> {
    kind.map_or_else(|| Kind::ALL.to_vec(), |kind| vec![kind])
}

/// A system of which nothing was read yet.
fn view(system: &SystemSetup) -> SystemView {
    SystemView {
        id: system.id().clone(),
        mapping: system.connector.mapping().clone(),
        snapshots: [None, None, None, None],
        scope: Filters::default(),
        manage: Filters::default(),
        deactivate_out_of_scope: false,
    }
}

/// The plain text that a query looks for, and why it is no filter where it was meant to be one.
fn plain(query: &Query) -> Option<(&str, Option<String>)> {
    match query {
        Query::Plain { text, almost, .. } => Some((text, almost.as_ref().map(ToString::to_string))),
        Query::Not(inner) => plain(inner),
        Query::All | Query::Filter(_) => None,
    }
}

fn asks_staged(query: &Query) -> bool {
    match query {
        Query::Filter(filter) => {
            let mut asks = false;
            filter.paths(&mut |path| asks |= path.as_str().eq_ignore_ascii_case("staged"));
            asks
        }
        Query::Not(inner) => asks_staged(inner),
        Query::All | Query::Plain { .. } => false,
    }
}
