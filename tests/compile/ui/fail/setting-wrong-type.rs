use redis_cache_runtime::handler_cache;

fn host() -> u32 {
    5
}

#[handler_cache(host = host())]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
