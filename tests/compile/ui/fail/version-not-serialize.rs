use redis_cache_runtime::handler_cache;

struct Version;

#[handler_cache(version = Version)]
fn handle(n: u32) -> u32 {
    n
}

fn main() {}
