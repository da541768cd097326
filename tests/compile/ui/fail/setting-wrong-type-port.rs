use redis_cache_runtime::handler_cache;

const PORT: u32 = 6379;

#[handler_cache(port = PORT)]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
