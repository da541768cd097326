//! The MNIST example over HTTP.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants::{Kind, OURS, UNCACHED};
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::server;

const CONNECTIONS: [u32; 2] = [1, 16];
const SCRIPT: &str = "put.lua";

/// What the requests are sent with and to, and the image they send.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Programs {
    /// The program that sends HTTP requests
    #[arg(long, requires = "mnist")]
    wrk: Option<PathBuf>,
    /// The MNIST server
    #[arg(long)]
    mnist: Option<PathBuf>,
}

/// `None` where there is nothing to send requests with.
pub(crate) fn measure(
    bench: &Bench,
    programs: &Programs,
    folder: &Path,
) -> Result<Option<Section>> {
    let (Some(wrk), Some(mnist)) = (&programs.wrk, &programs.mnist) else {
        return Ok(None);
    };
    let script = folder.join(SCRIPT);
    fs::create_dir_all(folder)?;
    fs::write(&script, put(&image()?))?;
    let servers = [
        (OURS, Kind::Ours, MnistServer::start(mnist, &[])?),
        (
            UNCACHED,
            Kind::Baseline,
            MnistServer::start(mnist, &["--uncached"])?,
        ),
    ];
    let mut findings = Vec::new();
    for connections in CONNECTIONS {
        let mut scores = Scores::default();
        for _ in 0..bench.plan.rounds {
            for (name, kind, server) in drawn(&servers.each_ref()) {
                let client = Wrk {
                    program: wrk,
                    script: &script,
                    connections,
                    seconds: bench.plan.http_seconds,
                };
                let answered = client.send(&server.url)?;
                scores.add_named(name, *kind, &[answered.rate, answered.p50, answered.p99]);
            }
        }
        findings.push(finding(connections, scores));
    }
    fs::remove_file(script)?;
    Ok(Some(Section {
        title: "The MNIST example over HTTP",
        about: "`PUT /predictions/mnist` of one image by wrk with one thread, on the same cores. The model is a small one: it \
                answers in about a millisecond."
            .to_owned(),
        findings,
    }))
}

fn finding(connections: u32, scores: Scores) -> Finding {
    let (entries, notes) = scores.finish();
    Finding::Comparison(Comparison {
        id: format!("http-{connections}"),
        question: format!("How many predictions a second over HTTP? {connections} connection(s)"),
        unit: "requests a second",
        better: Better::Higher,
        reference: UNCACHED,
        columns: vec![
            Column {
                heading: "requests/s",
                relative: true,
            },
            Column {
                heading: "p50, ms",
                relative: true,
            },
            Column {
                heading: "p99, ms",
                relative: true,
            },
        ],
        entries,
        notes,
    })
}

fn image() -> Result<PathBuf> {
    let image = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/mnist/images/0.png");
    image.canonicalize().context("the image of a zero")
}

/// What wrk is told to send.
fn put(image: &Path) -> String {
    format!(
        "wrk.method = \"PUT\"\n\
         local file = io.open({:?}, \"rb\")\n\
         wrk.body = file:read(\"*a\")\n\
         file:close()\n",
        image.display().to_string()
    )
}

/// A running server; it ends when this is dropped.
struct MnistServer {
    child: Child,
    url: String,
}

impl MnistServer {
    fn start(program: &Path, args: &[&str]) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["--listen", "127.0.0.1:0"])
            .args(args)
            .env("HANDLER_CACHE_URL", server::url())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the MNIST server can't be run")?;
        let stdout = child.stdout.take().context("its output is a pipe")?;
        let mut server = Self {
            child,
            url: String::new(),
        };
        for line in BufReader::new(stdout).lines() {
            if let Some(address) = line?.strip_prefix("listening on ") {
                server.url = format!("{address}/predictions/mnist");
                return Ok(server);
            }
        }
        bail!("the MNIST server ended at its start")
    }
}

impl Drop for MnistServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What one run of wrk has seen.
struct Answered {
    rate: f64,
    p50: f64,
    p99: f64,
}

/// One run of wrk.
struct Wrk<'p> {
    program: &'p Path,
    script: &'p Path,
    connections: u32,
    seconds: u64,
}

impl Wrk<'_> {
    fn send(&self, url: &str) -> Result<Answered> {
        let output = Command::new(self.program)
            .args(["--threads", "1", "--latency", "--connections"])
            .arg(self.connections.to_string())
            .args(["--duration", &format!("{}s", self.seconds), "--script"])
            .arg(self.script)
            .arg(url)
            .output()
            .context("`wrk` can't be run")?;
        let text = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "`wrk` failed: {text}");
        ensure!(
            !text.contains("Non-2xx"),
            "the MNIST server refused: {text}"
        );
        read(&text).with_context(|| format!("`wrk` printed {text}"))
    }
}

fn read(text: &str) -> Option<Answered> {
    let word_after = |start: &str| {
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with(start))?;
        line.split_whitespace().nth(1)
    };
    Some(Answered {
        rate: word_after("Requests/sec:")?.parse().ok()?,
        p50: milliseconds(word_after("50%")?)?,
        p99: milliseconds(word_after("99%")?)?,
    })
}

/// `321.00us`, `1.23ms`, `2.00s`
fn milliseconds(text: &str) -> Option<f64> {
    let units = [("us", 1e-3), ("ms", 1.0), ("s", 1e3)];
    let (number, scale) = units
        .into_iter()
        .find_map(|(unit, scale)| Some((text.strip_suffix(unit)?, scale)))?;
    Some(number.parse::<f64>().ok()? * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints_is_read() {
        let text = "  Latency Distribution\n     50%  321.00us\n     75%    1.00ms\n     99%    2.50ms\n\
                    Requests/sec:   1234.56\n";
        let answered = read(text).unwrap();
        assert_eq!(
            (answered.rate, answered.p50, answered.p99),
            (1234.56, 0.321, 2.5)
        );
        assert_eq!(milliseconds("2.00s"), Some(2000.0));
    }
}
