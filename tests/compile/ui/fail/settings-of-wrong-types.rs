use redis_cache_runtime::handler_cache;

const PORT: u32 = 6379;

fn host() -> u32 {
    5
}

#[handler_cache(port = PORT)]
fn port(n: u32) -> u32 {
    n
}

#[handler_cache(host = host())]
fn number_as_host(n: u32) -> u32 {
    n
}

fn main() {}
