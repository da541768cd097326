//! What the expansion of `#[handler_cache]` may name. Not a stable API: it changes with the macro, which is
//! pinned to the same version.

pub use crate::{
    config::{Config, MaxSize, Settings},
    key::{
        CallKey, FastPart, Kept, KeptCopy, KeptNot, KeyBuilder, KeyPart, Mentioned, Part, PartFast,
        PartSerde, Receiver, ReceiverAnonymous, VersionPart, mention,
    },
    site::{Instance, Origin, Site, call_async, instance_of, path_of},
    value::codec::{
        Cacheable, Codec, ComparedByBytes, ComparedHere, ComparedThere, Returned, ReturnedWhole,
        SentThere, Stored,
    },
};

/// Reads what `maxsize = …` says.
pub fn maxsize(maxsize: impl Into<MaxSize>) -> MaxSize {
    maxsize.into()
}
