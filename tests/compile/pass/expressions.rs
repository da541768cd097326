use std::time::Duration;

use redis_cache_runtime::handler_cache;

const PORT: u16 = 6379;

fn host() -> String {
    "localhost".to_owned()
}

fn entries() -> Option<usize> {
    Some(64)
}

struct Handler;

impl Handler {
    const NAME: &str = "expressions";

    fn version(&self) -> &str {
        "1"
    }

    #[handler_cache(
        host = host(),
        port = PORT + 1 - 1,
        db = i64::from(PORT == 0),
        maxsize = entries(),
        name = format!("{}-{}", Self::NAME, "a"),
        timeout = Duration::from_millis(20),
        version = (self.version(), n % 2)
    )]
    fn handle(&self, n: u32) -> u32 {
        n
    }
}

#[handler_cache(url = std::env::var("URL").unwrap_or_else(|_| "redis://localhost".into()))]
fn by_url(n: u32) -> u32 {
    n
}

#[handler_cache(maxsize = Some(8))]
fn some(n: u32) -> u32 {
    n
}

#[handler_cache(maxsize = usize::from(PORT))]
fn computed(n: u32) -> u32 {
    n
}

#[handler_cache(maxsize = {
    let n = 4_usize;
    n * 2
})]
fn own_name(n: u32) -> u32 {
    n
}

async fn version() -> u32 {
    1
}

#[handler_cache(version = version().await)]
async fn awaited(n: u32) -> u32 {
    n
}

fn assert_send<T: Send>(future: T) -> T {
    future
}

#[test]
pub fn main() {
    assert_eq!(Handler.handle(1), 1);
    assert_eq!(by_url(2), 2);
    assert_eq!(some(3), 3);
    assert_eq!(computed(4), 4);
    assert_eq!(own_name(5), 5);
    assert_eq!(smol::block_on(assert_send(awaited(6))), 6);
}
