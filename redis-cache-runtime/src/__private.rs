//! What the expansion of `#[handler_cache]` may name. Not a stable API: it changes with the macro, which is
//! pinned to the same version.

pub use crate::{
    codec::{
        Cacheable, Codec, ComparedByBytes, ComparedHere, ComparedThere, Returned, ReturnedWhole,
        SentThere, Stored,
    },
    config::{Config, MaxSize, Settings},
    key::{
        CallKey, FastPart, KeyBuilder, KeyPart, Mentioned, Part, PartFast, PartSerde, Receiver,
        ReceiverAnonymous, mention,
    },
    site::{Instance, Site, instance_of, path_of},
};

/// Reads what `maxsize = …` says.
pub fn maxsize(maxsize: impl Into<MaxSize>) -> MaxSize {
    maxsize.into()
}
