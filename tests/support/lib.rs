//! What the tests share: real `redis-server`s, a look into them, and waiting with a deadline.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test helper reports a failure by panicking"
)]

mod certificates;
mod cluster;
mod fake;
mod history;
mod inspect;
mod memory;
mod monitor;
mod port;
mod process;
mod proxy;
mod resp;
mod sentinel;
mod server;
mod setup;
mod tls;
mod user;
mod wait;

pub use crate::cluster::Cluster;
pub use crate::fake::FakeServer;
pub use crate::history::{History, Produced};
pub use crate::inspect::{cache_keys, clients, commandstats, info};
pub use crate::memory::resident;
pub use crate::monitor::{Monitor, MonitorLine};
pub use crate::proxy::{Direction, Fault, FaultProxy};
pub use crate::sentinel::Sentinel;
pub use crate::server::{RedisServer, shared};
pub use crate::tls::TlsRedis;
pub use crate::user::LEAST_PRIVILEGE;
pub use crate::wait::{eventually, eventually_async};
