//! Clocks that jump. No test can set a clock; these show that neither the runtime nor its scripts read one.

use cache_tests_support::RedisServer;

use crate::rig::PATIENCE;

const SCRIPTS: [&str; 5] = [
    include_str!("../../redis-cache-runtime/src/remote/scripts/apply.lua"),
    include_str!("../../redis-cache-runtime/src/remote/scripts/clear.lua"),
    include_str!("../../redis-cache-runtime/src/remote/scripts/count.lua"),
    include_str!("../../redis-cache-runtime/src/remote/scripts/heal.lua"),
    include_str!("../../redis-cache-runtime/src/remote/scripts/invalidate.lua"),
];

#[test]
fn no_script_asks_for_the_time() {
    for script in SCRIPTS {
        let code = script.lines().filter_map(|line| line.split("--").next());
        for line in code {
            assert!(!line.contains("'TIME'"), "{line}");
            assert!(!line.contains("os."), "{line}");
        }
    }
}

/// Uses are numbered one after the other, so that their order does not depend on clocks.
#[test]
fn the_order_is_that_of_a_counter() {
    let server = RedisServer::start();
    let mut admin = server.connection();
    for handler in &handlers!(server.url(), "numbered", PATIENCE) {
        for n in 0..5 {
            handler.call(n);
            handler.flush();
        }
        handler.call(2);
        handler.flush();
        let key = |part| format!("hc:{{{}}}:{part}", handler.name);
        let scores: Vec<(Vec<u8>, u64)> = redis::cmd("ZRANGE")
            .arg(&[&key("z"), "0", "-1", "WITHSCORES"])
            .query(&mut admin)
            .unwrap();
        let scores: Vec<_> = scores.into_iter().map(|(_, score)| score).collect();
        let clock: u64 = redis::cmd("HGET")
            .arg(&[&key("m"), "clock"])
            .query(&mut admin)
            .unwrap();
        assert_eq!(scores.len(), 5);
        assert!(scores.is_sorted() && scores.iter().all(|score| *score <= clock));
        assert!(clock < 20, "{clock}, {scores:?}");
    }
}
