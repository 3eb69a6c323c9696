//! `trueup push FILE`: carries out a saved plan, once, confirmed by the number of its changes.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail};
use rustix::termios::{QueueSelector, tcflush};

use super::args::{Format, PushArgs};
use super::paper::{self, Print};
use super::signals::Signals;
use super::{Exit, Global, face, out, setup};
use crate::console::app::text::text;
use crate::engine::protocol::Report;
use crate::engine::push::{Stop, Stopping};
use crate::engine::{Setup, SystemSetup};
use crate::model::text;
use crate::plan::{Change, ChangeId, Known, Outcome, OutcomeState, Plan, confirm_keys, confirm_names};

/// Carries out a saved plan.
///
/// # Errors
/// When the plan, the configuration or the confirmation is wrong: nothing was sent then.
pub fn run(global: &Global, args: &PushArgs) -> anyhow::Result<Exit> {
    let (mut plan, intact) = paper::load(&args.file)?;
    if !intact {
        bail!("{} was changed after it was saved, so nothing was sent; make it again", args.file.display());
    }
    face::speak_to(global, args.format);
    let mut setup = setup::load(global)?;
    if let Some(entry) = setup.journal.find(&plan.id)? {
        let when = crate::console::app::lines::clock(entry.began);
        bail!(
            "this plan was pushed {when} by {}; a plan is pushed once. Make a new one with `trueup plan`",
            entry.by.who
        );
    }
    for guard in plan.guards.iter_mut().filter(|guard| guard.can_acknowledge) {
        guard.acknowledged |= args.acknowledge.contains(&guard.rule);
    }
    if let Some(guard) = plan.guards.iter().find(|guard| !guard.acknowledged) {
        let way = if guard.can_acknowledge {
            format!(" To let it pass: --acknowledge {}", guard.rule)
        } else {
            String::new()
        };
        bail!("nothing was sent: {}: {}{way}", guard.rule, guard.text);
    }
    if plan.count() == 0 {
        bail!("nothing of this plan can be sent; `trueup plan show {}` says why", args.file.display());
    }
    let reason = args.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned);
    let wants = setup.systems.iter().find(|system| {
        system.config.policy.require_reason && plan.steps.iter().any(|step| step.system == *system.id())
    });
    if let (None, Some(system)) = (&reason, wants) {
        bail!("nothing was sent: {} wants a reason or ticket for every push; give it with --reason TEXT", system.id());
    }
    let who = setup.who.clone();
    let asked = Asked::new(&plan, &setup);
    if args.yes_count.is_some() {
        asked.given(args)?;
    }
    let runtime = setup::runtime()?;
    let session = setup::session(&runtime, setup);
    let world = session.world().map_err(anyhow::Error::msg)?;
    if args.yes_count.is_none() {
        // Asked last: what is typed is typed with the plan in sight.
        let mut out = std::io::stdout().lock();
        Print { compared: Some(&world.compared), outcomes: &[], requests: false }.plan(
            &plan,
            Format::Table,
            &mut out,
        )?;
        out.flush()?;
        asked.on_terminal(&who)?;
    }
    super::password::ask_all(&plan, &session)?;
    let plan = Arc::new(plan);
    let stop = Stop::default();
    let told: Arc<Mutex<Vec<Outcome>>> = Arc::default();
    let (format, of, seen) = (args.format, plan.clone(), told.clone());
    let tell = move |report: Report| heard(&report, &of, format, &seen);
    let ended = runtime.block_on(async {
        session.resolve(|_| {}).await?;
        let mut signals = Signals::catch().map_err(|error| format!("nothing was sent: {error}"))?;
        let push = session.push(plan.clone(), &plan.fingerprint, reason, tell, stop.clone());
        tokio::pin!(push);
        loop {
            tokio::select! {
                ended = &mut push => return ended,
                () = signals.next() => out::aside(match stop.stop() {
                    Stopping::Finishing => {
                        "stopping: the step under way is finished first, nothing more is begun; once more gives up waiting for it"
                    }
                    Stopping::GivenUp => {
                        "not waited for any more: what came of the step under way is unknown until the next start has looked it up"
                    }
                }),
            }
        }
    });
    // A push that was never opened is in no history.
    let name = if ended.is_ok() { format!("   (trueup history {})", plan.id) } else { String::new() };
    let outcomes = match ended {
        Ok(outcomes) => outcomes,
        Err(why) => {
            out::aside(&format!("trueup: {}", text::clean(&why)));
            told.lock().map(|told| told.clone()).unwrap_or_default()
        }
    };
    let recorded = runtime.block_on(session.recorded(&plan.id));
    runtime.block_on(session.close());
    let tally = paper::tally(&outcomes);
    let will = |id: &ChangeId| !plan.refused.iter().any(|(refused, _)| refused == id);
    let confirmed =
        |outcome: &&Outcome| matches!(outcome.state, OutcomeState::Confirmed { .. }) && will(&outcome.change);
    // What the record does not hold is not done: nobody could tell it from what was never known.
    let done = recorded && outcomes.iter().filter(confirmed).count() == plan.count();
    match args.format {
        // What was out of true is what was read before the push.
        Format::Json => {
            let summary = super::plan::summary(&world.compared, plan.count(), Some(tally));
            let _ = paper::line(&mut std::io::stdout().lock(), &summary);
        }
        Format::Table => {
            let words: Vec<_> = tally.iter().map(|(word, count)| format!("{count} {word}")).collect();
            // Whoever reads along may have gone.
            let mut out = std::io::stdout().lock();
            let _ = writeln!(out, "\n{}{name}", words.join(", "));
            if let Some(count) = tally.get("stopped") {
                let _ = writeln!(
                    out,
                    "stopped: nothing was sent for {count} of them, and they are as they were; `trueup retry {} -o FILE` plans them again",
                    plan.id
                );
            }
        }
    }
    Ok(if done { Exit::True } else { Exit::NotAll })
}

/// Prints what came of a change once nothing more will come, and what the operator should read.
fn heard(report: &Report, plan: &Plan, format: Format, told: &Mutex<Vec<Outcome>>) {
    match report {
        Report::Outcome(_, outcome) if outcome.state.settled() => {
            if let Ok(mut told) = told.lock() {
                told.retain(|have| have.change != outcome.change);
                told.push(outcome.clone());
            }
            let print = Print { compared: None, outcomes: std::slice::from_ref(outcome), requests: false };
            // Whoever reads along has gone: the push goes on all the same.
            let _ = plan
                .change(&outcome.change)
                .map(|change| print.change(plan, change, format, &mut std::io::stdout().lock()));
        }
        Report::Outcome(_, outcome) => {
            if let OutcomeState::Waiting { .. } = outcome.state
                && let Some(why) = crate::console::app::preview::why(&outcome.state)
            {
                let whose = plan.change(&outcome.change).map(|change| format!("{} {}", change.system, change.label));
                let whose = whose.unwrap_or_else(|| outcome.change.to_string());
                out::aside(&format!("{}: {}", text::clean(&whose), text::clean(&why)));
            }
        }
        Report::Notice(said) => out::aside(&text::clean(said)),
        Report::Crashed { part, text: said } => out::aside(&format!("{part}: {}", text::clean(said))),
        _ => {}
    }
}

/// What has to be typed before a push.
struct Asked {
    count: usize,
    systems: Vec<String>,
    keys: Vec<String>,
}

impl Asked {
    fn new(plan: &Plan, setup: &Setup) -> Self {
        let refused = |change: &&Change| plan.refused.iter().any(|(id, _)| *id == change.id);
        let will: Vec<Change> = plan.changes.iter().filter(|change| !refused(change)).cloned().collect();
        let known = |system: &SystemSetup| Known { policy: system.config.policy.clone(), ..Known::default() };
        let known = setup.systems.iter().map(|system| (system.id().clone(), known(system))).collect();
        let systems = confirm_names(&will, &known).iter().map(ToString::to_string).collect();
        let keys = confirm_keys(&will);
        Self { count: plan.count(), systems, keys }
    }

    /// Checks what the arguments confirm.
    fn given(&self, args: &PushArgs) -> anyhow::Result<()> {
        if args.yes_count != Some(self.count) {
            bail!("nothing was sent: the plan has {} changes, and --yes-count says another number", self.count);
        }
        if let Some(system) = self.systems.iter().find(|system| !args.yes_system.contains(system)) {
            bail!("nothing was sent: {system} is a production system; confirm it with --yes-system {system}");
        }
        if let Some(key) = self.keys.iter().find(|key| !args.yes_delete.contains(key)) {
            bail!("nothing was sent: {key} would be deleted for good; confirm it with --yes-delete \"{key}\"");
        }
        Ok(())
    }

    /// Asks on the terminal. What was typed before a question is thrown away.
    fn on_terminal(&self, who: &str) -> anyhow::Result<()> {
        let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").context(
            "nothing was sent: there is no terminal to confirm on; say --yes-count N, N being the number of changes",
        )?;
        let count = self.count.to_string();
        writeln!(terminal, "\nPushed as {}. {}", text::clean(who), text!("confirm.lease"))?;
        let mut questions = vec![("Type the number of changes to push them".to_owned(), count.as_str())];
        questions.extend(
            self.systems.iter().map(|system| (format!("Production system: type its name, {system}"), system.as_str())),
        );
        questions.extend(self.keys.iter().map(|key| (format!("Deleted for good: type the key, {key}"), key.as_str())));
        for (question, answer) in questions {
            tcflush(&terminal, QueueSelector::IFlush)?;
            write!(terminal, "{}: ", text::clean(&question))?;
            let mut typed = String::new();
            BufReader::new(&terminal).read_line(&mut typed)?;
            if typed.trim() != answer {
                bail!("nothing was sent: that is not what was asked for");
            }
        }
        Ok(())
    }
}
