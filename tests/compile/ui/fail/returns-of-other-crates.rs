use std::{rc::Rc, time::Instant};

use redis_cache_runtime::handler_cache;

/// As a web framework has one.
struct Json<T>(T);

#[handler_cache]
fn json(n: u32) -> Json<u32> {
    Json(n)
}

#[handler_cache]
fn instant() -> Instant {
    Instant::now()
}

#[handler_cache]
fn iterator(n: u32) -> Box<dyn Iterator<Item = u32>> {
    Box::new(0..n)
}

#[handler_cache]
fn counted(n: u32) -> Rc<u32> {
    Rc::new(n)
}

#[handler_cache]
fn generic<T: Default>(_n: u32) -> T {
    T::default()
}

#[handler_cache]
fn generic_in_option<T: serde::Serialize + Default>(_n: u32) -> Option<Vec<T>> {
    None
}

fn main() {}
