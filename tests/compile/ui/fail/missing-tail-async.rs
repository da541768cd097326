use redis_cache_runtime::handler_cache;

#[handler_cache]
async fn handle(n: u32) -> u32 {
    let _ = n;
}

fn main() {}
