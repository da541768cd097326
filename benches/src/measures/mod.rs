//! What is measured, in the order of the report.

mod batches;
mod blocking_hits;
mod company;
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
mod turns;
mod wire;

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};

pub(crate) use self::http::Programs;
pub(crate) use self::memory::footprint;
use crate::bench::Bench;
use crate::report::Section;
use crate::server;
use crate::spinner::Spinners;

struct Measure {
    name: &'static str,
    run: fn(&Bench) -> Result<Section>,
    /// Whether cores that wait are kept from halting.
    awake: bool,
}

impl Measure {
    const fn awake(name: &'static str, run: fn(&Bench) -> Result<Section>) -> Self {
        Self {
            name,
            run,
            awake: true,
        }
    }

    const fn as_it_is(name: &'static str, run: fn(&Bench) -> Result<Section>) -> Self {
        Self {
            name,
            run,
            awake: false,
        }
    }
}

/// Hits in the process and batches have their place between the others. The hung server is the last: not everybody
/// recovers from it.
const MEASURES: [Measure; 11] = [
    Measure::awake("hits from Redis", hits::measure),
    Measure::awake("hits from threads", blocking_hits::measure),
    Measure::awake("hits in the process", in_process::measure),
    Measure::awake("misses", misses::measure),
    Measure::as_it_is("distinct traffic", distinct::measure),
    Measure::awake("stampede", stampede::measure),
    Measure::awake("growth", growth::measure),
    Measure::awake("wire", wire::measure),
    Measure::awake("maxsize", maxsize::measure),
    Measure::awake("memory", memory::measure),
    Measure::awake("hung server", hung::measure),
];

/// Measures everything whose name contains `only`.
pub(crate) fn all(bench: &Bench, only: &str) -> Result<Vec<Section>> {
    let mut sections = Vec::new();
    for measure in MEASURES {
        if measure.name.contains(only) {
            let start = Instant::now();
            server::get().clear()?;
            let spinners = measure.awake.then(Spinners::start).transpose()?;
            sections.push((measure.run)(bench).context(measure.name)?);
            drop(spinners);
            say(measure.name, start);
        }
    }
    Ok(sections)
}

/// Measures over HTTP, where nothing keeps the cores awake: two programs have them to themselves.
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
