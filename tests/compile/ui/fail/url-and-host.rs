use redis_cache_runtime::handler_cache;

#[handler_cache(url = "redis://localhost", host = "localhost")]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
