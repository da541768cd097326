use redis_cache_runtime::handler_cache;

#[handler_cache(skip())]
fn empty(n: u32) -> u32 {
    n
}

#[handler_cache(skip(n.x))]
fn not_a_name(n: u32) -> u32 {
    n
}

#[handler_cache(skip(self))]
fn self_(n: u32) -> u32 {
    n
}

#[handler_cache(skip(n, n))]
fn twice(n: u32) -> u32 {
    n
}

#[handler_cache(skip(m))]
fn unknown(n: u32, context: &str) -> u32 {
    n
}

#[handler_cache(skip = n)]
fn value(n: u32) -> u32 {
    n
}

#[handler_cache(skip(n))]
fn without_parameters() -> u32 {
    1
}

macro_rules! of_one_text {
    ($n:ident) => {
        #[handler_cache(skip(n))]
        fn in_a_pattern((n, $n): (u32, u32)) -> u32 {
            n + $n
        }

        #[handler_cache(skip($n))]
        fn in_two_parameters(n: u32, $n: u32) -> u32 {
            n + $n
        }
    };
}

of_one_text!(n);

fn main() {}
