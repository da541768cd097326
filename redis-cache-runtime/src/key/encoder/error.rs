//! Why a value can't be part of a key.

use std::fmt::{self, Display};

use serde::ser;

use crate::limits::NESTING;

/// Why a value could not be encoded; mostly the text comes from the value's own `Serialize`.
#[derive(Clone, Debug)]
pub(crate) struct EncodeError(String);

impl EncodeError {
    pub(in crate::key) fn panicked() -> Self {
        Self("its `Serialize` panicked".to_owned())
    }

    /// Lengths are written in 32 bits, as MessagePack does.
    pub(in crate::key) fn too_long() -> Self {
        Self("longer than 4 GiB".to_owned())
    }

    pub(super) fn too_deep() -> Self {
        Self(format!("nested more than {NESTING} deep"))
    }
}

impl Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl ser::Error for EncodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}
