//! The bound of a cache.

use std::fmt;

use super::grammar::DEFAULT_MAXSIZE;

/// The most entries that a cache may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MaxSize {
    /// At most this many; zero turns the cache off.
    Entries(usize),
    /// No bound; only for key spaces that are small by nature.
    Unbounded,
}

impl MaxSize {
    pub(crate) const DEFAULT: Self = Self::Entries(DEFAULT_MAXSIZE);

    /// The number of entries, or `None` where there is no bound.
    #[must_use]
    pub const fn entries(self) -> Option<usize> {
        match self {
            Self::Entries(entries) => Some(entries),
            Self::Unbounded => None,
        }
    }
}

impl fmt::Display for MaxSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entries(entries) => entries.fmt(f),
            Self::Unbounded => f.write_str("None"),
        }
    }
}

// One integer type only, or a literal in an expression would have none.
impl From<usize> for MaxSize {
    fn from(entries: usize) -> Self {
        Self::Entries(entries)
    }
}

// As one: `None` alone would have no type.
impl From<Option<usize>> for MaxSize {
    fn from(entries: Option<usize>) -> Self {
        entries.map_or(Self::Unbounded, Self::Entries)
    }
}
