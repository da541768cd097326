use redis_cache_runtime::handler_cache;

use std::pin::Pin;

#[handler_cache]
fn handle(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move { n })
}

fn main() {}
