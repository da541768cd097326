use redis_cache_runtime::handler_cache;

#[handler_cache]
fn outer(n: u32) -> u32 {
    #[handler_cache]
    fn inner(n: u32) -> u32 {
        n + 1
    }

    struct Local;

    impl Local {
        #[handler_cache]
        fn method(&self, n: u32) -> u32 {
            inner(n) + 1
        }
    }

    Local.method(n)
}

#[handler_cache]
async fn outer_async(n: u32) -> u32 {
    #[handler_cache]
    async fn inner(n: u32) -> u32 {
        n + 1
    }

    inner(n).await + 1
}

const fn constant() -> fn(u32) -> u32 {
    #[handler_cache]
    fn inner(n: u32) -> u32 {
        n
    }
    inner
}

#[test]
pub fn main() {
    let in_closure = |n| {
        #[handler_cache]
        fn inner(n: u32) -> u32 {
            n
        }
        inner(n)
    };
    assert_eq!(outer(40), 42);
    assert_eq!(in_closure(42), 42);
    assert_eq!(constant()(42), 42);
    assert_eq!(smol::block_on(outer_async(40)), 42);
}
