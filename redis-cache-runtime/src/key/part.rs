//! One argument in the key, and the cheapest way to write it that its type allows.

use std::{
    ops::{Deref, DerefMut},
    rc::Rc,
    sync::Arc,
};

use serde::Serialize;

use super::{KeyBuilder, encoder::Number, large::encode};

/// Keeps a type out of every key: an annotated method ignores parameters of this type.
///
/// Meant for types that a handler needs to run but that must not change its answer: a request context, a metrics
/// handle, a cancellation token. The Python decorator did this for its `Context` type alone.
///
/// ```
/// use redis_cache_runtime::{SkipInKey, handler_cache};
///
/// struct Context { request_id: u64 }
///
/// impl SkipInKey for Context {}
///
/// #[handler_cache]
/// fn double(n: u32, context: &Context) -> u32 {
///     println!("request {}", context.request_id);
///     n * 2
/// }
/// ```
pub trait SkipInKey {}

impl<T: SkipInKey + ?Sized> SkipInKey for &T {}
impl<T: SkipInKey + ?Sized> SkipInKey for &mut T {}
impl<T: SkipInKey + ?Sized> SkipInKey for Box<T> {}
impl<T: SkipInKey + ?Sized> SkipInKey for Rc<T> {}
impl<T: SkipInKey + ?Sized> SkipInKey for Arc<T> {}

/// A type that can be part of a key: everything that is `Serialize`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be part of the key of a `#[handler_cache]` method",
    label = "this argument can't be written into the key",
    note = "derive `serde::Serialize` for it, leave the argument out with `skip(…)`, or implement `SkipInKey` for its type",
    note = "a generic type needs the bound `serde::Serialize`, an `Rc` or `Arc` serde's feature `rc`"
)]
pub trait KeyPart {
    #[doc(hidden)]
    fn write_serde(&self, key: &mut KeyBuilder);
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + ?Sized> KeyPart for T {
    fn write_serde(&self, key: &mut KeyBuilder) {
        key.write(|out| encode(self, out));
    }
}

/// A type whose bytes can be hashed in place, without serde visiting each element. The key is the same either way.
pub trait FastPart {
    #[doc(hidden)]
    fn write_memory(&self, key: &mut KeyBuilder);
}

impl<T: FastPart + ?Sized> FastPart for &T {
    fn write_memory(&self, key: &mut KeyBuilder) {
        (**self).write_memory(key);
    }
}

impl<T: FastPart + ?Sized> FastPart for &mut T {
    fn write_memory(&self, key: &mut KeyBuilder) {
        (**self).write_memory(key);
    }
}

impl FastPart for str {
    fn write_memory(&self, key: &mut KeyBuilder) {
        key.write_text(self);
    }
}

impl FastPart for String {
    fn write_memory(&self, key: &mut KeyBuilder) {
        self.as_str().write_memory(key);
    }
}

macro_rules! number_slices {
    ($($number:ty => $name:ident),* $(,)?) => {$(
        impl FastPart for [$number] {
            #[cfg(target_endian = "little")]
            fn write_memory(&self, key: &mut KeyBuilder) {
                key.write_numbers(Number::$name, bytemuck::must_cast_slice(self));
            }

            #[cfg(target_endian = "big")]
            fn write_memory(&self, key: &mut KeyBuilder) {
                let bytes: Vec<u8> = self.iter().flat_map(|n| n.to_le_bytes()).collect();
                key.write_numbers(Number::$name, &bytes);
            }
        }

        impl FastPart for Vec<$number> {
            fn write_memory(&self, key: &mut KeyBuilder) {
                self.as_slice().write_memory(key);
            }
        }

        impl<const N: usize> FastPart for [$number; N] {
            fn write_memory(&self, key: &mut KeyBuilder) {
                self.as_slice().write_memory(key);
            }
        }
    )*};
}

number_slices! {
    u8 => U8, u16 => U16, u32 => U32, u64 => U64,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64,
    f32 => F32, f64 => F64,
}

/// One argument of a call. The expansion calls `__handler_cache_feed` on it, and method resolution picks the first that fits:
/// skipped by [`SkipInKey`], from memory by [`FastPart`], or through serde by [`KeyPart`].
#[derive(Debug)]
pub struct Part<'a, T: ?Sized>(&'a T);

impl<'a, T: ?Sized> Part<'a, T> {
    #[doc(hidden)]
    pub const fn new(value: &'a T) -> Self {
        Self(value)
    }
}

impl<T: SkipInKey + ?Sized> Part<'_, T> {
    #[doc(hidden)]
    pub const fn __handler_cache_feed(&self, _key: &mut KeyBuilder) -> Mentioned {
        Mentioned(())
    }
}

#[doc(hidden)]
pub trait PartFast {
    fn __handler_cache_feed(&self, key: &mut KeyBuilder) -> Mentioned;
}

impl<T: FastPart + ?Sized> PartFast for Part<'_, T> {
    fn __handler_cache_feed(&self, key: &mut KeyBuilder) -> Mentioned {
        key.argument::<T>();
        self.0.write_memory(key);
        Mentioned(())
    }
}

#[doc(hidden)]
pub trait PartSerde {
    type Value: ?Sized;

    fn __handler_cache_feed(&self, key: &mut KeyBuilder) -> Mentioned
    where
        Self::Value: KeyPart;
}

impl<T: ?Sized> PartSerde for &Part<'_, T> {
    type Value = T;

    // The bound is on the method, so that rustc reports an unfit type by the message of `KeyPart`. With a bound on the
    // impl it would report a missing method.
    fn __handler_cache_feed(&self, key: &mut KeyBuilder) -> Mentioned
    where
        T: KeyPart,
    {
        key.argument::<T>();
        self.0.write_serde(key);
        Mentioned(())
    }
}

/// The expansion makes this from a parameter and assigns to it, `*mention(&_n) = ()`: no lint takes the left side of an
/// assignment for a use of `_n` by the handler.
#[derive(Debug)]
pub struct Mentioned(());

impl Deref for Mentioned {
    type Target = ();

    fn deref(&self) -> &() {
        &self.0
    }
}

impl DerefMut for Mentioned {
    fn deref_mut(&mut self) -> &mut () {
        &mut self.0
    }
}

/// Does nothing: a closure of the expansion captures the parameter because it calls this.
pub const fn mention<T: ?Sized>(_parameter: &T) -> Mentioned {
    Mentioned(())
}
