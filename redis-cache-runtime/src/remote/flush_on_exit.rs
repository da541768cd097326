//! Lets a thread that has computed something wait, as it ends, until Redis has it, and what was to be said has been.
//!
//! What is queued when `main` returns would be lost with the background thread, and the next start would compute it again. To wait
//! at each call would cost a round trip a miss; a thread that ends costs one once. The main thread ends when `main`
//! returns, and a runtime's workers when the runtime is dropped.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Done, Shard, StoreEvents};
use crate::{conn::Redis as _, limits::EXIT, process::per_process::PerProcess, telemetry};

thread_local! {
    static FLUSH_ON_EXIT: FlushOnExit = const { FlushOnExit };
}

struct FlushOnExit;

/// All shards of the process.
static SHARDS: PerProcess<Mutex<Vec<Watched>>> = PerProcess::new();

/// A shard, and who is to hurry.
#[derive(Clone)]
struct Watched {
    shard: Arc<Shard>,
    events: Arc<dyn StoreEvents>,
}

/// Has threads that end wait for what this shard has not written yet.
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

/// Has this thread wait when it ends. Cheap after the first time.
pub(crate) fn arm() {
    // A thread that is ending already waits for nothing more.
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
        drop(self.done.wait_timeout_while(left, EXIT, |left| *left > 0));
    }
}
