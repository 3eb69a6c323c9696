//! A system that has far fewer records than when it was last read whole: it may be true, and it may be the wrong account, a
//! filter, or a service that has lost its data and says so with a straight face.

use super::{Guard, Look};
use crate::model::{Kind, Op, SystemId};

/// Fewer records than this are no shrinking: small systems move by large shares.
const FEW: u64 = 5;

/// A kind of a system that has shrunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The system.
    pub system: SystemId,
    /// The kind.
    pub kind: Kind,
    /// Records when it was last read whole, as far as that was taken for right.
    pub before: u64,
    /// Records now.
    pub now: u64,
}

impl Shrunk {
    /// Whether a fall from one number to another is more than this many percent.
    pub fn is(before: u64, now: u64, percent: u32) -> bool {
        let lost = before.saturating_sub(now);
        lost >= FEW && lost * 100 > before * u64::from(percent)
    }
}

impl Look<'_> {
    /// What would be done on the strength of it: what the source lacks is taken away, what the target lacks is created.
    pub(super) fn shrunk(&self, shrunk: &[Shrunk], most: u32) -> Vec<Guard> {
        let about = |one: &&Shrunk| {
            self.changes.iter().any(|change| {
                change.kind == one.kind
                    && (change.op.removes() || (change.op == Op::Create && one.system == *self.system))
            })
        };
        let told = shrunk.iter().filter(about).map(|one| {
            let tenths = (one.before - one.now) * 1000 / one.before.max(1);
            let text = format!(
                "{} had {} {} when it was last read whole, and has {} now ({}.{} % fewer; {most} % may be gone without a word). If \
                 that is right, acknowledge it; else look at its connection, its key and its filter first",
                one.system,
                one.before,
                one.kind.plural().to_lowercase(),
                one.now,
                tenths / 10,
                tenths % 10
            );
            let guard = self.guard("shrunk", Some(one.kind), true, text);
            Guard { measure: Some(one.before - one.now), ..guard }
        });
        told.collect()
    }
}
