//! What is stored of a value, and how it proves itself when it is read.

pub(crate) mod codec;
pub(crate) mod envelope;
mod schema;
