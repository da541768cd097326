use redis_cache_runtime::handler_cache;

#[handler_cache(db = -1)]
fn negative(n: u32) -> u32 {
    n
}

#[handler_cache(db = "0")]
fn string(n: u32) -> u32 {
    n
}

fn main() {}
