use redis_cache_runtime::handler_cache;

#[handler_cache(crate = ::redis_cache_runtime::<u8>)]
fn generic(n: u32) -> u32 {
    n
}

#[handler_cache(crate = crate::facade)]
fn missing(n: u32) -> u32 {
    n
}

#[handler_cache(crate = super::redis_cache_runtime)]
fn relative(n: u32) -> u32 {
    n
}

#[handler_cache(crate = "redis_cache_runtime")]
fn string(n: u32) -> u32 {
    n
}

fn main() {}
