//! Which of the fixes a plan takes, chosen without a screen, and which it leaves out, with the reasons.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::check::Wanted;
use super::lines::LeftOut;
use crate::compare::Pairing;
use crate::engine::Session;
use crate::engine::protocol::World;
use crate::model::{Op, SystemId, text};
use crate::plan::stage::{Offer, Stager, gist};
use crate::plan::{Change, Mode, Target};

/// Why a fix is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Nobody can say who it is.
    Undecided,
    /// It cannot be done as things are.
    Blocked,
    /// Its record is protected.
    Protected,
    /// Its system takes nothing away.
    AppendOnly,
    /// It wants a value that the source lacks.
    WantsValue,
    /// It takes something away, and that was not asked for.
    Removal,
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Blocked => "blocked",
            Self::Protected => "protected",
            Self::AppendOnly => "append-only",
            Self::WantsValue => "wants-value",
            Self::Removal => "removal",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Undecided => {
                "undecided: nobody can say which record it is, or whether it should be there: link it first"
            }
            Self::Blocked => "blocked: they cannot be done as things are",
            Self::Protected => "of protected records, which are never touched",
            Self::AppendOnly => "that take something away where the mode is append-only",
            Self::WantsValue => "that want a value which the source lacks: stage them in the console",
            Self::Removal => "that take something away: with --removals they are planned",
        }
    }
}

/// One fix that is left out.
struct Left {
    class: Class,
    /// The reason as it is, about this very record.
    why: String,
    /// The same for all that it holds for.
    gist: String,
    system: SystemId,
    op: Op,
    label: String,
}

/// What was chosen, and what was not.
#[derive(Default)]
pub(super) struct Chosen {
    /// The fixes of the plan.
    pub changes: Vec<Change>,
    left: Vec<Left>,
}

/// What is taken.
pub(super) struct Taking<'t> {
    /// These operations; none: all.
    pub only: &'t [Op],
    /// Also what takes something away.
    pub removals: bool,
    /// What each system lets be done.
    pub modes: BTreeMap<SystemId, Mode>,
}

/// Chooses among the fixes for what is wanted.
///
/// # Errors
/// In words, when nothing was read.
pub(super) fn choose(
    world: &World,
    session: &Session,
    wanted: &Wanted<'_>,
    taking: &Taking<'_>,
) -> Result<Chosen, String> {
    let compared = &*world.compared;
    let stager = Stager::new(compared);
    let protected = session.protected()?;
    let mut chosen = Chosen::default();
    wanted.each(compared, |kind, identity, system| {
        let state = compared.kind(kind).state(identity, system);
        let undecided = state.is_some_and(|state| state.pairing == Pairing::Undecided);
        for offer in stager.offers(kind, identity, system) {
            if !taking.only.is_empty() && !taking.only.contains(&offer.change.op) {
                continue;
            }
            let guarded = match &offer.change.target {
                Target::Record(key) => protected(key),
                Target::New(_) => Some(false),
            };
            match out(&offer, undecided, guarded, taking) {
                None => chosen.changes.push(offer.change),
                Some((class, why, gist)) => chosen.left.push(Left {
                    class,
                    why,
                    gist,
                    system: offer.change.system.clone(),
                    op: offer.change.op,
                    label: offer.change.label.clone(),
                }),
            }
        }
    });
    Ok(chosen)
}

/// Why a fix is left out, about its record and in general.
fn out(
    offer: &Offer,
    undecided: bool,
    protected: Option<bool>,
    taking: &Taking<'_>,
) -> Option<(Class, String, String)> {
    let said = |class, why: &str| Some((class, why.to_owned(), why.to_owned()));
    let mode = taking.modes.get(&offer.change.system).copied().unwrap_or_default();
    match &offer.blocked {
        Some(why) if why.starts_with("protected: ") => return said(Class::Protected, why),
        Some(why) if undecided => return Some((Class::Undecided, why.clone(), String::new())),
        Some(why) => return Some((Class::Blocked, why.clone(), gist(offer))),
        None => {}
    }
    match protected {
        Some(false) => {}
        Some(true) => return said(Class::Protected, "by `protect` of its system in trueup.toml"),
        None => {
            let why = "by `protect` in trueup.toml, which cannot be decided for it and so counts (protect = { User = ... } is of one kind alone)";
            return said(Class::Protected, why);
        }
    }
    // What is read-only is shown whole: nothing of it can be pushed, and the plan says so.
    if mode == Mode::AppendOnly && !mode.allows(offer.change.op) {
        return said(Class::AppendOnly, "mode = \"append-only\"");
    }
    if !offer.blanks.is_empty() {
        let paths: Vec<_> = offer.blanks.iter().map(|blank| blank.path.local(&[])).collect();
        return said(Class::WantsValue, &paths.join(", "));
    }
    (!offer.ticked && !taking.removals).then(|| (Class::Removal, String::new(), String::new()))
}

impl Chosen {
    /// The reasons with their counts, by class, the most frequent first.
    pub fn reasons(&self) -> Vec<LeftOut> {
        let mut counts: BTreeMap<(Class, &SystemId, Op, &str), usize> = BTreeMap::new();
        for left in &self.left {
            *counts.entry((left.class, &left.system, left.op, &*left.gist)).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|((class, ..), count)| (*class, std::cmp::Reverse(*count)));
        let told = |((class, system, op, reason), count): ((Class, &SystemId, Op, &str), usize)| LeftOut {
            class: class.name(),
            system: system.to_string(),
            operation: op.name(),
            reason: if reason.is_empty() { class.words() } else { reason }.to_owned(),
            count,
        };
        counts.into_iter().map(told).collect()
    }

    /// The same in lines for people; with `each`, also every one of them by name.
    pub fn said(&self, each: bool) -> Vec<String> {
        let reasons = self.reasons();
        let mut lines = Vec::new();
        for class in
            [Class::Undecided, Class::Blocked, Class::Protected, Class::AppendOnly, Class::WantsValue, Class::Removal]
        {
            let all = self.left.iter().filter(|left| left.class == class);
            let count = all.clone().count();
            if count == 0 {
                continue;
            }
            lines.push(format!("left out: {count} {}", class.words()));
            if each {
                lines.extend(all.map(|left| {
                    let mut line =
                        format!("    {:<12} {:<11} {}", left.system, left.op.name(), text::clean(&left.label));
                    if !left.why.is_empty() {
                        let _ = write!(line, ": {}", text::clean(&left.why));
                    }
                    line
                }));
                continue;
            }
            let own = reasons.iter().filter(|reason| reason.class == class.name());
            lines.extend(own.map(|reason| {
                let LeftOut { system, operation, reason, count, .. } = reason;
                let why = if reason == class.words() { "" } else { reason };
                format!("    {count:>6} {system:<12} {operation:<11} {}", text::clean(why)).trim_end().to_owned()
            }));
        }
        if !each && !self.left.is_empty() {
            lines.push("    -v names each of them".to_owned());
        }
        lines
    }
}
