use redis_cache_runtime::handler_cache;

macro_rules! handlers {
    ($($name:ident, $argument:ident: $ty:ty, $size:expr, $result:expr;)*) => {$(
        #[handler_cache(maxsize = $size, name = concat!("macro-", stringify!($name)))]
        fn $name($argument: $ty, other: $ty) -> $ty {
            let _ = other;
            $result
        }
    )*};
}

handlers! {
    double, n: u32, 128, n * 2;
    half, m: f64, 64_usize + 64, m / 2.0;
}

macro_rules! method {
    ($type:ident, $this:ident, $skipped:ident, $body:block) => {
        impl $type {
            #[handler_cache(skip($skipped), maxsize = 16)]
            fn method(&$this, $skipped: &str, n: u32) -> u32 {
                let _ = ($skipped, n);
                $body
            }
        }
    };
}

struct Handler {
    factor: u32,
}

method!(Handler, self, context, { self.factor });

macro_rules! facade {
    ($name:ident) => {
        #[handler_cache(crate = $crate::facade::cache)]
        fn $name(n: u32) -> u32 {
            n
        }
    };
}

facade!(through_facade);

#[test]
pub fn main() {
    assert_eq!(double(21, 0), 42);
    assert_eq!(half(84.0, 0.0), 42.0);
    assert_eq!(Handler { factor: 42 }.method("", 1), 42);
    assert_eq!(through_facade(42), 42);
}
