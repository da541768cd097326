use redis_cache_runtime::handler_cache;

#[handler_cache(skip(n))]
fn handle() -> u32 {
    1
}

fn main() {}
