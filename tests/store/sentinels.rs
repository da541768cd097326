//! Sentinels that do not all say the same.

use std::sync::OnceLock;

use cache_tests_support::{FakeServer, RedisServer, eventually};
use redis_cache_runtime::{CacheStatus, handler_cache, observe};

/// A sentinel that names the server at this port as the primary, whether it is one or not.
fn sentinel(behind: &RedisServer, port: u16) -> FakeServer {
    let fake = FakeServer::start(([127, 0, 0, 1], behind.port()));
    let port = port.to_string();
    let named = format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len());
    fake.answer("SENTINEL", named);
    fake
}

fn url(sentinels: &[&FakeServer]) -> String {
    let addresses: Vec<_> = sentinels
        .iter()
        .map(|sentinel| sentinel.url().replace("redis://", ""))
        .collect();
    format!("redis+sentinel://{}/main", addresses.join(","))
}

fn is_cached(call: impl Fn() -> u32) {
    eventually(|| observe(&call).1.unwrap().result == CacheStatus::HitRedis);
}

macro_rules! finds_the_primary {
    ($sentinels:expr) => {{
        static URL: OnceLock<String> = OnceLock::new();
        #[handler_cache(url = URL.get().unwrap().as_str(), name = "watched", timeout = "2s")]
        fn double(n: u32) -> u32 {
            n * 2
        }
        URL.set(url($sentinels)).unwrap();
        is_cached(|| double(1));
    }};
}

#[test]
fn one_that_names_a_dead_server_is_not_believed() {
    let (primary, mut dead) = (RedisServer::start(), RedisServer::start());
    let honest = [(); 2].map(|()| sentinel(&primary, primary.port()));
    let liar = sentinel(&primary, dead.port());
    dead.kill();
    finds_the_primary!(&[&liar, &honest[0], &honest[1]]);
}

#[test]
fn one_that_names_a_replica_is_not_believed() {
    let primary = RedisServer::start();
    let of = format!("127.0.0.1 {}", primary.port());
    let replica = RedisServer::start_with(&["--replicaof", &of]);
    let honest = sentinel(&primary, primary.port());
    let liar = sentinel(&primary, replica.port());
    finds_the_primary!(&[&liar, &honest]);
}

#[test]
fn most_that_name_a_server_that_hangs_are_not_believed() {
    let (primary, hangs) = (RedisServer::start(), RedisServer::start());
    let honest = sentinel(&primary, primary.port());
    let liars = [(); 2].map(|()| sentinel(&primary, hangs.port()));
    hangs.stop();
    finds_the_primary!(&[&liars[0], &liars[1], &honest]);
    hangs.resume();
}

/// One sentinel hangs, and one does not know the primary.
#[test]
fn one_that_tells_is_enough() {
    let (primary, hangs) = (RedisServer::start(), RedisServer::start());
    let ignorant = FakeServer::start(([127, 0, 0, 1], primary.port()));
    ignorant.answer("SENTINEL", "*-1\r\n");
    let silent = sentinel(&hangs, primary.port());
    hangs.stop();
    let honest = sentinel(&primary, primary.port());
    finds_the_primary!(&[&ignorant, &silent, &honest]);
    hangs.resume();
}
