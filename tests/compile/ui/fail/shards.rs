use redis_cache_runtime::handler_cache;

#[handler_cache(shards = 200)]
fn above_default(n: u32) -> u32 {
    n
}

#[handler_cache(maxsize = 4, shards = 8)]
fn above_maxsize(n: u32) -> u32 {
    n
}

#[handler_cache(shards = "8")]
fn string(n: u32) -> u32 {
    n
}

#[handler_cache(shards = 0)]
fn zero(n: u32) -> u32 {
    n
}

fn main() {}
