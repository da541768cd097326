//! `hitbox`: `#[cached]` of `hitbox-fn`, with the concurrency manager that keeps a stampede away.

use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use hitbox::KeyPart;
use hitbox::backend::CacheBackend;
use hitbox::concurrency::BroadcastConcurrencyManager;
use hitbox::policy::{ConcurrencyLimit, PolicyConfig};
use hitbox_fn::{Cache, CacheableResponse, KeyExtract, cached};
use hitbox_moka::MokaBackend;
use hitbox_redis::{ConnectionMode, RedisBackend};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::AsyncHandler;
use crate::work::{Answer, Reply};
use crate::{body, key, server};

const TTL: Duration = Duration::from_hours(1);

/// More than any measure stores.
const NEAR_ENTRIES: u64 = 1_000_000;

/// An input that is keyed by its blake3.
#[derive(Clone, Debug)]
struct Keyed(Bytes);

impl KeyExtract for Keyed {
    fn extract(&self) -> Vec<KeyPart> {
        vec![KeyPart::new("input", Some(key::of(&self.0)))]
    }
}

#[derive(Clone, Debug, Serialize, Deserialize, CacheableResponse)]
struct Floats {
    values: Vec<f32>,
}

#[derive(Clone, Debug, Serialize, Deserialize, CacheableResponse)]
struct Blob {
    bytes: ByteBuf,
}

#[cached(prefix = "floats")]
async fn floats(input: Keyed) -> Floats {
    Floats {
        values: body::floats(&input.0),
    }
}

#[cached(prefix = "bytes")]
async fn bytes(input: Keyed) -> Blob {
    Blob {
        bytes: body::bytes(&input.0),
    }
}

pub(super) struct Hitbox<B> {
    floats: Cache<B, BroadcastConcurrencyManager<Floats>>,
    bytes: Cache<B, BroadcastConcurrencyManager<Blob>>,
}

impl Hitbox<RedisBackend> {
    pub(super) fn in_redis() -> Result<Self> {
        let backend = || {
            RedisBackend::builder()
                .connection(ConnectionMode::single(server::url()))
                .build()
        };
        Ok(Self::new(backend()?, backend()?))
    }
}

impl Hitbox<MokaBackend> {
    pub(super) fn in_memory() -> Self {
        let backend = || MokaBackend::builder().max_entries(NEAR_ENTRIES).build();
        Self::new(backend(), backend())
    }
}

impl<B: CacheBackend> Hitbox<B> {
    fn new(floats: B, bytes: B) -> Self {
        Self {
            floats: Cache::builder()
                .backend(floats)
                .policy(policy())
                .concurrency_manager(BroadcastConcurrencyManager::new())
                .build(),
            bytes: Cache::builder()
                .backend(bytes)
                .policy(policy())
                .concurrency_manager(BroadcastConcurrencyManager::new())
                .build(),
        }
    }
}

fn policy() -> PolicyConfig {
    PolicyConfig::builder()
        .ttl(TTL)
        .concurrency(ConcurrencyLimit::MIN)
        .build()
}

impl<B: CacheBackend + Send + Sync + 'static> AsyncHandler for Hitbox<B> {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        let input = Keyed(input.clone());
        Ok(match answer {
            Answer::Floats => Reply::Floats(floats(input).cache(&self.floats).await.values),
            Answer::Bytes => Reply::Bytes(bytes(input).cache(&self.bytes).await.bytes),
        })
    }
}
