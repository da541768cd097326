//! Caches the results of handler methods in Redis.
//!
//! ```
//! use redis_cache_runtime::handler_cache;
//!
//! struct Classifier;
//!
//! impl Classifier {
//!     #[handler_cache(host = "localhost", port = 6379, db = 0, maxsize = 128)]
//!     fn classify(&self, image: &[u8]) -> Result<String, std::io::Error> {
//!         // Runs once for an image; the second call with the same bytes is answered from Redis.
//!         Ok(format!("{} bytes", image.len()))
//!     }
//! }
//!
//! # fn main() -> Result<(), std::io::Error> {
//! assert_eq!(Classifier.classify(&[0; 784])?, "784 bytes");
//! # Ok(())
//! # }
//! ```
//!
//! The results are shared by every process that uses the same Redis server, and bounded to `maxsize` entries with exact LRU
//! eviction. Where Redis is not there or slow, the method runs as if it had no attribute. What the attribute takes is
//! described at [`handler_cache`]; counters, clearing and flushing are at [`HandlerCache`].
//!
//! # The environment
//!
//! Read once a process, when its first cache is opened. An empty variable counts as not set; one that is not UTF-8
//! is a wrong setting, and nothing is cached.
//!
//! | variable | overrides |
//! |---|---|
//! | `HANDLER_CACHE_URL` | the whole endpoint of every cache; the place for credentials |
//! | `HANDLER_CACHE_HOST`, `HANDLER_CACHE_PORT`, `HANDLER_CACHE_DB` | one part of it, where no URL is in the environment |
//! | `HANDLER_CACHE_TIMEOUT` | `timeout`, as `50ms` or `1s` |
//! | `HANDLER_CACHE_TLS_CA` | the file of the authorities to trust, in PEM, instead of the system's |
//! | `HANDLER_CACHE_TLS_CERT`, `HANDLER_CACHE_TLS_KEY` | the files of a client certificate and its key, in PEM |
//! | `HANDLER_CACHE_SECRET` | the key of the check on stored values, so that whoever can write to Redis still can't plant one |
//!
//! # Logs and metrics
//!
//! What changes is said once, through `tracing` (or `log`, where no subscriber is set), by a thread that does nothing else: a
//! subscriber that blocks or panics holds up no call. A thread that ends waits up to a tenth of a second for it. Metrics that a
//! call counts are told to the recorder on the thread of the call; what the recorder panics there stays there. A handler that either of
//! them calls while it hears of a cache runs uncached.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `tls` | on | `rediss://` |
//! | `metrics` | off | counters, gauges and histograms through the `metrics` facade; the README lists them |

#[doc(hidden)]
pub mod __private;
/// [`HandlerCache`] and what it tells; an [`Operation`] is a request that can be awaited.
mod api;
/// The steps of a call. A *session* is one run of the body; a value is *unproved* until it is known to come back.
mod cache;
/// *Settings* of the attribute, the *environment* over them, and the *topology* that comes of both.
mod config;
/// *Look-ups* where the caller is, everything else on the background thread. A *slot route* leads to the *endpoint* that has a
/// slot now; its *supervisor* keeps the background thread's connection up; *per runtime* there is one for look-ups; the *breaker* says
/// whether Redis is worth asking; *deadlines* end look-ups that take too long.
mod conn;
/// Single-flight: a *leader* computes, *followers* wait, and a *flight result* ends it. *Re-entrancy* is a leader's own calls.
mod flight;
/// The *digest* of a call's arguments, in the *domain* of its handler's instantiation.
mod key;
/// The figures that an operator looks for.
mod limits;
/// Words for how things end: [`CacheStatus`], [`Error`], look-ups, failures, damage.
mod outcome;
/// What is *per process*, and what the user's code may do to us: forks, panics, wakers, deep stacks.
mod process;
/// Redis as a bounded store: the *keyspace* of a *shard*, its *write-behind queue*, the *writer* and its *scripts*. An *epoch* tells the
/// clears that came before something; a *touch* is a use that Redis has to hear of.
mod remote;
/// The *call sites* of annotated methods, and the registry of the caches that they have opened.
mod site;
/// *Counters*, metrics, events, and who *observes* a call.
mod telemetry;
/// A value's *codec*, the *shape* that is stored with it, and the *envelope* around both.
mod value;

pub use redis_cache_macro::handler_cache;

pub use self::{
    api::{CacheInfo, HandlerCache, Operation, Parameters, flush_all},
    config::{Config, MaxSize},
    key::{Arguments, CacheIdentity, SkipInKey},
    outcome::{CacheStatus, Error, ErrorKind, Outcome},
    telemetry::{observe, observe_async},
};

/// The name of [`CacheStatus`] in earlier versions.
#[deprecated = "it is called `CacheStatus`"]
pub type CallResult = CacheStatus;

/// The README's examples are compiled as well.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
