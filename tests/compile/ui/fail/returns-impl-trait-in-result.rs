use redis_cache_runtime::handler_cache;

#[handler_cache]
fn handle(n: u32) -> Result<u32, impl std::fmt::Debug> {
    Err::<u32, _>(n)
}

fn main() {}
