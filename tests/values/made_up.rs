//! No value that the user never made reaches the user's code.

use std::{
    panic,
    sync::atomic::{AtomicU32, Ordering},
};

use cache_tests_support::{config, shards};
use redis_cache_runtime::{CacheStatus, handler_cache};
use serde::{Deserialize, Serialize};

use crate::twice;

const TOO_SHORT: &str = "a currency has three letters";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
struct Currency(String);

impl From<String> for Currency {
    fn from(text: String) -> Self {
        assert!(text.len() == 3, "{TOO_SHORT}");
        Self(text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Price {
    amount: u64,
    currency: Currency,
    others: Vec<(Currency, Option<Currency>)>,
}

#[test]
fn a_conversion_sees_no_other_values_than_its_own() {
    static PANICS: AtomicU32 = AtomicU32::new(0);

    #[handler_cache(config = config(), shards = shards(), name = "currency", timeout = "5s")]
    fn currency() -> Currency {
        Currency("EUR".to_owned())
    }
    #[handler_cache(config = config(), shards = shards(), name = "price", timeout = "5s")]
    fn price() -> Result<Price, Currency> {
        Ok(Price {
            amount: 1,
            currency: currency(),
            others: vec![(currency(), Some(currency()))],
        })
    }

    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if info.to_string().contains(TOO_SHORT) {
            PANICS.fetch_add(1, Ordering::Relaxed);
        }
        usual(info);
    }));
    let (prices, result) = twice(price);
    assert_eq!(prices[0], prices[1]);
    assert_eq!(result, CacheStatus::HitRedis);
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}
