//! How much a push may do at once: numbers and percentages by operation and kind, counting what earlier pushes have just done.

use super::{Guard, Limits, Look, Policy};
use crate::model::{Kind, Op};
use crate::plan::Change;

impl Look<'_> {
    /// Records (or entries) that a push would touch in this way, and those that earlier pushes did within the window.
    fn touched(&self, kind: Kind, op: Op, before: usize) -> Touched {
        let mine = self.changes.iter().filter(|change| change.kind == kind && change.op == op);
        // Several attributes of one record are one record.
        let now = if op == Op::Set {
            let mut records: Vec<_> = mine.map(|change| &change.target).collect();
            records.sort();
            records.dedup();
            records.len()
        } else {
            mine.count()
        };
        Touched { now, before }
    }

    /// Every limit of a kind that these changes exceed.
    pub(super) fn limits(&self, kind: Kind, known: &super::Known, found: &mut Vec<Guard>) {
        let Policy { limits_of, .. } = &known.policy;
        let limits = known.policy.limits(kind);
        let place = if limits_of.contains_key(&kind) { format!("limits.{kind}") } else { "limits".to_owned() };
        let over = Over { look: self, kind, limits, place };
        let before = |op: Op| known.taken.get(&(kind, op)).copied().unwrap_or(0);
        let count = |op: Op| self.touched(kind, op, before(op));
        let (deactivated, deleted) = (count(Op::Deactivate), count(Op::Delete));
        found.extend(over.number("deactivate", "deactivated", deactivated, Some(limits.deactivate)));
        found.extend(over.number("delete", "deleted for good", deleted, Some(limits.delete)));
        found.extend(over.number("remove", REMOVED, count(Op::Drop), Some(limits.remove)));
        found.extend(over.number("create", "created", count(Op::Create), limits.create));
        found.extend(over.number("update", "changed", count(Op::Set), limits.update));
        found.extend(over.number("reactivate", "reactivated", count(Op::Reactivate), limits.reactivate));
        found.extend(over.number("add", ADDED, count(Op::Put), limits.add));
        let taken = Touched { now: deactivated.now + deleted.now, before: deactivated.before + deleted.before };
        found.extend(over.percent("percent", "deactivated or deleted", taken, Some(limits.percent)));
        found.extend(over.percent("create_percent", "created", count(Op::Create), limits.create_percent));
        found.extend(over.percent("update_percent", "changed", count(Op::Set), limits.update_percent));
    }
}

const REMOVED: &str = "taken away";
const ADDED: &str = "added";

#[derive(Clone, Copy)]
struct Touched {
    now: usize,
    /// By earlier pushes within the window.
    before: usize,
}

impl Touched {
    fn all(self) -> usize {
        self.now + self.before
    }
}

struct Over<'o> {
    look: &'o Look<'o>,
    kind: Kind,
    limits: &'o Limits,
    place: String,
}

impl Over<'_> {
    fn how(&self, key: &str) -> String {
        format!(
            "Acknowledge it if that is meant, or unstage some, or raise {}.{key} for {} in trueup.toml",
            self.place, self.look.system
        )
    }

    /// What would be done, and what the earlier pushes add to it.
    fn with(&self, said: &str, touched: Touched) -> String {
        match (touched.before, self.limits.hours) {
            (0, _) => said.to_owned(),
            (before, 1) => format!("{said} after {before} in the last hour"),
            (before, hours) => format!("{said} after {before} in the last {hours} hours"),
        }
    }

    fn number(&self, key: &str, what: &str, touched: Touched, most: Option<u32>) -> Option<Guard> {
        let most = most?;
        if touched.now == 0 || touched.all() <= most as usize {
            return None;
        }
        let (plural, system) = (self.kind.plural().to_lowercase(), self.look.system);
        let count = touched.now;
        let said = match what {
            REMOVED => format!("{count} entries would be taken away from {plural} of {system}"),
            ADDED => format!("{count} entries would be added to {plural} of {system}"),
            what => format!("{count} {plural} of {system} would be {what}"),
        };
        let text = format!("{}; at most {most} at once are allowed. {}", self.with(&said, touched), self.how(key));
        let guard = self.look.guard(&format!("limit-{key}"), Some(self.kind), true, text);
        Some(Guard { measure: Some(touched.all() as u64), ..guard })
    }

    fn percent(&self, key: &str, what: &str, touched: Touched, most: Option<u32>) -> Option<Guard> {
        let (most, of) = (most?, self.look.records(self.kind));
        let all = touched.all();
        if touched.now == 0 || of == 0 || all as u64 * 100 <= u64::from(most) * of as u64 {
            return None;
        }
        // In tenths, rounded up, so that what is over the limit never reads as being at it.
        let tenths = (all * 1000).div_ceil(of);
        let (plural, system) = (self.kind.plural().to_lowercase(), self.look.system);
        let counted = match touched.before {
            0 => format!("{} of {of}", touched.now),
            before => format!("{} and {before} before, of {of}", touched.now),
        };
        let said = format!("{counted} {plural} of {system} ({}.{} %) would be {what}", tenths / 10, tenths % 10);
        let text = format!("{}; at most {most} % at once are allowed. {}", self.with(&said, touched), self.how(key));
        let rule = format!("limit-{}", key.replace('_', "-"));
        let guard = self.look.guard(&rule, Some(self.kind), true, text);
        Some(Guard { measure: Some(tenths as u64), ..guard })
    }
}

/// What changes count as against the limits: by kind and operation.
pub fn counted<'c>(changes: impl Iterator<Item = &'c Change>) -> std::collections::BTreeMap<(Kind, Op), usize> {
    let mut all: std::collections::BTreeMap<(Kind, Op), Vec<&Change>> = std::collections::BTreeMap::new();
    for change in changes {
        let own = all.entry((change.kind, change.op)).or_default();
        if change.op != Op::Set || !own.iter().any(|other| other.target == change.target) {
            own.push(change);
        }
    }
    all.into_iter().map(|(key, changes)| (key, changes.len())).collect()
}
