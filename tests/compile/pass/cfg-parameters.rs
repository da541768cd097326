use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(n: u32, #[cfg(any())] absent: Missing, #[cfg(not(any()))] present: u32) -> u32 {
    n + present
}

#[handler_cache(skip(absent))]
fn skipped(n: u32, #[cfg(any())] absent: Missing) -> u32 {
    n
}

#[test]
pub fn main() {
    assert_eq!(handle(40, 2), 42);
    assert_eq!(skipped(42), 42);
}
