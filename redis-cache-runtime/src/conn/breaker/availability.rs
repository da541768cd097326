//! Whether Redis is worth asking.

/// What one server is good for now: the one answer, for callers before they encode a key, for a look-up, and for values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Availability {
    /// It answers, as far as is known.
    Available,
    /// It did not answer. The next look-up probes whether it does again.
    ProbeDue,
    /// It did not answer, and a look-up that is under way probes whether it does again.
    Probing,
    /// It is away or does not answer, and no look-up finds that out anew.
    Unavailable,
}

impl Availability {
    /// Whether a look-up that begins now would ask it.
    pub(crate) const fn takes_lookups(self) -> bool {
        matches!(self, Self::Available | Self::ProbeDue)
    }

    /// Whether a value that was computed now is meant for it. One that is computed during a probe is: the probe mostly succeeds.
    pub(crate) const fn takes_values(self) -> bool {
        matches!(self, Self::Available | Self::Probing)
    }
}
