//! What a contestant is given to do at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::work::Answer;

/// When the callers stop.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    /// After so long; inputs come round again.
    Elapsed(Duration),
    /// When every input has been used once.
    Done,
}

/// Several callers, and what they call with.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) answer: Answer,
    pub(crate) callers: usize,
    pub(crate) inputs: Arc<[Bytes]>,
    pub(crate) until: Until,
}

/// What they did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Driven {
    pub(crate) calls: u64,
    pub(crate) time: Duration,
}

impl Driven {
    /// Calls in a second.
    #[expect(clippy::cast_precision_loss, reason = "fewer calls than 2^52")]
    pub(crate) fn rate(self) -> f64 {
        self.calls as f64 / self.time.as_secs_f64()
    }
}

/// The inputs of one caller, in its order.
#[derive(Debug)]
pub(super) struct Turns<'l> {
    load: &'l Load,
    next: usize,
    end: Option<Instant>,
    pub(super) taken: u64,
}

impl<'l> Turns<'l> {
    pub(super) fn new(load: &'l Load, caller: usize) -> Self {
        let end = match load.until {
            Until::Elapsed(time) => Some(Instant::now() + time),
            Until::Done => None,
        };
        Self {
            load,
            next: caller,
            end,
            taken: 0,
        }
    }
}

impl<'l> Iterator for Turns<'l> {
    type Item = &'l Bytes;

    fn next(&mut self) -> Option<&'l Bytes> {
        let inputs = &self.load.inputs;
        let at = match self.end {
            Some(end) if Instant::now() >= end => return None,
            Some(_) => self.next % inputs.len(),
            None => self.next,
        };
        self.next += self.load.callers;
        let input = inputs.get(at)?;
        self.taken += 1;
        Some(input)
    }
}
