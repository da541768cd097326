//! `#[handler_cache]`.

use anyhow::{Result, bail};
use bytes::Bytes;
use redis_cache_runtime::{flush_all, handler_cache};
use serde_bytes::ByteBuf;

use super::{Async, AsyncHandler, BlockingHandler, Kind};
use crate::work::{Answer, Reply};
use crate::{body, server};

/// The name of what this repository makes.
pub(crate) const OURS: &str = "#[handler_cache]";

/// The name of the same on the client library's connection.
pub(crate) const OVER_LIBRARY: &str = "#[handler_cache] over redis-rs";

/// The annotated handlers of the other measures: a bound that they do not reach.
#[derive(Debug)]
pub(super) struct Ours;

#[handler_cache(url = server::url(), name = "async-floats", maxsize = 1_000_000)]
async fn async_floats(input: &[u8]) -> Vec<f32> {
    body::floats(input)
}

#[handler_cache(url = server::url(), name = "async-bytes", maxsize = 1_000_000)]
async fn async_bytes(input: &[u8]) -> ByteBuf {
    body::bytes(input)
}

#[handler_cache(url = server::url(), name = "floats", maxsize = 1_000_000)]
fn floats(input: &[u8]) -> Vec<f32> {
    body::floats(input)
}

#[handler_cache(url = server::url(), name = "bytes", maxsize = 1_000_000)]
fn bytes(input: &[u8]) -> ByteBuf {
    body::bytes(input)
}

#[handler_cache(url = server::url(), name = "patient-floats", maxsize = 1_000_000, timeout = "500ms")]
async fn patient_floats(input: &[u8]) -> Vec<f32> {
    body::floats(input)
}

#[handler_cache(url = server::url(), name = "patient-bytes", maxsize = 1_000_000, timeout = "500ms")]
async fn patient_bytes(input: &[u8]) -> ByteBuf {
    body::bytes(input)
}

#[handler_cache(url = server::library_url(), name = "library-bytes", maxsize = 1_000_000, timeout = "500ms")]
async fn library_bytes(input: &[u8]) -> ByteBuf {
    body::bytes(input)
}

/// As patient, where look-ups go through a `MultiplexedConnection`.
#[derive(Debug)]
pub(super) struct OverLibrary;

impl AsyncHandler for OverLibrary {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        match answer {
            Answer::Floats => bail!("only bytes are compared"),
            Answer::Bytes => Ok(Reply::Bytes(library_bytes(input).await)),
        }
    }

    async fn settle(&self) -> Result<()> {
        Ok(flush_all().await?)
    }
}

/// The same with as much time for a look-up as the peers give theirs.
#[derive(Debug)]
pub(super) struct Patient;

impl AsyncHandler for Patient {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(patient_floats(input).await),
            Answer::Bytes => Reply::Bytes(patient_bytes(input).await),
        })
    }

    async fn settle(&self) -> Result<()> {
        Ok(flush_all().await?)
    }
}

impl AsyncHandler for Ours {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(async_floats(input).await),
            Answer::Bytes => Reply::Bytes(async_bytes(input).await),
        })
    }

    async fn settle(&self) -> Result<()> {
        Ok(flush_all().await?)
    }
}

impl BlockingHandler for Ours {
    fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        Ok(match answer {
            Answer::Floats => Reply::Floats(floats(input)),
            Answer::Bytes => Reply::Bytes(bytes(input)),
        })
    }
}

/// One handler for each bound: settings are the call site's.
macro_rules! bounded_handlers {
    ($($handler:ident: $maxsize:literal),* $(,)?) => {
        $(
            #[derive(Debug)]
            #[expect(non_camel_case_types, reason = "named after its handler")]
            struct $handler;

            impl $handler {
                #[handler_cache(url = server::url(), name = concat!("maxsize-", $maxsize), maxsize = $maxsize)]
                async fn bytes(input: &[u8]) -> ByteBuf {
                    body::bytes(input)
                }
            }

            impl AsyncHandler for $handler {
                async fn call(&self, _answer: Answer, input: &Bytes) -> Result<Reply> {
                    Ok(Reply::Bytes(Self::bytes(input).await))
                }

                async fn settle(&self) -> Result<()> {
                    Ok(flush_all().await?)
                }
            }
        )*

        /// The handlers with a bound, from the smallest.
        pub(crate) fn bounded() -> Vec<(u64, Async)> {
            vec![$(($maxsize, Async::new(OURS, Kind::Ours, $handler))),*]
        }
    };
}

bounded_handlers! {
    at_most_128: 128,
    at_most_1k: 1_000,
    at_most_10k: 10_000,
    at_most_100k: 100_000,
    at_most_1m: 1_000_000,
}
