use redis_cache_runtime::handler_cache;

macro_rules! both {
    ($a:ident, $b:ident) => {
        ($a, $b)
    };
}

#[handler_cache]
fn handle(both!(a, b): (u32, u32)) -> u32 {
    a + b
}

fn main() {}
