//! The handler without a cache.

use anyhow::Result;
use bytes::Bytes;

use super::AsyncHandler;
use crate::work::{Answer, Reply};

#[derive(Debug)]
pub(super) struct Uncached;

impl AsyncHandler for Uncached {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(Reply::compute(answer, input))
    }
}
