use redis_cache_runtime::handler_cache;

struct Image;

#[handler_cache]
fn handle(n: u32, image: &Image) -> u32 {
    let _ = image;
    n
}

fn main() {}
