//! The order of uses is that of a counter in Redis, and stays when another program sets the counter.

use std::{collections::VecDeque, sync::OnceLock};

use cache_tests_support::{RedisServer, cache};
use fastrand::Rng;
use redis::Connection;
use redis_cache_runtime::{CacheStatus, handler_cache, observe};

const META: &str = "hc:{clocks}:m";
const RECENCY: &str = "hc:{clocks}:z";
const BOUND: usize = 6;

static URL: OnceLock<String> = OnceLock::new();

#[handler_cache(url = URL.get().unwrap().as_str(), name = "clocks", timeout = "5s", maxsize = BOUND)]
fn double(n: u32) -> u32 {
    n * 2
}

fn call(n: u32) -> CacheStatus {
    let (value, outcome) = observe(|| double(n));
    assert_eq!(value, n * 2);
    let cache = cache("clocks");
    cache.flush().wait().unwrap();
    outcome.unwrap().result
}

/// The values that are to be there, the latest last.
#[derive(Debug, Default)]
struct Model(VecDeque<u32>);

impl Model {
    fn call(&mut self, n: u32) -> CacheStatus {
        let found = self.0.iter().position(|held| *held == n);
        if let Some(place) = found {
            self.0.remove(place);
        } else if self.0.len() == BOUND {
            self.0.pop_front();
        }
        self.0.push_back(n);
        match found {
            Some(_) => CacheStatus::HitRedis,
            None => CacheStatus::Miss,
        }
    }
}

/// A value for the clock, of another program.
fn garbage(random: &mut Rng) -> Vec<u8> {
    let known: [&[u8]; 14] = [
        b"-1000000",
        b"9223372036854775805",
        b"9223372036854775807",
        b"-9223372036854775808",
        b"4503599627370496",
        b"4503599627370490",
        b"4503599627370495",
        b"9007199254740992",
        b"1e15",
        b"nan",
        b"inf",
        b"",
        b"12x",
        b"0",
    ];
    match random.usize(..known.len() + 6) {
        place if place < known.len() => known[place].to_vec(),
        place if place % 2 == 0 => random.i64(..).to_string().into(),
        _ => (0..random.usize(..12)).map(|_| random.u8(..)).collect(),
    }
}

fn set_clock(admin: &mut Connection, clock: &[u8]) {
    redis::cmd("HSET")
        .arg(META)
        .arg("clock")
        .arg(clock)
        .exec(admin)
        .unwrap();
}

#[test]
fn the_order_is_kept_whatever_the_clock_is_set_to() {
    let server = RedisServer::start();
    URL.set(server.url()).unwrap();
    let mut admin = server.connection();
    let mut random = Rng::with_seed(22);
    let mut model = Model::default();
    for step in 0..600 {
        let mut what = String::new();
        if step % 3 == 2 {
            let clock = garbage(&mut random);
            set_clock(&mut admin, &clock);
            what = format!("the clock at {}", clock.escape_ascii());
        }
        if step % 7 == 6 {
            // The latest entry stays the latest, at a score that no clock reaches.
            let score =
                ["inf", "9e18", "9007199254740993", "4503599627370495.5"][random.usize(..4)];
            let latest: Vec<Vec<u8>> = redis::cmd("ZREVRANGE")
                .arg(&[RECENCY, "0", "0"])
                .query(&mut admin)
                .unwrap();
            redis::cmd("ZADD")
                .arg(RECENCY)
                .arg(score)
                .arg(&latest)
                .exec(&mut admin)
                .unwrap();
            what = format!("{what}, the latest at {score}");
        }
        let n = random.u32(..10);
        assert_eq!(call(n), model.call(n), "{n} in step {step}: {what}");
    }
    let clock: u64 = redis::cmd("HGET")
        .arg(&[META, "clock"])
        .query(&mut admin)
        .unwrap();
    assert!(clock < 1 << 52, "{clock}");
}
