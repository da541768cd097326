//! How the bytes of a stored value are laid out.

use super::{Cacheable, CodecError, Written, memory::Memory};
use crate::{
    nesting,
    schema::{self, Schema},
};

/// The deepest nesting that is written and read: a stack that overflows can't be caught.
const DEPTH: usize = nesting::DEPTH as usize;

/// One way to lay out values of `T`.
pub(super) trait Layout<T> {
    fn write(value: &T, out: &mut Vec<u8>) -> Written;

    fn read(bytes: &[u8]) -> Result<T, CodecError>;

    /// Describes `T` in this layout: no two layouts describe a type alike.
    fn schema() -> Schema;
}

/// Through serde.
pub(super) struct MessagePack;

impl<T: Cacheable> Layout<T> for MessagePack {
    fn write(value: &T, out: &mut Vec<u8>) -> Written {
        // Fields by name: with `skip_serializing_if` a struct written by position is read shifted.
        let mut serializer = rmp_serde::Serializer::new(out).with_struct_map();
        match value.serialize(&mut serializer) {
            Ok(()) => Written::Value,
            Err(error) => Written::Failed(CodecError(error.to_string())),
        }
    }

    fn read(bytes: &[u8]) -> Result<T, CodecError> {
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
        deserializer.set_max_depth(DEPTH);
        T::deserialize(&mut deserializer).map_err(|error| CodecError(error.to_string()))
    }

    fn schema() -> Schema {
        schema::of::<T>()
    }
}

/// As it lies in memory.
pub(super) struct InMemory;

impl<T: Cacheable + Memory> Layout<T> for InMemory {
    fn write(value: &T, out: &mut Vec<u8>) -> Written {
        value.write(out);
        Written::Value
    }

    fn read(bytes: &[u8]) -> Result<T, CodecError> {
        T::read(bytes).ok_or_else(|| CodecError::new("not as long as its type asks for"))
    }

    fn schema() -> Schema {
        let of_type = schema::of::<T>();
        Schema {
            digest: blake3::derive_key("redis-cache memory layout v1", &of_type.digest),
            // What is read back is what was written, bit by bit.
            ambiguous: false,
        }
    }
}
