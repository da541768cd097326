//! What can be wrong with stored bytes.

/// Why stored bytes are not a value of this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Too short, or begins otherwise.
    Foreign,
    /// Written by a version of this crate with another format.
    Version,
    /// Written for another return type: whole, and not what this one asks for.
    Type,
    /// The check failed: damaged, planted, or another call's.
    Check,
}
