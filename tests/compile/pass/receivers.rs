use std::{pin::Pin, rc::Rc, sync::Arc};

use redis_cache_runtime::handler_cache;

#[derive(Clone)]
struct Handler {
    factor: u32,
}

impl Handler {
    #[handler_cache]
    fn none(n: u32) -> u32 {
        n
    }

    #[handler_cache]
    fn shared(&self, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache]
    fn lifetime<'a>(&'a self, n: &'a u32) -> u32 {
        self.factor * n
    }

    #[handler_cache(maxsize = 0)]
    fn exclusive(&mut self, n: u32) -> u32 {
        self.factor += n;
        self.factor
    }

    #[handler_cache]
    fn value(self, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache]
    fn mutable_value(mut self, n: u32) -> u32 {
        self.factor += n;
        self.factor
    }

    #[handler_cache]
    fn typed(self: &Self, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache]
    fn boxed(self: Box<Self>, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache]
    fn counted(self: Rc<Self>, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache]
    fn arc(self: Arc<Self>, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache]
    fn arc_reference(self: &Arc<Self>, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache(maxsize = 0)]
    fn pinned(self: Pin<&mut Self>, n: u32) -> u32 {
        let this = self.get_mut();
        this.factor += n;
        this.factor
    }

    #[handler_cache]
    async fn shared_async(&self, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache(maxsize = 0)]
    async fn exclusive_async(&mut self, n: u32) -> u32 {
        self.factor += n;
        self.factor
    }

    #[handler_cache]
    async fn value_async(self, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache]
    async fn mutable_value_async(mut self, n: u32) -> u32 {
        self.factor += n;
        self.factor
    }

    #[handler_cache]
    async fn arc_async(self: Arc<Self>, n: u32) -> u32 {
        self.factor * n
    }

    #[handler_cache(maxsize = 0)]
    async fn pinned_async(self: Pin<&mut Self>, n: u32) -> u32 {
        let this = self.get_mut();
        this.factor += n;
        this.factor
    }
}

#[test]
pub fn main() {
    let mut handler = Handler { factor: 6 };
    assert_eq!(Handler::none(42), 42);
    assert_eq!(handler.shared(7), 42);
    assert_eq!(handler.lifetime(&7), 42);
    assert_eq!(handler.clone().value(7), 42);
    assert_eq!(handler.clone().mutable_value(36), 42);
    assert_eq!(handler.typed(7), 42);
    assert_eq!(Box::new(handler.clone()).boxed(7), 42);
    assert_eq!(Rc::new(handler.clone()).counted(7), 42);
    assert_eq!(Arc::new(handler.clone()).arc(7), 42);
    assert_eq!(Arc::new(handler.clone()).arc_reference(7), 42);
    assert_eq!(handler.exclusive(1), 7);
    assert_eq!(Pin::new(&mut handler).pinned(1), 8);
    smol::block_on(async {
        assert_eq!(handler.shared_async(7).await, 56);
        assert_eq!(handler.exclusive_async(1).await, 9);
        assert_eq!(Pin::new(&mut handler).pinned_async(1).await, 10);
        assert_eq!(handler.clone().value_async(7).await, 70);
        assert_eq!(handler.clone().mutable_value_async(7).await, 17);
        assert_eq!(Arc::new(handler).arc_async(7).await, 70);
    });
}
