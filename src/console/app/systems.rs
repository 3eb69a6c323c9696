//! The connected systems: how they stand, what the test found, what was read, what may be done, how fast.

use std::sync::Arc;

use crate::engine::protocol::{Health, SystemStatus};
use crate::model::{Kind, Proof, Snapshot, SystemId};
use crate::plan::{Finding, Site};

use super::App;
use super::confirm::mode;
use super::lines::{Line, Tone, age, flush, padded};
use super::said::said;
use super::text::{self, text};

/// The systems' tab.
#[derive(Clone, Debug, Default)]
pub struct Systems {
    /// The system under the cursor.
    pub at: usize,
    /// The first line of its report that is shown.
    pub top: usize,
    /// The test that the operator waits for.
    pub(super) testing: Option<Testing>,
}

/// A connection test that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Testing {
    /// Of which system.
    pub(super) system: SystemId,
    /// What was found before.
    pub(super) site: Option<Arc<Site>>,
    /// It was seen at work.
    pub(super) begun: bool,
}

/// From so many seconds on, the wait for a service that lets nobody in is counted down in the strip.
const LONG: f64 = 3.0;

/// A system's state in a few words for the strip: `ok 2m`, `620/1,000`, `wait 42s`, `auth!`. `pushing`: something is being
/// written, so that a wait is somebody's.
pub fn short(
    status: &SystemStatus,
    oldest: Option<jiff::Timestamp>,
    now: jiff::Timestamp,
    pushing: bool,
) -> (Tone, String) {
    let at_work = pushing || matches!(status.health, Health::Probing | Health::Reading { .. });
    if at_work && status.budget.wait >= LONG && !matches!(status.health, Health::Bad { .. }) {
        return (Tone::Warn, text!("health.waiting", n = format!("{:.0}", status.budget.wait.ceil())));
    }
    let aged = |word: &str| match oldest {
        Some(taken) => format!("{word} {}", age(taken, now)),
        None => word.to_owned(),
    };
    if let Some(left) = resting(status, now) {
        return (Tone::Bad, text!("health.resting", n = left));
    }
    match &status.health {
        Health::Idle => (Tone::Dim, text!("health.idle").to_owned()),
        Health::Probing => (Tone::Dim, text!("health.probing").to_owned()),
        Health::Reading { read, of: Some(of) } => (Tone::Warn, format!("{}/{}", text::count(*read), text::count(*of))),
        Health::Reading { read, of: None } => (Tone::Warn, text!("health.reading", n = text::count(*read))),
        Health::Good => (Tone::Good, aged(text!("health.good"))),
        Health::Partial(_) => (Tone::Warn, aged(text!("health.partial"))),
        Health::Bad { word, .. } => (Tone::Bad, format!("{}!", trouble(word))),
    }
}

/// A short word for what is wrong with a system, in what is spoken.
pub(super) fn trouble(word: &str) -> &str {
    match word {
        "auth" => text!("health.auth"),
        "down" => text!("health.down"),
        "broken" => text!("health.broken"),
        "setup" => text!("health.setup"),
        "secret" => text!("health.secret"),
        "account" => text!("health.account"),
        word => word,
    }
}

/// What a system's fault says, in what is spoken, without the system's name before it.
pub fn own_words(system: &SystemId, text: &str) -> String {
    let said = said(text);
    let rest = said.strip_prefix(system.as_str());
    rest.and_then(|rest| rest.strip_prefix(": ").or_else(|| rest.strip_prefix('：'))).unwrap_or(&said).to_owned()
}

/// Seconds until a system that is left alone is tried again.
fn resting(status: &SystemStatus, now: jiff::Timestamp) -> Option<i64> {
    let left = status.resting.as_ref()?.until.duration_since(now).as_secs();
    (left >= 0).then_some(left + 1)
}

impl App {
    /// Whether a wait is counted down on the screen.
    pub(super) fn counts_down(&self) -> bool {
        let systems = self.world.iter().flat_map(|world| world.systems.iter());
        systems.into_iter().any(|status| resting(status, self.now).is_some())
    }

    /// Says what came of the test that was asked for, once it is over.
    pub(super) fn tested(&mut self) {
        let Some(testing) = &mut self.systems.testing else { return };
        let Some(world) = &self.world else { return };
        let Some(status) = world.systems.iter().find(|status| status.id == testing.system) else { return };
        if matches!(status.health, Health::Probing | Health::Reading { .. }) {
            testing.begun = true;
            return;
        }
        let same = match (&testing.site, &status.site) {
            (Some(before), Some(now)) => Arc::ptr_eq(before, now),
            (before, now) => before.is_none() && now.is_none(),
        };
        if same && !testing.begun {
            return;
        }
        let evidence = status.site.as_ref().map_or(&[][..], |site| &site.evidence);
        let bad = evidence.iter().filter(|line| line.finding == Finding::Bad).count();
        let (tone, words) = match &status.health {
            Health::Bad { text, .. } => (Tone::Bad, own_words(&status.id, text.lines().next().unwrap_or_default())),
            _ if bad > 0 => (Tone::Bad, text!("systems.tested-bad", n = bad, of = evidence.len())),
            _ => (Tone::Good, text!("systems.tested", n = evidence.len())),
        };
        let words = format!("{}: {words}", status.id);
        self.systems.testing = None;
        self.say(tone, words);
    }

    /// When the oldest snapshot of a system was taken.
    pub fn oldest(&self, status: &SystemStatus) -> Option<jiff::Timestamp> {
        self.snapshots(status).map(|snapshot| snapshot.taken).min()
    }

    fn snapshots<'a>(&'a self, status: &SystemStatus) -> impl Iterator<Item = &'a Snapshot> + use<'a> {
        let inputs = self.world.as_ref().map(|world| &world.compared.inputs);
        let view = inputs.and_then(|inputs| inputs.systems.iter().find(|view| view.id == status.id));
        view.into_iter().flat_map(|view| view.snapshots.iter().flatten()).map(|snapshot| &**snapshot)
    }

    /// What was read of a system and is not proved to be all, with the reason.
    pub(super) fn unproved(&self, status: &SystemStatus) -> Vec<(Kind, String, String)> {
        let feeds = self.snapshots(status).flat_map(|snapshot| {
            snapshot.feeds.iter().filter_map(|feed| match &feed.proof {
                Proof::Partial { why } => Some((snapshot.kind, feed.feed.to_string(), why.clone())),
                _ => None,
            })
        });
        feeds.collect()
    }

    /// The system under the cursor of the systems' tab.
    pub fn system_here(&self) -> Option<&SystemStatus> {
        self.world.as_ref()?.systems.get(self.systems.at)
    }

    /// Lines of the report that fit: all but header, tabs, the list with its heading, a rule and the footer.
    pub fn report_height(&self) -> usize {
        let systems = self.world.as_ref().map_or(0, |world| world.systems.len());
        usize::from(self.size.1).saturating_sub(5 + systems)
    }

    /// All that is known about a system, as lines.
    pub fn report_on(&self, status: &SystemStatus) -> Vec<Line> {
        let mut lines = Vec::new();
        match &status.health {
            Health::Bad { text, .. } => {
                lines.extend(text.lines().map(|line| Line::default().data(Tone::Bad, own_words(&status.id, line))));
            }
            Health::Partial(text) => {
                lines.extend(text.lines().map(|line| Line::default().data(Tone::Warn, said(line))));
            }
            _ => {}
        }
        lines.extend(Self::access_lines(status));
        if let (Some(rest), Some(left)) = (&status.resting, resting(status, self.now)) {
            let words =
                text!("systems.resting-until", why = own_words(&status.id, &rest.why), times = rest.times, n = left);
            lines.push(Line::of(Tone::Dim, padded(text!("systems.resting"), 10)).data(Tone::Bad, words).hanging(10));
        }
        lines.push(Line::default());
        lines.extend(self.evidence_lines(status));
        lines.extend(self.feed_lines(status));
        lines.extend(recent_lines(status));
        let cells = usize::from(self.size.0).saturating_sub(4);
        lines.iter().flat_map(|line| line.wrapped(cells)).collect()
    }

    fn access_lines(status: &SystemStatus) -> Vec<Line> {
        let pair = |name: &str, line: Line| -> Line {
            let mut whole = Line::of(Tone::Dim, padded(name, 10));
            whole.parts.extend(line.parts);
            whole.private.extend(line.private);
            whole.hanging(10)
        };
        let mut lines = Vec::new();
        lines.push(pair(text!("systems.url"), Line::default().data(Tone::Plain, status.url.clone())));
        let site = status.site.as_ref();
        // Who was signed in before says nothing of a sign-in that is refused.
        let lets_in = !matches!(status.health, Health::Bad { .. });
        if let Some(who) = site.and_then(|site| site.whoami.as_ref()).filter(|_| lets_in) {
            lines.push(pair(text!("systems.whoami"), Line::default().data(Tone::Plain, who.clone())));
        }
        let mut access = Line::of(Tone::Plain, mode(status.mode));
        if status.production {
            access = access.with(Tone::Bad, format!("  {}", text!("mode.production")));
        }
        let limits = status.policy.limits;
        access = access.with(
            Tone::Dim,
            text!(
                "systems.limits",
                deactivate = limits.deactivate,
                delete = limits.delete,
                remove = limits.remove,
                percent = limits.percent
            ),
        );
        lines.push(pair(text!("systems.mode"), access));
        let protect = &status.policy.protect;
        if !protect.is_empty() {
            lines.push(pair(text!("systems.protect"), Line::plain(protect.to_string())));
        }
        if let Some(why) = site.and_then(|site| site.blocked.as_ref()) {
            lines.push(pair(text!("systems.blocked"), Line::default().data(Tone::Bad, said(why))));
        }
        if let Some(why) = site.and_then(|site| site.warning.as_ref()) {
            lines.push(pair(text!("systems.warning"), Line::default().data(Tone::Warn, said(why))));
        }
        let budget = status.budget;
        let mut speed = text!(
            "systems.speed",
            rate = rate(budget.per_second),
            tokens = format!("{:.0}", budget.tokens.max(0.0)),
            burst = budget.burst
        );
        if let Some(remaining) = budget.remaining {
            speed.push_str(&text!("systems.remaining", n = remaining));
        }
        let mut line = Line::plain(speed);
        if budget.wait > 0.0 {
            line = line.with(Tone::Warn, text!("systems.wait", n = format!("{:.0}", budget.wait.ceil())));
        }
        lines.push(pair(text!("systems.budget"), line));
        lines
    }

    fn evidence_lines(&self, status: &SystemStatus) -> Vec<Line> {
        let key = self.keymap.shown(super::Action::Test);
        let mut lines = vec![Line::of(Tone::Heading, text!("systems.evidence")).with(Tone::Dim, format!("  {key}"))];
        let evidence = status.site.as_ref().map_or(&[][..], |site| &site.evidence);
        for line in evidence {
            let (mark, tone) = match line.finding {
                Finding::Good => ("ok", Tone::Good),
                Finding::Note => (" i", Tone::Warn),
                Finding::Bad => (" x", Tone::Bad),
            };
            lines.push(
                Line::of(tone, format!("  {mark} "))
                    .with(Tone::Plain, padded(&format!("{} ", said(&line.what)), 29))
                    .data(Tone::Dim, said(&line.detail))
                    .hanging(5),
            );
        }
        if evidence.is_empty() {
            lines.push(Line::of(Tone::Dim, text!("systems.no-evidence")));
        }
        lines.push(Line::default());
        lines
    }

    fn feed_lines(&self, status: &SystemStatus) -> Vec<Line> {
        let mut lines = vec![Line::of(Tone::Heading, text!("systems.feeds"))];
        let mut any = false;
        for snapshot in self.snapshots(status) {
            for feed in &snapshot.feeds {
                any = true;
                let (tone, proof) = match &feed.proof {
                    Proof::Complete { how, total } => {
                        (Tone::Good, text!("proof.complete", n = text::count(*total), how = said(how)))
                    }
                    Proof::Partial { why } => (Tone::Warn, text!("proof.partial", why = said(why))),
                    Proof::Acknowledged { by, why } => (Tone::Warn, text!("proof.acknowledged", by = by, why = why)),
                    Proof::Reading { read, of: Some(of) } => {
                        (Tone::Dim, text!("proof.reading-of", n = text::count(*read), of = text::count(*of)))
                    }
                    Proof::Reading { read, of: None } => (Tone::Dim, text!("proof.reading", n = text::count(*read))),
                };
                let requests = text!("systems.feed-cost", pages = feed.pages, requests = feed.requests);
                lines.push(
                    Line::of(Tone::Plain, format!("  {}{:<18} ", padded(plural(snapshot.kind), 9), feed.feed))
                        .with(Tone::Dim, format!("{}  ", flush(&age(snapshot.taken, self.now), 4)))
                        .with(tone, proof)
                        .with(Tone::Dim, requests)
                        .hanging(5),
                );
            }
        }
        if !any {
            lines.push(Line::of(Tone::Dim, text!("systems.no-feeds")));
        }
        lines.push(Line::default());
        lines
    }
}

/// A speed: `5`, `0.5`.
pub fn rate(per_second: f64) -> String {
    if per_second.fract() == 0.0 { text::count(per_second as u64) } else { format!("{per_second:.2}") }
}

/// A kind as the tabs call it.
pub fn plural(kind: Kind) -> &'static str {
    match kind {
        Kind::User => text!("tab.users"),
        Kind::Group => text!("tab.groups"),
        Kind::Role => text!("tab.roles"),
        Kind::Product => text!("tab.products"),
    }
}

fn recent_lines(status: &SystemStatus) -> Vec<Line> {
    let mut lines = vec![Line::of(Tone::Heading, text!("systems.recent"))];
    for sent in status.recent.iter().rev() {
        let (tone, answer) = match (sent.status, &sent.fault) {
            (Some(code @ 200..400), _) => (Tone::Good, code.to_string()),
            (Some(code), _) => (Tone::Bad, code.to_string()),
            (None, Some(_)) => (Tone::Bad, "---".to_owned()),
            (None, None) => (Tone::Dim, "...".to_owned()),
        };
        let at = sent.at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string();
        let again = if sent.attempt > 1 { text!("systems.attempt", n = sent.attempt) } else { String::new() };
        let mut line = Line::of(Tone::Dim, format!("  {at}  "))
            .with(tone, format!("{answer:>3} "))
            .with(Tone::Dim, format!("{:>6} ms {:>9} B  ", text::count(u64::from(sent.took)), text::count(sent.bytes)))
            .with(Tone::Plain, format!("{:<6} ", sent.method))
            .data(Tone::Plain, sent.target.clone())
            .with(Tone::Warn, again);
        if let Some(fault) = &sent.fault {
            line = line.data(Tone::Bad, format!("  {}", own_words(&status.id, fault)));
        }
        lines.push(line);
    }
    if status.recent.is_empty() {
        lines.push(Line::of(Tone::Dim, text!("systems.no-requests")));
    }
    lines
}
