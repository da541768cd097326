//! The body of the benchmarked handler.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_bytes::ByteBuf;

const FLOATS: u8 = 100;
const KIB: usize = 1024;

/// How often bodies have run.
static RUNS: AtomicU64 = AtomicU64::new(0);

/// Turns of the wheel that a body does before it answers.
static TURNS: AtomicU64 = AtomicU64::new(0);

/// Bytes of an answer in bytes.
static LENGTH: AtomicUsize = AtomicUsize::new(KIB);

/// A body that takes so long until this is dropped.
#[derive(Debug)]
pub(crate) struct Slow;

impl Slow {
    pub(crate) fn new(time: Duration) -> Self {
        TURNS.store(turns(time), Ordering::Relaxed);
        Self
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        TURNS.store(0, Ordering::Relaxed);
    }
}

/// Answers of so many bytes until this is dropped.
#[derive(Debug)]
pub(crate) struct Long;

impl Long {
    pub(crate) fn new(bytes: usize) -> Self {
        LENGTH.store(bytes, Ordering::Relaxed);
        Self
    }
}

impl Drop for Long {
    fn drop(&mut self) {
        LENGTH.store(KIB, Ordering::Relaxed);
    }
}

pub(crate) fn runs() -> u64 {
    RUNS.load(Ordering::Relaxed)
}

pub(crate) fn floats(input: &[u8]) -> Vec<f32> {
    run();
    let first = f32::from(input[0]);
    (0..FLOATS).map(|i| first + f32::from(i)).collect()
}

pub(crate) fn bytes(input: &[u8]) -> ByteBuf {
    run();
    ByteBuf::from(vec![input[0]; LENGTH.load(Ordering::Relaxed)])
}

fn run() {
    RUNS.fetch_add(1, Ordering::Relaxed);
    spin(TURNS.load(Ordering::Relaxed));
}

/// Work of a fixed amount: a body that watched the clock would hide what the cache takes from it.
fn spin(turns: u64) {
    let mut state = turns | 1;
    for _ in 0..turns {
        state = std::hint::black_box(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .rotate_left(17),
        );
    }
}

/// The turns that fill `time` on a quiet core.
fn turns(time: Duration) -> u64 {
    static PER_MILLI: OnceLock<u64> = OnceLock::new();
    let per_milli = *PER_MILLI.get_or_init(|| {
        const SAMPLE: u64 = 1_000_000;
        let fastest = (0..20)
            .map(|_| {
                let start = Instant::now();
                spin(SAMPLE);
                start.elapsed()
            })
            .min()
            .unwrap_or(Duration::from_millis(1));
        SAMPLE * 1_000_000
            / u64::try_from(fastest.as_nanos())
                .unwrap_or(1_000_000)
                .max(1)
    });
    per_milli * u64::try_from(time.as_millis()).unwrap_or(0)
}
