//! `multi-tier-cache`: `get_or_compute_with`, the values written in MessagePack, which is faster than its own JSON.

use std::sync::Arc;

use anyhow::Result;
use bytes::Bytes;
use multi_tier_cache::{
    CacheError, CacheStrategy, CacheSystem, CacheSystemBuilder, L1Cache, L2Cache, MokaCacheConfig,
    TierConfig,
};

use super::AsyncHandler;
use crate::work::{Answer, Reply};
use crate::{key, server};

/// More than any measure stores.
const NEAR_ENTRIES: u64 = 1_000_000;

/// Whether its cache in the process answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Near {
    On,
    Off,
}

pub(super) struct MultiTier {
    system: CacheSystem,
}

impl MultiTier {
    pub(super) async fn connect(near: Near) -> Result<Self> {
        let redis = Arc::new(L2Cache::with_url(server::url()).await?);
        let system = match near {
            Near::On => {
                let config = MokaCacheConfig {
                    max_capacity: NEAR_ENTRIES,
                    ..MokaCacheConfig::default()
                };
                CacheSystemBuilder::new()
                    .with_l1(Arc::new(L1Cache::new(config)?))
                    .with_l2(redis)
            }
            Near::Off => CacheSystemBuilder::new().with_tier(redis, TierConfig::as_l1()),
        };
        let system = system.build().await?;
        Ok(Self { system })
    }
}

impl AsyncHandler for MultiTier {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        let found = self
            .system
            .cache_manager()
            .get_or_compute_with(
                &name(answer, input),
                CacheStrategy::MediumTerm,
                || async move {
                    let value = Reply::compute(answer, input).encode();
                    value
                        .map(Bytes::from)
                        .map_err(|error| CacheError::InternalError(error.to_string()))
                },
            )
            .await?;
        Reply::decode(answer, &found)
    }
}

fn name(answer: Answer, input: &Bytes) -> String {
    let mut name = key::of(input);
    name.push(match answer {
        Answer::Floats => 'f',
        Answer::Bytes => 'b',
    });
    name
}
