//! The built server, asked by a real client.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod api;
mod caching;
mod process;
