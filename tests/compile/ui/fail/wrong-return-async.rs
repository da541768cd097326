use redis_cache_runtime::handler_cache;

#[handler_cache]
async fn handle(n: u32) -> String {
    if n > 1 {
        return n;
    }
    n.to_string()
}

fn main() {}
