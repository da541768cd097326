//! The part of the key that the receiver of an annotated method adds.

use std::{pin::Pin, rc::Rc, sync::Arc};

use serde::Serialize;

use super::{KeyBuilder, large::encode};

/// Sets one instance of a handler apart from another.
///
/// As with `functools.lru_cache` on a function, `self` is **not** in the key by itself: two instances of one type would
/// answer for each other. A type whose answers depend on its state implements this trait once, and every
/// annotated method of the type keys on what it returns: an id, a path, a digest of the weights.
///
/// ```
/// use redis_cache_runtime::{CacheIdentity, handler_cache};
///
/// struct Model { weights_digest: [u8; 32], factor: u32 }
///
/// impl CacheIdentity for Model {
///     fn cache_identity(&self) -> impl serde::Serialize {
///         self.weights_digest
///     }
/// }
///
/// impl Model {
///     #[handler_cache]
///     fn predict(&self, n: u32) -> u32 {
///         n * self.factor
///     }
/// }
/// ```
pub trait CacheIdentity {
    /// A value that differs between two instances that answer differently. It is called once for each call, and once more after a
    /// body: keep it cheap. If it returns another value after the body, the result is not stored.
    fn cache_identity(&self) -> impl Serialize;
}

/// A pointer has the identity of its target.
macro_rules! through_pointers {
    ($($pointer:ty),* $(,)?) => {$(
        impl<T: CacheIdentity + ?Sized> CacheIdentity for $pointer {
            fn cache_identity(&self) -> impl Serialize {
                (**self).cache_identity()
            }
        }
    )*};
}

through_pointers!(
    &T,
    &mut T,
    Box<T>,
    Rc<T>,
    Arc<T>,
    Pin<&T>,
    Pin<&mut T>,
    Pin<Box<T>>,
    Pin<Arc<T>>,
    Pin<Rc<T>>
);

/// The receiver of a call; `__handler_cache_feed` resolves to the identity where there is one.
#[derive(Debug)]
pub struct Receiver<'a, T: ?Sized>(&'a T);

impl<'a, T: ?Sized> Receiver<'a, T> {
    #[doc(hidden)]
    pub const fn new(receiver: &'a T) -> Self {
        Self(receiver)
    }
}

impl<T: CacheIdentity + ?Sized> Receiver<'_, T> {
    #[doc(hidden)]
    pub fn __handler_cache_feed(&self, key: &mut KeyBuilder) {
        key.write_identity(|out| encode(&self.0.cache_identity(), out));
    }
}

/// A receiver without an identity adds nothing. In a trait's default body the type of the receiver is not known, and so neither is
/// whether it has an identity.
#[doc(hidden)]
pub trait ReceiverAnonymous {
    fn __handler_cache_feed(&self, key: &mut KeyBuilder);
}

impl<T: ?Sized> ReceiverAnonymous for Receiver<'_, T> {
    fn __handler_cache_feed(&self, key: &mut KeyBuilder) {
        key.note_anonymous();
    }
}
