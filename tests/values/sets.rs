//! Sets have no order, and so no other after they have been read.

use std::collections::{BTreeMap, HashMap, HashSet};

use cache_tests_support::{config, shards};
use indexmap::IndexMap;
use redis_cache_runtime::{CacheStatus, handler_cache};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::twice;

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
        assert_eq!(result, CacheStatus::HitRedis);
        let (maps, result) = twice(in_a_map);
        assert_eq!(maps[0], maps[1]);
        assert_eq!(result, CacheStatus::HitRedis);
        let (structs, result) = twice(in_a_struct);
        assert_eq!(structs[0], structs[1]);
        assert_eq!(result, CacheStatus::HitRedis);
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
        assert_eq!(result, CacheStatus::HitRedis);
    }
}

#[test]
fn a_map_whose_order_is_lost_is_not_stored() {
    /// The best first, and by name once it has been read.
    #[derive(Clone, Debug)]
    struct Ranking(Vec<(String, u32)>);

    impl Serialize for Ranking {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.collect_map(self.0.iter().map(|(name, points)| (name, points)))
        }
    }

    impl<'de> Deserialize<'de> for Ranking {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let by_name = BTreeMap::deserialize(deserializer)?;
            Ok(Self(by_name.into_iter().collect()))
        }
    }

    #[handler_cache(config = config(), shards = shards(), name = "ranking", timeout = "5s")]
    fn ranking() -> Ranking {
        Ranking(vec![("zoe".to_owned(), 9), ("amy".to_owned(), 1)])
    }
    #[handler_cache(config = config(), shards = shards(), name = "ranking in order", timeout = "5s")]
    fn in_order() -> Ranking {
        Ranking(vec![("amy".to_owned(), 1), ("zoe".to_owned(), 9)])
    }
    let (rankings, result) = twice(ranking);
    assert!(rankings.iter().all(|ranking| ranking.0[0].0 == "zoe"));
    assert_ne!(result, CacheStatus::HitRedis);
    assert_eq!(twice(in_order).1, CacheStatus::HitRedis);

    // The sets are equal in any order.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Sorted {
        #[serde(deserialize_with = "by_name")]
        points: IndexMap<String, u32>,
    }
    fn by_name<'de, D: Deserializer<'de>>(d: D) -> Result<IndexMap<String, u32>, D::Error> {
        let by_name = BTreeMap::deserialize(d)?;
        Ok(by_name.into_iter().collect())
    }

    #[handler_cache(config = config(), shards = shards(), name = "sorted", timeout = "5s")]
    fn sorted() -> Sorted {
        let points = [("zoe".to_owned(), 9), ("amy".to_owned(), 1)].into();
        Sorted { points }
    }
    let (values, result) = twice(sorted);
    assert!(
        values
            .iter()
            .all(|value| value.points.keys().next().unwrap() == "zoe")
    );
    assert_ne!(result, CacheStatus::HitRedis);
}

#[test]
fn maps_without_an_order_need_no_partial_eq() {
    #[derive(Clone, Serialize, Deserialize)]
    struct Flattened {
        name: String,
        #[serde(flatten)]
        others: HashMap<String, u32>,
    }

    #[handler_cache(config = config(), shards = shards(), name = "flattened without equality", timeout = "5s")]
    fn flattened(n: u32) -> Flattened {
        Flattened {
            name: "a".to_owned(),
            others: (0..n).map(|n| (n.to_string(), n)).collect(),
        }
    }
    for n in [2, 3, 50] {
        let (values, result) = twice(|| flattened(n));
        assert_eq!(values[0].others, values[1].others);
        assert_eq!(result, CacheStatus::HitRedis);
    }
}
