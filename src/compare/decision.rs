//! What the operator decided, kept between runs: who is who, which differences are adopted, what is never touched, which
//! odd texts are meant.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Link;
use crate::model::{AttrPath, RecordKey};

/// A difference that the operator adopted: not counted while both sides stay as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The target's record.
    pub target: RecordKey,
    /// The attribute.
    pub path: AttrPath,
    /// The entry's key, the target's own ids joined with a space; empty for a text.
    #[serde(default)]
    pub entry: String,
    /// A hash of the source's value.
    pub source: u64,
    /// A hash of the target's value.
    pub value: u64,
    /// Why.
    pub reason: String,
    /// Until when; `None` for good.
    pub until: Option<jiff::Timestamp>,
}

impl Waiver {
    /// That both values of a facet of a target's record may stand as they are now: the source's, the target's.
    pub(super) fn new(
        (target, path, entry): (RecordKey, AttrPath, String),
        own: &[Option<String>; 2],
        reason: &str,
        until: Option<jiff::Timestamp>,
    ) -> Self {
        let [source, value] = own.each_ref().map(|own| value_hash(own.as_deref().unwrap_or_default()));
        Self { target, path, entry, source, value, reason: reason.to_owned(), until }
    }

    /// Whether it is about this facet with these values.
    pub(super) fn holds(&self, path: &AttrPath, entry: &str, own: &[Option<String>; 2]) -> bool {
        let hash = |at: usize| value_hash(own[at].as_deref().unwrap_or_default());
        self.path == *path && self.entry == entry && self.source == hash(0) && self.value == hash(1)
    }
}

/// A record that is never touched by a push.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protection {
    /// Which.
    pub record: RecordKey,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: jiff::Timestamp,
}

/// The operator has seen the odd characters of a value, and means it: it may be written as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// The record whose value it is.
    pub record: RecordKey,
    /// The attribute.
    pub path: AttrPath,
    /// A hash of the value: another one is agreed anew.
    pub value: u64,
    /// Since when.
    pub since: jiff::Timestamp,
}

impl Agreement {
    /// The agreement to a value.
    pub fn to(record: RecordKey, path: AttrPath, value: &str, since: jiff::Timestamp) -> Self {
        Self { record, path, value: value_hash(value), since }
    }

    /// Whether it is to this value.
    pub fn holds(&self, record: &RecordKey, path: &AttrPath, value: &str) -> bool {
        self.path == *path && self.record == *record && self.value == value_hash(value)
    }
}

/// One decision, made or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Two records are the same, or are not.
    Link(Link),
    /// What was decided about two records is forgotten.
    Unlink(RecordKey, RecordKey),
    /// The target's value may stand.
    Adopt(Waiver),
    /// It may not any more: record, attribute, entry.
    Withdraw(RecordKey, AttrPath, String),
    /// A record is never touched.
    Protect(Protection),
    /// It may be touched again.
    Unprotect(RecordKey),
    /// A value with odd characters is meant.
    Agree(Agreement),
}

/// All decisions that stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions {
    /// Who is who.
    pub links: Vec<Link>,
    /// Adopted differences, those that are over included.
    pub waivers: Vec<Waiver>,
    /// Records that are never touched.
    pub protected: Vec<Protection>,
    /// Values that are meant.
    pub agreed: Vec<Agreement>,
}

impl Decisions {
    /// Takes one in: the newest about the same thing counts.
    pub fn take(&mut self, decision: Decision) {
        match decision {
            Decision::Link(link) => {
                self.links.retain(|have| !(have.a == link.a && have.b == link.b));
                self.links.push(link);
            }
            Decision::Unlink(a, b) => self.links.retain(|have| !(have.a == a && have.b == b)),
            Decision::Adopt(waiver) => {
                self.waivers.retain(|have| {
                    !(have.target == waiver.target && have.path == waiver.path && have.entry == waiver.entry)
                });
                self.waivers.push(waiver);
            }
            Decision::Withdraw(target, path, entry) => {
                self.waivers.retain(|have| !(have.target == target && have.path == path && have.entry == entry));
            }
            Decision::Protect(protection) => {
                self.protected.retain(|have| have.record != protection.record);
                self.protected.push(protection);
            }
            Decision::Unprotect(record) => self.protected.retain(|have| have.record != record),
            Decision::Agree(agreement) => {
                self.agreed.retain(|have| {
                    !(have.record == agreement.record && have.path == agreement.path && have.value == agreement.value)
                });
                self.agreed.push(agreement);
            }
        }
    }

    /// When the next adoption ends.
    pub fn next_end(&self, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
        self.waivers.iter().filter_map(|waiver| waiver.until).filter(|until| *until > now).min()
    }
}

/// The first eight bytes of SHA-256: kept in the journal, so it must not change between versions.
pub(super) fn value_hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
