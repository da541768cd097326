//! The clears that came before something.

/// What a cache knew of its clears when a body began: a value that was computed before one must not be stored after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch {
    /// The clears that this process has seen.
    pub(crate) count: u64,
    /// The latest clear of any process, as far as it was known.
    pub(crate) generation: Generation,
}

/// What Redis says of the latest clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl Generation {
    /// Redis has not been asked yet.
    pub(crate) const UNKNOWN: Self = Self(0);

    /// There was no clear that Redis knows of.
    pub(crate) const NONE: Self = Self(1);

    /// That of a clear that begins now.
    pub(crate) fn new() -> Self {
        // The two lowest are taken.
        Self(crate::jitter::nonce().saturating_add(2))
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) const fn to_bits(self) -> u64 {
        self.0
    }

    /// As Redis has it; nothing where it is to accept any.
    pub(super) fn to_text(self) -> String {
        match self {
            Self::UNKNOWN => String::new(),
            Self(bits) => bits.to_string(),
        }
    }

    /// What Redis has.
    pub(super) fn from_text(text: &[u8]) -> Self {
        let bits = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok());
        bits.map_or(Self::NONE, Self)
    }
}
