//! The keyed arguments of one call, for `invalidate`.

use serde::Serialize;

use super::{
    CacheIdentity, Digest, Domain, Parameters, builder::separator, encoder::EncodeError,
    large::encode, parameters::Shape,
};
use crate::{
    outcome::Error,
    process::catch_panic::{Panicked, catch_panic},
};

/// The arguments of one call of a handler, which name the call's entry.
///
/// It is made of a tuple that has one element for each parameter in the key, in their order: `()` for none, `(a,)` for
/// one. Parameters that are skipped, by name or by type, are left out. [`Arguments::identity`] and [`Arguments::version`] add
/// the other parts of the key.
///
/// An element stands for a parameter if serde writes both alike: a `&str` for a `String`, a slice for a `Vec`, an array of
/// numbers for a `Vec` of them. But the width of a number is part of the key: for a `u32` write `7u32`, for an `f32`
/// `0.5f32`, since a literal alone is an `i32` or an `f64` here. A parameter under a `#[cfg]` takes two elements, its name
/// and its value.
///
/// ```
/// use redis_cache_runtime::Arguments;
///
/// // For `fn handle(&self, text: String, pixels: Vec<f32>, limit: Option<u32>, context: &Context)` with `skip(context)`:
/// let arguments = Arguments::from(("hello", [0.0f32, 1.0], Some(7u32)));
///
/// // For a handler without arguments:
/// let arguments = Arguments::from(());
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "arguments do nothing by themselves"]
pub struct Arguments {
    // A handler's call writes its key in the order of these fields.
    identity: Vec<u8>,
    version: Vec<u8>,
    values: Vec<u8>,
    shape: Shape,
    error: Option<EncodeError>,
}

impl Arguments {
    /// Adds the identity of the handler's receiver.
    ///
    /// Needed where the handler has a `self` whose type is [`CacheIdentity`].
    ///
    /// ```
    /// use redis_cache_runtime::{Arguments, CacheIdentity};
    ///
    /// struct Model { revision: u32 }
    ///
    /// impl CacheIdentity for Model {
    ///     fn cache_identity(&self) -> impl serde::Serialize {
    ///         self.revision
    ///     }
    /// }
    ///
    /// let arguments = Arguments::from(("hello",)).identity(&Model { revision: 3 });
    /// ```
    pub fn identity(mut self, receiver: &(impl CacheIdentity + ?Sized)) -> Self {
        self.shape.add_identity();
        self.identity.clear();
        self.identity.extend_from_slice(&separator(b'I'));
        self.error = self.error.or(written(|| {
            encode(&receiver.cache_identity(), &mut self.identity)
        }));
        self
    }

    /// Adds the value of the attribute's `version = …`.
    ///
    /// ```
    /// use redis_cache_runtime::Arguments;
    ///
    /// // For `#[handler_cache(version = "2024-05")]`:
    /// let arguments = Arguments::from(("hello",)).version("2024-05");
    /// ```
    pub fn version<T: Serialize + ?Sized>(mut self, version: &T) -> Self {
        self.shape.add_version::<T>();
        self.version.clear();
        self.version.extend_from_slice(&separator(b'V'));
        self.error = self
            .error
            .or(written(|| encode(version, &mut self.version)));
        self
    }

    fn argument<T: Serialize + ?Sized>(&mut self, argument: &T) {
        self.shape.add::<T>();
        if self.error.is_none() {
            self.error = written(|| encode(argument, &mut self.values));
        }
    }

    /// Checks that a call of the handler may have these arguments.
    ///
    /// # Errors
    ///
    /// Where no call can have them; the message names the first part that differs.
    pub(crate) fn check(&self, domain: &Domain) -> Result<(), Error> {
        let known = domain.parameters.and_then(Parameters::known);
        known.map_or(Ok(()), |shape| shape.check(&self.shape))
    }

    /// The digest that a call of the handler with these arguments gets.
    ///
    /// # Errors
    ///
    /// The error of an argument's `Serialize`.
    pub(crate) fn digest(&self, domain: &Domain) -> Result<Digest, EncodeError> {
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let mut hasher = blake3::Hasher::new_keyed(&domain.seed);
        for part in [&self.identity, &self.version, &self.values] {
            hasher.update(part);
        }
        Ok(hasher.finalize().into())
    }
}

/// Runs `write` and returns its error. A panic of the user's serde code in it is an error too.
fn written(write: impl FnOnce() -> Result<(), EncodeError>) -> Option<EncodeError> {
    catch_panic(write)
        .unwrap_or_else(|Panicked| Err(EncodeError::panicked()))
        .err()
}

impl From<()> for Arguments {
    fn from((): ()) -> Self {
        Self::default()
    }
}

macro_rules! from_tuples {
    ($first:ident $($rest:ident)*) => {
        from_tuples!(@ $first $($rest)*);
        from_tuples!($($rest)*);
    };
    () => {};
    (@ $($argument:ident)*) => {
        impl<$($argument: Serialize),*> From<($($argument,)*)> for Arguments {
            fn from(arguments: ($($argument,)*)) -> Self {
                #[expect(non_snake_case, reason = "each value is named as its type")]
                let ($($argument,)*) = arguments;
                let mut written = Self::default();
                $(written.argument(&$argument);)*
                written
            }
        }
    };
}

from_tuples!(A B C D E F G H I J K L);
