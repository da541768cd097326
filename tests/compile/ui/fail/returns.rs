use std::pin::Pin;

use redis_cache_runtime::handler_cache;

#[handler_cache]
fn boxed_future(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move { n })
}

#[handler_cache]
fn impl_future(n: u32) -> impl Future<Output = u32> {
    async move { n }
}

#[handler_cache]
fn impl_trait_in_result(n: u32) -> Result<u32, impl std::fmt::Debug> {
    Err::<u32, _>(n)
}

#[handler_cache]
fn impl_trait(n: u32) -> impl Copy {
    n
}

#[handler_cache]
fn never(n: u32) -> ! {
    panic!("{n}")
}

struct Prediction;
struct Handler(Prediction);

impl Handler {
    #[handler_cache]
    fn reference_in_result(&self) -> Result<&Prediction, String> {
        Ok(&self.0)
    }
}

#[handler_cache]
fn reference_in_tuple(n: u32) -> (u32, Vec<&'static str>) {
    (n, vec![])
}

#[handler_cache]
fn slice(values: &[u8]) -> Option<&[u8]> {
    Some(values)
}

#[handler_cache]
fn text(text: &str) -> &str {
    text
}

#[handler_cache]
fn iterator(n: u32) -> Box<dyn Iterator<Item = u32> + Send> {
    Box::new(0..n)
}

#[handler_cache]
fn iterator_inside(n: u32) -> Option<Box<dyn Iterator<Item = u32>>> {
    Some(Box::new(0..n))
}

#[handler_cache]
fn futures(n: u32) -> Vec<Pin<Box<dyn Future<Output = u32>>>> {
    vec![Box::pin(async move { n })]
}

fn main() {}
