use std::sync::Arc;

use redis_cache_runtime::{SkipInKey, handler_cache};

struct Context {
    request: u64,
}

impl SkipInKey for Context {}

struct Connection;

#[handler_cache]
fn by_type(n: u32, context: &Context, owned: Context, shared: Arc<Context>) -> u64 {
    u64::from(n) + context.request + owned.request + shared.request
}

#[handler_cache(skip(connection))]
fn by_name(n: u32, connection: &mut Connection) -> u32 {
    let Connection = connection;
    n
}

#[handler_cache(skip(n))]
fn nothing_left(n: u32) -> u32 {
    n
}

#[handler_cache(skip(context))]
async fn by_name_async(n: u32, context: Context) -> u64 {
    u64::from(n) + context.request
}

#[test]
pub fn main() {
    let context = || Context { request: 0 };
    assert_eq!(by_type(42, &context(), context(), Arc::new(context())), 42);
    assert_eq!(by_name(42, &mut Connection), 42);
    assert_eq!(nothing_left(42), 42);
    assert_eq!(smol::block_on(by_name_async(42, context())), 42);
}
