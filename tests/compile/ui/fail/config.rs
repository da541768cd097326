use redis_cache_runtime::handler_cache;

#[handler_cache(config = config(), url = "redis://localhost")]
fn and_url(n: u32) -> u32 {
    n
}

#[handler_cache(config = 1)]
fn number(n: u32) -> u32 {
    n
}

#[handler_cache(config = "redis://localhost")]
fn string(n: u32) -> u32 {
    n
}

fn main() {}
