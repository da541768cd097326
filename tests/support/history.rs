//! The calls and the runs of a handler, and whether the calls follow from the runs.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use redis_cache_runtime::{CacheInfo, CacheStatus};
use serde::{Deserialize, Serialize};

/// The history of one cache's handler: its body takes its answer from [`run`](Self::run), and its callers report theirs.
///
/// Its size does not grow with the calls, so that it can watch for a long time.
#[derive(Debug, Default)]
pub struct History {
    /// How often the body ran for each key and version.
    runs: Mutex<HashMap<(u64, u64), u64>>,
    /// Makes the tags of this history, and no other code can.
    secret: RandomState,
    began: AtomicU64,
    calls: AtomicU64,
    hits: AtomicU64,
}

/// The value of one run of the body, different from every other run's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Produced {
    key: u64,
    version: u64,
    /// The number of the run, among those of this key and version.
    run: u64,
    /// Tells that the rest was not made up.
    tag: u64,
}

impl History {
    /// Records a run of the body. To be called first in it.
    pub fn run(&self, key: u64, version: u64) -> Produced {
        self.began.fetch_add(1, Ordering::Relaxed);
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        let times = runs.entry((key, version)).or_default();
        let run = *times;
        *times += 1;
        let tag = self.tag(key, version, run);
        Produced {
            key,
            version,
            run,
            tag,
        }
    }

    /// Records a call that got a value, and checks that a run of the body for this key and version has produced it.
    #[track_caller]
    pub fn got(&self, key: u64, version: u64, value: &Produced, result: CacheStatus) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.hits
            .fetch_add(u64::from(result.is_hit()), Ordering::Relaxed);
        assert_eq!(
            (value.key, value.version),
            (key, version),
            "another's value: {result}"
        );
        assert_eq!(
            value.tag,
            self.tag(key, version, value.run),
            "a value that nobody has produced: {result}"
        );
    }

    /// Records a call whose body has failed, which only its own can have.
    #[track_caller]
    pub fn failed(&self, result: CacheStatus) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        assert!(!result.is_hit(), "another's failure: {result}");
    }

    /// Records a call that did not return: it panicked, or its caller went away.
    pub fn lost(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// How many calls were recorded.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// How often the body ran.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.began.load(Ordering::Relaxed)
    }

    /// Checks that the cache has counted each call, the hits as hits, and all others as runs. To be asked when no call is
    /// under way.
    #[track_caller]
    pub fn add_up(&self, info: &CacheInfo) {
        let hits = [
            CacheStatus::HitRedis,
            CacheStatus::HitBuffer,
            CacheStatus::Coalesced,
        ];
        let runs = [
            CacheStatus::Miss,
            CacheStatus::Bypass,
            CacheStatus::ErrorOpen,
        ];
        let sum = |results: &[CacheStatus]| -> u64 {
            results.iter().map(|result| info.count(*result)).sum()
        };
        let cancelled = info.count(CacheStatus::Cancelled);
        assert_eq!(info.hits, sum(&hits), "{info:?}");
        assert_eq!(info.misses, sum(&runs), "{info:?}");
        assert_eq!(
            info.hits + info.misses + cancelled,
            self.calls(),
            "{info:?}"
        );
        assert_eq!(info.misses, self.runs(), "{info:?}");
        // A call that is lost has not been seen to be a hit.
        assert!(info.hits >= self.hits.load(Ordering::Relaxed), "{info:?}");
        assert_eq!(info.waiting, 0, "{info:?}");
    }

    fn tag(&self, key: u64, version: u64, run: u64) -> u64 {
        self.secret.hash_one((key, version, run))
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn is_refused(check: impl FnOnce()) -> bool {
        catch_unwind(AssertUnwindSafe(check)).is_err()
    }

    #[test]
    fn only_a_value_of_the_same_key_and_version_passes() {
        let history = History::default();
        let first = history.run(1, 7);
        let second = history.run(1, 7);
        assert_ne!(first, second);
        for value in [&first, &second] {
            history.got(1, 7, value, CacheStatus::HitRedis);
            assert!(is_refused(|| history.got(2, 7, value, CacheStatus::Miss)));
            assert!(is_refused(|| history.got(1, 8, value, CacheStatus::Miss)));
        }
        let made_up = Produced { run: 5, ..first };
        assert!(is_refused(|| history.got(
            1,
            7,
            &made_up,
            CacheStatus::Miss
        )));
        let elsewhere = History::default().run(1, 7);
        assert!(is_refused(|| history.got(
            1,
            7,
            &elsewhere,
            CacheStatus::Miss
        )));
        assert!(is_refused(|| history.failed(CacheStatus::Coalesced)));
        assert_eq!((history.runs(), history.calls()), (2, 9));
    }
}
