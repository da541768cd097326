//! First calls that meet, and what they wait for.

use super::*;

/// Runs all at once, each on a thread of its own, and waits until they have ended.
fn all_end<const N: usize>(calls: [fn(); N]) {
    let threads = calls.map(thread::spawn);
    eventually(|| threads.iter().all(thread::JoinHandle::is_finished));
    for ended in threads {
        ended.join().unwrap();
    }
}

#[test]
fn settings_that_wait_for_a_thread_that_calls_the_handler() {
    fn name() -> &'static str {
        assert_eq!(thread::spawn(|| doubled(1)).join().unwrap(), 2);
        "waits-for-itself"
    }

    #[handler_cache(config = config(), shards = shards(), name = name())]
    fn doubled(n: u32) -> u32 {
        n * 2
    }

    all_end([|| assert_eq!(doubled(5), 10)]);
    assert_eq!(doubled(6), 12);
    _ = cache("waits-for-itself");
}

#[test]
fn settings_of_two_handlers_that_call_each_other() {
    static BOTH: Barrier = Barrier::new(2);
    thread_local! {
        static IS_INNER: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    }

    /// Both threads are in the settings of one handler when they ask for those of the other.
    fn meet() {
        if !IS_INNER.replace(true) {
            BOTH.wait();
        }
    }

    fn first_name() -> &'static str {
        meet();
        assert_eq!(second(1), 3);
        "settings-first"
    }

    fn second_name() -> &'static str {
        meet();
        assert_eq!(first(1), 2);
        "settings-second"
    }

    #[handler_cache(config = config(), shards = shards(), name = first_name())]
    fn first(n: u32) -> u32 {
        n * 2
    }

    #[handler_cache(config = config(), shards = shards(), name = second_name())]
    fn second(n: u32) -> u32 {
        n * 3
    }

    all_end([|| assert_eq!(first(5), 10), || assert_eq!(second(5), 15)]);
    for name in ["settings-first", "settings-second"] {
        _ = cache(name);
    }
}

#[test]
fn threads_that_make_the_first_call_of_a_further_instantiation_at_once() {
    #[derive(Clone, Copy, serde::Serialize)]
    struct Numbered<const N: usize>(u32);

    #[handler_cache(config = config(), shards = shards(), name = "instantiations", maxsize = None)]
    fn double<const N: usize>(number: Numbered<N>) -> u32 {
        number.0 * 2
    }

    fn race<const N: usize>() {
        const THREADS: usize = 8;
        let start = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    start.wait();
                    assert_eq!(double(Numbered::<N>(4)), 8);
                });
            }
        });
        let is_hit = || {
            let (value, outcome) = redis_cache_runtime::observe(|| double(Numbered::<N>(4)));
            assert_eq!(value, 8);
            let result = outcome.unwrap().result;
            assert_ne!(result, CacheStatus::Bypass, "not cached: {N}");
            result == CacheStatus::HitRedis
        };
        eventually(is_hit);
    }

    double(Numbered::<0>(4));
    for race in [
        race::<1>, race::<2>, race::<3>, race::<4>, race::<5>, race::<6>, race::<7>, race::<8>,
        race::<9>, race::<10>, race::<11>, race::<12>,
    ] {
        race();
    }
}

/// serde waits for a lock, and the bare handler would not.
#[test]
fn locks_that_the_caller_holds() {
    use std::sync::{Arc, Mutex, RwLock};

    #[handler_cache(config = config(), shards = shards(), name = "locks")]
    fn plus(number: u32, mutex: &Mutex<u32>, shared: Arc<RwLock<u32>>) -> u32 {
        _ = (mutex, shared);
        number + 1
    }

    all_end([|| {
        let (mutex, shared) = (Mutex::new(1), Arc::new(RwLock::new(2)));
        let call = |number| {
            let shared = Arc::clone(&shared);
            let (value, outcome) = redis_cache_runtime::observe(|| plus(number, &mutex, shared));
            assert_eq!(value, number + 1);
            outcome.unwrap().result
        };
        let held = mutex.lock().unwrap();
        assert_eq!(call(1), CacheStatus::Bypass);
        drop(held);
        let held = shared.write().unwrap();
        assert_eq!(call(1), CacheStatus::Bypass);
        drop(held);
        let held = shared.read().unwrap();
        eventually(|| call(1) == CacheStatus::HitRedis);
        drop(held);
        // The values behind the locks are part of the key.
        *mutex.lock().unwrap() = 5;
        assert_eq!(call(1), CacheStatus::Miss);
        *shared.write().unwrap() = 5;
        assert_eq!(call(1), CacheStatus::Miss);
    }]);
}
