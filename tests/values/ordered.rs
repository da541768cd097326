//! Arguments that are maps and sets, with and without an order of their own.

use std::collections::{HashMap, HashSet};

use cache_tests_support::{config, flush_all, shards};
use indexmap::IndexMap;
use redis_cache_runtime::{CacheStatus, handler_cache, observe};

#[test]
fn the_order_of_an_argument_that_has_one_counts() {
    #[handler_cache(config = config(), shards = shards(), name = "ordered", timeout = "5s")]
    fn first(entries: &IndexMap<String, u32>) -> Option<String> {
        entries.keys().next().cloned()
    }
    let ab: IndexMap<_, _> = [("a".to_owned(), 1), ("b".to_owned(), 2)].into();
    let ba: IndexMap<_, _> = ab.clone().into_iter().rev().collect();
    for _ in 0..2 {
        assert_eq!(first(&ab).as_deref(), Some("a"));
        assert_eq!(first(&ba).as_deref(), Some("b"));
        flush_all();
    }
}

#[test]
fn equal_hash_maps_and_sets_have_one_key() {
    #[handler_cache(config = config(), shards = shards(), name = "unordered", timeout = "5s")]
    fn count(map: &HashMap<u32, HashSet<String>>, set: &HashSet<u32>) -> usize {
        map.len() + set.len()
    }
    let words = || (0..50).map(|n: u32| n.to_string()).collect();
    let map = || (0..50).map(|n| (n, words())).collect();
    let set = || (0..50).rev().collect();
    assert_eq!(count(&map(), &set()), 100);
    flush_all();
    for _ in 0..3 {
        let (answer, outcome) = observe(|| count(&map(), &set()));
        assert_eq!(answer, 100);
        assert_eq!(outcome.unwrap().result, CacheStatus::HitRedis);
    }
}
