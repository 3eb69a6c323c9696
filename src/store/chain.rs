//! The hash chain over the journal's entries: each entry's hash covers the one before it, so that none can be changed or
//! taken out unseen.

use sha2::{Digest, Sha256};

/// A hash.
pub(super) type Hash = [u8; 32];

/// What comes before the first entry.
pub(super) const GENESIS: Hash = [0; 32];

/// What is hashed of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link<'e> {
    pub(super) number: i64,
    pub(super) at: &'e str,
    pub(super) what: &'e str,
    pub(super) plan: &'e str,
    pub(super) step: &'e str,
    pub(super) about: i64,
    pub(super) body: &'e str,
}

/// The hash of an entry that follows one with the hash `before`.
pub(super) fn hash(before: &Hash, link: Link<'_>) -> Hash {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(link.number.to_le_bytes());
    hash.update(link.about.to_le_bytes());
    for text in [link.at, link.what, link.plan, link.step, link.body] {
        // With lengths, so that no text can be moved across a border.
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link<'e>(step: &'e str, body: &'e str) -> Link<'e> {
        Link { number: 1, at: "t", what: "intend", plan: "p", step, about: 0, body }
    }

    #[test]
    fn text_moved_from_one_field_to_the_next_changes_the_hash() {
        assert_ne!(hash(&GENESIS, link("ab", "c")), hash(&GENESIS, link("a", "bc")));
    }

    #[test]
    fn the_entry_before_is_part_of_the_hash() {
        let first = hash(&GENESIS, link("a", "b"));
        assert_ne!(hash(&GENESIS, link("a", "b")), hash(&first, link("a", "b")));
    }
}
