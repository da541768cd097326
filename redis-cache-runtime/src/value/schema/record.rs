//! The record of the passes over a type.

use std::collections::BTreeMap;

/// The places of a type and what is known of each. A place is named by the way to it: `$.scores[].value`.
#[derive(Debug, Default)]
pub(super) struct Record {
    facts: BTreeMap<String, String>,
    /// Which field or variant this pass takes wherever there are several.
    way: Vec<usize>,
    /// The number of choices that this pass has made.
    taken: usize,
    /// The ways of later passes.
    ways: Vec<Vec<usize>>,
}

impl Record {
    /// Begins the next pass, if there is another way to take.
    pub(super) fn next_way(&mut self) -> bool {
        self.taken = 0;
        let next = self.ways.pop();
        let more = next.is_some();
        self.way = next.unwrap_or_default();
        more
    }

    /// Records the request at `place`, once: a type makes the same request at a place each time.
    pub(super) fn note(&mut self, place: &str, fact: impl FnOnce() -> String) {
        if !self.facts.contains_key(place) {
            self.facts.insert(place.to_owned(), fact());
        }
    }

    /// Which of so many fields or variants to take. Past the end of its way a pass takes the first, and leaves the others
    /// to later passes.
    pub(super) fn choose(&mut self, count: usize) -> usize {
        self.taken += 1;
        if let Some(chosen) = self.way.get(self.taken - 1) {
            return *chosen;
        }
        let others = (1..count).rev();
        let others = others.map(|other| self.way.iter().copied().chain([other]).collect());
        self.ways.extend(others);
        self.way.push(0);
        0
    }

    /// The hash of all requests of the type.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for (place, fact) in &self.facts {
            for text in [place, fact] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
        }
        hasher.finalize().into()
    }
}
