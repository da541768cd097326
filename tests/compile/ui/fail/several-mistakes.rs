use redis_cache_runtime::handler_cache;

struct Handler;

impl Handler {
    #[handler_cache(host = 1, prot = 6379, port = 99999, db = 16, maxsize = "big", db = 0, skip(m))]
    const unsafe fn handle(&self, n: u32) -> impl Copy {
        n
    }
}

fn used_elsewhere() {
    let _ = unsafe { Handler.handle(1) };
}

fn main() {}
