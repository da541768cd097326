//! What the passes over a type have found.

use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The shape of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Schema {
    /// The hash of everything the type asks for.
    pub(crate) digest: [u8; 32],
    /// Whether MessagePack can write two of the type's values alike: an option of an option, of a unit, or of
    /// something that may be either.
    pub(crate) ambiguous: bool,
}

/// The places of a type and what is known of each. A place is named by the way to it: `$.scores[].value`.
#[derive(Debug, Default)]
pub(super) struct Record {
    facts: BTreeMap<String, String>,
    /// Places that a pass could not go through, to be left out by the next.
    blocked: BTreeSet<String>,
    /// For each enum: the variant that the next pass takes, and how many there are.
    variants: HashMap<String, Variants>,
    ambiguous: bool,
    /// Whether this pass has found anything new.
    learned: bool,
}

#[derive(Debug)]
struct Variants {
    next: usize,
    count: usize,
}

impl Record {
    pub(super) fn begin_pass(&mut self) {
        self.learned = false;
    }

    /// Notes what is asked for at `place`, once: a place is always asked for the same.
    pub(super) fn note(&mut self, place: &str, fact: impl FnOnce() -> String) {
        if !self.facts.contains_key(place) {
            self.facts.insert(place.to_owned(), fact());
            self.learned = true;
        }
    }

    pub(super) fn note_ambiguous(&mut self) {
        self.ambiguous = true;
    }

    /// Notes that the value at `place` could not be made up.
    pub(super) fn block(&mut self, place: &str) {
        if self.blocked.insert(place.to_owned()) {
            self.learned = true;
        }
    }

    pub(super) fn is_blocked(&self, place: &str) -> bool {
        self.blocked.contains(place)
    }

    /// The variant to take in the enum at `place`, which has `count` of them.
    ///
    /// When all have been seen it stays at the first that can be gone through, so that what follows the enum
    /// is reached too.
    pub(super) fn choose_variant(&mut self, place: &str, count: usize) -> usize {
        let variants = self
            .variants
            .entry(place.to_owned())
            .or_insert(Variants { next: 0, count });
        if variants.next < variants.count {
            variants.next += 1;
            self.learned = true;
            return variants.next - 1;
        }
        (0..count)
            .find(|index| !self.blocked.contains(&variant_place(place, *index)))
            .unwrap_or(0)
    }

    /// Whether another pass may find something that this one did not.
    pub(super) fn has_more(&self, complete: bool) -> bool {
        let unseen = self
            .variants
            .values()
            .any(|variants| variants.next < variants.count);
        unseen || (!complete && self.learned)
    }

    pub(super) fn into_schema(self) -> Schema {
        let mut hasher = blake3::Hasher::new();
        for (place, fact) in &self.facts {
            for text in [place, fact] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        }
        Schema {
            digest: hasher.finalize().into(),
            ambiguous: self.ambiguous,
        }
    }
}

/// How the place of one variant's content is named.
pub(super) fn variant_place(place: &str, index: usize) -> String {
    format!("{place}#{index}")
}
