use redis_cache_runtime::handler_cache;

#[handler_cache(ttl = "9ms")]
fn too_short(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = 10)]
fn without_unit(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = "10d")]
fn wrong_unit(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = "0s")]
fn zero(n: u32) -> u32 {
    n
}

fn main() {}
