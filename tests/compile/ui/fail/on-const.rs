use redis_cache_runtime::handler_cache;

#[handler_cache]
const PORT: u16 = 6379;

fn main() {}
