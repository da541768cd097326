//! The Redis server that the demonstration uses.

use std::env;

use anyhow::Result;

use crate::paths;
use crate::redis_server::{self, RedisServer};

const LOCAL: &str = "redis://localhost:6379";

#[derive(Debug)]
pub(crate) enum Endpoint {
    /// Started by us, and empty.
    Own(RedisServer),
    /// A server that was found running: its data and its other users are unknown.
    Found(String),
}

impl Endpoint {
    /// The server at `HANDLER_CACHE_URL`, or else on this machine's default port, if it answers;
    /// otherwise one of our own.
    pub(crate) fn choose() -> Result<Self> {
        let given = env::var("HANDLER_CACHE_URL")
            .ok()
            .filter(|url| !url.is_empty());
        let url = given.as_deref().unwrap_or(LOCAL);
        // The URL may hold a password.
        let name = if given.is_some() {
            "the Redis server at `HANDLER_CACHE_URL`"
        } else {
            "the Redis server at localhost:6379"
        };
        match redis_server::ping(url) {
            Ok(()) => {
                eprintln!("using {name}");
                return Ok(Self::Found(url.to_owned()));
            }
            Err(error) if given.is_some() => eprintln!("{name} does not answer: {error}"),
            Err(_) => {}
        }
        let executable = redis_server::find_or_bring()?;
        let server = RedisServer::start(&executable, &paths::target()?.join("redis"))?;
        eprintln!("started {} at {}", executable.display(), server.url());
        Ok(Self::Own(server))
    }

    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Own(server) => server.url(),
            Self::Found(url) => url,
        }
    }
}
