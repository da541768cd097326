use redis_cache_runtime::handler_cache;

#[handler_cache(name = "a{b}")]
fn braces(n: u32) -> u32 {
    n
}

#[handler_cache(name = "a\n")]
fn control(n: u32) -> u32 {
    n
}

#[handler_cache(name = "")]
fn empty(n: u32) -> u32 {
    n
}

#[handler_cache(name = 5)]
fn number(n: u32) -> u32 {
    n
}

#[handler_cache(name = "handler#3")]
fn of_a_shard(n: u32) -> u32 {
    n
}

fn main() {}
