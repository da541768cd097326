//! A thread that has computed values waits, as it ends, until Redis has them and its log lines are emitted.
//!
//! Values that are queued when `main` returns would be lost with the background thread, and computed again after the next start.
//! Waiting at each call would cost a round trip a miss; waiting at the end of a thread costs one. The main thread ends when
//! `main` returns, and a runtime's workers end when the runtime is dropped.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Done, Shard, StoreEvents};
use crate::{conn::Redis as _, limits::EXIT, process::per_process::PerProcess, telemetry};

thread_local! {
    static FLUSH_ON_EXIT: FlushOnExit = const { FlushOnExit };
}

struct FlushOnExit;

/// All shards of the process.
static SHARDS: PerProcess<Mutex<Vec<Watched>>> = PerProcess::new();

/// A shard, and its cache, which is told to hurry.
#[derive(Clone)]
struct Watched {
    shard: Arc<Shard>,
    events: Arc<dyn StoreEvents>,
}

/// Makes threads that end wait for the values of this shard's queue.
pub(super) fn watch(shard: &Arc<Shard>, events: &Arc<dyn StoreEvents>) {
    shards().push(Watched {
        shard: Arc::clone(shard),
        events: Arc::clone(events),
    });
}

fn shards() -> MutexGuard<'static, Vec<Watched>> {
    let shards = SHARDS.get().lock();
    shards.unwrap_or_else(PoisonError::into_inner)
}

/// Makes the calling thread wait when it ends. Cheap after the first time.
pub(crate) fn arm() {
    // A thread that is ending already does not wait for its last values.
    _ = FLUSH_ON_EXIT.try_with(|_armed| ());
}

impl Drop for FlushOnExit {
    fn drop(&mut self) {
        let waiting = |watched: &Watched| {
            let shard = &watched.shard;
            shard.queue().has_unsettled() && shard.route().availability().takes_values()
        };
        let shards = shards().clone();
        let shards: Vec<_> = shards.into_iter().filter(waiting).collect();
        let latch = Arc::new(Latch {
            left: Mutex::new(shards.len()),
            done: Condvar::new(),
        });
        for Watched { shard, events } in shards {
            events.hurry();
            let latch = Arc::clone(&latch);
            shard
                .queue()
                .push_flush(Done::new(move |_result| latch.count_down()));
            shard.hurry();
        }
        latch.wait();
        telemetry::settle();
    }
}

/// Waits for all flushes, [`EXIT`] at most. Made of a lock and a condition: channels park a thread by its handle, which is gone
/// at this point of the thread's life.
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
        drop(self.done.wait_timeout_while(left, EXIT, |left| *left > 0));
    }
}
