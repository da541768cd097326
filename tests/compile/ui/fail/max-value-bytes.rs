use redis_cache_runtime::handler_cache;

#[handler_cache(max_value_bytes = "8 MiB")]
fn string(n: u32) -> u32 {
    n
}

#[handler_cache(max_value_bytes = 0)]
fn zero(n: u32) -> u32 {
    n
}

fn main() {}
