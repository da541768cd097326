//! `cargo xtask differential`

use anyhow::Result;

use crate::redis_server;
use crate::run::{cargo, run};
use crate::test::with_redis;

/// The arguments of each handler in a turn.
const ARGUMENTS: u64 = 10;

/// The builds of each handler.
const BUILDS: u64 = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The number of types
    #[arg(long, default_value_t = 60)]
    types: u64,
    /// The least number of calls
    #[arg(long, default_value_t = 1_000_000)]
    calls: u64,
    /// Decides the types
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn differential(args: &Args) -> Result<()> {
    let redis_server = redis_server::find_or_bring()?;
    let turns = args
        .calls
        .div_ceil((args.types * ARGUMENTS * BUILDS).max(1));
    let mut test = cargo(&["test", "--package", "cache-differential"]);
    test.args(["--test", "differential", "--", "--nocapture"])
        .env("DIFFERENTIAL_TYPES", args.types.to_string())
        .env("DIFFERENTIAL_SEED", args.seed.to_string())
        .env("DIFFERENTIAL_ARGUMENTS", ARGUMENTS.to_string())
        .env("DIFFERENTIAL_TURNS", turns.to_string());
    run(with_redis(&mut test, &redis_server))
}
