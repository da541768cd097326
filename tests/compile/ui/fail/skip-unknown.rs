use redis_cache_runtime::handler_cache;

#[handler_cache(skip(m))]
fn handle(n: u32, context: &str) -> u32 {
    n
}

fn main() {}
