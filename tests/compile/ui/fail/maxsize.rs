use redis_cache_runtime::handler_cache;

#[handler_cache(maxsize = 1.5)]
fn fraction(n: u32) -> u32 {
    n
}

#[handler_cache(maxsize = -1)]
fn negative(n: u32) -> u32 {
    n
}

#[handler_cache(maxsize = "big")]
fn string(n: u32) -> u32 {
    n
}

fn main() {}
