use redis_cache_runtime::handler_cache;

#[handler_cache]
fn double(n: u32) -> u32 {
    n * 2
}

#[handler_cache()]
fn triple(n: u32) -> u32 {
    n * 3
}

#[test]
pub fn main() {
    assert_eq!(double(21), 42);
    assert_eq!(triple(14), 42);
}
