//! The part of the key that `version = …` adds, and copies of the parameters that it reads again after the body.

use std::{pin::Pin, rc::Rc, sync::Arc};

use serde::Serialize;

use super::{KeyBuilder, large::encode};

/// A type that `version = …` can have: everything that is `Serialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the `version` of a `#[handler_cache]` method",
    label = "this version can't be written into the key",
    note = "give a value that implements `serde::Serialize`, such as a number, a string, or a digest of the weights"
)]
pub trait VersionPart {
    #[doc(hidden)]
    fn write_version(&self, key: &mut KeyBuilder);
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> VersionPart for T {
    fn write_version(&self, key: &mut KeyBuilder) {
        key.write_version::<T>(|out| encode(self, out));
    }
}

/// A parameter that `version = …` reads again after the body, although the body consumes it. The expansion calls
/// `__handler_cache_keep` on this, and method resolution picks the first that fits: a shared pointer is cloned, a `Copy` value
/// is copied, and any other value can't be kept.
#[derive(Debug)]
pub struct Kept<'a, T>(&'a T);

impl<'a, T> Kept<'a, T> {
    #[doc(hidden)]
    pub const fn new(value: &'a T) -> Self {
        Self(value)
    }
}

macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<T: ?Sized> Kept<'_, $pointer> {
            #[doc(hidden)]
            #[must_use]
            pub fn __handler_cache_keep(&self) -> Option<$pointer> {
                Some(self.0.clone())
            }
        }
    )*};
}

pointers!(Arc<T>, Rc<T>, Pin<Arc<T>>, Pin<Rc<T>>);

#[doc(hidden)]
pub trait KeptCopy<T> {
    fn __handler_cache_keep(&self) -> Option<T>;
}

impl<T: Copy> KeptCopy<T> for Kept<'_, T> {
    fn __handler_cache_keep(&self) -> Option<T> {
        Some(*self.0)
    }
}

#[doc(hidden)]
pub trait KeptNot<T> {
    fn __handler_cache_keep(&self) -> Option<T>;
}

impl<T> KeptNot<T> for &Kept<'_, T> {
    fn __handler_cache_keep(&self) -> Option<T> {
        None
    }
}
