//! How one call ended.

use std::{fmt, sync::Arc, time::Duration};

/// How a call was answered. Every call ends in exactly one of these, and is counted as that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CacheStatus {
    /// The value came from Redis.
    HitRedis,
    /// The value was computed by this process a moment ago and is on its way to Redis.
    HitBuffer,
    /// The body ran, because Redis does not have the value.
    Miss,
    /// The value came from a concurrent call with the same key.
    Coalesced,
    /// The body ran without a look-up: the cache is off, a setting is wrong, the call has no key, or the process was forked from
    /// another in the middle of the call.
    Bypass,
    /// The body ran, because Redis could not be asked, answered with an error, or did not answer in time.
    ErrorOpen,
    /// The caller went away while it waited for Redis or for another call.
    Cancelled,
}

impl CacheStatus {
    /// All results, in the order in which they are counted.
    pub(crate) const ALL: [Self; 7] = [
        Self::HitRedis,
        Self::HitBuffer,
        Self::Miss,
        Self::Coalesced,
        Self::Bypass,
        Self::ErrorOpen,
        Self::Cancelled,
    ];

    /// The results of calls that did not run the body.
    pub(crate) const HITS: [Self; 3] = [Self::HitRedis, Self::HitBuffer, Self::Coalesced];

    /// Whether the body did not run for this call.
    #[must_use]
    pub const fn is_hit(self) -> bool {
        matches!(self, Self::HitRedis | Self::HitBuffer | Self::Coalesced)
    }

    /// The name under which the result is counted and logged.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HitRedis => "hit_redis",
            Self::HitBuffer => "hit_buffer",
            Self::Miss => "miss",
            Self::Coalesced => "coalesced",
            Self::Bypass => "bypass",
            Self::ErrorOpen => "error_open",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for CacheStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The end of one call, as [`observe`](crate::observe) tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// The name of the cache.
    pub cache: Arc<str>,
    /// How the call was answered.
    pub result: CacheStatus,
    /// Time since the value was computed, by the clocks of the two machines. `None` where the body ran.
    pub age: Option<Duration>,
}
