//! Who is measured: ours, the peers, and baselines written by hand.

mod asynchronous;
mod bare;
mod blocking;
mod by_hand;
mod cached;
mod cachekit;
mod hash;
mod hitbox;
mod kash;
mod load;
mod multi_tier;
mod ours;
mod python;
mod raw;
mod uncached;

use std::sync::Arc;

use anyhow::Result;

use self::asynchronous::{AsyncEntrant, AsyncHandler};
use self::blocking::{BlockingEntrant, BlockingHandler};
pub(crate) use self::load::{Driven, Load, Until};
pub(crate) use self::ours::{OURS, OVER_LIBRARY, bounded};

/// The name of the baseline that does nothing but ask Redis.
pub(crate) const RAW: &str = "raw redis-rs";

/// The name of the sum written by hand.
pub(crate) const BY_HAND: &str = "by hand: blake3 + GET + decode";

/// The name of what looks up as by hand, and stores nothing.
pub(crate) const LOOKED_UP: &str = "blake3 + GET, nothing stored";

/// The name of what hears from Redis, and no more.
pub(crate) const ROUND_TRIP: &str = "PING on a bare socket";

/// The name of the Python decorator's protocol.
pub(crate) const PYTHON: &str = "Python decorator's protocol";

/// The name of the handler without a cache.
pub(crate) const UNCACHED: &str = "no cache";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ours,
    Peer,
    Baseline,
}

/// One who is measured.
pub(crate) struct Contestant<E: ?Sized> {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) entrant: Arc<E>,
}

impl<E: ?Sized> Clone for Contestant<E> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            kind: self.kind,
            entrant: Arc::clone(&self.entrant),
        }
    }
}

/// One who is called by async tasks.
pub(crate) type Async = Contestant<dyn AsyncEntrant>;

/// One who is called by threads.
pub(crate) type Blocking = Contestant<dyn BlockingEntrant>;

impl Async {
    fn new(name: &'static str, kind: Kind, handler: impl AsyncHandler) -> Self {
        Self {
            name,
            kind,
            entrant: Arc::new(handler),
        }
    }
}

impl Blocking {
    fn new(name: &'static str, kind: Kind, handler: impl BlockingHandler) -> Self {
        Self {
            name,
            kind,
            entrant: Arc::new(handler),
        }
    }
}

/// The handler without a cache.
pub(crate) fn uncached() -> Async {
    Async::new(UNCACHED, Kind::Baseline, uncached::Uncached)
}

/// A look-up by hand without a store.
pub(crate) async fn looked_up() -> Result<Async> {
    let handler = by_hand::LookedUp::connect().await?;
    Ok(Async::new(LOOKED_UP, Kind::Baseline, handler))
}

/// A round trip before the body.
pub(crate) fn round_trip() -> Result<Async> {
    let handler = bare::Bare::connect()?;
    Ok(Async::new(ROUND_TRIP, Kind::Baseline, handler))
}

/// The hash of the input alone.
pub(crate) fn hash() -> Async {
    Async::new("blake3 of the input alone", Kind::Baseline, hash::Hash)
}

/// All whose hits come from Redis.
pub(crate) async fn in_redis() -> Result<Vec<Async>> {
    let mut all = vec![
        Async::new(OURS, Kind::Ours, ours::Patient),
        Async::new(BY_HAND, Kind::Baseline, by_hand::ByHand::connect().await?),
        Async::new(RAW, Kind::Baseline, raw::Raw::connect().await?),
    ];
    all.push(Async::new("cached", Kind::Peer, cached::Multiplexed));
    all.push(Async::new(
        "cached + ConnectionManager",
        Kind::Peer,
        cached::Managed,
    ));
    all.push(Async::new("kash", Kind::Peer, kash::Kash));
    all.push(Async::new(
        "cachekit-rs",
        Kind::Peer,
        cachekit::CacheKit::connect(cachekit::Near::Off).await?,
    ));
    all.push(Async::new(
        "multi-tier-cache",
        Kind::Peer,
        multi_tier::MultiTier::connect(multi_tier::Near::Off).await?,
    ));
    all.push(Async::new(
        "hitbox",
        Kind::Peer,
        hitbox::Hitbox::in_redis()?,
    ));
    all.push(Async::new(
        PYTHON,
        Kind::Baseline,
        python::Python::connect(1_000_000).await?,
    ));
    Ok(all)
}

/// Ours on its own connection and on the client library's.
pub(crate) fn on_both_connections() -> Vec<Async> {
    vec![
        Async::new(OURS, Kind::Ours, ours::Patient),
        Async::new(OVER_LIBRARY, Kind::Baseline, ours::OverLibrary),
    ]
}

/// The Python decorator's protocol with a bound.
pub(crate) async fn python_bounded(maxsize: u64) -> Result<Async> {
    let handler = python::Python::connect(maxsize).await?;
    Ok(Async::new(PYTHON, Kind::Baseline, handler))
}

/// As people run them: those that have a cache in the process use it.
pub(crate) async fn as_shipped() -> Result<Vec<Async>> {
    let mut all = in_redis().await?;
    for contestant in &mut all {
        match contestant.name {
            OURS => contestant.entrant = Arc::new(ours::Ours),
            "cachekit-rs" => {
                let near = cachekit::CacheKit::connect(cachekit::Near::On).await?;
                contestant.entrant = Arc::new(near);
            }
            "multi-tier-cache" => {
                let near = multi_tier::MultiTier::connect(multi_tier::Near::On).await?;
                contestant.entrant = Arc::new(near);
            }
            _ => {}
        }
    }
    Ok(all)
}

/// All that answer from the process.
pub(crate) async fn in_process() -> Result<Vec<Async>> {
    Ok(vec![
        Async::new(OURS, Kind::Ours, ours::Ours),
        Async::new(
            "by hand: blake3 + HashMap",
            Kind::Baseline,
            by_hand::InProcess::default(),
        ),
        Async::new("cached (memory only)", Kind::Peer, cached::InMemory),
        Async::new(
            "cachekit-rs",
            Kind::Peer,
            cachekit::CacheKit::connect(cachekit::Near::On).await?,
        ),
        Async::new(
            "multi-tier-cache",
            Kind::Peer,
            multi_tier::MultiTier::connect(multi_tier::Near::On).await?,
        ),
        Async::new(
            "hitbox (memory only)",
            Kind::Peer,
            hitbox::Hitbox::in_memory(),
        ),
    ])
}

/// All that threads can call.
pub(crate) fn blocking() -> Vec<Blocking> {
    vec![
        Blocking::new(OURS, Kind::Ours, ours::Ours),
        Blocking::new(BY_HAND, Kind::Baseline, by_hand::PerThread),
        Blocking::new(RAW, Kind::Baseline, raw::PerThread),
        Blocking::new("cached", Kind::Peer, cached::Pooled),
        Blocking::new("kash", Kind::Peer, kash::Kash),
    ]
}
