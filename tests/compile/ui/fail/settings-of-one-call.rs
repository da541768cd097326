use redis_cache_runtime::handler_cache;

#[handler_cache(maxsize = n)]
fn parameter(n: usize) -> usize {
    n
}

#[handler_cache(name = format!("predictions-{n}"))]
fn parameter_in_macro(n: u32) -> u32 {
    n
}

struct Handler {
    host: String,
}

impl Handler {
    #[handler_cache(host = self.host.clone())]
    fn of_self(&self, n: u32) -> u32 {
        n
    }

    #[handler_cache(name = format!("{}", self.host))]
    fn of_self_in_macro(&self, n: u32) -> u32 {
        n
    }
}

fn main() {}
