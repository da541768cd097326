use redis_cache_runtime::handler_cache;

#[handler_cache(port = 6379, config = config())]
fn and_config(n: u32) -> u32 {
    n
}

#[handler_cache(port = "6379")]
fn string(n: u32) -> u32 {
    n
}

#[handler_cache(port = 65536)]
fn too_large(n: u32) -> u32 {
    n
}

#[handler_cache(port = 0)]
fn zero(n: u32) -> u32 {
    n
}

fn main() {}
