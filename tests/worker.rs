//! A process of its own that calls annotated functions, for tests that need several processes or another
//! environment. The endpoint comes from `HANDLER_CACHE_URL`.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[path = "worker/builds.rs"]
mod builds;

use std::{env, sync::OnceLock};

use redis_cache_runtime::{HandlerCache, handler_cache, observe};

static MAXSIZE: OnceLock<usize> = OnceLock::new();

#[handler_cache(name = "churn", maxsize = 2)]
fn churn(n: u64) -> u64 {
    n * 2
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
        // build NAME: calls the handler of that build, and prints who answered and how.
        "build" => {
            let (answer, outcome) = observe(|| builds::call(&args[1]));
            flush("builds");
            println!("{answer} {}", outcome.unwrap().result);
        }
        other => panic!("unknown command {other}"),
    }
}

fn flush(name: &str) {
    HandlerCache::named(name).unwrap().flush().wait().unwrap();
}
