use std::{rc::Rc, sync::Arc, thread};

use redis_cache_runtime::handler_cache;

#[derive(Default)]
struct Handler;

impl Handler {
    #[handler_cache]
    async fn sendable(&self, text: String, mut n: u32) -> Result<u32, std::num::ParseIntError> {
        n += 1;
        std::future::ready(()).await;
        Ok(text.parse::<u32>()? + n)
    }

    #[handler_cache]
    async fn local(&self, n: u32) -> u32 {
        let counted = Rc::new(n);
        std::future::ready(()).await;
        *counted
    }

    #[handler_cache]
    fn sync(self: Arc<Self>, n: u32) -> u32 {
        n
    }
}

fn assert_send<T: Send + 'static>(value: T) -> T {
    value
}

#[test]
pub fn main() {
    let handler = Arc::new(Handler);
    let owned = Arc::clone(&handler);
    let future = assert_send(async move { owned.sendable("1".to_owned(), 40).await });
    assert_eq!(smol::block_on(future), Ok(42));
    assert_eq!(smol::block_on(handler.local(42)), 42);
    assert_eq!(thread::spawn(|| handler.sync(42)).join().unwrap(), 42);
}
