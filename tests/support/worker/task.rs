//! The tasks of the worker: a variant is all that a caller and the worker have to agree on.

use serde::{Deserialize, Serialize};

/// A task of a `cache-worker` process. Tests start the process with [`worker!`](crate::worker).
///
/// A new task is a variant here, and an arm of the worker's `main`, which the compiler asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Calls a handler of few arguments, so that hits and evictions mix.
    Churn {
        /// The cache of the handler.
        cache: Churn,
        /// Chooses the arguments.
        seed: u64,
        /// The number of calls.
        calls: u64,
    },
    /// For each number on standard input: calls, flushes, and prints how the call ended.
    Turns,
    /// Calls one of each pair of handlers that have one name.
    Namesakes {
        /// The handler of each pair.
        namesake: Namesake,
        /// The argument of all calls.
        n: u64,
    },
    /// Calls with distinct arguments under a bound.
    Shrink {
        /// The first argument.
        first: u64,
        /// The number of calls.
        calls: u64,
        /// The bound, in entries.
        maxsize: usize,
    },
    /// Calls once with this argument, then clears.
    Clear(u64),
    /// Calls twice with this argument, and prints how each call ended.
    Call(u64),
    /// Calls once, and returns from `main` at once.
    Once {
        /// The thread that calls.
        on: Thread,
        /// The argument.
        n: u64,
    },
    /// Uses all that a cache can do, and fails where anything of it does not work.
    Tour,
    /// Uses a cache before and after a fork, on both sides.
    Fork,
    /// Has two children clear, and prints the generation of each.
    ForkClear,
    /// Forks in the middle of first calls, and fails where a child does not end.
    Forks {
        /// The number of processes that make first calls.
        rounds: u64,
        /// The number of children of each.
        children: u64,
    },
    /// Forks in the middle of calls, and fails where a child does not end.
    Midway(Midway),
    /// Runs out of a resource, answers uncached, and caches again when the resource is back.
    Exhausted(Exhausted),
    /// Takes [`HeldStep`]s, one a line, and prints a line for each.
    Held,
    /// For each line on standard input: has this number of tasks make the same call, and prints how often its body ran.
    Herd(u64),
    /// Calls a handler with this `ttl` in milliseconds, or the longest, and prints how the call ended.
    Age(Option<u64>),
    /// Prints all that a cache tells of itself.
    Tell,
    /// Calls the handlers of one of two builds, 0 or 1, that differ in their types.
    Pairs(usize),
    /// Calls the handler of the build of this name, and prints which build answered and how.
    Build(String),
    /// Calls while a subscriber or a recorder gets in the way.
    Reports {
        /// The subscriber or the recorder.
        reporter: Reporter,
        /// Its answer to an event.
        manner: Manner,
    },
}

/// A handler of [`Task::Churn`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Churn {
    /// Holds two entries a shard.
    Plain,
    /// Holds two entries a shard, which expire after 20 ms.
    Ttl,
    /// Holds seven entries in three shards.
    Shards,
}

impl Churn {
    /// The name of its cache, without the worker's prefix.
    #[must_use]
    pub fn cache(self) -> &'static str {
        match self {
            Self::Plain => "churn",
            Self::Ttl => "churn-ttl",
            Self::Shards => "churn-shards",
        }
    }
}

/// One of two handlers of one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "their names are all that they are")]
pub enum Namesake {
    A,
    B,
}

impl Namesake {
    /// The answer of the handler.
    #[must_use]
    pub fn answer(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

/// The thread of [`Task::Once`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Thread {
    /// The main thread.
    Main,
    /// A worker of a runtime that is dropped.
    Runtime,
    /// A thread that does not end. The main thread opens a cache, and computes nothing.
    Other,
}

/// Where [`Task::Midway`] forks.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Midway {
    /// In this number of bodies.
    Bodies(u64),
    /// The fork comes while calls wait for Redis, for one another, or for their bodies.
    Calls,
    /// Between a handle or an operation and its use.
    Handles,
}

/// The resource that runs out in [`Task::Exhausted`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exhausted {
    /// File descriptors.
    Descriptors,
    /// Memory for the stacks of threads.
    Threads,
}

/// The code that gets in the way in [`Task::Reports`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Reporter {
    /// A subscriber of `tracing`.
    Subscriber,
    /// A recorder of `metrics`, with the feature of that name.
    Recorder,
}

/// How a [`Reporter`] answers an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Manner {
    /// It panics.
    Panics,
    /// It never returns.
    Blocks,
    /// It calls annotated methods.
    CallsHandlers,
    /// It asks caches for their counters, and flushes them.
    AsksCaches,
}

/// A line for [`Task::Held`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum HeldStep {
    /// Calls for the first time.
    Open,
    /// Calls with this argument; the body waits.
    Hold(u32),
    /// Lets the body that waits return this answer.
    Release(String),
    /// Calls with this argument, and a body that returns this answer at once.
    Ask(u32, String),
    /// Invalidates the entry of this argument.
    Invalidate(u32),
    /// [`Invalidate`](Self::Invalidate), and [`Ask`](Self::Ask) before the invalidation has ended.
    InvalidateAndAsk(u32, String),
    /// Invalidates this number of entries from this argument on.
    InvalidateMany {
        /// The first argument.
        first: u32,
        /// The number of entries.
        count: u32,
    },
    /// Clears the cache.
    Clear,
}
