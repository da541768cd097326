//! The record of one reading.

use std::{any::type_name, cell::Cell};

use serde::de;

use super::kind::Kind;
use crate::{key::type_name::short_name, value::codec::Shape};

/// A byte of payload may become so many in memory.
const PER_BYTE: usize = 64;

/// Bytes that a small value may take in any case.
const SMALL: usize = 64 * 1024;

/// A value may take so many times the space of the largest payload that is read.
const PER_LARGEST: usize = 8;

/// How many lists of names are remembered while one value is read.
const REMEMBERED: usize = 8;

/// Any odd number with as many ones as zeros in no pattern.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Keeps a digest that has become zero from staying it.
const INCREMENT: u64 = 0xd1b5_4a32_d192_ed03;

/// The bounds of reading one value.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The largest payload.
    pub(crate) max_bytes: usize,
}

/// The digest of the requests, and the memory that may still be taken.
pub(in crate::value::codec) struct Recording {
    digest: Cell<u64>,
    hidden: Cell<bool>,
    /// So many bytes may still be allocated.
    room: Cell<usize>,
    /// So many elements may still be announced: each takes a byte at least.
    announced: Cell<usize>,
    names: [Cell<Remembered>; REMEMBERED],
}

/// The digest of names that are known by where they lie: a list of structs asks for the same ones again and again.
#[derive(Clone, Copy, Default)]
struct Remembered {
    full_name: (usize, usize),
    name: (usize, usize),
    list: (usize, usize),
    digest: u64,
}

impl Recording {
    pub(super) fn new(payload: usize, limits: Limits) -> Self {
        let by_payload = payload.saturating_mul(PER_BYTE).saturating_add(SMALL);
        let by_largest = limits.max_bytes.max(payload).saturating_mul(PER_LARGEST);
        Self {
            digest: Cell::new(INCREMENT),
            hidden: Cell::new(false),
            room: Cell::new(by_payload.min(by_largest)),
            announced: Cell::new(payload),
            names: Default::default(),
        }
    }

    pub(super) fn shape(&self) -> Shape {
        self.digest.get().to_le_bytes()
    }

    pub(super) fn hidden(&self) -> bool {
        self.hidden.get()
    }

    /// Notes that the type makes something of the value that can't be seen from here.
    #[inline]
    pub(super) fn hide(&self) {
        self.hidden.set(true);
    }

    #[inline]
    pub(super) fn note(&self, kind: Kind) {
        self.digest.set(mix(self.digest.get(), kind as u64));
    }

    #[inline]
    pub(super) fn note_len(&self, kind: Kind, len: usize) {
        self.note(kind);
        self.digest.set(mix(self.digest.get(), len as u64));
    }

    /// Notes the name of `T`, and those of its fields or variants.
    #[inline]
    pub(super) fn note_names<T>(
        &self,
        kind: Kind,
        name: &'static str,
        list: &'static [&'static str],
    ) {
        self.note(kind);
        let names = self.names(type_name::<T>(), name, list);
        self.digest.set(mix(self.digest.get(), names));
    }

    #[inline]
    fn names(
        &self,
        full_name: &'static str,
        name: &'static str,
        list: &'static [&'static str],
    ) -> u64 {
        let seen = Remembered {
            full_name: (full_name.as_ptr().addr(), full_name.len()),
            name: (name.as_ptr().addr(), name.len()),
            list: (list.as_ptr().addr(), list.len()),
            digest: 0,
        };
        let slot = &self.names[(seen.name.0 ^ (seen.list.0 >> 4)) % REMEMBERED];
        let known = slot.get();
        let is_known =
            (known.full_name, known.name, known.list) == (seen.full_name, seen.name, seen.list);
        if is_known {
            return known.digest;
        }
        let mut digest = list
            .iter()
            .fold(mix_text(0, name), |digest, name| mix_text(digest, name));
        // The name that serde is told leaves them out, and nothing of the value may tell `Degrees<Celsius>` from another.
        if full_name.contains('<') {
            digest = mix_text(digest, &short_name(full_name));
        }
        slot.set(Remembered { digest, ..seen });
        digest
    }

    /// Takes memory for something of this size.
    #[inline]
    pub(super) fn spend<E: de::Error>(&self, bytes: usize) -> Result<(), E> {
        match self.room.get().checked_sub(bytes) {
            Some(left) => {
                self.room.set(left);
                Ok(())
            }
            None => Err(too_much()),
        }
    }

    /// The part of an announced length for which there is data.
    #[inline]
    pub(super) fn believe(&self, announced: usize) -> usize {
        let believed = announced.min(self.announced.get());
        self.announced.set(self.announced.get() - believed);
        believed
    }
}

#[cold]
fn too_much<E: de::Error>() -> E {
    E::custom("it takes more memory than its size allows for")
}

#[inline]
fn mix(digest: u64, word: u64) -> u64 {
    let product = u128::from(digest ^ word) * u128::from(MULTIPLIER);
    let [one, other]: [u64; 2] = bytemuck::must_cast(product);
    (one ^ other).wrapping_add(INCREMENT)
}

fn mix_text(digest: u64, text: &str) -> u64 {
    let digest = mix(digest, text.len() as u64);
    text.as_bytes().chunks(8).fold(digest, |digest, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        mix(digest, u64::from_le_bytes(word))
    })
}
