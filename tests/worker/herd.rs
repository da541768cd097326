//! Many tasks that want the same at once.

use std::{
    io,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use redis_cache_runtime::{HandlerCache, handler_cache};
use tokio::{runtime::Runtime, task::JoinSet};

const SOON: Duration = Duration::from_secs(60);

static TASKS: OnceLock<u64> = OnceLock::new();
static RUNS: AtomicU32 = AtomicU32::new(0);

#[handler_cache(name = "herd", ttl = "2s", timeout = "10s")]
async fn double(n: u64) -> u64 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    let cache = HandlerCache::named("herd").unwrap();
    let all = *TASKS.get().unwrap();
    let end = Instant::now() + SOON;
    // Those who come late find the first of them no longer waiting, but running.
    let are_here = |waiting: u64| waiting + u64::from(RUNS.load(Ordering::Relaxed)) >= all;
    while !cache
        .info()
        .await
        .is_ok_and(|info| are_here(info.waiting))
    {
        assert!(Instant::now() < end, "not everybody waits");
        tokio::task::yield_now().await;
    }
    n * 2
}

/// For each line that is read, has so many tasks call, and prints how often the body ran.
pub(crate) fn run(tasks: u64) {
    TASKS.set(tasks).unwrap();
    let runtime = Runtime::new().unwrap();
    for line in io::stdin().lines() {
        line.unwrap();
        runtime.block_on(async {
            let mut calls: JoinSet<_> = (0..tasks).map(|_| double(4)).collect();
            while let Some(called) = calls.join_next().await {
                assert_eq!(called.unwrap(), 8);
            }
        });
        println!("{}", RUNS.swap(0, Ordering::Relaxed));
    }
}
