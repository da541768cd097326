//! The stored form of a value, and the proof that it comes back.

pub(crate) mod codec;
pub(crate) mod envelope;
mod schema;
