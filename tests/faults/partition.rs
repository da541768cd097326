//! A process that has lost Redis while another has not.

use std::sync::OnceLock;

use cache_tests_support::{
    Fault, FaultProxy, RECOVERY, RedisServer, Task, cache, stdout_of, within, worker,
};
use redis_cache_runtime::{CacheStatus, handler_cache, observe};

use crate::rig::BUDGET;

/// Runs another process, which reaches Redis, and returns its standard output.
fn other(server: &RedisServer, task: &Task) -> String {
    stdout_of(
        worker!(task)
            .env("HANDLER_CACHE_URL", server.url())
            .env("HANDLER_CACHE_TIMEOUT", "5s"),
    )
}

#[test]
fn what_another_process_did_meanwhile_holds() {
    static URL: OnceLock<String> = OnceLock::new();

    #[handler_cache(url = URL.get().unwrap().as_str(), name = "churn", maxsize = 2, timeout = BUDGET)]
    fn churn(n: u64) -> u64 {
        n * 2
    }

    let result = |n| {
        let (value, outcome) = observe(|| churn(n));
        assert_eq!(value, n * 2);
        outcome.unwrap().result
    };
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 50);
    URL.set(proxy.url()).unwrap();
    within(RECOVERY, || result(1) == CacheStatus::HitRedis);
    let cache = cache("churn");
    cache.flush().wait().unwrap();
    let before = cache.info().wait().unwrap();

    proxy.set(&[Fault::Hang]);
    assert_eq!(result(3), CacheStatus::ErrorOpen);
    other(&server, &Task::Clear(9));
    assert_eq!(other(&server, &Task::Call(4)), "8 miss\n8 hit_buffer\n");
    assert_ne!(result(1), CacheStatus::HitRedis);
    proxy.lift();

    within(RECOVERY, || result(1) == CacheStatus::HitRedis);
    within(RECOVERY, || cache.flush().wait().is_ok());
    // The value of the other process: this process has not replaced it by its own from before the clear.
    assert_eq!(result(4), CacheStatus::HitRedis);
    assert_eq!(result(3), CacheStatus::Miss);
    let info = cache.info().wait().unwrap();
    assert!(info.not_stored > before.not_stored, "{info:?}");
    assert_eq!(info.corrupt, 0);
}
