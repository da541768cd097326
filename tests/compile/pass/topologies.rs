use redis_cache_runtime::{Config, handler_cache};

fn config() -> Config {
    Config::new("rediss://localhost").credentials("app", "password")
}

#[handler_cache(config = config(), shards = 8)]
fn in_code(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://a:7000, redis://:with,comma@b:7001/0", shards = 128)]
fn cluster(n: u32) -> u32 {
    n
}

#[handler_cache(
    url = "rediss+sentinel://u:p@a,b:26379,[::1]:1/main/2?sentinel_user=s&sentinel_password=t"
)]
fn sentinels(n: u32) -> u32 {
    n
}

#[handler_cache(shards = shards(), maxsize = None)]
fn computed(n: u32) -> u32 {
    n
}

#[handler_cache(shards = 8, maxsize = 0)]
fn off(n: u32) -> u32 {
    n
}

fn shards() -> u16 {
    4
}

#[test]
pub fn main() {
    let _: [fn(u32) -> u32; 5] = [in_code, cluster, sentinels, computed, off];
}
