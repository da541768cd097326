//! A handler that threads call.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;

use super::load::{Driven, Load, Turns};
use crate::work::{Answer, Reply};

/// A handler behind a cache.
pub(crate) trait BlockingHandler: Send + Sync + 'static {
    fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply>;
}

/// The same for all handlers.
pub(crate) trait BlockingEntrant: Send + Sync {
    fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply>;

    /// The time that one call takes.
    fn time(&self, answer: Answer, input: &Bytes) -> Result<Duration>;

    /// Calls from several threads at once. Each has called once before the clock starts, so that opening connections is
    /// nobody's cost.
    fn drive(&self, load: &Load) -> Result<Driven>;
}

impl<H: BlockingHandler> BlockingEntrant for H {
    fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        BlockingHandler::call(self, answer, input)
    }

    fn time(&self, answer: Answer, input: &Bytes) -> Result<Duration> {
        let start = Instant::now();
        let reply = BlockingHandler::call(self, answer, input)?;
        let time = start.elapsed();
        black_box(reply);
        Ok(time)
    }

    fn drive(&self, load: &Load) -> Result<Driven> {
        let ready = Barrier::new(load.callers + 1);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..load.callers)
                .map(|caller| {
                    scope.spawn({
                        let ready = &ready;
                        move || take_turns(self, load, caller, ready)
                    })
                })
                .collect();
            ready.wait();
            let start = Instant::now();
            let mut calls = 0;
            for thread in threads {
                calls += thread.join().map_err(|_| anyhow!("a caller panicked"))??;
            }
            Ok(Driven {
                calls,
                time: start.elapsed(),
            })
        })
    }
}

fn take_turns<H: BlockingHandler>(
    handler: &H,
    load: &Load,
    caller: usize,
    ready: &Barrier,
) -> Result<u64> {
    let first = load.inputs.first().context("a load has inputs");
    let warm = first.and_then(|input| BlockingHandler::call(handler, load.answer, input));
    ready.wait();
    warm?;
    let mut turns = Turns::new(load, caller);
    for input in turns.by_ref() {
        black_box(BlockingHandler::call(handler, load.answer, input)?);
    }
    Ok(turns.taken)
}
