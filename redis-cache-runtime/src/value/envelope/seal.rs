//! The key of the check.

use std::fmt;

use super::CHECK;
use crate::key::Digest;

/// The key of the check.
#[derive(Clone, Copy)]
#[cfg_attr(test, derive(PartialEq))]
pub(crate) struct Seal([u8; blake3::KEY_LEN]);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Default for Seal {
    fn default() -> Self {
        Self::new(None)
    }
}

impl Seal {
    /// Without a secret the check finds damage and mix-ups. With a secret it also finds values that a client without the secret has
    /// planted.
    pub(crate) fn new(secret: Option<&str>) -> Self {
        Self(blake3::derive_key(
            "redis-cache envelope check v1",
            secret.unwrap_or("").as_bytes(),
        ))
    }

    pub(super) fn check(&self, digest: &Digest, contents: &[u8]) -> [u8; CHECK] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(digest);
        hasher.update(contents);
        let mut check = [0; CHECK];
        check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK]);
        check
    }

    /// Whether `check` is right. `blake3::Hash` compares in constant time; half a hash is compared as a whole one, so that the time
    /// does not tell where two checks begin to differ.
    pub(super) fn fits(&self, digest: &Digest, contents: &[u8], check: &[u8; CHECK]) -> bool {
        let right = self.check(digest, contents);
        let pairs = right.iter().zip(check);
        pairs.fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
    }
}
