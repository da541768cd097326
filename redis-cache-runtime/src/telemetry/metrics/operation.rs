//! What a cache does.

/// What the cache was doing when something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheOperation {
    /// Writing the arguments into the key.
    Key,
    Get,
    Put,
    /// Telling Redis what was used.
    Touch,
    /// Deleting what is not a value.
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
