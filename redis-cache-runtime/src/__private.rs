//! What the expansion of `#[handler_cache]` may name. Not a stable API: it changes with the macro, which is
//! pinned to the same version.

pub use crate::{
    cache::call_async,
    codec::{
        Cacheable, Codec, ComparedByBytes, ComparedHere, ComparedThere, Returned, ReturnedWhole,
        SentThere, Stored,
    },
    config::{Config, MaxSize, Settings},
    key::{
        CallKey, FastPart, Kept, KeptCopy, KeptNot, KeyBuilder, KeyPart, Mentioned, Part, PartFast,
        PartSerde, Receiver, ReceiverAnonymous, VersionPart, mention,
    },
    origin::{Instance, Origin, instance_of, path_of},
    site::Site,
};

/// Reads what `maxsize = …` says.
pub fn maxsize(maxsize: impl Into<MaxSize>) -> MaxSize {
    maxsize.into()
}
