//! The commands that people and CI run, as `cargo xtask …`.

mod bench;
mod child;
mod ci;
mod debian;
mod demo;
mod differential;
mod fmt;
mod paths;
mod redis;
mod redis_server;
mod rooms;
mod run;
mod soak;
mod test;
mod topology;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Commands of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the MNIST server answering from the cache, then keeps it running
    Demo(demo::Args),
    /// Starts Redis servers, prints how to reach them, and ends them at Ctrl-C
    Redis(redis::Args),
    /// Runs all tests, on every topology, bringing a redis-server if there is none
    Test(test::Args),
    /// Has Redis and the way to it fail in many ways under load, for a while
    Soak(soak::Args),
    /// Calls handlers of types that are made up by chance, in two builds on one Redis, a million times
    Differential(differential::Args),
    /// Checks format and lints, runs all tests, builds the documentation
    Ci,
    /// Measures the cache beside its baselines and peers, and writes `benches/REPORT.md`
    Bench(bench::Args),
    /// Formats all code
    Fmt,
    /// Trains the weights of the MNIST example
    Train(train::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Demo(args) => demo::demo(&args),
        Command::Redis(args) => redis::redis(&args),
        Command::Test(args) => test::test(&args),
        Command::Soak(args) => soak::soak(&args),
        Command::Differential(args) => differential::differential(&args),
        Command::Ci => ci::ci(),
        Command::Bench(args) => bench::bench(&args),
        Command::Fmt => fmt::fmt(),
        Command::Train(args) => train::train(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
