use redis_cache_runtime::handler_cache;

#[handler_cache(timeout = "50")]
fn no_unit(n: u32) -> u32 {
    n
}

#[handler_cache(timeout = 50)]
fn number(n: u32) -> u32 {
    n
}

#[handler_cache(timeout = "2h")]
fn too_long(n: u32) -> u32 {
    n
}

#[handler_cache(timeout = "50sec")]
fn unknown_unit(n: u32) -> u32 {
    n
}

#[handler_cache(timeout = "0ms")]
fn zero(n: u32) -> u32 {
    n
}

fn main() {}
