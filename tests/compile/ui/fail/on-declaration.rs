use redis_cache_runtime::handler_cache;

trait Handle {
    #[handler_cache]
    fn handle(&self, n: u32) -> u32;
}

fn main() {}
