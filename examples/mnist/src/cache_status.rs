//! The response header that tells what the cache did (RFC 9211).

use axum::http::header::AGE;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use redis_cache_runtime::{CacheStatus, Outcome};

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The name of the cache among those that a response may pass.
const CACHE: &str = "handler-cache";

/// Adds `Cache-Status`, and `Age` for a hit. A result that is `storable` enters the cache on a miss.
pub(crate) fn add(headers: &mut HeaderMap, outcome: &Outcome, storable: bool) {
    if let Ok(status) = HeaderValue::try_from(status(outcome, storable)) {
        headers.insert(CACHE_STATUS, status);
    }
    if let Some(age) = outcome.age {
        headers.insert(AGE, age.as_secs().into());
    }
}

fn status(outcome: &Outcome, storable: bool) -> String {
    let result = outcome.result;
    match result {
        CacheStatus::Miss if storable => format!("{CACHE}; fwd=miss; stored"),
        CacheStatus::Miss => format!("{CACHE}; fwd=miss"),
        CacheStatus::Coalesced => format!("{CACHE}; fwd=miss; collapsed; detail={result}"),
        CacheStatus::Bypass => format!("{CACHE}; fwd=bypass"),
        _ if result.is_hit() => match outcome.age {
            Some(age) => format!("{CACHE}; hit; detail=\"{result}, age {age:.1?}\""),
            None => format!("{CACHE}; hit; detail={result}"),
        },
        _ => format!("{CACHE}; fwd=miss; detail={result}"),
    }
}
