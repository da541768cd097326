//! What the handlers do: the sizes of what goes in and comes out.

use anyhow::{Result, ensure};
use serde_bytes::ByteBuf;

use crate::body;

/// Which answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Floats,
    Bytes,
}

/// One job that all contestants are given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) input: usize,
    pub(crate) answer: Answer,
}

const MIB: usize = 1024 * 1024;

impl Work {
    pub(crate) const FLOATS: Self = Self {
        name: "784 B → 100 floats",
        input: 784,
        answer: Answer::Floats,
    };

    pub(crate) const KIB: Self = Self {
        name: "784 B → 1 KiB",
        input: 784,
        answer: Answer::Bytes,
    };

    pub(crate) const ONE_MIB: Self = Self {
        name: "1 MiB → 1 KiB",
        input: MIB,
        answer: Answer::Bytes,
    };

    pub(crate) const TEN_MIB: Self = Self {
        name: "10 MiB → 1 KiB",
        input: 10 * MIB,
        answer: Answer::Bytes,
    };

    pub(crate) const ALL: [Self; 4] = [Self::FLOATS, Self::KIB, Self::ONE_MIB, Self::TEN_MIB];
}

/// What a handler gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    Floats(Vec<f32>),
    Bytes(ByteBuf),
    /// A baseline that does not decode gives no value.
    Raw(usize),
}

impl Reply {
    /// What the body gives, without a cache.
    pub(crate) fn compute(answer: Answer, input: &[u8]) -> Self {
        match answer {
            Answer::Floats => Self::Floats(body::floats(input)),
            Answer::Bytes => Self::Bytes(body::bytes(input)),
        }
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>> {
        Ok(match self {
            Self::Floats(floats) => rmp_serde::to_vec(floats)?,
            Self::Bytes(bytes) => rmp_serde::to_vec(bytes)?,
            Self::Raw(_) => Vec::new(),
        })
    }

    pub(crate) fn decode(answer: Answer, bytes: &[u8]) -> Result<Self> {
        Ok(match answer {
            Answer::Floats => Self::Floats(rmp_serde::from_slice(bytes)?),
            Answer::Bytes => Self::Bytes(rmp_serde::from_slice(bytes)?),
        })
    }

    /// Fails unless this is what the body gives for `input`.
    pub(crate) fn check(&self, answer: Answer, input: &[u8]) -> Result<()> {
        let expected = Self::compute(answer, input);
        let same = match self {
            Self::Raw(length) => *length == expected.encode()?.len(),
            _ => *self == expected,
        };
        ensure!(same, "a wrong answer");
        Ok(())
    }
}
