//! `cached`: `#[concurrent_cached]` over Redis and in memory.

#![expect(
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "what the attribute asks for"
)]

use anyhow::Result;
use bytes::Bytes;
use cached::macros::concurrent_cached;
use cached::{AsyncRedisCache, RedisCache};
use serde_bytes::ByteBuf;

use super::{AsyncHandler, BlockingHandler};
use crate::work::{Answer, Reply};
use crate::{body, key, server};

const TTL_SECS: u64 = 3600;

/// As many connections as the largest measure has threads.
const POOL: u32 = 64;

#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

/// Over one multiplexed connection, as it comes.
#[derive(Debug)]
pub(super) struct Multiplexed;

#[concurrent_cached(
    map_error = |e| Failure(format!("{e:?}")),
    ty = "AsyncRedisCache<String, Vec<f32>>",
    create = {
        AsyncRedisCache::builder("multiplexed-floats")
            .ttl_secs(TTL_SECS)
            .connection_string(server::url())
            .build()
            .await
            .expect("the server answers")
    },
    key = "String",
    convert = { key::of(input) }
)]
async fn multiplexed_floats(input: &Bytes) -> Result<Vec<f32>, Failure> {
    Ok(body::floats(input))
}

#[concurrent_cached(
    map_error = |e| Failure(format!("{e:?}")),
    ty = "AsyncRedisCache<String, ByteBuf>",
    create = {
        AsyncRedisCache::builder("multiplexed-bytes")
            .ttl_secs(TTL_SECS)
            .connection_string(server::url())
            .build()
            .await
            .expect("the server answers")
    },
    key = "String",
    convert = { key::of(input) }
)]
async fn multiplexed_bytes(input: &Bytes) -> Result<ByteBuf, Failure> {
    Ok(body::bytes(input))
}

impl AsyncHandler for Multiplexed {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(multiplexed_floats(input).await?),
            Answer::Bytes => Reply::Bytes(multiplexed_bytes(input).await?),
        })
    }
}

/// Over a connection that comes back after an outage.
#[derive(Debug)]
pub(super) struct Managed;

#[concurrent_cached(
    map_error = |e| Failure(format!("{e:?}")),
    ty = "AsyncRedisCache<String, Vec<f32>>",
    create = {
        AsyncRedisCache::builder("managed-floats")
            .ttl_secs(TTL_SECS)
            .connection_string(server::url())
            .connection_manager(true)
            .build()
            .await
            .expect("the server answers")
    },
    key = "String",
    convert = { key::of(input) }
)]
async fn managed_floats(input: &Bytes) -> Result<Vec<f32>, Failure> {
    Ok(body::floats(input))
}

#[concurrent_cached(
    map_error = |e| Failure(format!("{e:?}")),
    ty = "AsyncRedisCache<String, ByteBuf>",
    create = {
        AsyncRedisCache::builder("managed-bytes")
            .ttl_secs(TTL_SECS)
            .connection_string(server::url())
            .connection_manager(true)
            .build()
            .await
            .expect("the server answers")
    },
    key = "String",
    convert = { key::of(input) }
)]
async fn managed_bytes(input: &Bytes) -> Result<ByteBuf, Failure> {
    Ok(body::bytes(input))
}

impl AsyncHandler for Managed {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(managed_floats(input).await?),
            Answer::Bytes => Reply::Bytes(managed_bytes(input).await?),
        })
    }
}

/// Over a pool of blocking connections.
#[derive(Debug)]
pub(super) struct Pooled;

#[concurrent_cached(
    map_error = |e| Failure(format!("{e:?}")),
    ty = "RedisCache<String, Vec<f32>>",
    create = {
        RedisCache::builder("pooled-floats")
            .ttl_secs(TTL_SECS)
            .connection_string(server::url())
            .connection_pool_max_size(POOL)
            .build()
            .expect("the server answers")
    },
    key = "String",
    convert = { key::of(input) }
)]
fn pooled_floats(input: &Bytes) -> Result<Vec<f32>, Failure> {
    Ok(body::floats(input))
}

#[concurrent_cached(
    map_error = |e| Failure(format!("{e:?}")),
    ty = "RedisCache<String, ByteBuf>",
    create = {
        RedisCache::builder("pooled-bytes")
            .ttl_secs(TTL_SECS)
            .connection_string(server::url())
            .connection_pool_max_size(POOL)
            .build()
            .expect("the server answers")
    },
    key = "String",
    convert = { key::of(input) }
)]
fn pooled_bytes(input: &Bytes) -> Result<ByteBuf, Failure> {
    Ok(body::bytes(input))
}

impl BlockingHandler for Pooled {
    fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(pooled_floats(input)?),
            Answer::Bytes => Reply::Bytes(pooled_bytes(input)?),
        })
    }
}

/// In the process alone, sharded and bounded.
#[derive(Debug)]
pub(super) struct InMemory;

#[concurrent_cached(max_size = 1_000_000, key = "String", convert = { key::of(input) })]
async fn memory_floats(input: &Bytes) -> Vec<f32> {
    body::floats(input)
}

#[concurrent_cached(max_size = 1_000_000, key = "String", convert = { key::of(input) })]
async fn memory_bytes(input: &Bytes) -> ByteBuf {
    body::bytes(input)
}

impl AsyncHandler for InMemory {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(memory_floats(input).await),
            Answer::Bytes => Reply::Bytes(memory_bytes(input).await),
        })
    }
}
