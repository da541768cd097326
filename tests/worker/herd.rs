//! Many tasks that want the same at once.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};

use cache_tests_support::DEADLINE;
use redis_cache_runtime::handler_cache;
use tokio::{runtime::Runtime, task::JoinSet};

static TASKS: OnceLock<u64> = OnceLock::new();
static RUNS: AtomicU32 = AtomicU32::new(0);

/// How many have begun to call.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// Ends once all call, so that none of them comes too late to wait.
#[handler_cache(name = "herd", ttl = "2s", timeout = "10s")]
async fn double(n: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    let all = *TASKS.get().unwrap();
    let end = Instant::now() + DEADLINE;
    while CALLS.load(Ordering::Relaxed) < all {
        assert!(Instant::now() < end, "not everybody calls");
        tokio::task::yield_now().await;
    }
    n * 2
}

async fn call() -> u64 {
    CALLS.fetch_add(1, Ordering::Relaxed);
    double(4).await
}

/// For each line that is read, has so many tasks call, and prints how often the body ran.
pub(crate) fn run(tasks: u64) {
    TASKS.set(tasks).unwrap();
    let runtime = Runtime::new().unwrap();
    for line in io::stdin().lines() {
        line.unwrap();
        runtime.block_on(async {
            let mut calls: JoinSet<_> = (0..tasks).map(|_| call()).collect();
            while let Some(called) = calls.join_next().await {
                assert_eq!(called.unwrap(), 8);
            }
        });
        CALLS.store(0, Ordering::Relaxed);
        println!("{}", RUNS.swap(0, Ordering::Relaxed));
    }
}
