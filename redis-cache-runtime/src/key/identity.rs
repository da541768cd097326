//! The part of the key that the receiver of an annotated method adds.

use std::{pin::Pin, rc::Rc, sync::Arc};

use serde::Serialize;

use super::{KeyBuilder, large::encode};

/// Sets one instance of a handler's type apart from another.
///
/// By itself `self` is **not** in the key: one instance gets the cached values of another of its type. A type whose
/// answers depend on its state implements this trait once, and every annotated method of the type has the returned
/// value in its key: an id, a path, a digest of the weights.
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
    /// A value that differs between two instances that answer differently. Keep it cheap: it is called once for each call, and
    /// once more after a body. If it returns another value after the body, the result is not stored.
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

/// The receiver of a call. Method resolution picks the `__handler_cache_feed` that writes the identity, where the type has one.
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

/// A receiver without an identity adds nothing to the key. In a trait's default body the receiver's type is not known: there it
/// may have an identity that can't be seen.
#[doc(hidden)]
pub trait ReceiverAnonymous {
    fn __handler_cache_feed(&self, key: &mut KeyBuilder);
}

impl<T: ?Sized> ReceiverAnonymous for Receiver<'_, T> {
    fn __handler_cache_feed(&self, key: &mut KeyBuilder) {
        key.note_anonymous();
    }
}
