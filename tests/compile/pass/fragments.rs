//! A macro's fragment is as good as the code that it stands for, of every kind in every place.

use redis_cache_runtime::handler_cache;

macro_rules! body {
    ($name:ident, $body:block) => {
        #[handler_cache]
        fn $name(_n: u32) -> u32 $body
    };
    (async $name:ident, $body:block) => {
        #[handler_cache]
        async fn $name(_n: u32) -> u32 $body
    };
    (nested $name:ident, $body:block) => {
        body!($name, $body);
    };
}
body!(block, { 42 });
body!(block_with_statements, {
    let n = 41;
    n + 1
});
body!(async async_block, { std::future::ready(42).await });
body!(nested nested_block, { 42 });

macro_rules! expressions {
    ($name:ident, $size:expr, $shards:expr, $ttl:expr, $timeout:expr, $cache:expr, $port:expr, $db:expr, $bytes:expr, $host:expr) => {
        #[handler_cache(
            host = $host, port = $port, db = $db, maxsize = $size, shards = $shards, ttl = $ttl, timeout = $timeout,
            name = $cache, max_value_bytes = $bytes
        )]
        fn $name(n: u32) -> u32 {
            n
        }
    };
}
expressions!(
    literals,
    16,
    2,
    "1d",
    "50ms",
    "fragments-literals",
    6379,
    0,
    1024,
    "localhost"
);
expressions!(
    constants,
    Some(16),
    TWO,
    std::time::Duration::from_secs(1),
    std::time::Duration::from_millis(1),
    concat!("fragments", "-constants"),
    6000 + 379,
    i64::from(TWO),
    1 << 20,
    String::from("localhost")
);
expressions!(
    unbounded,
    None,
    1,
    "1s",
    "1s",
    "fragments-unbounded",
    1,
    1,
    1,
    "::1"
);
expressions!(
    parenthesized,
    (Some(16)),
    (1),
    ("1s"),
    ("1s"),
    ("fragments-parens"),
    (1),
    (1),
    (1),
    ("::1")
);
const TWO: u16 = 2;

macro_rules! expression_in_some {
    ($size:expr) => {
        #[handler_cache(maxsize = Some($size))]
        fn in_some(n: u32) -> u32 {
            n
        }
    };
}
expression_in_some!(16);

macro_rules! literals {
    ($size:literal, $url:literal, $ttl:literal, $port:literal) => {
        #[handler_cache(url = $url, maxsize = $size, ttl = $ttl)]
        fn literal(n: u32) -> u32 {
            n
        }
        #[handler_cache(port = $port)]
        fn literal_port(n: u32) -> u32 {
            n
        }
    };
}
literals!(16, "redis://localhost:6379/0", "10m", 6379);

macro_rules! versions {
    ($version:expr, $method:expr, $text:literal, $path:path, $block:block, $tree:tt) => {
        #[handler_cache(version = $version)]
        fn versioned(n: u32) -> u32 {
            n
        }
        #[handler_cache(version = ($text, $path, $block, $tree))]
        fn versioned_by_parts(n: u32) -> u32 {
            n
        }
        impl Model {
            #[handler_cache(version = $method(self))]
            fn versioned(&self, n: u32) -> u32 {
                self.0 + n
            }
            #[handler_cache(version = $method(&self))]
            fn versioned_shared(self: std::sync::Arc<Self>, n: u32) -> u32 {
                self.0 + n
            }
        }
    };
}
struct Model(u32);
fn revision(model: &Model) -> u32 {
    model.0
}
versions!((1, "a"), revision, "text", self::TWO, { 1 + 1 }, [1, 2]);

macro_rules! paths {
    ($path:path, $tree:tt, $name:ident) => {
        #[handler_cache(crate = $path)]
        fn path(n: u32) -> u32 {
            n
        }
        #[handler_cache(crate = crate::$tree::cache)]
        fn tree_in_path(n: u32) -> u32 {
            n
        }
        #[handler_cache(crate = crate::$name::cache)]
        fn name_in_path(n: u32) -> u32 {
            n
        }
    };
}
paths!(crate::facade::cache, facade, facade);

macro_rules! signature {
    ($vis:vis, $name:ident, $lt:lifetime, $argument:ident: $ty:ty, $pat:pat => $of:ty, $pat_param:pat_param => $of_param:ty, $output:ty, $bound:path, $size:expr, $skip:tt, $result:expr) => {
        #[handler_cache(skip($skip))]
        $vis fn $name<$lt, T: $bound + serde::Serialize>($argument: &$lt $ty, $pat: $of, $pat_param: $of_param, sized: [u8; $size], other: T, context: $ty) -> $output {
            let _ = (sized, other, context);
            $result
        }
    };
}
signature!(pub(crate), signed, 'a, argument: String, (x, mut y) => (u32, u32), Model(z) => Model, Option<u32>, Clone, 1 + 1, context, {
    y += x + z;
    Some(y + argument.len() as u32)
});
signature!(, unsigned, 'b, argument: String, (Left(z) | Right(z)) => Either, _ => Vec<u8>, Vec<String>, std::fmt::Debug, 2, context, vec![
    argument.clone(),
    z.to_string()
]);
use Either::{Left, Right};
enum Either {
    Left(u32),
    Right(u32),
}
impl serde::Serialize for Model {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

macro_rules! item {
    ($item:item) => {
        #[handler_cache]
        $item
    };
}
macro_rules! items {
    (impl $ty:ty { $($item:item)* }) => {
        impl $ty { $(#[handler_cache] $item)* }
    };
}
item! { fn item(n: u32) -> u32 { n } }
items! { impl Model { fn item(&self, n: u32) -> u32 { self.0 + n } async fn item_async(&self, n: u32) -> u32 { self.0 + n } } }

macro_rules! attribute {
    ($meta:meta, $argument:meta, $($tokens:tt)*) => {
        #[$meta]
        fn attributed(n: u32) -> u32 {
            n
        }
        #[handler_cache($argument)]
        fn with_argument(n: u32) -> u32 {
            n
        }
        #[handler_cache($($tokens)*)]
        fn with_tokens(n: u32) -> u32 {
            n
        }
    };
}
attribute!(
    handler_cache(maxsize = 16, ttl = "1s"),
    maxsize = 16,
    maxsize = None,
    skip(n)
);

macro_rules! statements {
    ($first:stmt; $second:stmt; $result:expr) => {
        #[handler_cache]
        fn statements(n: u32) -> u32 {
            $first;
            $second;
            $result
        }
    };
}
statements!(let a = 40; let b = 2; a + b);

#[test]
pub fn main() {
    assert_eq!(
        (block(1), block_with_statements(1), nested_block(1)),
        (42, 42, 42)
    );
    assert_eq!(smol::block_on(async_block(1)), 42);
    assert_eq!(
        (literals(1), constants(2), unbounded(3), parenthesized(4)),
        (1, 2, 3, 4)
    );
    assert_eq!((in_some(1), literal(2), literal_port(3)), (1, 2, 3));
    assert_eq!((versioned(1), versioned_by_parts(2)), (1, 2));
    assert_eq!(Model(1).versioned(1), 2);
    assert_eq!(std::sync::Arc::new(Model(1)).versioned_shared(1), 2);
    assert_eq!((path(1), tree_in_path(2), name_in_path(3)), (1, 2, 3));
    let text = || String::from("a");
    assert_eq!(
        signed(&text(), (1, 2), Model(3), [0, 0], 1u8, text()),
        Some(7)
    );
    assert_eq!(
        unsigned(&text(), Right(2), vec![], [0, 0], 1u8, text()),
        ["a", "2"]
    );
    assert_eq!(
        (
            item(1),
            Model(1).item(1),
            smol::block_on(Model(1).item_async(1))
        ),
        (1, 2, 2)
    );
    assert_eq!((attributed(1), with_argument(2), with_tokens(3)), (1, 2, 3));
    assert_eq!(statements(1), 42);
}
