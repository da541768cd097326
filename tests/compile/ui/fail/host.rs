use redis_cache_runtime::handler_cache;

#[handler_cache(host = "[::1]")]
fn brackets(n: u32) -> u32 {
    n
}

#[handler_cache(host = "")]
fn empty(n: u32) -> u32 {
    n
}

#[handler_cache(host = 5)]
fn number(n: u32) -> u32 {
    n
}

#[handler_cache(host = "/run/redis.sock")]
fn path(n: u32) -> u32 {
    n
}

#[handler_cache(host = "local host")]
fn space(n: u32) -> u32 {
    n
}

#[handler_cache(host = "redis://localhost")]
fn url(n: u32) -> u32 {
    n
}

#[handler_cache(host = "localhost:6379")]
fn with_port(n: u32) -> u32 {
    n
}

fn main() {}
