//! Memory that an entry takes, in Redis and in the process.

use std::env;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::batches::Batches;
use super::scores::Scores;
use super::turns::drawn;
use crate::bench::Bench;
use crate::contestants::{self, Async, RAW};
use crate::report::{Better, Column, Comparison, Finding, Section};
use crate::server;
use crate::work::Work;

/// The subcommand that measures one contestant in a process of its own.
pub(crate) const COMMAND: &str = "footprint";

const TASKS: usize = 8;

/// After so long the server gives up the buffers of clients that sent much before.
const IDLE: Duration = Duration::from_secs(4);

const MIB: f64 = 1024.0 * 1024.0;

/// Entries that come first, so that what is allocated once is not counted.
const WARM: usize = 1_000;

pub(super) fn measure(bench: &Bench) -> Result<Section> {
    thread::sleep(IDLE);
    let all = bench.run(contestants::in_redis())?;
    let mut findings = Vec::new();
    for work in [Work::FLOATS, Work::KIB] {
        findings.push(in_redis(bench, &all, work)?);
    }
    findings.push(in_process(bench)?);
    Ok(Section {
        title: "Memory of an entry",
        about: format!(
            "Averaged over {} entries: `used_memory` of the server, and resident memory of a process that stores them and does \
             nothing else.",
            bench.plan.entries
        ),
        findings,
    })
}

#[expect(clippy::cast_precision_loss, reason = "less than 2^52 bytes")]
fn in_redis(bench: &Bench, all: &[Async], work: Work) -> Result<Finding> {
    let mut scores = Scores::default();
    let server = server::get();
    for _ in 0..bench.plan.long_rounds {
        for contestant in &drawn(all) {
            server.clear()?;
            batches(work).store(bench, contestant, TASKS)?;
            let before = server.used_memory()?;
            batches(work).store(bench, contestant, bench.plan.entries)?;
            let grown = server.used_memory()?.saturating_sub(before);
            scores.add(contestant, &[grown as f64 / bench.plan.entries as f64]);
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Finding::Comparison(Comparison {
        id: format!("memory-redis-{}", super::hits::slug(work)),
        question: format!("How much memory does an entry take in Redis? {}", work.name),
        unit: "bytes an entry",
        better: Better::Lower,
        reference: RAW,
        columns: vec![Column {
            heading: "bytes",
            relative: true,
        }],
        entries,
        notes,
    }))
}

fn in_process(bench: &Bench) -> Result<Finding> {
    let mut scores = Scores::default();
    let all = bench.run(contestants::as_shipped())?;
    for _ in 0..bench.plan.long_rounds {
        for contestant in drawn(&all) {
            if scores.has_failed(contestant.name) {
                continue;
            }
            // What the others have stored is no matter of this one's.
            server::get().clear()?;
            match ask_child(contestant.name, bench.plan.entries) {
                Ok(figures) => scores.add(&contestant, &figures),
                Err(error) => scores.fail(contestant.name, &error),
            }
        }
    }
    let (entries, notes) = scores.finish();
    Ok(Finding::Comparison(Comparison {
        id: "memory-process".to_owned(),
        question: format!(
            "How much memory has a process that has stored {} entries? {}",
            bench.plan.entries,
            Work::KIB.name
        ),
        unit: "MiB, resident",
        better: Better::Lower,
        reference: RAW,
        columns: vec![
            Column {
                heading: "MiB",
                relative: true,
            },
            Column {
                heading: "bytes that an entry has left",
                relative: false,
            },
        ],
        entries,
        notes,
    }))
}

/// The figures of a process that does nothing else.
fn ask_child(name: &str, entries: usize) -> Result<[f64; 2]> {
    let output = Command::new(env::current_exe()?)
        .args(["--redis-url", server::url(), COMMAND, name])
        .arg(entries.to_string())
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout)?;
    let (resident, an_entry) = text.trim().split_once(' ').context("two figures")?;
    Ok([resident.parse()?, an_entry.parse()?])
}

/// Stores `entries`, and prints the mebibytes that the process then has, and by how many bytes it has grown, an entry.
#[expect(clippy::cast_precision_loss, reason = "less than 2^52 bytes")]
pub(crate) fn footprint(bench: &Bench, name: &str, entries: usize) -> Result<()> {
    let contestant = bench
        .run(contestants::as_shipped())?
        .into_iter()
        .find(|contestant| contestant.name == name)
        .context("no such contestant")?;
    let batches = batches(Work::KIB);
    batches.store(bench, &contestant, WARM)?;
    let before = resident()?;
    batches.store(bench, &contestant, entries)?;
    let after = resident()?;
    let grown = after.saturating_sub(before);
    println!("{} {}", after as f64 / MIB, grown as f64 / entries as f64);
    Ok(())
}

fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status").context("resident memory is Linux's")?;
    let kibibytes: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .context("`VmRSS` is there")?
        .parse()?;
    Ok(kibibytes * 1024)
}

fn batches(work: Work) -> Batches {
    Batches {
        answer: work.answer,
        input: work.input,
        tasks: TASKS,
    }
}
