//! The salted hash that stands for a sensitive value in the record of pushes: HMAC-SHA256 under a key of this journal alone.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::plan::{DIGITS, VEIL};

/// Hashes values; its key is never shown.
#[derive(Clone)]
pub struct Sealer(Hmac<Sha256>);

impl std::fmt::Debug for Sealer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Sealer")
    }
}

impl Sealer {
    /// A sealer with this key. `None`: it is empty, which seals nothing.
    pub(super) fn new(key: &[u8]) -> Option<Self> {
        if key.is_empty() { None } else { Hmac::new_from_slice(key).ok().map(Self) }
    }

    /// The hash of a value.
    pub fn seal(&self, text: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        let hash = mac.finalize().into_bytes();
        let hex = hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        format!("{VEIL}{}", &hex[..DIGITS])
    }

    /// Whether a hash stands for this value.
    pub fn stands_for(&self, sealed: &str, text: &str) -> bool {
        self.seal(text) == sealed
    }
}
