use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(text: &str) -> &str {
    text
}

fn main() {}
