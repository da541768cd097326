use std::{pin::Pin, sync::Arc};

use redis_cache_runtime::{CacheIdentity, handler_cache};

struct Model {
    digest: [u8; 4],
}

impl CacheIdentity for Model {
    fn cache_identity(&self) -> impl serde::Serialize {
        self.digest
    }
}

impl Model {
    #[handler_cache]
    fn shared(&self, n: u32) -> u32 {
        n + u32::from(self.digest[0])
    }

    #[handler_cache(version = self.digest.len())]
    fn versioned(&self, n: u32) -> u32 {
        n
    }

    #[handler_cache]
    fn arc(self: Arc<Self>, n: u32) -> u32 {
        n
    }

    #[handler_cache]
    async fn pinned(self: Pin<&mut Self>, n: u32) -> u32 {
        n
    }
}

#[test]
pub fn main() {
    let mut model = Model { digest: [2; 4] };
    assert_eq!(model.shared(40), 42);
    assert_eq!(model.versioned(42), 42);
    assert_eq!(smol::block_on(Pin::new(&mut model).pinned(42)), 42);
    assert_eq!(Arc::new(model).arc(42), 42);
}
