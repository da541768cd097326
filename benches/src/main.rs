//! What the cache costs and gives, beside its baselines and its peers. Run by `cargo xtask bench`.

mod bench;
mod body;
mod contestants;
mod input;
mod key;
mod measures;
mod plan;
mod preface;
mod report;
mod server;
mod spinner;
mod stats;
mod work;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::measures::Programs;
use crate::plan::Plan;
use crate::report::Report;

#[derive(Debug, Parser)]
struct Cli {
    /// A server that nobody else uses
    #[arg(long, default_value = "")]
    redis_url: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measures and writes the report
    Run(Run),
    /// Measures the memory of one contestant
    Footprint { contestant: String, entries: usize },
    /// Keeps a core awake
    Spin,
}

#[derive(Debug, clap::Args)]
struct Run {
    /// The server's process, which one measure stops for a while
    #[arg(long)]
    redis_process: i32,
    /// Where the report goes
    #[arg(long)]
    out: PathBuf,
    /// Few rounds
    #[arg(long)]
    quick: bool,
    /// So many rounds instead
    #[arg(long)]
    rounds: Option<usize>,
    /// Only the measures whose name contains this
    #[arg(long, default_value = "")]
    only: String,
    #[command(flatten)]
    programs: Programs,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.command {
        Command::Spin => {
            spinner::spin();
            Ok(())
        }
        Command::Footprint {
            contestant,
            entries,
        } => {
            server::set(cli.redis_url, 0);
            measures::footprint(&Bench::new(Plan::QUICK)?, &contestant, entries)
        }
        Command::Run(run) => {
            server::set(cli.redis_url, run.redis_process);
            self::run(&run)
        }
    }
}

fn run(args: &Run) -> Result<()> {
    let plan = if args.quick { Plan::QUICK } else { Plan::FULL };
    let plan = args.rounds.map_or(plan, |rounds| plan.with_rounds(rounds));
    let bench = Bench::new(plan)?;
    let mut sections = measures::all(&bench, &args.only)?;
    sections.extend(measures::over_http(
        &bench,
        &args.only,
        &args.programs,
        &args.out,
    )?);
    let report = Report {
        preface: preface::text(&plan)?,
        sections,
    };
    report.write(&args.out).context("the report")
}
