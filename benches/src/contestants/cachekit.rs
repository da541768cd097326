//! `cachekit-rs`: `#[cachekit]` with the `production` preset.

use anyhow::Result;
use bytes::Bytes;
use cachekit::interop::InteropValue;
use cachekit::prelude::*;
use serde_bytes::ByteBuf;

use super::AsyncHandler;
use crate::work::{Answer, Reply};
use crate::{body, key, server};

/// More than any measure stores.
const NEAR_ENTRIES: usize = 1_000_000;

/// Whether its cache in the process answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    On,
    Off,
}

/// An input that is keyed by its blake3: its own key of bytes is slower by far.
#[derive(Clone, Debug)]
struct Keyed(Bytes);

impl From<Keyed> for InteropValue {
    fn from(input: Keyed) -> Self {
        key::of(&input.0).into()
    }
}

#[cachekit(client = cache, ttl = 3600, interop = "floats", namespace = "bench")]
async fn floats(cache: &cachekit::CacheKit, input: Keyed) -> Result<Vec<f32>, CachekitError> {
    Ok(body::floats(&input.0))
}

#[cachekit(client = cache, ttl = 3600, interop = "bytes", namespace = "bench")]
async fn bytes(cache: &cachekit::CacheKit, input: Keyed) -> Result<ByteBuf, CachekitError> {
    Ok(body::bytes(&input.0))
}

pub(super) struct CacheKit {
    client: cachekit::CacheKit,
}

impl CacheKit {
    pub(super) async fn connect(near: Near) -> Result<Self> {
        let builder = cachekit::CacheKit::production(server::url()).await?;
        let client = match near {
            Near::On => builder.l1_capacity(NEAR_ENTRIES).build()?,
            Near::Off => builder.no_l1().build()?,
        };
        Ok(Self { client })
    }
}

impl AsyncHandler for CacheKit {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        let input = Keyed(input.clone());
        Ok(match answer {
            Answer::Floats => Reply::Floats(floats(&self.client, input).await?),
            Answer::Bytes => Reply::Bytes(bytes(&self.client, input).await?),
        })
    }
}
