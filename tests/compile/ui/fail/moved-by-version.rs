use redis_cache_runtime::handler_cache;

#[handler_cache(version = drop(text))]
fn handle(text: String) -> String {
    text
}

fn main() {}
