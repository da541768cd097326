use redis_cache_runtime::handler_cache;

struct Handler;

#[handler_cache]
impl Handler {
    fn handle(&self) {}
}

fn main() {}
