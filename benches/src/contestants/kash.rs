//! `kash`: `#[kash(redis)]`, which finds the server in `KASH_REDIS_CONNECTION_STRING`.

#![expect(
    clippy::unnecessary_wraps,
    clippy::unused_async,
    reason = "what the attribute asks for"
)]

use anyhow::Result;
use bytes::Bytes;
use kash::{RedisCacheError, kash};
use serde_bytes::ByteBuf;

use super::{AsyncHandler, BlockingHandler};
use crate::work::{Answer, Reply};
use crate::{body, key};

#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Failure(String);

impl From<RedisCacheError> for Failure {
    fn from(error: RedisCacheError) -> Self {
        Self(format!("{error:?}"))
    }
}

#[kash(
    redis(prefix_block = r#"{ "async-floats:" }"#),
    ttl = "3600",
    key(ty = "String", expr = "{ key::of(input) }")
)]
async fn async_floats(input: &Bytes) -> Result<Vec<f32>, Failure> {
    Ok(body::floats(input))
}

#[kash(
    redis(prefix_block = r#"{ "async-bytes:" }"#),
    ttl = "3600",
    key(ty = "String", expr = "{ key::of(input) }")
)]
async fn async_bytes(input: &Bytes) -> Result<ByteBuf, Failure> {
    Ok(body::bytes(input))
}

#[kash(
    redis(prefix_block = r#"{ "floats:" }"#),
    ttl = "3600",
    key(ty = "String", expr = "{ key::of(input) }")
)]
fn floats(input: &Bytes) -> Result<Vec<f32>, Failure> {
    Ok(body::floats(input))
}

#[kash(
    redis(prefix_block = r#"{ "bytes:" }"#),
    ttl = "3600",
    key(ty = "String", expr = "{ key::of(input) }")
)]
fn bytes(input: &Bytes) -> Result<ByteBuf, Failure> {
    Ok(body::bytes(input))
}

/// From tasks over one multiplexed connection, from threads over a pool.
#[derive(Debug)]
pub(super) struct Kash;

impl AsyncHandler for Kash {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(async_floats(input).await?),
            Answer::Bytes => Reply::Bytes(async_bytes(input).await?),
        })
    }
}

impl BlockingHandler for Kash {
    fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(floats(input)?),
            Answer::Bytes => Reply::Bytes(bytes(input)?),
        })
    }
}
