use redis_cache_runtime::handler_cache;

#[handler_cache(maxsize = 4, shards = 8)]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
