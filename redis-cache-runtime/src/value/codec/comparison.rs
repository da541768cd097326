//! How a value that was read back is compared with what was written.
//!
//! The expansion calls `__handler_cache_comparison` on `&&&Stored`, and method resolution picks the first that fits: a copy
//! of the value goes to another thread, where it is compared by `PartialEq` and by bytes, or by bytes alone; the value is
//! compared where it is; or it leaves a hash of its bytes.
//!
//! Whether a type outlives the call can't be asked so: the first two are in scope only where the return type is written
//! without lifetimes and parameters.

use std::marker::PhantomData;

use super::{
    Cacheable, CodecError,
    proof::{self, Equal, Owed, Proof},
    recorder::Limits,
};
use crate::process::catch_panic::{Panicked, catch_panic, discard};

/// The part of a return type that is stored.
#[derive(Debug)]
pub struct Stored<T>(PhantomData<fn() -> T>);

impl<T> Clone for Stored<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Stored<T> {}

impl<T> Stored<T> {
    pub(super) const NEW: Self = Self(PhantomData);
}

/// One way to compare values of `T`.
pub trait Compare<T> {
    fn prove(value: &T, payload: &[u8], limits: Limits) -> Proof
    where
        T: Cacheable;
}

/// By `PartialEq` and by bytes, on another thread.
#[derive(Clone, Copy, Debug)]
pub struct WholeThere;

/// By bytes, on another thread.
#[derive(Clone, Copy, Debug)]
pub struct BytesThere;

/// By `PartialEq` and by bytes, on this thread.
#[derive(Clone, Copy, Debug)]
pub struct WholeHere;

/// By the hash of their bytes, on another thread.
#[derive(Clone, Copy, Debug)]
pub struct HashThere;

impl<T: Clone + Send + PartialEq + 'static> Compare<T> for WholeThere {
    fn prove(value: &T, _payload: &[u8], limits: Limits) -> Proof
    where
        T: Cacheable,
    {
        there(value, Some(T::eq), limits)
    }
}

impl<T: Clone + Send + 'static> Compare<T> for BytesThere {
    fn prove(value: &T, _payload: &[u8], limits: Limits) -> Proof
    where
        T: Cacheable,
    {
        there(value, None, limits)
    }
}

fn there<T: Cacheable + Clone + Send + 'static>(
    value: &T,
    equal: Option<Equal<T>>,
    limits: Limits,
) -> Proof {
    let original = value.clone();
    Proof::Owed(Owed::new(move |payload| {
        let checked = catch_panic(|| proof::check(&original, equal, payload, limits));
        // It may refuse to be dropped on this thread, by a panic that must not meet another.
        discard(original);
        checked.unwrap_or_else(|Panicked| Err(CodecError::panicked()))
    }))
}

impl<T: PartialEq> Compare<T> for WholeHere {
    fn prove(value: &T, payload: &[u8], limits: Limits) -> Proof
    where
        T: Cacheable,
    {
        Proof::Given(proof::check(value, Some(T::eq), payload, limits))
    }
}

impl<T> Compare<T> for HashThere {
    fn prove(value: &T, _payload: &[u8], limits: Limits) -> Proof
    where
        T: Cacheable,
    {
        match proof::exact(value) {
            Ok(original) => {
                let check = proof::check_hash::<T>;
                Proof::Owed(owed_hash(original, check, limits))
            }
            Err(error) => Proof::Given(Err(error)),
        }
    }
}

/// A function of its own, whose type does not name `T`: `T` need not outlive the call.
fn owed_hash(
    original: proof::Exact,
    check: fn(&proof::Exact, &[u8], Limits) -> Result<super::Shape, super::CodecError>,
    limits: Limits,
) -> Owed {
    Owed::new(move |payload| check(&original, payload, limits))
}

macro_rules! choices {
    ($($choice:ident: $bounds:tt $stored:ty => $comparison:ident;)*) => {$(
        #[doc(hidden)]
        pub trait $choice {
            fn __handler_cache_comparison(self) -> $comparison;
        }

        choices!(@impl $choice $bounds $stored => $comparison);
    )*};
    (@impl $choice:ident ($($bounds:tt)*) $stored:ty => $comparison:ident) => {
        impl<T $($bounds)*> $choice for $stored {
            fn __handler_cache_comparison(self) -> $comparison {
                $comparison
            }
        }
    };
}

choices! {
    ComparedThere: (: Clone + Send + PartialEq + 'static) &&&Stored<T> => WholeThere;
    SentThere: (: Clone + Send + 'static) &&Stored<T> => BytesThere;
    ComparedHere: (: PartialEq) &Stored<T> => WholeHere;
    ComparedByBytes: () Stored<T> => HashThere;
}
