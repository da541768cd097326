//! Runs fuzz targets for a bounded time in `cargo test`, on stable Rust.
//!
//! A target builds its input from the bytes of [`Unstructured`], as one for a coverage-guided engine does. Here the bytes
//! are random, from a seed: a run can be repeated, and takes as long on any machine as it has inputs.
//!
//! | variable | meaning |
//! |---|---|
//! | `FUZZ_SEED` | decides the inputs; 0 where it is not set |
//! | `FUZZ_FACTOR` | so many times the inputs; 1 where it is not set |

mod mutate;

use std::{env, thread};

pub use arbitrary::{Arbitrary, Result, Unstructured};

pub use crate::mutate::mutate;

/// The longest input, in bytes.
const LONGEST: usize = 1024;

/// Gives `inputs` inputs to `target`, one after the other. A target that runs out of input ends early, which is no failure.
///
/// # Panics
///
/// Where the target does, and where most inputs were too short for it: it would test little.
pub fn fuzz(inputs: u64, mut target: impl FnMut(&mut Unstructured<'_>) -> Result<()>) {
    let seed = variable("FUZZ_SEED").unwrap_or(0);
    let inputs = inputs * variable("FUZZ_FACTOR").unwrap_or(1);
    let mut cut_short = 0;
    for number in seed..seed + inputs {
        let bytes = input(number);
        let _told = TellOnPanic(number);
        cut_short += u64::from(target(&mut Unstructured::new(&bytes)).is_err());
    }
    assert!(
        cut_short <= inputs / 2,
        "{cut_short} of {inputs} inputs were too short"
    );
}

/// The most memory that `code` has in use at once, beyond what is in use when it begins.
pub fn peak<T>(code: impl FnOnce() -> T) -> (T, usize) {
    let mut value = None;
    let memory = allocation_counter::measure(|| value = Some(code()));
    let peak = usize::try_from(memory.bytes_max).unwrap_or(usize::MAX);
    let Some(value) = value else {
        unreachable!("the code has run")
    };
    (value, peak)
}

/// Short inputs as often as long ones.
fn input(number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(number);
    let longest = random.usize(1..=LONGEST);
    let len = random.usize(..=longest);
    (0..len).map(|_| random.u8(..)).collect()
}

fn variable(name: &str) -> Option<u64> {
    let value = env::var(name).ok()?;
    Some(
        value
            .parse()
            .unwrap_or_else(|_| panic!("`{name}` is a number")),
    )
}

/// Says how to repeat the input that was too much.
struct TellOnPanic(u64);

impl Drop for TellOnPanic {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!(
                "the input that failed comes first with FUZZ_SEED={}",
                self.0
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_differ_and_come_again() {
        let inputs = |count| {
            let mut seen = Vec::new();
            fuzz(count, |u| {
                seen.push(u.bytes(u.len())?.to_vec());
                Ok(())
            });
            seen
        };
        let (first, again) = (inputs(100), inputs(100));
        assert_eq!(first, again);
        let longest = first.iter().map(Vec::len).max();
        assert!(longest > Some(LONGEST / 2), "{longest:?}");
    }

    #[test]
    fn memory_is_measured_by_thread() {
        let (value, used) = peak(|| drop(vec![0u8; 5000]));
        assert_eq!((value, used), ((), 5000));
    }
}
