use redis_cache_runtime::handler_cache;

#[handler_cache(url = "redis://a:7000/1,redis://b:7000")]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
