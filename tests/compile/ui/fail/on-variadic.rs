use redis_cache_runtime::handler_cache;

unsafe extern "C" {
    #[handler_cache]
    fn handle(n: u32, ...) -> u32;
}

fn main() {}
