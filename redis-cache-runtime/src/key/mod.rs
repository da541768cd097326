//! The key of a call: its arguments, encoded without ambiguity and hashed.

mod arguments;
mod builder;
mod digest;
mod encoder;
mod identity;
mod kind;
mod large;
mod lock;
mod memo;
mod parameters;
mod part;
mod readable;
#[cfg(test)]
mod tests;
pub(crate) mod type_name;
mod version;

pub use self::{
    arguments::Arguments,
    builder::{CallKey, KeyBuilder},
    identity::{CacheIdentity, Receiver, ReceiverAnonymous},
    part::{FastPart, KeyPart, Mentioned, Part, PartFast, PartSerde, SkipInKey, mention},
    version::{Kept, KeptCopy, KeptNot, VersionPart},
};
pub(crate) use self::{
    builder::{Domain, KeyOwner},
    digest::{Digest, DigestHasher, SHARD},
    encoder::{EncodeError, MapOrder, encode_strictly},
    parameters::Parameters,
    readable::Readable,
};
