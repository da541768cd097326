use redis_cache_runtime::handler_cache;

#[handler_cache(port = 6379, maxsize = 8, port = 6380)]
fn duplicate_argument(n: u32) -> u32 {
    n
}

#[handler_cache(port = 0, port = 6380)]
fn duplicate_of_invalid_argument(n: u32) -> u32 {
    n
}

#[handler_cache(port = 6379 +)]
fn incomplete_value(n: u32) -> u32 {
    n
}

#[handler_cache(host("localhost"))]
fn list_for_value(n: u32) -> u32 {
    n
}

#[handler_cache(host = "localhost" port = 6379)]
fn missing_comma(n: u32) -> u32 {
    n
}

#[handler_cache(maxsize: 128)]
fn missing_equals(n: u32) -> u32 {
    n
}

#[handler_cache(host =, maxsize = 8)]
fn missing_value(n: u32) -> u32 {
    n
}

#[handler_cache(maxsize)]
fn missing_value_and_equals(n: u32) -> u32 {
    n
}

#[handler_cache(128)]
fn positional_argument(n: u32) -> u32 {
    n
}

fn main() {}
