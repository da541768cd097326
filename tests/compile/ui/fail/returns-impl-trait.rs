use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(n: u32) -> impl Copy {
    n
}

fn main() {}
