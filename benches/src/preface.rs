//! Where and how was measured, for the head of the report.

use std::fs;
use std::process::Command;
use std::thread;

use anyhow::Result;

use crate::plan::Plan;
use crate::server;

const PEERS: &str = "\
| peer | version | used |
|---|---|---|
| cached | 4.1 | `#[concurrent_cached]` over `AsyncRedisCache` (one multiplexed connection, and with `connection_manager(true)`) and \
`RedisCache` (a pool of 64) |
| kash | 0.7 | `#[kash(redis)]`, async and blocking |
| cachekit-rs | 0.13 | `#[cachekit]` with the `production` preset; its cache in the process is off where hits are to come from Redis |
| multi-tier-cache | 0.6 | `get_or_compute_with`, values in MessagePack; Redis as the only tier where hits are to come from \
there, else moka before Redis |
| hitbox | 0.2 | `#[cached]` of hitbox-fn over hitbox-redis, with `BroadcastConcurrencyManager` |

Each is keyed by blake3 of the input, made by hand, for none takes bytes as they are, or only slowly. Values are `Vec<f32>` and \
`serde_bytes::ByteBuf`. What stands for the Python decorator sends its commands through redis-rs; it is Python's protocol, not its speed.";

pub(crate) fn text(plan: &Plan) -> Result<String> {
    let cores = thread::available_parallelism()?.get();
    let processor = fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|info| {
            let line = info.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    Ok(format!(
        "{date}; {cores} cores, {processor}; redis-server {redis} on the same cores over loopback.\n\n\
         Made by `cargo xtask bench`. Figures are medians over the rounds: {rounds} of single calls, {turns} of many callers, \
         {long_rounds} of what takes seconds. Relations are taken within a round, and stand as median (lower–upper quartile): half of the \
         rounds lie between. In each round the order of the contestants is drawn anew. Absolute figures are this machine's; the \
         relations are what carries over.\n\n\
         A single caller's times on a virtual machine have two levels, some 20 and some 75 µs for the same `GET`, as a core \
         that waits has been halted or not. So each contestant takes turns with the baselines, call by call; a process of the \
         lowest priority keeps each core awake, unless it says otherwise; and the minimum stands beside the median.\n\n\
         The runtime is tokio's with a worker for each core. All contestants, baselines and the load itself share the cores \
         with redis-server.\n\n{PEERS}",
        date = date(),
        redis = server::get().version()?,
        rounds = plan.rounds,
        turns = plan.turns,
        long_rounds = plan.long_rounds,
    ))
}

fn date() -> String {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    output.map_or_else(
        |_| "undated".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
