//! Sets have no order, and so no other after they have been read.

use std::collections::{HashMap, HashSet};

use cache_tests_support::shards;
use redis_cache_runtime::{CallResult, handler_cache};
use serde::{Deserialize, Serialize};

use crate::{config, twice};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Tagged {
    name: String,
    tags: HashSet<String>,
    by_year: HashMap<u16, HashSet<u32>>,
}

#[test]
fn sets_are_stored_wherever_they_stand() {
    #[handler_cache(config = config(), shards = shards(), name = "set", timeout = "5s")]
    fn bare() -> HashSet<u32> {
        (0..50).collect()
    }
    #[handler_cache(config = config(), shards = shards(), name = "sets in a map", timeout = "5s")]
    fn in_a_map() -> HashMap<String, HashSet<u32>> {
        HashMap::from([("a".to_owned(), bare()), ("b".to_owned(), HashSet::new())])
    }
    #[handler_cache(config = config(), shards = shards(), name = "sets in a struct", timeout = "5s")]
    fn in_a_struct() -> Result<Tagged, String> {
        Ok(Tagged {
            name: "a".to_owned(),
            tags: (0..50).map(|n: u32| n.to_string()).collect(),
            by_year: (2000..2020).map(|year| (year, bare())).collect(),
        })
    }
    for _ in 0..3 {
        let (sets, result) = twice(bare);
        assert_eq!(sets[0], sets[1]);
        assert_eq!(result, CallResult::HitRedis);
        let (maps, result) = twice(in_a_map);
        assert_eq!(maps[0], maps[1]);
        assert_eq!(result, CallResult::HitRedis);
        let (structs, result) = twice(in_a_struct);
        assert_eq!(structs[0], structs[1]);
        assert_eq!(result, CallResult::HitRedis);
    }
}

#[test]
fn maps_that_serde_hides_are_stored_as_well() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flattened {
        name: String,
        #[serde(flatten)]
        others: HashMap<String, u32>,
    }

    #[handler_cache(config = config(), shards = shards(), name = "flattened map", timeout = "5s")]
    fn flattened() -> Flattened {
        Flattened {
            name: "a".to_owned(),
            others: (0..50).map(|n| (n.to_string(), n)).collect(),
        }
    }
    for _ in 0..3 {
        let (values, result) = twice(flattened);
        assert_eq!(values[0], values[1]);
        assert_eq!(result, CallResult::HitRedis);
    }
}
