use redis_cache_runtime::handler_cache;

trait Handle {
    type Output;

    const FACTOR: u32;

    fn handle(&self, n: u32) -> Self::Output;

    #[handler_cache]
    fn provided(&self, n: u32) -> u32 {
        Self::FACTOR * n
    }

    #[handler_cache]
    fn provided_static(n: u32) -> u32 {
        Self::FACTOR * n
    }

    async fn handle_async(&self, n: u32) -> Self::Output;

    #[handler_cache]
    async fn provided_async(&self, n: u32) -> u32 {
        Self::FACTOR * n
    }
}

struct Double;

impl Handle for Double {
    type Output = u32;

    const FACTOR: u32 = 2;

    #[handler_cache]
    fn handle(&self, n: u32) -> Self::Output {
        n * Self::FACTOR
    }

    #[handler_cache]
    async fn handle_async(&self, n: u32) -> Self::Output {
        n * Self::FACTOR
    }
}

trait Object {
    fn handle(&self, n: u32) -> u32;
}

impl Object for Double {
    #[handler_cache(name = "object")]
    fn handle(&self, n: u32) -> u32 {
        n * 3
    }
}

#[test]
pub fn main() {
    assert_eq!(Handle::handle(&Double, 21), 42);
    assert_eq!(Double.provided(21), 42);
    assert_eq!(Double::provided_static(21), 42);
    let object: &dyn Object = &Double;
    assert_eq!(object.handle(14), 42);
    smol::block_on(async {
        assert_eq!(Double.handle_async(21).await, 42);
        assert_eq!(Double.provided_async(21).await, 42);
    });
}
