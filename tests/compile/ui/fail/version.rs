use redis_cache_runtime::handler_cache;

struct Version;

#[handler_cache(version = Version)]
fn not_serializable(n: u32) -> u32 {
    n
}

struct Handler<V> {
    version: V,
}

impl<V> Handler<V> {
    #[handler_cache(version = self.version)]
    fn not_bounded(&self, n: u32) -> u32 {
        n
    }
}

fn main() {}
