//! Whether Redis is worth asking.

/// Whether one server is worth asking now. One answer for calls before they encode a key, for look-ups, and for stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Availability {
    /// The server answers, as far as is known.
    Available,
    /// The server did not answer. The next look-up probes whether it does again.
    ProbeDue,
    /// The server did not answer, and a look-up that is under way probes whether it does again.
    Probing,
    /// The server is away or does not answer, and no look-up is to probe it yet.
    Unavailable,
}

impl Availability {
    /// Whether a look-up that begins now would ask the server.
    pub(crate) const fn takes_lookups(self) -> bool {
        matches!(self, Self::Available | Self::ProbeDue)
    }

    /// Whether a value that was computed now is stored. During a probe it is, because most probes succeed.
    pub(crate) const fn takes_values(self) -> bool {
        matches!(self, Self::Available | Self::Probing)
    }
}
