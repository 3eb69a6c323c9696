//! `trueup export`: what is out of true, a list, or the history as a file for other programs.

use anyhow::bail;

use super::args::{ExportArgs, ExportWhat};
use super::check::Wanted;
use super::{Exit, Global, out, setup};
use crate::compare::Identity;
use crate::config::Dirs;
use crate::console::app::columns::{Column, USUAL};
use crate::console::app::export::{Sheet, What, history, mismatch_columns, mismatches};
use crate::console::app::order::Order;
use crate::console::app::rows::Rows;
use crate::console::run::files::{folder, write};
use crate::engine::past;
use crate::model::{AttrDef, Kind};
use crate::store::{self, Journal};

/// Exports.
///
/// # Errors
/// When the arguments or the configuration are wrong, or the file cannot be written.
pub fn run(global: &Global, args: &ExportArgs) -> anyhow::Result<Exit> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let (sheet, exit) = match args.what {
        ExportWhat::History => (pushes(&dirs)?, Exit::True),
        ExportWhat::Mismatches | ExportWhat::List => read(global, args)?,
    };
    let sheet = if args.columns.is_empty() { sheet } else { sheet.only(&args.columns).map_err(anyhow::Error::msg)? };
    let sheet = if args.mask { sheet.masked(crate::console::run::salt()) } else { sheet };
    let word = match args.what {
        ExportWhat::History => "history",
        ExportWhat::Mismatches => "mismatches",
        ExportWhat::List => "list",
    };
    let name = args.output.clone().unwrap_or_else(|| file_name(word, jiff::Timestamp::now()));
    let path = write(&folder(&dirs), &name, &sheet)?;
    out::text(&format!("{} lines in {}\n", sheet.rows.len(), path.display()))?;
    Ok(exit)
}

/// What a file is called where nobody says: `trueup-users-20261103-142200.csv`.
pub fn file_name(what: &str, now: jiff::Timestamp) -> String {
    format!("trueup-{what}-{}.csv", now.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y%m%d-%H%M%S"))
}

fn pushes(dirs: &Dirs) -> anyhow::Result<Sheet> {
    let path = dirs.state.join("journal.db");
    if !path.exists() {
        bail!("there is nothing to export: nothing was ever pushed from here");
    }
    let mut journal = store::journal::open(&path)?;
    let entries = journal.history(usize::MAX >> 1)?;
    let all: Vec<_> = entries.into_iter().map(|entry| past(entry, Vec::new())).collect();
    Ok(history(&all))
}

fn read(global: &Global, args: &ExportArgs) -> anyhow::Result<(Sheet, Exit)> {
    let setup = setup::load(global)?;
    let wanted = Wanted::new(&setup, args.kind.as_deref(), args.system.as_deref(), args.filter.as_deref())?;
    if args.what == ExportWhat::Mismatches {
        wanted.target(&setup)?;
    }
    let world = setup::read_all(setup.only(args.system.as_deref()))?;
    wanted.judge(&world)?;
    super::check::say_unread(&world, &wanted);
    let compared = &world.compared;
    let inputs = &compared.inputs;
    if args.what == ExportWhat::Mismatches {
        let mut sheet = mismatch_columns();
        wanted.each(compared, |kind, identity, system| {
            mismatches(compared, kind, identity, Some(system), &mut sheet);
        });
        let exit = super::check::exit(&world, &wanted, !sheet.rows.is_empty());
        return Ok((sheet, exit));
    }
    let kind = args.kind.as_deref().and_then(Kind::parse).unwrap_or(Kind::User);
    let system =
        args.system.as_deref().and_then(|name| inputs.systems.iter().position(|view| view.id.as_str() == name));
    let rows = Rows::new(compared, kind);
    let matches = |identity: &u32| {
        let subject = Identity::new(compared, kind, *identity, system.or(inputs.base()));
        rows.listed(*identity, system) && wanted.filter.as_ref().is_none_or(|query| query.eval(&subject) == Some(true))
    };
    let these: Vec<u32> = (0..rows.len()).filter(matches).collect();
    let chosen = if system.is_none() { chosen(&rows, &args.columns) } else { None };
    let sheet = What::List(compared.clone(), kind, Order::These(these.into()), system, chosen).sheet();
    Ok((sheet, super::check::exit(&world, &wanted, false)))
}

/// The usual columns with the attributes that were asked for, whichever system has them: without a system the list has none
/// by itself.
fn chosen(rows: &Rows<'_>, wanted: &[String]) -> Option<Vec<Column>> {
    let mut attrs: Vec<Column> = Vec::new();
    for view in &rows.compared.inputs.systems {
        let Some(snapshot) = view.snapshot(rows.kind) else { continue };
        let asked = |def: &&AttrDef| {
            let names = [def.path.as_str(), def.path.local(&[])];
            !def.unreadable && wanted.iter().any(|name| names.iter().any(|have| have.eq_ignore_ascii_case(name)))
        };
        for def in snapshot.table.schema().attrs().iter().filter(asked) {
            let column = Column::Attr(def.path.clone());
            if !attrs.contains(&column) {
                attrs.push(column);
            }
        }
    }
    let usual = USUAL.into_iter();
    (!attrs.is_empty()).then(|| usual.chain(attrs).collect())
}
