//! The damage of stored bytes.

/// Why stored bytes are not a value of this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Too short for an envelope, or without its first bytes.
    Foreign,
    /// Written by a version of this crate with another format.
    Version,
    /// Whole, but written for another return type than this call's.
    Type,
    /// The check failed: damaged, planted, or another call's.
    Check,
}
