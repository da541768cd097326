//! A memo of digests, for arguments that come again.
//!
//! The arguments of a hit have mostly come before, and comparing them takes a tenth of the time of blake3. The memo keeps the
//! encoded arguments themselves, so that it never returns the digest of others.

use std::{hash::BuildHasher as _, sync::Mutex};

use foldhash::fast::FixedState;

use super::Digest;
use crate::{
    limits::{KEPT_ARGUMENT_BYTES, KEPT_ARGUMENTS},
    process::{jitter, per_process::PerProcess},
};

type Seed = [u8; blake3::KEY_LEN];

static MEMO: PerProcess<Memo> = PerProcess::new();

/// The blake3 hash of `arguments`, keyed with `seed`.
pub(super) fn digest(seed: &Seed, arguments: &[u8]) -> Digest {
    MEMO.get().digest(seed, arguments)
}

struct Memo {
    /// Seeded here: foldhash makes its global seed under a lock, which a child forked meanwhile would find locked for ever.
    random: FixedState,
    slots: Box<[Mutex<Slot>]>,
}

#[derive(Default)]
struct Slot {
    known: Option<Known>,
    /// The hash of the last arguments that missed here: if they are the next to come, they are kept.
    candidate: Option<u64>,
}

struct Known {
    seed: Seed,
    arguments: Box<[u8]>,
    digest: Digest,
}

impl Default for Memo {
    fn default() -> Self {
        Self::with_slots(KEPT_ARGUMENTS)
    }
}

impl Memo {
    fn with_slots(slots: usize) -> Self {
        Self {
            random: FixedState::with_seed(jitter::nonce()),
            slots: (0..slots).map(|_| Mutex::default()).collect(),
        }
    }

    fn digest(&self, seed: &Seed, arguments: &[u8]) -> Digest {
        let compute = || blake3::keyed_hash(seed, arguments).into();
        if arguments.len() > KEPT_ARGUMENT_BYTES {
            return compute();
        }
        let hash = self.random.hash_one((seed, arguments));
        // Computing the digest is faster than waiting for another thread.
        let Ok(mut slot) = self.slot(hash).try_lock() else {
            return compute();
        };
        slot.find(seed, arguments).unwrap_or_else(|| {
            let digest = compute();
            slot.offer(hash, seed, arguments, digest);
            digest
        })
    }

    #[expect(clippy::cast_possible_truncation, reason = "any of its bits do")]
    fn slot(&self, hash: u64) -> &Mutex<Slot> {
        &self.slots[hash as usize % self.slots.len()]
    }
}

impl Slot {
    fn find(&mut self, seed: &Seed, arguments: &[u8]) -> Option<Digest> {
        let known = self.known.as_ref()?;
        if *known.arguments != *arguments || known.seed != *seed {
            return None;
        }
        self.candidate = None;
        Some(known.digest)
    }

    /// Keeps arguments that come twice in a row, so that arguments which come once do not displace those that come often.
    fn offer(&mut self, hash: u64, seed: &Seed, arguments: &[u8], digest: Digest) {
        if self.candidate != Some(hash) {
            self.candidate = Some(hash);
            return;
        }
        self.candidate = None;
        self.known = Some(Known {
            seed: *seed,
            arguments: arguments.into(),
            digest,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: Seed = [7; blake3::KEY_LEN];

    fn knows(memo: &Memo, seed: &Seed, arguments: &[u8]) -> bool {
        let hash = memo.random.hash_one((seed, arguments));
        let slot = memo.slot(hash).lock().unwrap();
        let known = slot.known.as_ref();
        known.is_some_and(|known| *known.arguments == *arguments && known.seed == *seed)
    }

    #[test]
    fn a_digest_is_what_blake3_makes_of_the_arguments() {
        let memo = Memo::with_slots(4);
        let mut chance = fastrand::Rng::with_seed(1);
        let mut known = 0;
        for _ in 0..50_000 {
            let seed = [chance.u8(0..2); blake3::KEY_LEN];
            let arguments = vec![chance.u8(0..2); chance.usize(0..4)];
            known += usize::from(knows(&memo, &seed, &arguments));
            let right: Digest = blake3::keyed_hash(&seed, &arguments).into();
            assert_eq!(memo.digest(&seed, &arguments), right);
        }
        assert!((1_000..49_000).contains(&known), "{known}");
    }

    #[test]
    fn what_comes_often_is_kept_and_what_comes_once_is_not() {
        let memo = Memo::with_slots(1);
        memo.digest(&SEED, b"often");
        assert!(!knows(&memo, &SEED, b"often"));
        memo.digest(&SEED, b"often");
        assert!(knows(&memo, &SEED, b"often"));
        for other in 0..100_u8 {
            memo.digest(&SEED, &[other]);
            memo.digest(&SEED, &[other, 1]);
        }
        assert!(knows(&memo, &SEED, b"often"));
        memo.digest(&SEED, b"new");
        memo.digest(&SEED, b"often");
        memo.digest(&SEED, b"new");
        assert!(knows(&memo, &SEED, b"often"));
        memo.digest(&SEED, b"new");
        assert!(knows(&memo, &SEED, b"new"));
    }

    #[test]
    fn long_arguments_are_not_kept() {
        let memo = Memo::with_slots(1);
        for (len, is_kept) in [
            (KEPT_ARGUMENT_BYTES + 1, false),
            (KEPT_ARGUMENT_BYTES, true),
        ] {
            let arguments = vec![0; len];
            memo.digest(&SEED, &arguments);
            memo.digest(&SEED, &arguments);
            assert_eq!(knows(&memo, &SEED, &arguments), is_kept);
        }
    }
}
