use redis_cache_runtime::handler_cache;

#[handler_cache(maxsize = n)]
fn handle(n: usize) -> usize {
    n
}

fn main() {}
