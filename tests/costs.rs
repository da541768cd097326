//! The cost of a cache for the Redis server: commands and memory.

#![expect(
    clippy::items_after_statements,
    reason = "handlers stand where they are used"
)]

use std::{sync::OnceLock, thread, time::Instant};

use cache_tests_support::{RedisServer, cache, commandstats, run, server_info};
use redis_cache_runtime::handler_cache;

#[test]
fn a_hundred_thousand_hits_are_a_hundred_thousand_gets() {
    static URL: OnceLock<String> = OnceLock::new();
    let server = RedisServer::start();
    URL.set(server.url()).unwrap();

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "counted", timeout = "30s")]
    fn double(n: u32) -> u32 {
        n * 2
    }

    let flush = || {
        let cache = cache("counted");
        cache.flush().wait().unwrap();
    };
    for n in 0..100 {
        double(n);
    }
    flush();
    run(&mut server.connection(), &["CONFIG", "RESETSTAT"]);
    let began = Instant::now();
    // Each thread has keys of its own: calls that join another's look-up would not ask.
    thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for call in 0..25_000 {
                    double(thread * 25 + call % 25);
                }
            });
        }
    });
    flush();
    let mut stats = commandstats(&mut server.connection());
    stats.remove("config|resetstat");
    println!("{stats:?}");
    let gets = stats.remove("get").unwrap();
    assert_eq!(gets, 100_000);
    // The uses of 50 ms are told in one script of four commands.
    let intervals = began.elapsed().as_secs() * 20 + 20;
    let others: u64 = stats.values().sum();
    assert!(others <= 500 + 5 * intervals, "{stats:?}");
}

#[test]
fn an_entry_takes_at_most_three_hundred_bytes_more_than_its_value() {
    const ENTRIES: u32 = 100_000;
    static URL: OnceLock<String> = OnceLock::new();
    let server = RedisServer::start();
    URL.set(server.url()).unwrap();

    // Bytes as serde has them: 64 of value are 64 of payload and its header.
    #[handler_cache(url = URL.get().unwrap().as_str(), name = "predictions", maxsize = 200_000)]
    fn predict(n: u32) -> String {
        format!("{n:064}")
    }

    let used = || -> u64 {
        server_info(&mut server.connection(), "memory")["used_memory"]
            .parse()
            .unwrap()
    };
    predict(0);
    let cache = cache("predictions");
    cache.flush().wait().unwrap();
    let before = used();
    for n in 1..=ENTRIES {
        predict(n);
        if n % 500 == 0 {
            cache.flush().wait().unwrap();
        }
    }
    cache.flush().wait().unwrap();
    assert_eq!(cache.info().wait().unwrap().stored, u64::from(ENTRIES) + 1);
    let each = (used() - before) / u64::from(ENTRIES);
    println!("{each} bytes an entry, {} over its value", each - 64);
    assert!(each <= 64 + 300, "{each} bytes an entry");
}
