use redis_cache_runtime::handler_cache;

use std::pin::Pin;

struct Handler;

// What `#[async_trait]` leaves of an `async fn handle(&self, n: u32) -> u32`.
impl Handler {
    #[handler_cache]
    fn handle<'life0, 'async_trait>(
        &'life0 self,
        n: u32,
    ) -> Pin<Box<dyn Future<Output = u32> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move { n })
    }
}

fn main() {}
