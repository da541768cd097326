use redis_cache_runtime::handler_cache;

trait Handle {
    fn handle(n: u32) -> u32;
}

impl Handle for u8 {
    #[handler_cache]
    default fn handle(n: u32) -> u32 {
        n
    }
}

fn main() {}
