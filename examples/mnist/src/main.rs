//! `mnist`: serves the handler over HTTP.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Parser;
use mnist::handler::MnistHandler;
use mnist::server::serve;
use mnist::weights::Weights;
use tokio::net::TcpListener;
use tokio::signal;
use tracing::level_filters::LevelFilter;
use tracing::warn;
use tracing_subscriber::EnvFilter;

/// Tells handwritten digits over TorchServe's inference API, and caches the answers in Redis
///
/// `RUST_LOG=mnist=debug` logs every request; `HANDLER_CACHE_URL` says where Redis is, if not at
/// localhost:6379.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Where to listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// Weights to use instead of those built in: a `.safetensors` file, or a PyTorch state dict
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Run the model for every request: what the cache is compared with
    #[arg(long)]
    uncached: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    log_to_stderr()?;
    let mut handler = MnistHandler::new(&weights(&args)?)?;
    if args.uncached {
        handler = handler.uncached();
    }
    let listener = TcpListener::bind(&args.listen)
        .await
        .with_context(|| format!("cannot listen on `{}`", args.listen))?;
    let address = listener.local_addr()?;
    let stop = stop_signal()?;
    writeln!(io::stdout(), "listening on http://{address}")?;
    serve(listener, handler, stop).await?;
    if let Err(error) = redis_cache_runtime::flush_all().await {
        warn!("not all predictions reached Redis: {error}");
    }
    Ok(())
}

fn log_to_stderr() -> Result<()> {
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::WARN.into())
        .from_env()
        .context("`RUST_LOG` can't be read")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();
    Ok(())
}

fn weights(args: &Args) -> Result<Weights> {
    let Some(file) = &args.weights else {
        return Ok(Weights::bundled()?);
    };
    Weights::read(file).with_context(|| format!("cannot use the weights `{}`", file.display()))
}

/// Done when the process is asked to end. The handlers are in place when this returns.
#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
    })
}

/// Done when the process is asked to end.
#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    Ok(async {
        _ = signal::ctrl_c().await;
    })
}
