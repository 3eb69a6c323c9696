//! `trueup history`: past pushes, or one of them with what changed, why, and every request as it was sent.

use std::io::Write;

use anyhow::bail;

use super::args::{Format, HistoryArgs};
use super::lines::Line;
use super::paper::{self, Print};
use super::{Exit, Global, out};
use crate::config::Dirs;
use crate::console::app::lines::clock;
use crate::console::app::preview::{request_lines, target};
use crate::model::text;
use crate::plan::{Change, Outcome, OutcomeState};
use crate::store::{self, Entry, Journal, Sending, StoreError};

/// Lists past pushes, or shows one.
///
/// # Errors
/// When the journal cannot be read or holds no such push.
pub fn run(global: &Global, args: &HistoryArgs) -> anyhow::Result<Exit> {
    let dirs = Dirs::find(global.data_dir.as_deref()).map_err(anyhow::Error::msg)?;
    let path = dirs.state.join("journal.db");
    let mut journal = if path.exists() { Some(store::journal::open(&path)?) } else { None };
    let entries = match &mut journal {
        Some(journal) => journal.history(reach(args.push.as_deref(), args.most))?,
        None => Vec::new(),
    };
    if let (Some(name), Some(journal)) = (&args.push, &mut journal) {
        let mut entry = pick(entries, name)?;
        told_of(&mut entry, journal)?;
        let sendings = journal.sendings(&entry.plan.id)?;
        out::print(|out| Ok(one(&entry, &sendings, args.format, out)?))?;
        return Ok(Exit::True);
    }
    if let Some(name) = &args.push {
        bail!("there is no push {name}: nothing was ever pushed from here");
    }
    let mut entries = entries;
    if let Some(journal) = &mut journal {
        for entry in &mut entries {
            told_of(entry, journal)?;
        }
    }
    let head = journal.as_mut().filter(|_| !entries.is_empty()).map(Journal::head).transpose()?;
    out::print(|out| {
        for entry in &entries {
            listed(entry, args.format, out)?;
        }
        match head.filter(|_| args.format == Format::Table) {
            Some((number, hash)) => {
                writeln!(out, "\nhead of the record, to be noted in a ticket: {number} {hash}")?;
            }
            None if args.format == Format::Table => writeln!(out, "no pushes yet")?,
            None => {}
        }
        Ok(())
    })?;
    Ok(Exit::True)
}

/// A push that did not end in order: what was on its way is unknown, and what was not begun is pending.
fn told_of(entry: &mut Entry, journal: &mut impl Journal) -> Result<(), StoreError> {
    if entry.closed || entry.running {
        return Ok(());
    }
    let sendings = journal.sendings(&entry.plan.id)?;
    let away =
        |change: &Change| sendings.iter().any(|sent| !sent.turned_away() && sent.step.serves.contains(&change.id));
    let open = entry.plan.changes.iter().filter(|change| entry.outcomes.iter().all(|known| known.change != change.id));
    let told: Vec<Outcome> = open
        .map(|change| {
            let state = if away(change) {
                OutcomeState::Unknown {
                    why: "it was on its way when the push broke off: trueup retry looks it up".to_owned(),
                }
            } else {
                OutcomeState::Pending
            };
            Outcome { change: change.id.clone(), state, at: entry.began }
        })
        .collect();
    entry.outcomes.extend(told);
    Ok(())
}

/// A push in the list.
fn listed(entry: &Entry, format: Format, out: &mut impl Write) -> std::io::Result<()> {
    let outcomes = paper::tally(&entry.outcomes);
    if format == Format::Json {
        let said = Line::Push {
            id: &entry.plan.id.0,
            began: entry.began.to_string(),
            who: &entry.by.who,
            reason: entry.by.reason.as_deref(),
            changes: entry.plan.changes.len(),
            outcomes,
            closed: entry.closed,
        };
        return paper::line(out, &said);
    }
    let words: Vec<_> = outcomes.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let many = if entry.plan.changes.len() == 1 { "change" } else { "changes" };
    let (when, who) = (clock(entry.began), text::clean(&entry.by.who));
    writeln!(out, "{when}  {}  {who}", entry.plan.id)?;
    let end = open(entry);
    writeln!(out, "    {} {many}: {}{end}", entry.plan.changes.len(), words.join(", "))?;
    match &entry.by.reason {
        Some(reason) => writeln!(out, "    for {}", text::clean(reason)),
        None => Ok(()),
    }
}

/// What is said of a push that was not closed: it runs, or it was cut off.
fn open(entry: &Entry) -> &'static str {
    match (entry.closed, entry.running) {
        (true, _) => "",
        (false, true) => "  STILL RUNNING",
        (false, false) => "  NOT ENDED IN ORDER (trueup retry looks it up)",
    }
}

/// One push: what changed from what to what, what came of it, and the requests as they were sent.
fn one(entry: &Entry, sendings: &[Sending], format: Format, out: &mut impl Write) -> std::io::Result<()> {
    if format == Format::Table {
        let end = open(entry);
        writeln!(out, "pushed {} by {}{end}", clock(entry.began), text::clean(&entry.by.who))?;
        if let Some(reason) = &entry.by.reason {
            writeln!(out, "for {}", text::clean(reason))?;
        }
    } else {
        listed(entry, format, out)?;
    }
    Print { compared: None, outcomes: &entry.outcomes, requests: false }.plan(&entry.plan, format, out)?;
    if format == Format::Table && !sendings.is_empty() {
        writeln!(out, "\nrequests, as they were sent:")?;
    }
    for sending in sendings {
        let (status, end) = sending.end();
        let write = &sending.step.write;
        if format == Format::Json {
            let said = Line::Sent {
                at: sending.at.to_string(),
                system: sending.step.system.as_str(),
                method: write.method.to_string(),
                target: target(write),
                status,
                end: &end,
                serves: sending.step.serves.iter().map(|id| &*id.0).collect(),
            };
            paper::line(out, &said)?;
            continue;
        }
        let code = status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let said = format!("{}  {:<12} {code}  {end}", clock(sending.at), sending.step.system.as_str());
        writeln!(out, "{}", text::clean(&said))?;
        for line in request_lines(write) {
            writeln!(out, "{}", text::clean(&line.printed()))?;
        }
    }
    Ok(())
}

/// How far back is looked: a push that is named may be any.
pub(super) fn reach(name: Option<&str>, most: usize) -> usize {
    if name.is_some() { usize::MAX >> 1 } else { most }
}

/// The push of this name, or of the only name that begins so.
pub(super) fn pick(entries: Vec<Entry>, name: &str) -> anyhow::Result<Entry> {
    let mut found: Vec<Entry> = entries.into_iter().filter(|entry| entry.plan.id.0.starts_with(name)).collect();
    match (found.pop(), found.is_empty()) {
        (Some(entry), true) => Ok(entry),
        (Some(_), false) => bail!("several pushes begin with {name}; `trueup history` has their whole names"),
        (None, _) => bail!("there is no push {name}; `trueup history` lists them"),
    }
}
