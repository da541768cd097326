//! The operations of a cache.

/// The operation in which an error occurred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheOperation {
    /// Writing the arguments into the key.
    Key,
    Get,
    Put,
    /// Telling Redis which entries were used.
    Touch,
    /// Deleting bytes that are not a value.
    Heal,
    Invalidate,
    Clear,
    /// Reading the settings.
    Open,
}

impl CacheOperation {
    pub(super) const COUNT: usize = Self::Open as usize + 1;

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Get => "get",
            Self::Put => "put",
            Self::Touch => "touch",
            Self::Heal => "heal",
            Self::Invalidate => "invalidate",
            Self::Clear => "clear",
            Self::Open => "open",
        }
    }
}
