//! Types whose values can't be read back, whichever they are.

use cache_tests_support::{config, flush_all, info, shards};
use redis_cache_runtime::{CacheStatus, handler_cache, observe};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

#[derive(Debug, Serialize, Deserialize)]
struct Response {
    #[serde(rename(serialize = "label"))]
    class: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Login {
    user: String,
    #[serde(skip_serializing)]
    password: String,
}

#[test]
fn they_cost_nothing_more_once_it_is_known() {
    #[handler_cache(config = config(), shards = shards(), name = "renamed", timeout = "5s")]
    fn renamed() -> Response {
        Response { class: 1 }
    }
    #[handler_cache(config = config(), shards = shards(), name = "left out", timeout = "5s")]
    fn left_out() -> Login {
        Login {
            user: "u".to_owned(),
            password: "p".to_owned(),
        }
    }
    #[handler_cache(config = config(), shards = shards(), name = "raw", timeout = "5s")]
    fn raw() -> Box<RawValue> {
        RawValue::from_string("{}".to_owned()).unwrap()
    }
    let (mut results, calls) = (Vec::new(), 300);
    for _ in 0..calls {
        let (response, seen) = observe(renamed);
        assert_eq!(response.class, 1);
        let (login, also_seen) = observe(left_out);
        assert_eq!(login.password, "p");
        let (json, seen_too) = observe(raw);
        assert_eq!(json.get(), "{}");
        results.push([seen, also_seen, seen_too].map(|seen| seen.unwrap().result));
        // The cache learns that the type does not come back.
        flush_all();
    }
    for (handler, name) in ["renamed", "left out", "raw"].into_iter().enumerate() {
        let missed = results
            .iter()
            .filter(|result| result[handler] == CacheStatus::Miss)
            .count();
        // The first three calls, and one that tried again.
        assert_eq!(missed, 4, "{name}");
        let bypassed = results.iter().map(|result| result[handler]);
        let bypassed = bypassed.filter(|result| *result == CacheStatus::Bypass);
        assert_eq!(bypassed.count(), calls - missed, "{name}");
        let info = info(name);
        assert_eq!((info.stored, info.corrupt), (0, 0), "{name}");
        assert_eq!(info.not_stored, 4, "{name}");
    }
}

#[test]
fn a_type_that_comes_back_mostly_is_looked_for_always() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Even(#[serde(deserialize_with = "even")] u32);

    fn even<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let n = u32::deserialize(deserializer)?;
        let odd = || serde::de::Error::custom("odd");
        (n % 2 == 0).then_some(n).ok_or_else(odd)
    }

    #[handler_cache(config = config(), shards = shards(), name = "even", timeout = "5s")]
    fn number(n: u32) -> Even {
        Even(n)
    }
    for n in [0, 1, 3, 5, 7, 9] {
        assert_eq!(number(n), Even(n));
        flush_all();
    }
    let result = |n| observe(|| number(n)).1.unwrap().result;
    assert_eq!(
        (result(0), result(1)),
        (CacheStatus::HitRedis, CacheStatus::Miss)
    );
}
