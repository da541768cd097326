//! A process of its own that calls annotated functions, for tests that need several processes or another
//! environment. The endpoint comes from `HANDLER_CACHE_URL`, the number of shards from `CACHE_WORKER_SHARDS`, and
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

use std::{env, io, sync::OnceLock, time::Duration};

use cache_tests_support::eventually;
use redis_cache_runtime::{CacheStatus, HandlerCache, handler_cache, observe, observe_async};

const SOON: Duration = Duration::from_secs(20);

static MAXSIZE: OnceLock<usize> = OnceLock::new();

fn shards() -> u16 {
    env::var("CACHE_WORKER_SHARDS").map_or(1, |number| number.parse().unwrap())
}

fn named(name: &str) -> String {
    format!(
        "{}{name}",
        env::var("CACHE_WORKER_PREFIX").unwrap_or_default()
    )
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

#[handler_cache(name = named("probe"), shards = shards())]
fn probe() {}

/// Many processes that connect at once may be too slow for the first attempt.
fn wait_for_redis() {
    probe();
    eventually(SOON, || {
        let info = cache("probe").info().wait().unwrap();
        info.unavailable.is_none()
    });
}

/// Opens a cache, and has nothing to store.
#[handler_cache(name = named("declined"), shards = shards())]
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

#[handler_cache(name = named("churn"), maxsize = each(2), shards = shards())]
fn churn(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = named("churn-async"), maxsize = each(2), shards = shards(), ttl = "1h")]
async fn churn_async(n: u64) -> u64 {
    n * 3
}

#[handler_cache(name = named("churn-ttl"), maxsize = each(2), shards = shards(), ttl = "20ms")]
fn churn_ttl(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = named("churn-shards"), maxsize = 7, shards = 3)]
fn churn_shards(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = named("shrink"), maxsize = *MAXSIZE.get().unwrap(), shards = shards())]
fn shrink(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = named("turns"), maxsize = 20, shards = shards())]
fn turn(n: u64) -> u64 {
    n * 2
}

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    // reports WHO MANNER: with a subscriber or a recorder of its own that is in the way.
    if args[0] == "reports" {
        return reports::run(&args[1], &args[2]);
    }
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let number = |at: usize| -> u64 { args[at].parse().unwrap() };
    match args[0].as_str() {
        // churn CACHE SEED CALLS: calls on few arguments, so that hits and evictions mix.
        "churn" => {
            let (handler, arguments): (fn(u64) -> u64, _) = match args[1].as_str() {
                "churn" => (churn, arguments(shards())),
                "churn-ttl" => (churn_ttl, arguments(shards())),
                "churn-shards" => (churn_shards, arguments(3)),
                other => panic!("unknown cache {other}"),
            };
            wait_for_redis();
            let mut state = number(2);
            for _ in 0..number(3) {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let n = (state >> 33) % arguments;
                assert_eq!(handler(n), n * 2);
            }
            flush(&args[1]);
        }
        // turns: calls for each number that is read, and prints how the call ended once all processes can know of it.
        "turns" => {
            wait_for_redis();
            for line in io::stdin().lines() {
                let n = line.unwrap().parse().unwrap();
                let (value, outcome) = observe(|| turn(n));
                assert_eq!(value, n * 2);
                flush("turns");
                println!("{}", outcome.unwrap().result);
            }
        }
        // namesakes A|B N: one of each two handlers that are called the same.
        "namesakes" => {
            wait_for_redis();
            namesakes::print(&args[1], number(2));
        }
        // shrink FIRST CALLS MAXSIZE: distinct arguments under a bound.
        "shrink" => {
            MAXSIZE.set(args[3].parse().unwrap()).unwrap();
            wait_for_redis();
            for n in number(1)..number(1) + number(2) {
                shrink(n);
                if n % 500 == 0 {
                    flush("shrink");
                }
            }
            flush("shrink");
        }
        // clear N: calls once, then clears.
        "clear" => {
            churn(number(1));
            cache("churn").clear().wait().unwrap();
        }
        // call N: calls twice, and prints how each call ended.
        "call" => {
            for _ in 0..2 {
                let (value, outcome) = observe(|| churn(number(1)));
                let result = outcome.map_or("none", |outcome| outcome.result.as_str());
                println!("{value} {result}");
            }
        }
        // once N: computes and returns from `main` at once.
        "once" => drop(churn(number(1))),
        // once-in-runtime N: the same on a worker of a runtime that is dropped.
        "once-in-runtime" => compute_in_runtime(number(1)),
        // once-elsewhere N: computes on a thread that does not end, and returns from a `main` that has computed nothing.
        "once-elsewhere" => compute_elsewhere(number(1)),
        // tour: uses all that a cache can do, and fails where anything of it does not work.
        "tour" => tour(),
        // fork: uses a cache before and after it forks.
        "fork" => forker::run(),
        // forks ROUNDS CHILDREN: forks so many children in the middle of first calls, and fails where one does not end.
        "forks" => forks::run(number(1), number(2)),
        // midway WHERE: forks in the middle of calls, and fails where one does not end.
        "midway" => match args[1].as_str() {
            "bodies" => midway::fork_in_bodies(number(2)),
            "calls" => midway::fork_under_calls(),
            "handles" => midway::fork_beside_handles(),
            other => panic!("unknown place {other}"),
        },
        // exhausted WHAT: goes on when it has run out of that, and is cached again when it is there again.
        "exhausted" => exhausted::run(&args[1]),
        // fork-clear: has two children clear, and prints the generation of each.
        "fork-clear" => forker::clear_in_children(),
        // held: calls whose bodies end when they are told to.
        "held" => held::run(),
        // herd TASKS: for each line that is read, has so many tasks want the same, and prints how often that ran.
        "herd" => herd::run(number(1)),
        // age TTL: calls a handler with that `ttl` in milliseconds, and prints how the call ended.
        "age" => aged::run(),
        // tell: prints all that a cache says of itself.
        "tell" => teller::tell(),
        // pairs BUILD: calls one build of each pair.
        "pairs" => {
            wait_for_redis();
            pairs::call_all(args[1].parse().unwrap());
            redis_cache_runtime::flush_all().wait().unwrap();
        }
        // build NAME: calls the handler of that build, and prints who answered and how.
        "build" => {
            let (answer, outcome) = observe(|| builds::call(&args[1]));
            flush("builds");
            println!("{answer} {}", outcome.unwrap().result);
        }
        other => panic!("unknown command {other}"),
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
        flush("churn");
        for n in [1, 3] {
            assert_eq!(result(n), CacheStatus::HitRedis, "{n} in round {round}");
            let (value, outcome) = runtime.block_on(observe_async(churn_async(n)));
            assert_eq!(value, n * 3);
            assert_ne!(outcome.unwrap().result, CacheStatus::ErrorOpen);
        }
        flush("churn-async");
        assert_eq!(result(2), CacheStatus::Miss);
        flush("churn");
        let info = cache("churn").info().wait().unwrap();
        assert_eq!((info.currsize, info.not_stored, info.corrupt), (2, 0, 0));
        cache("churn").clear().wait().unwrap();
        assert_eq!(cache("churn").info().wait().unwrap().currsize, 0);
    }
}

fn cache(name: &str) -> HandlerCache {
    HandlerCache::named(&named(name)).unwrap()
}

fn flush(name: &str) {
    cache(name).flush().wait().unwrap();
}
