use redis_cache_runtime::handler_cache;

struct Prediction;

#[handler_cache]
fn handle(_n: u32) -> Result<Prediction, String> {
    Ok(Prediction)
}

fn main() {}
