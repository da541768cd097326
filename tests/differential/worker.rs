//! One build of all handlers: `cache-differential BUILD ARGUMENTS`, with a line on its standard input for each turn.
//!
//! In a turn every handler is called with every argument, and compared with its body. Then it prints a line for each handler: its name,
//! whether all its answers are stored, and how many calls were right, were hits, were misses, and were made; and
//! after a flush the line `end`.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod leaves;
mod make;
mod with;

use std::{
    env,
    fmt::Debug,
    io::{self, BufRead as _, Write as _},
};

use redis_cache_runtime::{CacheStatus, Outcome, flush_all};

/// How a call ended.
struct Called {
    right: bool,
    result: CacheStatus,
}

impl Called {
    fn new<T: PartialEq + Debug>(answer: &T, expected: &T, outcome: Option<Outcome>) -> Self {
        let right = answer == expected;
        if !right {
            eprintln!("{answer:?} instead of {expected:?}");
        }
        let result = outcome.map_or(CacheStatus::Bypass, |outcome| outcome.result);
        Self { right, result }
    }
}

/// A handler in its two builds.
struct Handler {
    name: &'static str,
    /// Whether every answer is stored.
    is_stored: bool,
    calls: [fn(u64) -> Called; 2],
}

#[expect(clippy::allow_attributes, reason = "not all of it is always used")]
#[allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::pedantic,
    clippy::large_enum_variant,
    clippy::type_complexity,
    clippy::unit_arg,
    clippy::let_unit_value,
    clippy::result_large_err,
    clippy::result_unit_err,
    reason = "types that are made up by chance are not pretty"
)]
mod handlers {
    use std::collections::BTreeMap;

    use redis_cache_runtime::{handler_cache, observe, observe_async};

    use super::{
        Called, Handler,
        leaves::*,
        make::{Make, Place},
        with,
    };

    include!(concat!(env!("OUT_DIR"), "/handlers.rs"));

    pub(super) const ALL: &[Handler] = HANDLERS;
}

fn named(name: &str) -> String {
    format!(
        "{}{name}",
        env::var("CACHE_WORKER_PREFIX").unwrap_or_default()
    )
}

fn main() {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let [build, arguments] = [1, 2].map(|at| env::args().nth(at).unwrap().parse().unwrap());
    for line in io::stdin().lock().lines() {
        line.unwrap();
        turn(build, arguments);
    }
}

fn turn(build: usize, arguments: usize) {
    let mut out = io::stdout().lock();
    for Handler {
        name,
        is_stored,
        calls,
    } in handlers::ALL
    {
        let (mut right, mut hits, mut misses) = (0, 0, 0);
        for n in 0..arguments {
            let called = calls[build](n.try_into().unwrap());
            right += usize::from(called.right);
            hits += usize::from(called.result == CacheStatus::HitRedis);
            // A look-up that a busy machine answers late is none.
            misses += usize::from(called.result == CacheStatus::Miss);
            if !called.right {
                eprintln!("{name} of build {build}, argument {n}: {}", called.result);
            }
        }
        writeln!(
            out,
            "{name} {is_stored} {right} {hits} {misses} {arguments}"
        )
        .unwrap();
    }
    flush_all().wait().unwrap();
    writeln!(out, "end").unwrap();
    out.flush().unwrap();
}
