//! A program of annotated functions, for tests that need several processes or another environment. Its argument is a [`Task`]
//! as JSON. The endpoint comes from `HANDLER_CACHE_URL`, the number of shards from `CACHE_WORKER_SHARDS`, and
//! `CACHE_WORKER_PREFIX` stands before the names of its caches.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "worker/aged.rs"]
mod aged;
#[path = "worker/builds.rs"]
mod builds;
#[path = "worker/exhausted.rs"]
mod exhausted;
#[path = "worker/forker.rs"]
mod forker;
#[path = "worker/forks.rs"]
mod forks;
#[path = "worker/held.rs"]
mod held;
#[path = "worker/herd.rs"]
mod herd;
#[path = "worker/midway.rs"]
mod midway;
#[path = "worker/namesakes.rs"]
mod namesakes;
#[path = "worker/pairs.rs"]
mod pairs;
#[path = "worker/reports.rs"]
mod reports;
#[path = "worker/teller.rs"]
mod teller;

use std::{env, io, ops::Range, sync::OnceLock, time::Duration};

use cache_tests_support::{
    Churn, Midway, Task, Thread, cache, eventually, flush, info, worker_cache,
};
use redis_cache_runtime::{CacheStatus, handler_cache, observe, observe_async};

static MAXSIZE: OnceLock<usize> = OnceLock::new();

fn shards() -> u16 {
    env::var("CACHE_WORKER_SHARDS").map_or(1, |number| number.parse().unwrap())
}

/// A bound of `entries` a shard.
fn each(entries: usize) -> usize {
    entries * usize::from(shards())
}

/// Few, but so many that every shard gets some.
fn arguments(shards: u16) -> u64 {
    match shards {
        1 => 6,
        _ => 20 * u64::from(shards),
    }
}

#[handler_cache(name = worker_cache("probe"), shards = shards())]
fn probe() {}

/// Many processes that connect at once may be too slow for the first attempt.
fn wait_for_redis() {
    probe();
    eventually(|| {
        let info = info(&worker_cache("probe"));
        info.unavailable.is_none()
    });
}

/// Opens a cache, and has nothing to store.
#[handler_cache(name = worker_cache("declined"), shards = shards())]
fn decline() -> Result<(), String> {
    Err("not today".to_owned())
}

fn compute_in_runtime(n: u64) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(runtime.spawn(async move { churn(n) }))
        .unwrap();
}

fn compute_elsewhere(n: u64) {
    decline().unwrap_err();
    let (tell, has_computed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        tell.send(churn(n)).unwrap();
        std::thread::park();
    });
    has_computed.recv().unwrap();
}

#[handler_cache(name = worker_cache("churn"), maxsize = each(2), shards = shards())]
fn churn(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = worker_cache("churn-async"), maxsize = each(2), shards = shards(), ttl = "1h")]
async fn churn_async(n: u64) -> u64 {
    n * 3
}

#[handler_cache(name = worker_cache("churn-ttl"), maxsize = each(2), shards = shards(), ttl = "20ms")]
fn churn_ttl(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = worker_cache("churn-shards"), maxsize = 7, shards = 3)]
fn churn_shards(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = worker_cache("shrink"), maxsize = *MAXSIZE.get().unwrap(), shards = shards())]
fn shrink(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = worker_cache("turns"), maxsize = 20, shards = shards())]
fn turn(n: u64) -> u64 {
    n * 2
}

fn main() {
    match Task::of_this_process() {
        // The task installs a subscriber or a recorder of its own.
        Task::Reports { reporter, manner } => reports::run(reporter, manner),
        task => {
            tracing_subscriber::fmt()
                .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
                .with_ansi(false)
                .with_writer(io::stderr)
                .init();
            run(task);
        }
    }
}

fn run(task: Task) {
    match task {
        Task::Churn { cache, seed, calls } => churn_at_random(cache, seed, calls),
        Task::Turns => take_turns(),
        Task::Namesakes { namesake, n } => namesakes::print(namesake, n),
        Task::Shrink {
            first,
            calls,
            maxsize,
        } => fill_under_a_bound(first..first + calls, maxsize),
        Task::Clear(n) => {
            churn(n);
            cache(&worker_cache("churn")).clear().wait().unwrap();
        }
        Task::Call(n) => call_twice(n),
        Task::Once { on, n } => compute_on(on, n),
        Task::Tour => tour(),
        Task::Fork => forker::run(),
        Task::ForkClear => forker::clear_in_children(),
        Task::Forks { rounds, children } => forks::run(rounds, children),
        Task::Midway(Midway::Bodies(rounds)) => midway::fork_in_bodies(rounds),
        Task::Midway(Midway::Calls) => midway::fork_under_calls(),
        Task::Midway(Midway::Handles) => midway::fork_beside_handles(),
        Task::Exhausted(resource) => exhausted::run(resource),
        Task::Held => held::run(),
        Task::Herd(tasks) => herd::run(tasks),
        Task::Age(ttl) => aged::run(ttl.map(Duration::from_millis)),
        Task::Tell => teller::tell(),
        Task::Pairs(build) => pairs::call_all(build),
        Task::Build(name) => builds::print(&name),
        Task::Reports { .. } => unreachable!("`main` runs it"),
    }
}

fn churn_at_random(cache: Churn, seed: u64, calls: u64) {
    let (handler, arguments): (fn(u64) -> u64, _) = match cache {
        Churn::Plain => (churn, arguments(shards())),
        Churn::Ttl => (churn_ttl, arguments(shards())),
        Churn::Shards => (churn_shards, arguments(3)),
    };
    wait_for_redis();
    let mut state = seed;
    for _ in 0..calls {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let n = (state >> 33) % arguments;
        assert_eq!(handler(n), n * 2);
    }
    flush(&worker_cache(cache.cache()));
}

fn take_turns() {
    wait_for_redis();
    for line in io::stdin().lines() {
        let n = line.unwrap().parse().unwrap();
        let (value, outcome) = observe(|| turn(n));
        assert_eq!(value, n * 2);
        flush(&worker_cache("turns"));
        println!("{}", outcome.unwrap().result);
    }
}

fn fill_under_a_bound(arguments: Range<u64>, maxsize: usize) {
    MAXSIZE.set(maxsize).unwrap();
    wait_for_redis();
    for n in arguments {
        shrink(n);
        if n % 500 == 0 {
            flush(&worker_cache("shrink"));
        }
    }
    flush(&worker_cache("shrink"));
}

fn call_twice(n: u64) {
    for _ in 0..2 {
        let (value, outcome) = observe(|| churn(n));
        let result = outcome.map_or("none", |outcome| outcome.result.as_str());
        println!("{value} {result}");
    }
}

fn compute_on(thread: Thread, n: u64) {
    match thread {
        Thread::Main => drop(churn(n)),
        Thread::Runtime => compute_in_runtime(n),
        Thread::Other => compute_elsewhere(n),
    }
}

fn tour() {
    let result = |n| {
        let (value, outcome) = observe(|| churn(n));
        assert_eq!(value, n * 2);
        outcome.unwrap().result
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for round in 0..3 {
        for n in [1, 2, 1, 3] {
            result(n);
        }
        flush(&worker_cache("churn"));
        for n in [1, 3] {
            assert_eq!(result(n), CacheStatus::HitRedis, "{n} in round {round}");
            let (value, outcome) = runtime.block_on(observe_async(churn_async(n)));
            assert_eq!(value, n * 3);
            assert_ne!(outcome.unwrap().result, CacheStatus::ErrorOpen);
        }
        flush(&worker_cache("churn-async"));
        assert_eq!(result(2), CacheStatus::Miss);
        flush(&worker_cache("churn"));
        let counted = info(&worker_cache("churn"));
        assert_eq!(
            (counted.currsize, counted.not_stored, counted.corrupt),
            (2, 0, 0)
        );
        cache(&worker_cache("churn")).clear().wait().unwrap();
        assert_eq!(info(&worker_cache("churn")).currsize, 0);
    }
}
