//! What is measured, in the order of the report.

mod batches;
mod blocking_hits;
mod distinct;
mod growth;
mod hits;
mod http;
mod hung;
mod in_process;
mod maxsize;
mod memory;
mod misses;
mod preparation;
mod scores;
mod stampede;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

pub(crate) use self::http::Programs;
pub(crate) use self::memory::footprint;
use crate::bench::Bench;
use crate::report::Section;
use crate::server;

type Measure = (&'static str, fn(&Bench) -> Result<Section>);

/// Hits in the process and batches have their place between the others. The hung server is the last: not everybody
/// recovers from it.
const MEASURES: [Measure; 10] = [
    ("hits from Redis", hits::measure),
    ("hits from threads", blocking_hits::measure),
    ("hits in the process", in_process::measure),
    ("misses", misses::measure),
    ("distinct traffic", distinct::measure),
    ("stampede", stampede::measure),
    ("growth", growth::measure),
    ("maxsize", maxsize::measure),
    ("memory", memory::measure),
    ("hung server", hung::measure),
];

/// Measures everything whose name contains `only`.
pub(crate) fn all(bench: &Bench, only: &str) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for (name, measure) in MEASURES {
        if name.contains(only) {
            let start = Instant::now();
            server::get().clear()?;
            sections.push(measure(bench).context(name)?);
            say(name, start);
        }
    }
    Ok(sections)
}

/// Measures over HTTP, without the spinners: two programs have the cores to themselves.
pub(crate) fn over_http(
    bench: &Bench,
    only: &str,
    programs: &Programs,
    folder: &Path,
) -> Result<Option<Section>> {
    let name = "http";
    if !name.contains(only) {
        return Ok(None);
    }
    let start = Instant::now();
    let section = http::measure(bench, programs, folder).context(name)?;
    say(name, start);
    Ok(section)
}

fn say(name: &str, start: Instant) {
    eprintln!("{name}: {:.0} s", start.elapsed().as_secs_f64());
}
