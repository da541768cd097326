//! Collects the parts of one call and hashes them.

use std::{
    any::Any,
    cell::Cell,
    fmt,
    hash::{DefaultHasher, Hasher as _},
};

use super::{
    Digest, Parameters, Readable, VersionPart,
    encoder::{EncodeError, Number, begin_numbers, begin_text},
    large, memo,
    parameters::Shape,
};
use crate::process::catch_panic::{Panicked, catch_panic};

/// Bytes. A buffer that is longer after a part goes into the hasher, and is emptied for the next part.
const FULL: usize = 256 * 1024;

/// Bytes. A buffer with more capacity is not kept for the next call.
const KEEP: usize = 1024 * 1024;

/// The byte before a part that is not an argument. MessagePack never uses it, so no argument's encoding begins with it.
pub(super) const fn separator(tag: u8) -> [u8; 2] {
    [0xc1, tag]
}

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The domain of one instantiation of a handler, which sets its calls apart from all others: a key for blake3's keyed mode, so
/// that the separation costs nothing per call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Domain {
    /// The hash key.
    pub(crate) seed: [u8; blake3::KEY_LEN],
    /// Whether the values of the instantiation come back.
    pub(crate) readable: Option<&'static Readable>,
    /// The parts that its calls feed into their keys.
    pub(crate) parameters: Option<&'static Parameters>,
}

/// The key of a call while its parts are written.
#[derive(Debug)]
pub struct KeyBuilder {
    owner: Option<&'static dyn KeyOwner>,
    on: bool,
    domain: Domain,
    buffer: Vec<u8>,
    /// The parts that have left the buffer.
    hasher: Option<Box<blake3::Hasher>>,
    error: Option<EncodeError>,
    stamps: Stamps,
    /// The parts that are fed, until the handler's are known.
    shape: Option<Box<Shape>>,
    /// The handler's path, where the expansion knows neither the type nor the identity of the receiver.
    anonymous: Anonymous,
}

/// Hashes of the receiver's identity and of the version, to be compared with those after the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamps {
    identity: Option<u64>,
    version: Option<u64>,
}

/// Whether a receiver without an identity can be told from others of its type.
#[derive(Clone, Copy, Debug)]
enum Anonymous {
    /// The receiver has no identity.
    Known,
    /// The receiver may have an identity; the path is the handler's.
    Unknown(&'static str),
    /// The receiver may have an identity, and no version tells it from others.
    Found(&'static str),
}

impl KeyBuilder {
    /// Where there is nothing to look up, nothing is written either.
    pub(crate) fn new(owner: &'static dyn KeyOwner, domain: Option<Domain>) -> Self {
        Self::begin(Some(owner), domain.is_some(), domain.unwrap_or_default())
    }

    /// The key of a call that is not counted.
    pub(crate) fn off() -> Self {
        Self::begin(None, false, Domain::default())
    }

    /// A key without an owner.
    #[cfg(test)]
    pub(super) fn of(domain: Domain) -> Self {
        Self::begin(None, true, domain)
    }

    fn begin(owner: Option<&'static dyn KeyOwner>, on: bool, domain: Domain) -> Self {
        // A thread that is ending has dropped its buffer.
        let buffer = if on {
            BUFFER.try_with(Cell::take).unwrap_or_default()
        } else {
            Vec::new()
        };
        Self {
            owner,
            on,
            domain,
            buffer,
            hasher: None,
            error: None,
            stamps: Stamps::default(),
            shape: domain
                .parameters
                .filter(|parameters| on && parameters.is_unknown())
                .map(|_| Box::default()),
            anonymous: Anonymous::Known,
        }
    }

    /// The type of the receiver is not known where the handler at `path` stands.
    pub(crate) fn without_identity(mut self, path: &'static str) -> Self {
        self.anonymous = Anonymous::Unknown(path);
        self
    }

    /// Adds the value of the attribute's `version = …`.
    pub fn version<T: VersionPart + ?Sized>(&mut self, version: &T) {
        version.write_version(self);
    }

    /// Takes note that an argument of type `T` follows.
    pub(super) fn argument<T: ?Sized>(&mut self) {
        if let Some(shape) = &mut self.shape {
            shape.add::<T>();
        }
    }

    /// Adds the receiver's identity.
    pub(super) fn write_identity(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) {
        if let Some(shape) = &mut self.shape {
            shape.add_identity();
        }
        self.stamps.identity = self.write_stamped(b'I', encode);
    }

    /// Adds the version.
    pub(super) fn write_version<T: ?Sized>(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) {
        if let Some(shape) = &mut self.shape {
            shape.add_version::<T>();
        }
        self.stamps.version = self.write_stamped(b'V', encode);
        if let Anonymous::Found(path) = self.anonymous {
            self.anonymous = Anonymous::Unknown(path);
        }
    }

    /// Takes note that the receiver has no identity, as far as can be seen.
    pub(super) const fn note_anonymous(&mut self) {
        if let Anonymous::Unknown(path) = self.anonymous {
            self.anonymous = Anonymous::Found(path);
        }
    }

    /// Adds the output of `encode`, which is not an argument, and returns its hash.
    fn write_stamped(
        &mut self,
        tag: u8,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Option<u64> {
        if !self.on {
            return None;
        }
        self.buffer.extend_from_slice(&separator(tag));
        let mut stamp = None;
        self.write(|out| {
            let start = out.len();
            encode(out)?;
            let mut hasher = DefaultHasher::new();
            hasher.write(&out[start..]);
            stamp = Some(hasher.finish());
            Ok(())
        });
        stamp
    }

    /// Adds the output of `encode`.
    pub(super) fn write(&mut self, encode: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>) {
        if !self.on || self.error.is_some() {
            return;
        }
        self.error = catch_panic(|| encode(&mut self.buffer))
            .unwrap_or_else(|Panicked| Err(EncodeError::panicked()))
            .err();
        if self.buffer.len() >= FULL {
            self.flush();
        }
    }

    /// Moves the buffer's bytes into the hasher.
    fn flush(&mut self) -> &mut blake3::Hasher {
        let seed = &self.domain.seed;
        let hasher = self
            .hasher
            .get_or_insert_with(|| Box::new(blake3::Hasher::new_keyed(seed)));
        hasher.update(&self.buffer);
        self.buffer.clear();
        hasher
    }

    /// The call gets no key.
    pub(super) const fn give_up(&mut self) {
        self.on = false;
    }

    /// Adds a string.
    pub(super) fn write_text(&mut self, text: &str) {
        self.write_memory(begin_text, text.as_bytes());
    }

    /// Adds numbers as they lie in memory, little-endian.
    pub(super) fn write_numbers(&mut self, number: Number, bytes: &[u8]) {
        self.write_memory(|len, out| begin_numbers(number, len, out), bytes);
    }

    /// Adds `bytes`, after the head that `begin` writes for their length.
    fn write_memory(
        &mut self,
        begin: impl FnOnce(usize, &mut Vec<u8>) -> Result<(), EncodeError>,
        bytes: &[u8],
    ) {
        if !self.on || self.error.is_some() {
            return;
        }
        self.error = begin(bytes.len(), &mut self.buffer).err();
        if self.error.is_none() {
            large::append(bytes, &mut self.buffer);
        }
    }

    pub(super) fn digest(&mut self) -> Result<Digest, EncodeError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        Ok(if self.hasher.is_some() {
            self.flush().finalize().into()
        } else {
            memo::digest(&self.domain.seed, &self.buffer)
        })
    }

    /// Hashes the parts.
    #[must_use]
    pub fn finish(mut self) -> CallKey {
        let (owner, stamps, readable) = (self.owner, self.stamps, self.domain.readable);
        if let (Some(parameters), Some(shape), true) =
            (self.domain.parameters, self.shape.take(), self.on)
        {
            parameters.learn(*shape);
        }
        let digest = owner.filter(|_| self.on).and_then(|owner| {
            if let Anonymous::Found(path) = self.anonymous {
                owner.report_anonymous(path);
                return None;
            }
            self.digest()
                .inspect_err(|error| owner.report_unkeyed(error))
                .ok()
        });
        self.give_back();
        CallKey {
            owner,
            digest,
            readable,
            stamps,
        }
    }

    /// Leaves the buffer for the next call.
    fn give_back(mut self) {
        self.buffer.clear();
        if self.on && self.buffer.capacity() <= KEEP {
            let buffer = std::mem::take(&mut self.buffer);
            _ = BUFFER.try_with(|kept| kept.set(buffer));
        }
    }
}

/// The call site. It counts and reports calls that get no key.
pub(crate) trait KeyOwner: Any + fmt::Debug + Send + Sync {
    /// An argument refuses to be written.
    fn report_unkeyed(&self, error: &EncodeError);

    /// The receiver of the handler at `path` may have an identity that can't be seen.
    fn report_anonymous(&self, path: &'static str);
}

/// The finished key of one call.
#[derive(Clone, Copy, Debug)]
pub struct CallKey {
    /// `None`: the call is not counted.
    pub(crate) owner: Option<&'static dyn KeyOwner>,
    /// `None`: the cache is off, or an argument could not be written.
    pub(crate) digest: Option<Digest>,
    /// Whether values of the call's instantiation come back.
    pub(crate) readable: Option<&'static Readable>,
    stamps: Stamps,
}

impl CallKey {
    /// Whether the receiver has an identity.
    #[must_use]
    pub const fn is_identified(&self) -> bool {
        self.stamps.identity.is_some()
    }

    /// Whether the receiver's identity or the version has changed since the key was made. `again` writes those of both that can
    /// still be asked.
    pub(crate) fn has_moved(&self, again: impl FnOnce(&mut KeyBuilder)) -> bool {
        if self.stamps == Stamps::default() {
            return false;
        }
        let mut key = KeyBuilder::begin(None, true, Domain::default());
        let asked = catch_panic(|| again(&mut key));
        let differs = |before: Option<u64>, now: Option<u64>| now.is_some() && now != before;
        let moved = asked.is_err()
            || key.error.is_some()
            || differs(self.stamps.identity, key.stamps.identity)
            || differs(self.stamps.version, key.stamps.version);
        key.give_back();
        moved
    }
}
