use redis_cache_runtime::handler_cache;

#[handler_cache(url = "redis+sentinel:///mymaster")]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
