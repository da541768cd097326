use redis_cache_runtime::handler_cache;

#[handler_cache(url = "redis+sentinel://a:26379,b:26379")]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
