//! Collects the parts of one call's key and hashes them.

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

/// Bytes. If the buffer has this many after a part that serde wrote, they go into the hasher, and the buffer is emptied.
const FULL: usize = 256 * 1024;

/// Bytes. A buffer with more capacity is not kept for the thread's next call.
const KEEP: usize = 1024 * 1024;

/// The bytes before a part that is not an argument. MessagePack never uses the first, so no argument's encoding begins with it.
pub(super) const fn separator(tag: u8) -> [u8; 2] {
    [0xc1, tag]
}

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The domain of one instantiation of a handler. Its seed is the key of blake3's keyed mode, so it sets the digests apart
/// from those of all other instantiations at no cost per call.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Domain {
    /// The key of blake3's keyed mode.
    pub(crate) seed: [u8; blake3::KEY_LEN],
    /// Whether the instantiation's values can be read back.
    pub(crate) readable: Option<&'static Readable>,
    /// The types of the parts in the instantiation's keys.
    pub(crate) parameters: Option<&'static Parameters>,
}

/// The key of a call while its parts are written.
#[derive(Debug)]
pub struct KeyBuilder {
    owner: Option<&'static dyn KeyOwner>,
    on: bool,
    domain: Domain,
    buffer: Vec<u8>,
    /// The hash of the bytes that have left the buffer; `None`: all are still there.
    hasher: Option<Box<blake3::Hasher>>,
    error: Option<EncodeError>,
    stamps: Stamps,
    /// The types of this call's parts; `None` where an earlier call has recorded them.
    shape: Option<Box<Shape>>,
    /// Whether the receiver may have an identity that the expansion can't see.
    anonymous: Anonymous,
}

/// Hashes of the receiver's identity and of the version, compared with those after the body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Stamps {
    identity: Option<u64>,
    version: Option<u64>,
}

/// Whether two receivers could share an entry because the identity of their type can't be seen.
#[derive(Clone, Copy, Debug)]
enum Anonymous {
    /// No: the receiver's type is known, so its identity is in the key if it has one.
    Known,
    /// Not so far: the receiver is yet to be written, or its identity or a version sets it apart. The path is the handler's.
    Unknown(&'static str),
    /// Yes: no identity was seen, and no version tells receivers apart.
    Found(&'static str),
}

impl KeyBuilder {
    /// Without a `domain` the call looks nothing up, and no part is encoded.
    pub(crate) fn new(owner: &'static dyn KeyOwner, domain: Option<Domain>) -> Self {
        Self::begin(Some(owner), domain.is_some(), domain.unwrap_or_default())
    }

    /// The key of a call that runs uncached and is not counted.
    pub(crate) fn off() -> Self {
        Self::begin(None, false, Domain::default())
    }

    /// A key without an owner: nothing is counted or reported.
    #[cfg(test)]
    pub(super) fn of(domain: Domain) -> Self {
        Self::begin(None, true, domain)
    }

    fn begin(owner: Option<&'static dyn KeyOwner>, on: bool, domain: Domain) -> Self {
        // A thread that is ending may have dropped its buffer already.
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

    /// For the handler at `path`, which stands where the receiver's type is not known.
    pub(crate) fn without_identity(mut self, path: &'static str) -> Self {
        self.anonymous = Anonymous::Unknown(path);
        self
    }

    /// Adds the value of the attribute's `version = …`.
    pub fn version<T: VersionPart + ?Sized>(&mut self, version: &T) {
        version.write_version(self);
    }

    /// Called before an argument of type `T` is written.
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

    /// Called instead of [`write_identity`](Self::write_identity) where no identity can be seen.
    pub(super) const fn note_anonymous(&mut self) {
        if let Anonymous::Unknown(path) = self.anonymous {
            self.anonymous = Anonymous::Found(path);
        }
    }

    /// Adds an identity or a version, which `encode` writes. Returns its hash; `None` where it was not encoded.
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

    /// Adds the part that `encode` writes; the user's serde code in it may panic.
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

    /// Leaves the call without a key: it runs uncached.
    pub(super) const fn give_up(&mut self) {
        self.on = false;
    }

    /// Adds a string.
    pub(super) fn write_text(&mut self, text: &str) {
        self.write_memory(begin_text, text.as_bytes());
    }

    /// Adds numbers, given as little-endian bytes.
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

    /// Leaves the buffer for the thread's next call.
    fn give_back(mut self) {
        self.buffer.clear();
        if self.on && self.buffer.capacity() <= KEEP {
            let buffer = std::mem::take(&mut self.buffer);
            _ = BUFFER.try_with(|kept| kept.set(buffer));
        }
    }
}

/// The call site, which counts and reports calls that get no key.
pub(crate) trait KeyOwner: Any + fmt::Debug + Send + Sync {
    /// An argument, the identity or the version could not be encoded.
    fn report_unkeyed(&self, error: &EncodeError);

    /// The receiver of the handler at `path` may have an identity that can't be seen, so the call runs uncached.
    fn report_anonymous(&self, path: &'static str);
}

/// The finished key of one call.
#[derive(Clone, Copy, Debug)]
pub struct CallKey {
    /// `None`: the call is not counted.
    pub(crate) owner: Option<&'static dyn KeyOwner>,
    /// `None`, the call runs uncached: a part can't be encoded, a lock is held, an identity is hidden, or look-ups are in vain.
    pub(crate) digest: Option<Digest>,
    /// Whether the values of the call's instantiation can be read back.
    pub(crate) readable: Option<&'static Readable>,
    stamps: Stamps,
}

impl CallKey {
    /// Whether the receiver has an identity.
    #[must_use]
    pub const fn is_identified(&self) -> bool {
        self.stamps.identity.is_some()
    }

    /// Whether the receiver's identity or the version has changed since the key was made, or can't be encoded any more. `again`
    /// writes both once more, except one that can't be evaluated after the body: that counts as unchanged.
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
