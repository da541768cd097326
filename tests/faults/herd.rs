//! Ten thousand callers at once.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use cache_tests_support::{
    Dialogue, Fault, FaultProxy, RECOVERY, RedisServer, Task, cache, cache_keys, eventually,
    resident, within, worker,
};
use redis_cache_runtime::{CacheStatus, handler_cache, observe_async};
use tokio::{sync::Semaphore, task::JoinSet};

use crate::rig::{BUDGET, RUNTIME};

const CALLERS: u32 = 10_000;

const MIB: usize = 1024 * 1024;

/// The capacity of the queue, and three batches that are on their way, in values.
const WAITING: u64 = 8 * 1024 + 3 * 64;

/// Waits until all have been answered with this result, and tells how much memory that took at most.
fn all_end(calls: &mut JoinSet<CacheStatus>, expected: CacheStatus) -> usize {
    let mut most = resident();
    let mut answered = 0;
    eventually(|| {
        most = most.max(resident());
        while let Some(result) = calls.try_join_next() {
            assert_eq!(result.unwrap(), expected);
            answered += 1;
        }
        answered == CALLERS
    });
    most
}

#[test]
fn each_wants_something_else_and_redis_hangs() {
    static URL: OnceLock<String> = OnceLock::new();
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static GO: Semaphore = Semaphore::const_new(0);
    const SIZE: usize = 32 * 1024;

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "ten-thousand", timeout = BUDGET)]
    async fn large(n: u32) -> String {
        if n < CALLERS {
            RUNS.fetch_add(1, Ordering::Relaxed);
            // The values are dropped one after the other, so that only the cache can hold on to them.
            drop(GO.acquire().await.unwrap());
        }
        n.to_string().repeat(SIZE / n.to_string().len())
    }

    let result = async |n: u32| {
        let (value, outcome) = observe_async(large(n)).await;
        assert!(value.starts_with(&n.to_string()));
        outcome.unwrap().result
    };
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 60);
    URL.set(proxy.url()).unwrap();
    let is_cached = || RUNTIME.block_on(result(CALLERS)) == CacheStatus::HitRedis;
    within(RECOVERY, is_cached);
    proxy.set(&[Fault::Hang]);
    let (before, began) = (resident(), Instant::now());
    let mut calls = JoinSet::new();
    for n in 0..CALLERS {
        calls.spawn_on(
            async move {
                let (value, outcome) = observe_async(large(n)).await;
                assert!(value.starts_with(&n.to_string()));
                outcome.unwrap().result
            },
            RUNTIME.handle(),
        );
    }
    eventually(|| RUNS.load(Ordering::Relaxed) == CALLERS);
    let (all_run, running) = (began.elapsed(), resident());
    GO.add_permits(1);
    let most = all_end(&mut calls, CacheStatus::ErrorOpen);
    let callers = running.saturating_sub(before) / MIB;
    let values = most.saturating_sub(running) / MIB;
    println!(
        "measured ten thousand: all bodies began after {all_run:.2?}, all were answered after {:.2?}; \
         {callers} MiB more for the callers, {values} MiB for values",
        began.elapsed()
    );
    assert!(callers < 256, "{callers} MiB for the callers");
    // All values together take five times as much.
    assert!(values < 64, "{values} MiB for values");
    proxy.lift();
    within(RECOVERY, is_cached);
    let cache = cache("ten-thousand");
    within(RECOVERY, || cache.flush().wait().is_ok());
    let info = cache.info().wait().unwrap();
    println!(
        "measured ten thousand: {} stored, {} not stored, {} looked for in vain",
        info.stored, info.not_stored, info.misses
    );
    assert!(
        info.stored + info.not_stored <= info.misses + info.hits,
        "{info:?}"
    );
    assert!(info.misses >= u64::from(CALLERS), "{info:?}");
}

/// The most runs of the body in a stampede of [`CALLERS`]. Followers are let go after one, three, seven and fifteen times their
/// patience; on a busy machine the leader's runtime seems to do nothing, and some followers run before there is a value. Their
/// number depends on the machine. Without coalescing all would run.
const MOST_RUNS: u32 = 2_500;

/// A process with ten thousand tasks that make the same call.
struct Herd(Dialogue);

impl Herd {
    fn gather(server: &RedisServer) -> Self {
        let mut command = worker!(Task::Herd(CALLERS.into()));
        Self(Dialogue::start(
            command.env("HANDLER_CACHE_URL", server.url()),
        ))
    }

    fn go(&mut self) {
        self.0.send("");
    }

    /// How often the body ran.
    fn runs(&mut self) -> u32 {
        self.0.receive().parse().unwrap()
    }

    fn disperse(self) {
        self.0.finish();
    }
}

/// A connection that hangs is not noticed before a `PING` has been given up.
const UNNOTICED: Duration = Duration::from_secs(1);

/// Values that come all at once while Redis hangs are dropped beyond the capacity of the queue, and counted.
#[test]
fn each_has_a_value_to_store_and_redis_hangs() {
    static URL: OnceLock<String> = OnceLock::new();
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static GO: Semaphore = Semaphore::const_new(0);

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "ten-thousand-values", timeout = RECOVERY)]
    async fn held(n: u32) -> u32 {
        RUNS.fetch_add(1, Ordering::Relaxed);
        drop(GO.acquire().await.unwrap());
        n
    }

    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 61);
    URL.set(proxy.url()).unwrap();
    let mut calls = JoinSet::new();
    for n in 0..CALLERS {
        let call = async move {
            let (value, outcome) = observe_async(held(n)).await;
            assert_eq!(value, n);
            outcome.unwrap().result
        };
        calls.spawn_on(call, RUNTIME.handle());
    }
    eventually(|| RUNS.load(Ordering::Relaxed) == CALLERS);
    proxy.set(&[Fault::Hang]);
    let hung = Instant::now();
    GO.add_permits(1);
    all_end(&mut calls, CacheStatus::Miss);
    // Once it is known that Redis is away no value is meant for it, and none is counted.
    let may_be_known = hung.elapsed() >= UNNOTICED;
    proxy.lift();
    let cache = cache("ten-thousand-values");
    within(RECOVERY, || cache.flush().wait().is_ok());
    let info = cache.info().wait().unwrap();
    println!(
        "measured ten thousand values: {} stored, {} not stored",
        info.stored, info.not_stored
    );
    assert!(info.stored <= WAITING, "{info:?}");
    let counted = info.stored + info.not_stored;
    if may_be_known {
        assert!(counted <= u64::from(CALLERS), "{info:?}");
    } else {
        assert_eq!(counted, u64::from(CALLERS));
    }
}

#[test]
fn all_want_the_same_in_eight_processes() {
    let server = RedisServer::start();
    let mut herds: Vec<_> = (0..8).map(|_| Herd::gather(&server)).collect();
    for round in 0..2 {
        let began = Instant::now();
        herds.iter_mut().for_each(Herd::go);
        let runs: Vec<_> = herds.iter_mut().map(Herd::runs).collect();
        println!(
            "measured eight herds: {runs:?} runs in round {round}, all answered after {:.2?}",
            began.elapsed()
        );
        // The leader, and the followers that were let go before all had come.
        assert!(runs.iter().all(|runs| *runs <= MOST_RUNS), "{runs:?}");
        assert!(runs.iter().any(|runs| *runs > 0), "{runs:?}");
        // The next time it has expired, for all of them at once.
        let mut admin = server.connection();
        let is_gone = || cache_keys(&mut admin, "herd").is_empty();
        within(Duration::from_secs(10), is_gone);
    }
    herds.into_iter().for_each(Herd::disperse);
}
