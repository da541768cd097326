//! `cargo xtask demo`

mod digits;
mod endpoint;
mod mnist;
mod stop;
mod verdict;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, bail};

use self::endpoint::Endpoint;
use self::mnist::MnistServer;
use self::stop::Stop;

const POLL_INTERVAL: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Ends after the twenty requests, with an error when an answer was wrong
    #[arg(long)]
    exit: bool,
    /// Where the MNIST server listens [default: 127.0.0.1:8080, or a free port if that is taken]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

pub(crate) fn demo(args: &Args) -> Result<()> {
    let stop = Stop::on_signal()?;
    let endpoint = Endpoint::choose()?;
    mnist::build()?;
    let mut server = MnistServer::start(&mnist::address(args.listen), endpoint.url())?;
    let digits = digits::read_images()?;
    let rounds = digits::Rounds::run(&server, &digits, &stop)?;
    println!("\n{rounds}");
    let verdict = verdict::judge(&rounds, &endpoint);
    if args.exit {
        return verdict;
    }
    if let Err(problem) = verdict {
        eprintln!("{problem}\n");
    }
    println!(
        "still serving, Ctrl-C ends it; try:\n\n    curl -T examples/mnist/images/0.png {}\n",
        server.predictions_url()
    );
    serve(&mut server, &stop)
}

fn serve(server: &mut MnistServer, stop: &Stop) -> Result<()> {
    while !stop.within(POLL_INTERVAL) {
        if !server.is_running() {
            bail!("the MNIST server has ended by itself");
        }
    }
    Ok(())
}
