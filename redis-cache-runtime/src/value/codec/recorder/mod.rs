//! Reads a value and records the requests of its type along the way.
//!
//! Two builds of a program that read the same bytes and ask for the same, in the same order, read the same value: which kind
//! of number or text is wanted at each place, how many elements, by which names fields and variants are told apart. What is
//! asked for becomes a digest, the value's *shape*. It is stored with the value, and a reader that arrives at another shape has
//! another type. Places that a value does not reach hold nothing that could be wrong.
//!
//! Two parts stay *hidden*: the content of bytes that a type takes whole (untagged and tagged enums, flattened fields), and the
//! default that it puts in place of a missing field.
//!
//! The same way along the value bounds what reading it may cost: how deep it is nested, and how much memory it asks for.

mod access;
mod deserializer;
mod kind;
mod recording;
mod visitor;

use serde::de::Deserialize;

use self::deserializer::Recorder;
pub(crate) use self::recording::Limits;
use self::recording::Recording;
use super::{CodecError, Shape};
use crate::{limits::NESTING, process::nesting::Nesting};

/// A value that was read, and how.
pub(super) struct Read<T> {
    pub(super) value: T,
    pub(super) shape: Shape,
    /// Whether a part of the shape is hidden.
    pub(super) hidden: bool,
}

/// Reads MessagePack.
pub(super) fn read<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
    limits: Limits,
) -> Result<Read<T>, CodecError> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    // The recorder finds it out before.
    deserializer.set_max_depth(usize::from(NESTING) + 1);
    let recording = Recording::new(bytes.len(), limits);
    let recorder = Recorder {
        inner: &mut deserializer,
        recording: &recording,
        nesting: Nesting::default(),
        credit: size_of::<T>(),
    };
    let value = T::deserialize(recorder).map_err(|error| CodecError(error.to_string()))?;
    Ok(Read {
        value,
        shape: recording.shape(),
        hidden: recording.hidden(),
    })
}
