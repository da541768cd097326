//! The error of a value that can't be encoded.

use std::fmt::{self, Display};

use serde::ser;

use crate::limits::NESTING;

/// Why a value could not be encoded. Mostly the text is that of the value's own `Serialize`.
#[derive(Clone, Debug)]
pub(crate) struct EncodeError(String);

impl EncodeError {
    pub(in crate::key) fn panicked() -> Self {
        Self("its `Serialize` panicked".to_owned())
    }

    /// MessagePack writes lengths in 32 bits.
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
