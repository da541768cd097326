use redis_cache_runtime::handler_cache;

#[handler_cache]
fn missing_tail(n: u32) -> u32 {
    let _ = n;
}

#[handler_cache]
async fn missing_tail_async(n: u32) -> u32 {
    let _ = n;
}

#[handler_cache]
fn wrong_tail(n: u32) -> String {
    n
}

#[handler_cache]
async fn wrong_tail_async(n: u32) -> String {
    n
}

#[handler_cache]
async fn wrong_return_async(n: u32) -> String {
    if n > 1 {
        return n;
    }
    n.to_string()
}

fn main() {}
