//! Values that are nested as deep as is documented, on a thread's usual stack and in a build that is not optimized.

use std::thread;

use cache_tests_support::{config, info, shards};
use redis_cache_runtime::{CacheStatus, handler_cache};
use serde::{Deserialize, Serialize};

use crate::twice;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct List {
    name: String,
    next: Option<Box<List>>,
}

fn nested(depth: usize) -> List {
    let list = |next| List {
        name: "a".to_owned(),
        next,
    };
    (1..depth).fold(list(None), |inner, _| list(Some(Box::new(inner))))
}

#[test]
fn what_is_nested_deep_is_stored_and_what_is_deeper_is_not() {
    #[handler_cache(config = config(), shards = shards(), name = "nested", timeout = "5s")]
    fn wrap(list: &List) -> List {
        list.clone()
    }
    let call = |depth| {
        let thread = thread::Builder::new().stack_size(2 * 1024 * 1024);
        let call = move || {
            let list = nested(depth);
            let (answers, result) = twice(|| wrap(&list));
            assert!(answers.iter().all(|answer| *answer == list));
            result
        };
        thread.spawn(call).unwrap().join().unwrap()
    };
    assert_eq!(call(120), CacheStatus::HitRedis);
    assert_eq!(call(256), CacheStatus::HitRedis);
    assert_eq!(call(257), CacheStatus::Bypass);
    assert_eq!(info("nested").corrupt, 0);
}

#[test]
fn what_grows_too_deep_is_not_stored() {
    #[handler_cache(config = config(), shards = shards(), name = "grown", timeout = "5s")]
    fn grow(depth: usize) -> List {
        nested(depth)
    }
    let (answers, result) = twice(|| grow(300));
    assert_eq!(answers[0], answers[1]);
    assert_eq!(result, CacheStatus::Miss);
    assert_eq!(info("grown").not_stored, 2);
}
