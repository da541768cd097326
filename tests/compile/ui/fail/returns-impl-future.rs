use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(n: u32) -> impl Future<Output = u32> {
    async move { n }
}

fn main() {}
