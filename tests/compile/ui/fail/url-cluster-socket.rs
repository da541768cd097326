use redis_cache_runtime::handler_cache;

#[handler_cache(url = "redis+unix:///run/redis.sock,redis://b:7000")]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
