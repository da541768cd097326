use redis_cache_runtime::handler_cache;

#[handler_cache(crate = crate::facade)]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
