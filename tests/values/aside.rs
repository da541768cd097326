//! Values are read back where no caller waits for it.

use std::{
    sync::{
        Condvar, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread::{self, ThreadId},
};

use cache_tests_support::{config, eventually, flush_all, info, shards};
use redis_cache_runtime::{CacheStatus, handler_cache, observe};
use serde::{Deserialize, Deserializer, Serialize};

/// Opened once, and then for good.
struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    const fn new() -> Self {
        Self {
            open: Mutex::new(false),
            opened: Condvar::new(),
        }
    }

    fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        let open = self.open.lock().unwrap();
        drop(self.opened.wait_while(open, |open| !*open).unwrap());
    }
}

#[test]
fn a_caller_does_not_wait_for_its_value_to_be_read_back() {
    static GATE: Gate = Gate::new();
    static READERS: Mutex<Vec<ThreadId>> = Mutex::new(Vec::new());

    #[derive(Clone, Debug, PartialEq, Serialize)]
    struct Slow(u32);

    impl<'de> Deserialize<'de> for Slow {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let n = u32::deserialize(deserializer)?;
            READERS.lock().unwrap().push(thread::current().id());
            GATE.pass();
            Ok(Self(n))
        }
    }

    #[handler_cache(config = config(), shards = shards(), name = "slow to read", timeout = "5s")]
    fn slow(n: u32) -> Slow {
        Slow(n)
    }
    // Behind a gate that is closed, this would not end.
    assert_eq!(slow(1), Slow(1));
    assert_eq!(slow(2), Slow(2));
    GATE.open();
    flush_all();
    for n in [1, 2] {
        let (answer, outcome) = observe(|| slow(n));
        assert_eq!(answer, Slow(n));
        assert_eq!(outcome.unwrap().result, CacheStatus::HitRedis);
    }
    let readers = READERS.lock().unwrap();
    let here = readers
        .iter()
        .filter(|reader| **reader == thread::current().id());
    assert_eq!((here.count(), readers.len()), (2, 4));
}

#[test]
fn a_value_that_is_never_done_being_read_back_holds_up_nobody() {
    static GATE: Gate = Gate::new();
    static IS_STUCK: AtomicBool = AtomicBool::new(false);
    static RUNS: AtomicU32 = AtomicU32::new(0);

    #[derive(Clone, Debug, PartialEq, Serialize)]
    struct Stuck(u32);

    impl<'de> Deserialize<'de> for Stuck {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let n = u32::deserialize(deserializer)?;
            IS_STUCK.store(true, Ordering::Relaxed);
            GATE.pass();
            Ok(Self(n))
        }
    }

    #[handler_cache(config = config(), shards = shards(), name = "stuck", timeout = "5s")]
    fn stuck(n: u32) -> Stuck {
        RUNS.fetch_add(1, Ordering::Relaxed);
        Stuck(n)
    }
    assert_eq!(stuck(1), Stuck(1));
    eventually(|| IS_STUCK.load(Ordering::Relaxed));
    // Its place in the queue is kept for so long and no longer.
    _ = redis_cache_runtime::flush_all().wait();
    let mut n = 1;
    eventually(|| {
        n += 1;
        assert_eq!(stuck(n), Stuck(n));
        info("stuck").not_stored >= 2
    });
    assert_eq!(stuck(1), Stuck(1));
    assert!(RUNS.load(Ordering::Relaxed) >= n);
    assert_eq!(info("stuck").stored, 0);
    GATE.open();
    eventually(|| {
        stuck(7);
        // Reports values that were given up in earlier rounds.
        _ = redis_cache_runtime::flush_all().wait();
        observe(|| stuck(7)).1.unwrap().result == CacheStatus::HitRedis
    });
}
