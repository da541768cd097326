//! A process of its own that calls annotated functions, for tests that need several processes or another
//! environment. The endpoint comes from `HANDLER_CACHE_URL`.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "worker/builds.rs"]
mod builds;
#[path = "worker/teller.rs"]
mod teller;

use std::{env, sync::OnceLock};

use redis_cache_runtime::{CallResult, HandlerCache, handler_cache, observe, observe_async};

static MAXSIZE: OnceLock<usize> = OnceLock::new();

#[handler_cache(name = "churn", maxsize = 2)]
fn churn(n: u64) -> u64 {
    n * 2
}

#[handler_cache(name = "churn-async", maxsize = 2, ttl = "1h")]
async fn churn_async(n: u64) -> u64 {
    n * 3
}

#[handler_cache(name = "shrink", maxsize = *MAXSIZE.get().unwrap())]
fn shrink(n: u64) -> u64 {
    n * 2
}

fn main() {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let args: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize| -> u64 { args[at].parse().unwrap() };
    match args[0].as_str() {
        // churn SEED CALLS: calls on few arguments, so that hits and evictions mix.
        "churn" => {
            let mut state = number(1);
            for _ in 0..number(2) {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                let n = (state >> 33) % 6;
                assert_eq!(churn(n), n * 2);
            }
            flush("churn");
        }
        // shrink FIRST CALLS MAXSIZE: distinct arguments under a bound.
        "shrink" => {
            MAXSIZE.set(args[3].parse().unwrap()).unwrap();
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
            HandlerCache::named("churn")
                .unwrap()
                .clear()
                .wait()
                .unwrap();
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
        "once-in-runtime" => {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let n = number(1);
            runtime
                .block_on(runtime.spawn(async move { churn(n) }))
                .unwrap();
        }
        // tour: uses all that a cache can do, and fails where anything of it does not work.
        "tour" => tour(),
        // tell: prints all that a cache says of itself.
        "tell" => teller::tell(),
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
    let cache = || HandlerCache::named("churn").unwrap();
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
            assert_eq!(result(n), CallResult::HitRedis, "{n} in round {round}");
            let (value, outcome) = runtime.block_on(observe_async(churn_async(n)));
            assert_eq!(value, n * 3);
            assert_ne!(outcome.unwrap().result, CallResult::ErrorOpen);
        }
        flush("churn-async");
        assert_eq!(result(2), CallResult::Miss);
        flush("churn");
        let info = cache().info().wait().unwrap();
        assert_eq!((info.currsize, info.not_stored, info.corrupt), (2, 0, 0));
        cache().clear().wait().unwrap();
        assert_eq!(cache().info().wait().unwrap().currsize, 0);
    }
}

fn flush(name: &str) {
    HandlerCache::named(name).unwrap().flush().wait().unwrap();
}
