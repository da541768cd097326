//! `cargo xtask soak`

use std::hash::{BuildHasher as _, RandomState};

use anyhow::Result;

use crate::redis_server;
use crate::run::{cargo, run};
use crate::test::with_redis;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The length of the run, in minutes
    #[arg(long, default_value_t = 2)]
    minutes: u64,
    /// Decides the faults; random where it is not given
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn soak(args: &Args) -> Result<()> {
    let redis_server = redis_server::find_or_bring()?;
    // The standard library's hasher is seeded at random.
    let seed = args.seed.unwrap_or_else(|| RandomState::new().hash_one(0));
    let mut test = cargo(&["test", "--package", "cache-tests", "--test", "soak"]);
    test.args(["--", "--nocapture"])
        .env("SOAK_SECONDS", (args.minutes * 60).to_string())
        .env("SOAK_SEED", seed.to_string());
    run(with_redis(&mut test, &redis_server))
}
