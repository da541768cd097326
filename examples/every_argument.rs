//! Each argument of the attribute, and what can be asked and told beside the calls.
//!
//! ```sh
//! cargo run -p handler-cache-examples --example every_argument
//! ```

use std::num::ParseIntError;
use std::time::Duration;

use redis_cache_runtime::{
    CacheIdentity, Config, Error, HandlerCache, SkipInKey, handler_cache, observe,
};
use serde::Serialize;

/// An application that re-exports the runtime names the path with `crate = …`.
mod facade {
    pub(crate) use redis_cache_runtime as cache;
}

const LOOKUP_BUDGET: Duration = Duration::from_millis(20);

/// Two models with different weights never answer for each other: the identity is in every key.
struct Model {
    weights: Vec<i64>,
    revision: u32,
}

impl CacheIdentity for Model {
    fn cache_identity(&self) -> impl Serialize {
        &self.weights
    }
}

/// Left out of every key, because of its type.
struct Context {
    request_id: u64,
}

impl SkipInKey for Context {}

// Every default: localhost:6379, db 0, 128 entries, named after the path of the function.
#[handler_cache]
fn doubled(n: i64) -> i64 {
    n * 2
}

// Only `Ok` is stored; an error reaches the caller and is forgotten.
#[handler_cache(url = "redis://localhost:6379/0", maxsize = None)]
fn parsed(text: &str) -> Result<i64, ParseIntError> {
    text.parse()
}

/// What a program knows of its Redis: from its own configuration file, say.
fn redis() -> Config {
    Config::new("redis://localhost:6379").secret("from a vault")
}

// Over eight slots of a cluster, if it is one.
#[handler_cache(config = redis(), shards = 8)]
fn tripled(n: i64) -> i64 {
    n * 3
}

// Off: every call runs the body.
#[handler_cache(maxsize = 0)]
fn uncached(n: i64) -> i64 {
    n
}

#[handler_cache(crate = crate::facade::cache)]
fn through_the_facade(n: i64) -> i64 {
    n + 1
}

impl Model {
    #[handler_cache(
        host = "localhost",
        port = 6379,
        db = 0,
        maxsize = 1000,
        name = "every-argument",
        timeout = LOOKUP_BUDGET,
        ttl = "10m",
        max_value_bytes = 1_000_000,
        skip(label),
        version = self.revision
    )]
    fn predict(&self, input: &[i64], label: &str, context: &Context) -> i64 {
        println!("  predicting {label} for request {}", context.request_id);
        self.weights.iter().zip(input).map(|(w, x)| w * x).sum()
    }
}

fn main() {
    let model = Model {
        weights: vec![1, 2, 3],
        revision: 1,
    };
    let retrained = Model {
        weights: vec![3, 2, 1],
        revision: 1,
    };

    show("doubled", || doubled(21));
    show("tripled", || tripled(14));
    show("parsed", || parsed("42"));
    show("parsed, an error", || parsed("forty-two"));
    show("uncached", || uncached(42));
    show("through the facade", || through_the_facade(41));
    let input = [4, 5, 6];
    show("predict", || {
        model.predict(&input, "a", &Context { request_id: 1 })
    });
    show("predict, other label and context", || {
        model.predict(&input, "b", &Context { request_id: 2 })
    });
    show("predict, other weights", || {
        retrained.predict(&input, "a", &Context { request_id: 3 })
    });

    if let Err(error) = manage() {
        println!("no cache to manage, every call ran its body: {error}");
    }
}

/// Runs a call and tells how it was answered.
fn show<T: std::fmt::Debug>(name: &str, call: impl FnOnce() -> T) {
    let (value, outcome) = observe(call);
    match outcome {
        Some(outcome) => println!(
            "{name}: {value:?} ({}, cache `{}`)",
            outcome.result, outcome.cache
        ),
        None => println!("{name}: {value:?}"),
    }
}

/// The cache itself, by its name. Outside async code `wait` stands for `await`.
fn manage() -> Result<(), Error> {
    let cache = HandlerCache::named("every-argument")?;
    println!("\n{:?}", cache.parameters());
    cache.flush().wait()?;
    println!("{:?}", cache.info().wait()?);
    cache.clear().wait()?;
    println!("{:?}", cache.info().wait()?);
    Ok(())
}
