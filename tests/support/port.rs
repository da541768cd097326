//! Free loopback ports.

use std::net::TcpListener;
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below every usual ephemeral range: a client that keeps dialling a dead server's ephemeral port
/// can be given that very port as its own and then talks to itself.
const FIRST: u32 = 10_000;
const COUNT: u32 = 20_000;

/// A prime, so that steps of it visit every port of the range and processes with neighbouring ids
/// start far apart.
const STEP: u32 = 7_919;

/// Returns a loopback port that is free at this moment.
///
/// Another process can take it before the caller does.
pub(crate) fn free_port() -> u16 {
    static ATTEMPT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let attempt = ATTEMPT.fetch_add(1, Ordering::Relaxed);
        let port = candidate(process::id(), attempt);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!(
        "no free loopback port between {FIRST} and {}",
        FIRST + COUNT
    );
}

fn candidate(process: u32, attempt: u32) -> u16 {
    let offset = process.wrapping_mul(STEP).wrapping_add(attempt) % COUNT;
    u16::try_from(FIRST + offset).expect("the range ends below 65,536")
}
