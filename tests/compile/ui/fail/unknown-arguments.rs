use redis_cache_runtime::handler_cache;

#[handler_cache(colour = "red")]
fn unknown(n: u32) -> u32 {
    n
}

#[handler_cache(password = "x")]
fn credentials(n: u32) -> u32 {
    n
}

#[handler_cache(prot = 6379)]
fn misspelt(n: u32) -> u32 {
    n
}

#[handler_cache(namespace = "predictions")]
fn synonym(n: u32) -> u32 {
    n
}

fn main() {}
