//! blake3 of the input and nothing else: the part of a hit that no key made by content can save.

use std::hint::black_box;

use anyhow::Result;
use bytes::Bytes;

use super::AsyncHandler;
use crate::work::{Answer, Reply};

#[derive(Debug)]
pub(super) struct Hash;

impl AsyncHandler for Hash {
    async fn call(&self, _answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(Reply::Raw(black_box(blake3::hash(input)).as_bytes().len()))
    }
}
