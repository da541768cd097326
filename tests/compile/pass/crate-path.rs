use crate::facade::deep::cache::handler_cache;

#[handler_cache(crate = crate::facade::deep::cache)]
fn inside(n: u32) -> u32 {
    n
}

#[handler_cache(crate = ::redis_cache_runtime, maxsize = 4, timeout = "1s")]
async fn outside(n: u32) -> u32 {
    n
}

#[test]
pub fn main() {
    assert_eq!(inside(42), 42);
    assert_eq!(smol::block_on(outside(42)), 42);
}
