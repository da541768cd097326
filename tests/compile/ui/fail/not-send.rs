use redis_cache_runtime::handler_cache;

use std::rc::Rc;

#[handler_cache]
async fn handle(n: u32) -> u32 {
    let counted = Rc::new(n);
    std::future::ready(()).await;
    *counted
}

fn assert_send(_: impl Send) {}

fn check() {
    assert_send(handle(1));
}

fn main() {}
