//! The bound and the order of eviction.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::{
    collections::VecDeque,
    process::{Child, Command},
};

use cache_tests_support::{RedisServer, cache_keys, shared};
use redis_cache_runtime::{CallResult, HandlerCache, handler_cache, observe};

fn url() -> String {
    shared().url()
}

fn flush(name: &str) {
    HandlerCache::named(name).unwrap().flush().wait().unwrap();
}

#[test]
fn the_least_recently_used_entry_goes_first() {
    #[handler_cache(url = url(), name = "abac", maxsize = 2)]
    fn upper(text: &str) -> String {
        text.to_uppercase()
    }

    for text in ["a", "b", "a", "c"] {
        upper(text);
    }
    flush("abac");
    assert_eq!(cache_keys(&mut shared().connection(), "abac").len(), 2);
    let result = |text| observe(|| upper(text)).1.unwrap().result;
    assert_eq!(result("a"), CallResult::HitRedis);
    assert_eq!(result("c"), CallResult::HitRedis);
    assert_eq!(result("b"), CallResult::Miss);
}

/// The order that `functools.lru_cache` keeps, with a plain list: the front is the next to go.
struct Oracle {
    entries: VecDeque<u32>,
    maxsize: usize,
}

impl Oracle {
    fn call(&mut self, n: u32) -> bool {
        let hit = if let Some(at) = self.entries.iter().position(|entry| *entry == n) {
            self.entries.remove(at);
            true
        } else {
            if self.entries.len() == self.maxsize {
                self.entries.pop_front();
            }
            false
        };
        self.entries.push_back(n);
        hit
    }
}

/// A small generator, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % bound
    }
}

#[test]
fn ten_thousand_random_calls_leave_what_a_list_would_keep() {
    #[handler_cache(url = url(), name = "oracle", maxsize = 50)]
    fn square(n: u32) -> u64 {
        u64::from(n) * u64::from(n)
    }

    let mut random = Random(7);
    let mut oracle = Oracle {
        entries: VecDeque::new(),
        maxsize: 50,
    };
    for step in 0..10_000 {
        // Two thirds of the calls fall on what is mostly held.
        let n = if random.below(3) == 0 {
            random.below(1000)
        } else {
            random.below(60)
        };
        let hit = oracle.call(n);
        let (value, outcome) = observe(|| square(n));
        assert_eq!(value, u64::from(n) * u64::from(n));
        let result = outcome.unwrap().result;
        assert_eq!(result.is_hit(), hit, "step {step}, {n}: {result}");
        if !hit {
            // A look-up travels on another connection and could overtake the store.
            flush("oracle");
        }
    }
    flush("oracle");
    assert_eq!(cache_keys(&mut shared().connection(), "oracle").len(), 50);
    for n in oracle.entries {
        let result = observe(|| square(n)).1.unwrap().result;
        assert_eq!(result, CallResult::HitRedis, "{n}");
    }
}

/// A process that calls an annotated function; see `worker.rs`.
fn worker(server: &RedisServer, args: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_cache-worker"))
        .args(args)
        .env("HANDLER_CACHE_URL", server.url())
        .spawn()
        .unwrap()
}

#[test]
fn nobody_ever_sees_more_entries_than_the_bound() {
    let server = RedisServer::start();
    let mut workers: Vec<_> = (1..=8)
        .map(|seed| worker(&server, &["churn", &seed.to_string(), "400"]))
        .collect();
    let mut observer = server.connection();
    let mut most = 0;
    let mut samples = 0u32;
    while workers
        .iter_mut()
        .any(|worker| worker.try_wait().unwrap().is_none())
    {
        most = most.max(cache_keys(&mut observer, "churn").len());
        samples += 1;
    }
    for mut worker in workers {
        assert!(worker.wait().unwrap().success());
    }
    assert_eq!(cache_keys(&mut observer, "churn").len(), 2);
    assert!(samples > 100, "only {samples} samples");
    assert_eq!(most, 2, "of {samples} samples");
}

#[test]
fn a_smaller_bound_is_reached_in_steps() {
    let server = RedisServer::start();
    for (maxsize, expected) in [("1000", 1000), ("10", 1000 - 127), ("10", 1000 - 254)] {
        let calls = if maxsize == "1000" { "1000" } else { "1" };
        let first = if maxsize == "1000" {
            0
        } else {
            2000 + expected
        };
        let args = ["shrink", &first.to_string(), calls, maxsize];
        assert!(worker(&server, &args).wait().unwrap().success());
        assert_eq!(
            cache_keys(&mut server.connection(), "shrink").len(),
            expected
        );
    }
}

#[test]
fn foreign_keys_survive_everything() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let foreign = [
        "app",
        "hc:",
        "hc:{other}:v:00",
        "hc:{churn}",
        "hc:{churn}x:v:00",
        "{churn}",
    ];
    for key in foreign {
        redis::cmd("SET")
            .arg(key)
            .arg("mine")
            .exec(&mut connection)
            .unwrap();
    }
    assert!(
        worker(&server, &["churn", "1", "200"])
            .wait()
            .unwrap()
            .success()
    );
    assert!(worker(&server, &["clear", "1"]).wait().unwrap().success());
    assert_eq!(cache_keys(&mut connection, "churn"), Vec::<String>::new());
    for key in foreign {
        let value: Option<String> = redis::cmd("GET").arg(key).query(&mut connection).unwrap();
        assert_eq!(value.as_deref(), Some("mine"), "{key}");
    }
}
