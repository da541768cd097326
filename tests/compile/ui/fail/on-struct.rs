use redis_cache_runtime::handler_cache;

#[handler_cache]
struct Handler;

fn main() {}
