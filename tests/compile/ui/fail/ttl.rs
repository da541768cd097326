use redis_cache_runtime::handler_cache;

#[handler_cache(ttl = "9ms")]
fn too_short(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = 10)]
fn without_unit(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = "10w")]
fn wrong_unit(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = "1 day")]
fn unit_in_full(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = "36501d")]
fn too_long(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = "9999999d")]
fn longer_than_can_be_counted(n: u32) -> u32 {
    n
}

#[handler_cache(ttl = "0s")]
fn zero(n: u32) -> u32 {
    n
}

fn main() {}
