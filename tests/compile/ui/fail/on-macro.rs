use redis_cache_runtime::handler_cache;

macro_rules! nothing {
    () => {};
}

#[handler_cache]
nothing! {}

fn main() {}
