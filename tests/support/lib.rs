//! Helpers that the tests share: real `redis-server`s on every topology, a look into them, and waiting with a deadline.

#![expect(
    clippy::missing_panics_doc,
    reason = "a test helper reports a failure by panicking"
)]

mod administrator;
mod cache;
mod certificates;
mod cluster;
mod fake;
mod history;
mod inspect;
mod memory;
mod monitor;
mod monitors;
mod port;
mod process;
mod proxy;
#[cfg(test)]
mod reachable;
mod resp;
mod sentinel;
mod server;
mod setup;
mod tag;
mod test_redis;
mod tls;
mod topology;
mod user;
mod variable;
mod wait;
mod worker;

pub use crate::administrator::{Administrator, Nodes};
pub use crate::cache::{cache, config, flush, flush_all, flush_what_is_left, info, result_of};
pub use crate::cluster::Cluster;
pub use crate::fake::FakeServer;
pub use crate::history::{History, Produced};
pub use crate::inspect::{
    cache_keys, cache_sizes, clients, commandstats, forget, run, server_info,
};
pub use crate::memory::resident;
pub use crate::monitor::{Monitor, MonitorLine};
pub use crate::monitors::Monitors;
pub use crate::proxy::{Direction, Fault, FaultProxy};
pub use crate::sentinel::Sentinel;
pub use crate::server::RedisServer;
pub use crate::tag::{in_one_shard, shard_written_by, tags};
pub use crate::test_redis::{TestRedis, shared};
pub use crate::tls::TlsRedis;
pub use crate::topology::{Topology, shards};
pub use crate::user::LEAST_PRIVILEGE;
pub use crate::variable::number_from_env;
pub use crate::wait::{DEADLINE, RECOVERY, eventually, eventually_async, within};
pub use crate::worker::{
    Churn, Dialogue, Exhausted, HeldStep, Manner, Midway, Namesake, Reporter, Running, Task,
    Thread, output_of, stdout_of, worker_cache,
};
