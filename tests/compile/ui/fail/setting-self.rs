use redis_cache_runtime::handler_cache;

struct Handler {
    host: String,
}

impl Handler {
    #[handler_cache(host = self.host.clone())]
    fn handle(&self, n: u32) -> u32 {
        n
    }
}

fn main() {}
