use redis_cache_runtime::handler_cache;

struct Image;

#[handler_cache]
fn argument(n: u32, image: &Image) -> u32 {
    let _ = image;
    n
}

#[handler_cache]
fn argument_of_a_pattern((n, image): (u32, Image)) -> u32 {
    let Image = image;
    n
}

#[handler_cache]
fn argument_of_a_longer_type(n: u32, shared: std::sync::Arc<u32>) -> u32 {
    n + *shared
}

#[handler_cache]
fn generic_argument<T: Into<u32>>(value: T) -> u32 {
    value.into()
}

struct Prediction;

#[handler_cache]
fn returned(_n: u32) -> Prediction {
    Prediction
}

#[handler_cache]
fn returned_in_result(_n: u32) -> Result<Prediction, String> {
    Ok(Prediction)
}

#[handler_cache]
async fn returned_in_result_async(_n: u32) -> Result<Prediction, String> {
    Ok(Prediction)
}

#[derive(serde::Serialize)]
struct WriteOnly;

#[handler_cache]
fn returned_and_not_read(_n: u32) -> WriteOnly {
    WriteOnly
}

fn main() {}
