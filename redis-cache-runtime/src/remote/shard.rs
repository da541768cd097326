//! One part of a cache: its entries in one slot, and the queue of writes to them.

use std::sync::Arc;

use tokio::sync::Notify;

use super::{Keyspace, WriteBehindQueue, epoch::Known};
use crate::{
    config::MaxSize,
    conn::{News, Route},
};

/// A cache has one shard, or as many as `shards = …` says, each with its part of `maxsize`.
#[derive(Debug)]
pub(crate) struct Shard {
    keyspace: Keyspace,
    maxsize: MaxSize,
    route: Route,
    queue: WriteBehindQueue,
    work: Notify,
    urgent: Notify,
}

impl Shard {
    pub(crate) fn new(keyspace: Keyspace, maxsize: MaxSize, route: impl Into<Route>) -> Self {
        Self {
            keyspace,
            maxsize,
            route: route.into(),
            queue: WriteBehindQueue::default(),
            work: Notify::new(),
            urgent: Notify::new(),
        }
    }

    pub(crate) const fn keyspace(&self) -> &Keyspace {
        &self.keyspace
    }

    pub(crate) const fn maxsize(&self) -> MaxSize {
        self.maxsize
    }

    pub(crate) const fn route(&self) -> &Route {
        &self.route
    }

    pub(crate) const fn queue(&self) -> &WriteBehindQueue {
        &self.queue
    }

    /// The question about clears and invalidations that goes out before a look-up; `None` once Redis has answered it.
    pub(crate) fn news(self: &Arc<Self>) -> Option<News> {
        if !self.queue.is_unaware() {
            return None;
        }
        let shard = Arc::clone(self);
        Some(News::new(Known::question(&self.keyspace), move |answer| {
            if let Some(known) = Known::answered(answer) {
                shard.queue.learn_first(known);
            }
        }))
    }

    /// Wakes the writer: the queue has jobs.
    pub(crate) fn announce(&self) {
        self.work.notify_one();
    }

    /// Wakes the writer, which is not to wait for more jobs: a caller waits for one.
    pub(crate) fn hurry(&self) {
        self.urgent.notify_one();
    }

    /// Waits for [`Shard::announce`].
    pub(super) async fn announced(&self) {
        self.work.notified().await;
    }

    /// Waits for [`Shard::hurry`].
    pub(super) async fn hurried(&self) {
        self.urgent.notified().await;
    }
}

/// The hash tags of a cache's shards, each with its part of `maxsize`.
pub(crate) fn split(name: &str, maxsize: MaxSize, shards: u16) -> Vec<(String, MaxSize)> {
    if shards == 1 {
        return vec![(name.to_owned(), maxsize)];
    }
    let count = usize::from(shards);
    let part = |place: usize| match maxsize {
        MaxSize::Entries(entries) => {
            MaxSize::Entries(entries / count + usize::from(place < entries % count))
        }
        MaxSize::Unbounded => MaxSize::Unbounded,
    };
    (0..count)
        .map(|place| (format!("{name}#{place}"), part(place)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_bound_add_up() {
        for (entries, shards) in [(10, 3), (8, 8), (1_000_001, 7), (0, 4)] {
            let parts = split("c", MaxSize::Entries(entries), shards);
            let sum: usize = parts.iter().filter_map(|(_, part)| part.entries()).sum();
            assert_eq!(sum, entries);
            assert_eq!(parts.len(), usize::from(shards));
        }
        assert_eq!(
            split("c", MaxSize::Unbounded, 1),
            [("c".to_owned(), MaxSize::Unbounded)]
        );
        assert_eq!(split("c", MaxSize::Unbounded, 2)[1].0, "c#1");
    }
}
