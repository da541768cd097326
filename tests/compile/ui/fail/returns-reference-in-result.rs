use redis_cache_runtime::handler_cache;

struct Prediction;

struct Handler(Prediction);

impl Handler {
    #[handler_cache]
    fn handle(&self) -> Result<&Prediction, String> {
        Ok(&self.0)
    }
}

fn main() {}
