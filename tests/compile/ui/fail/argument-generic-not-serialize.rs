use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle<T: Into<u32>>(value: T) -> u32 {
    value.into()
}

fn main() {}
