use redis_cache_runtime::handler_cache;

struct Handler {
    version: String,
}

impl Handler {
    #[handler_cache(
        host = "127.0.0.1",
        port = 6379,
        db = 0,
        maxsize = 128,
        name = "all-arguments",
        timeout = "50ms",
        skip(context, verbose),
        version = self.version,
        crate = ::redis_cache_runtime,
    )]
    fn handle(&self, n: u32, context: &str, verbose: bool) -> String {
        if verbose {
            format!("{context} {n}")
        } else {
            n.to_string()
        }
    }
}

#[handler_cache(url = "redis://localhost:6379/0", maxsize = None)]
fn by_url(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis+unix:///run/redis.sock", maxsize = 0)]
fn by_socket(n: u32) -> u32 {
    n
}

#[handler_cache(host = "::1", maxsize = 1_000, timeout = "1.5s")]
fn by_address(n: u32) -> u32 {
    n
}

#[test]
pub fn main() {
    let handler = Handler {
        version: "1".to_owned(),
    };
    assert_eq!(handler.handle(7, "request", false), "7");
    assert_eq!(by_url(1), 1);
    assert_eq!(by_socket(1), 1);
    assert_eq!(by_address(1), 1);
}
