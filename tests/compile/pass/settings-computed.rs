//! Settings that are computed, without a type of their own.

use redis_cache_runtime::handler_cache;

const KIB: usize = 1024;

#[handler_cache(maxsize = 64 * 2, max_value_bytes = 4 * KIB, ttl = "1h")]
fn double(n: u32) -> u32 {
    n * 2
}

#[test]
pub fn main() {
    assert_eq!(double(2), 4);
}
