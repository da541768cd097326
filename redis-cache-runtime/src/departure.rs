//! Lets a thread that has computed something wait, as it ends, until Redis has it, and what was to be said has been.
//!
//! What is queued when `main` returns would be lost with the background thread, and the next start would compute it again. To wait
//! at each call would cost a round trip a miss; a thread that ends costs one once. The main thread ends when `main`
//! returns, and a runtime's workers when the runtime is dropped.

use std::{
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    registry,
    store::{Done, Shard},
    telemetry,
};

/// The most that a thread waits.
const PATIENCE: Duration = Duration::from_millis(500);

thread_local! {
    static DEPARTURE: Departure = const { Departure };
}

struct Departure;

/// Has this thread wait when it ends. Cheap after the first time.
pub(crate) fn arm() {
    // A thread that is ending already waits for nothing more.
    _ = DEPARTURE.try_with(|_armed| ());
}

impl Drop for Departure {
    fn drop(&mut self) {
        let waiting = |shard: &Arc<Shard>| shard.outbox().has_unsettled() && !shard.home().is_out();
        let shards: Vec<_> = registry::all()
            .iter()
            .flat_map(|cache| cache.shards().to_vec())
            .filter(waiting)
            .collect();
        let latch = Arc::new(Latch {
            left: Mutex::new(shards.len()),
            done: Condvar::new(),
        });
        for shard in shards {
            let latch = Arc::clone(&latch);
            shard
                .outbox()
                .push_flush(Done::new(move |_result| latch.count_down()));
            shard.hurry();
        }
        latch.wait();
        telemetry::settle();
    }
}

/// Waits for several things. Made of a lock and a condition alone: channels park the thread by its handle, which is
/// gone at this point of a thread's life.
struct Latch {
    left: Mutex<usize>,
    done: Condvar,
}

impl Latch {
    fn count_down(&self) {
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.done.notify_one();
    }

    fn wait(&self) {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        drop(
            self.done
                .wait_timeout_while(left, PATIENCE, |left| *left > 0),
        );
    }
}
