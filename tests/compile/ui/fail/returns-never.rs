use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(n: u32) -> ! {
    panic!("{n}")
}

fn main() {}
