use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(values: &[u8]) -> Option<&[u8]> {
    Some(values)
}

fn main() {}
