use redis_cache_runtime::handler_cache;

#[handler_cache(max_value_bytes = 0)]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
