//! Hot keys, called one after the other from the moment they are computed.

use std::sync::atomic::{AtomicU32, Ordering};

use cache_tests_support::{RedisServer, cache, eventually, server_info};
use redis_cache_runtime::{Config, handler_cache};

const KEYS: u32 = 4;
const BYTES: usize = 1_000_000;

#[test]
fn a_value_that_is_used_while_it_is_on_its_way_is_written_once() {
    static CONFIG: std::sync::OnceLock<Config> = std::sync::OnceLock::new();
    static BODIES: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = CONFIG.get().unwrap().clone(), name = "storm", maxsize = 1000, timeout = "5s")]
    fn hot(_key: u32) -> Vec<u8> {
        BODIES.fetch_add(1, Ordering::Relaxed);
        vec![7; BYTES]
    }

    let server = RedisServer::start();
    CONFIG.set(Config::new(server.url())).unwrap();
    hot(KEYS);
    let cache = cache("storm");
    eventually(|| cache.flush().wait().is_ok());
    let mut connection = server.connection();
    let written = |connection: &mut redis::Connection| -> u64 {
        server_info(connection, "stats")["total_net_input_bytes"]
            .parse()
            .unwrap()
    };
    let before = written(&mut connection);
    for _ in 0..50 {
        for key in 0..KEYS {
            assert_eq!(hot(key).len(), BYTES);
        }
    }
    cache.flush().wait().unwrap();
    assert_eq!(BODIES.load(Ordering::Relaxed), KEYS + 1);
    let written = written(&mut connection) - before;
    let values = u64::from(KEYS) * BYTES as u64;
    assert!(written < values + values / 10, "{written} bytes");
    let stored = cache.info().wait().unwrap().stored;
    assert_eq!(stored, u64::from(KEYS + 1));
}
