//! How the bytes of a stored value are laid out.

use super::{
    Cacheable, CodecError, Shape,
    comparison::Compare,
    memory::Memory,
    nested,
    proof::{self, Proof},
    recorder::Limits,
};
use crate::value::schema;

/// One way to lay out values of `T`.
pub(super) trait Layout<T> {
    fn write(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Proves that `value` comes back from the payload that was made of it.
    fn prove<C: Compare<T>>(value: &T, payload: &[u8], limits: Limits) -> Proof;

    fn read(bytes: &[u8], limits: Limits) -> Result<(T, Shape), CodecError>;

    /// Describes `T` in this layout: no two layouts describe a type alike.
    fn schema() -> [u8; 32];
}

/// Through serde.
pub(super) struct MessagePack;

impl<T: Cacheable> Layout<T> for MessagePack {
    fn write(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        // Fields by name: with `skip_serializing_if` a struct written by position is read shifted.
        let mut serializer = rmp_serde::Serializer::new(out).with_struct_map();
        serde::Serialize::serialize(&nested::outermost(value), &mut serializer)
            .map_err(|error| CodecError(error.to_string()))
    }

    fn prove<C: Compare<T>>(value: &T, payload: &[u8], limits: Limits) -> Proof {
        C::prove(value, payload, limits)
    }

    fn read(bytes: &[u8], limits: Limits) -> Result<(T, Shape), CodecError> {
        proof::read(bytes, limits)
    }

    fn schema() -> [u8; 32] {
        schema::of::<T>()
    }
}

/// The value as it lies in memory: it comes back bit by bit.
pub(super) struct InMemory;

impl<T: Cacheable + Memory> Layout<T> for InMemory {
    fn write(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
        value.write(out);
        Ok(())
    }

    fn prove<C: Compare<T>>(_value: &T, _payload: &[u8], _limits: Limits) -> Proof {
        Proof::Given(Ok(shape::<T>()))
    }

    fn read(bytes: &[u8], _limits: Limits) -> Result<(T, Shape), CodecError> {
        let value = T::read(bytes);
        let value = value.ok_or_else(|| CodecError::new("not as long as its type asks for"))?;
        Ok((value, shape::<T>()))
    }

    fn schema() -> [u8; 32] {
        blake3::derive_key("redis-cache memory layout v1", &schema::of::<T>())
    }
}

/// The shape of values that are stored as they lie in memory: `KIND` is of the type.
const fn shape<T: Memory>() -> Shape {
    T::KIND.to_le_bytes()
}
