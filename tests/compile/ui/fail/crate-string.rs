use redis_cache_runtime::handler_cache;

#[handler_cache(crate = "redis_cache_runtime")]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
