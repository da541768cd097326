//! The return type of a method, and the codec that fits it best.

use std::marker::PhantomData;

use super::{
    Cacheable, Codec,
    comparison::{Compare, Stored},
    layout::{InMemory, MessagePack},
    memory::Memory,
};

/// The return type of a method.
///
/// The expansion calls `__handler_cache_codec` on it by value, and method resolution picks the first that fits: values that are stored as they
/// lie in memory, alone or in a `Result`; then, by reference, the inherent one, which is for results and so knows one
/// under any alias; then everything else.
#[derive(Debug)]
pub struct Returned<R>(PhantomData<fn() -> R>);

impl<R> Clone for Returned<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Returned<R> {}

impl<R> Returned<R> {
    #[doc(hidden)]
    pub const NEW: Self = Self(PhantomData);
}

#[doc(hidden)]
pub trait ReturnedWhole<R> {
    /// The part of `R` that is stored.
    type Stored;

    fn __handler_cache_stored(self) -> Stored<Self::Stored>;

    fn __handler_cache_codec<C: Compare<Self::Stored>>(self, comparison: C) -> Codec<R>
    where
        Self::Stored: Cacheable;
}

impl<T: Memory> ReturnedWhole<T> for Returned<T> {
    type Stored = T;

    fn __handler_cache_stored(self) -> Stored<T> {
        Stored::NEW
    }

    fn __handler_cache_codec<C: Compare<T>>(self, _comparison: C) -> Codec<T>
    where
        T: Cacheable,
    {
        Codec::whole::<InMemory, C>()
    }
}

impl<T: Memory, E> ReturnedWhole<Result<T, E>> for Returned<Result<T, E>> {
    type Stored = T;

    fn __handler_cache_stored(self) -> Stored<T> {
        Stored::NEW
    }

    fn __handler_cache_codec<C: Compare<T>>(self, _comparison: C) -> Codec<Result<T, E>>
    where
        T: Cacheable,
    {
        Codec::of_ok::<InMemory, C>()
    }
}

impl<T, E> Returned<Result<T, E>> {
    #[doc(hidden)]
    #[must_use]
    pub fn __handler_cache_stored(&self) -> Stored<T> {
        Stored::NEW
    }

    /// Stores `Ok` values and passes `Err` on; `E` need not be serializable.
    #[doc(hidden)]
    #[must_use]
    pub fn __handler_cache_codec<C: Compare<T>>(&self, _comparison: C) -> Codec<Result<T, E>>
    where
        T: Cacheable,
    {
        Codec::of_ok::<MessagePack, C>()
    }
}

impl<R> ReturnedWhole<R> for &Returned<R> {
    type Stored = R;

    fn __handler_cache_stored(self) -> Stored<R> {
        Stored::NEW
    }

    fn __handler_cache_codec<C: Compare<R>>(self, _comparison: C) -> Codec<R>
    where
        R: Cacheable,
    {
        Codec::whole::<MessagePack, C>()
    }
}
