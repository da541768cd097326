use redis_cache_runtime::handler_cache;

#[handler_cache(port = 6379, db = 1, url = "redis://localhost")]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
