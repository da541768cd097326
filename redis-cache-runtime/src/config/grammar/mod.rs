//! How durations and URLs are written, and the bounds of settings.
//!
//! The macro checks literals by these files, so that it refuses what the runtime refuses. Its crate can't export functions to the
//! runtime, and does without the runtime as a dependency: its `src/grammar` is a link to this folder. `cargo package` puts a
//! copy of the files into the macro's crate.

pub(crate) mod duration;
pub(crate) mod url;

use std::time::Duration;

/// Entries of a cache without `maxsize`, as in `functools.lru_cache` and the Python decorator.
pub(crate) const DEFAULT_MAXSIZE: usize = 128;

/// Redis counts in milliseconds, and the jitter takes a tenth.
pub(crate) const SHORTEST_TTL: Duration = Duration::from_millis(10);

/// Redis refuses expiry times beyond what 64 bits hold.
pub(crate) const LONGEST_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

pub(crate) const LONGEST_TIMEOUT: Duration = Duration::from_secs(60 * 60);
