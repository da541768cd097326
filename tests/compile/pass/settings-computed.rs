//! Settings that are computed, without a type of their own.

use redis_cache_runtime::handler_cache;

const KIB: usize = 1024;

#[handler_cache(maxsize = 64 * 2, max_value_bytes = 4 * KIB, ttl = "1h")]
fn double(n: u32) -> u32 {
    n * 2
}

macro_rules! bounded_by {
    ($name:ident, $bound:expr) => {
        #[handler_cache(maxsize = ($bound))]
        fn $name(n: u32) -> u32 {
            n * 2
        }
    };
}

bounded_by!(without_bound, None);
bounded_by!(within_bound, Some(64));

#[handler_cache(maxsize = (None))]
fn in_parentheses(n: u32) -> u32 {
    n * 2
}

#[handler_cache(maxsize = { None })]
fn in_a_block(n: u32) -> u32 {
    n * 2
}

#[handler_cache(maxsize = Option::None)]
fn by_type(n: u32) -> u32 {
    n * 2
}

#[handler_cache(maxsize = ::core::option::Option::None)]
fn by_path(n: u32) -> u32 {
    n * 2
}

#[handler_cache(maxsize = if cfg!(debug_assertions) { None } else { Some(64) })]
fn by_build(n: u32) -> u32 {
    n * 2
}

#[test]
pub fn main() {
    for double in [
        without_bound,
        within_bound,
        in_parentheses,
        in_a_block,
        by_type,
        by_path,
        by_build,
    ] {
        assert_eq!(double(2), 4);
    }
    assert_eq!(double(2), 4);
}
