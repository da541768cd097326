//! The expansion calls no method of a trait in the user's scope, of any name and for any type.

#![allow(dead_code)]

use std::{pin::Pin, rc::Rc, sync::Arc};

use redis_cache_runtime::{CacheIdentity, SkipInKey, handler_cache};

macro_rules! methods {
    ($by:ident, $($this:tt)*) => {
        methods! { @ $by, [$($this)*],
            key call call_async finish version new feed codec stored host port db url config maxsize
            shards name timeout ttl max_value_bytes write read begin stamp is_identified keep
            mention into from clone as_ref as_mut deref deref_mut borrow to_owned poll into_future
            map unwrap unwrap_or_else expect get start end path_of instance_of await_value default
            hash eq cmp fmt next iter drop
        }
    };
    (@ $by:ident, $this:tt, $($name:ident)*) => {
        trait $by {
            $(methods! { @ $this $name })*
        }
        impl<T: ?Sized> $by for T {}
    };
    (@ [$($this:tt)*] $name:ident) => {
        fn $name($($this)*) -> !
        where
            Self: Sized,
        {
            panic!("a method of the user's was called")
        }
    };
}

methods!(ByValue, self);
methods!(ByReference, &self);
methods!(ByExclusiveReference, &mut self);

struct Context;

impl SkipInKey for Context {}

struct Model(u32);

impl CacheIdentity for Model {
    fn cache_identity(&self) -> impl serde::Serialize {
        self.0
    }
}

#[handler_cache(
    host = "localhost",
    port = 1,
    db = 0,
    maxsize = Some(1 + 1),
    shards = 1,
    name = "every-setting",
    timeout = "1ms",
    ttl = "1s",
    max_value_bytes = 100,
    skip(skipped),
    version = (number, 1)
)]
fn every_setting(
    number: u32,
    _quiet: u32,
    skipped: &str,
    context: Context,
    (left, mut right): (u32, String),
) -> u32 {
    let _ = (skipped, context);
    right += "a";
    number + left
}

#[handler_cache]
async fn awaited(
    text: String,
    _: Vec<u8>,
    list: &[f32],
) -> Result<String, std::num::ParseIntError> {
    let _ = list;
    std::future::ready(text).await;
    Ok("a".parse::<u32>()?.to_string())
}

impl Model {
    #[handler_cache]
    fn shared(&self, n: u32) -> u32 {
        self.0 + n
    }

    #[handler_cache(version = self.0)]
    async fn versioned(&self, n: u32) -> Option<u32> {
        Some(self.0 + n)
    }

    #[handler_cache]
    fn exclusive(&mut self, n: u32) -> Vec<u32> {
        self.0 += n;
        vec![self.0]
    }

    #[handler_cache]
    fn value(self, n: u32) -> u32 {
        self.0 + n
    }

    #[handler_cache(version = self.0)]
    fn arc(self: Arc<Self>, n: u32) -> u32 {
        self.0 + n
    }

    #[handler_cache(version = (number.0, self.0), skip(number))]
    async fn pinned(self: Pin<Rc<Self>>, number: Arc<Model>) -> u32 {
        self.0 + number.0
    }
}

trait Provides {
    #[handler_cache(version = ())]
    fn provided<T: serde::Serialize>(&self, value: T) -> u32 {
        let _ = value;
        1
    }
}

impl Provides for Model {}

#[test]
pub fn main() {
    assert_eq!(every_setting(1, 2, "a", Context, (3, String::new())), 4);
    assert!(smol::block_on(awaited(String::new(), vec![], &[])).is_err());
    assert_eq!(Model(1).shared(2), 3);
    assert_eq!(smol::block_on(Model(1).versioned(2)), Some(3));
    assert_eq!(Model(1).exclusive(2), [3]);
    assert_eq!(Model(1).value(2), 3);
    assert_eq!(Arc::new(Model(1)).arc(2), 3);
    assert_eq!(
        smol::block_on(Rc::pin(Model(1)).pinned(Arc::new(Model(2)))),
        3
    );
    assert_eq!(Model(1).provided("a"), 1);
}
