//! The order that `functools.lru_cache` keeps, with plain lists: the front is the next to go.

use std::collections::{HashSet, VecDeque};

/// One list for each shard, with its part of the bound.
pub(crate) struct Oracle {
    lists: Vec<List>,
    /// The shard of each argument.
    places: Vec<usize>,
    /// Entries that Redis may still hold, because the command that evicts them is on its way.
    leaving: HashSet<u32>,
}

struct List {
    entries: VecDeque<u32>,
    maxsize: usize,
}

impl Oracle {
    /// For arguments below `places.len()`. A bound that can't be split evenly gives the first shards one more.
    pub(crate) fn new(maxsize: usize, shards: u16, places: Vec<usize>) -> Self {
        let shards = usize::from(shards);
        let list = |place| List {
            entries: VecDeque::new(),
            maxsize: maxsize / shards + usize::from(place < maxsize % shards),
        };
        Self {
            lists: (0..shards).map(list).collect(),
            places,
            leaving: HashSet::new(),
        }
    }

    /// Whether a call for `n` may hit an evicted entry, before all earlier writes have reached Redis.
    pub(crate) fn is_leaving(&self, n: u32) -> bool {
        self.leaving.contains(&n)
    }

    /// All earlier writes have reached Redis.
    pub(crate) fn flushed(&mut self) {
        self.leaving.clear();
    }

    /// Tells whether a call for `n` is a hit.
    pub(crate) fn call(&mut self, n: u32) -> bool {
        let list = &mut self.lists[self.places[n as usize]];
        let found = list.entries.iter().position(|entry| *entry == n);
        match found {
            Some(at) => drop(list.entries.remove(at)),
            None if list.entries.len() == list.maxsize => {
                self.leaving.extend(list.entries.pop_front());
            }
            None => {}
        }
        list.entries.push_back(n);
        found.is_some()
    }

    /// All that is held, in each shard the next to go first.
    pub(crate) fn entries(&self) -> Vec<u32> {
        let lists = self.lists.iter();
        lists
            .flat_map(|list| list.entries.iter().copied())
            .collect()
    }
}
