//! The figures that an operator looks for: how many, how much, how long. Those of the attribute, which the macro checks as well, are
//! in `config/grammar`; those that only tune something stand where they are used.

use std::time::Duration;

const MIB: usize = 1024 * 1024;

// Of a cache whose attribute does not say.

pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_millis(50);
pub(crate) const DEFAULT_MAX_VALUE_BYTES: usize = 8 * MIB;

// Of the values of one shard that wait to be written.

/// Further values are not stored. A waiting value takes some 300 bytes beside its own.
pub(crate) const QUEUED_VALUES: usize = 8 * 1024;
pub(crate) const QUEUED_BYTES: usize = 64 * MIB;

/// The most commands, and bytes of values, that go to Redis in one round trip.
pub(crate) const BATCH: usize = 64;
pub(crate) const BATCH_BYTES: usize = 8 * MIB;

/// The most that the round trip of a batch, or of one step of a clear, may take. No call waits for it.
pub(crate) const WRITE_BUDGET: Duration = Duration::from_secs(2);

/// A write that has been refused or redirected for so long is given up: the values behind it matter more.
pub(crate) const WRITE_PATIENCE: Duration = Duration::from_secs(3);

/// The latest invalidations of a shard that Redis has on record, each of another entry. A process that has not heard of earlier ones
/// computes once more.
pub(crate) const TOMBSTONES: u64 = 1024;

// Of the values of the process that wait to be read back and compared.

/// Further values are not stored.
pub(crate) const UNPROVED_VALUES: usize = 8 * 1024;

/// The copies of the values take about as much again.
pub(crate) const UNPROVED_BYTES: usize = 64 * MIB;

/// While one value takes longer than this, no others are handed to the thread that compares.
pub(crate) const UNPROVED_STUCK: Duration = Duration::from_secs(2);

// Of connections.

/// One attempt to connect, name resolution included. No call waits longer than its budget.
pub(crate) const CONNECT: Duration = Duration::from_secs(1);

/// The waits between attempts to connect double from the first to the longest.
pub(crate) const RECONNECT_FIRST: Duration = Duration::from_millis(50);
pub(crate) const RECONNECT_LONGEST: Duration = Duration::from_secs(1);

/// A `PING` that takes longer ends its connection.
pub(crate) const PING: Duration = Duration::from_secs(1);

/// The background thread's connection is tried with a `PING` so often: a peer may vanish without a word, and the next caller would
/// wait in vain.
pub(crate) const WATCH: Duration = Duration::from_secs(2);

/// After so long without a packet the kernel asks the peer, and gives up on packets that were not acknowledged.
pub(crate) const SILENCE: Duration = Duration::from_secs(3);

/// The most connections of threads that look up. With more threads at once, sharing a connection is faster than having one
/// each: many requests go out in one system call.
pub(crate) const THREAD_CONNECTIONS: usize = 4;

/// A connection for look-ups that has not been used for so long is closed.
pub(crate) const IDLE: Duration = Duration::from_secs(10);

/// The most look-ups on their way through the background thread. Further calls run uncached.
pub(crate) const BACKGROUND_LOOKUPS: usize = 4096;

/// The most look-ups on their way through one runtime's own connection, where a request of several replies counts as so many.
/// Further calls run uncached.
pub(crate) const WIRE_LOOKUPS: usize = 8192;

/// A server that says more than this at once without being asked loses the connection. All the keys that it changed in one turn of
/// its event loop come in one push, so that some sixty thousand fit.
pub(crate) const PUSH_BYTES: usize = 4 * MIB;

/// The circuit breaker stays open from the first to the longest, doubling.
pub(crate) const OPEN_FIRST: Duration = Duration::from_secs(1);
pub(crate) const OPEN_LONGEST: Duration = Duration::from_secs(30);

/// One sentinel may take so long to answer, connecting included.
pub(crate) const SENTINEL: Duration = Duration::from_millis(300);

/// One node of a cluster may take so long to tell which node has which slots, connecting included.
pub(crate) const CLUSTER_SLOTS: Duration = Duration::from_secs(1);

/// A cluster is asked for its slots so often without any sign of a change.
pub(crate) const CLUSTER_REFRESH: Duration = Duration::from_secs(60);

// Of those who wait.

/// An operation of a `HandlerCache` ends, or has got on, within this time, whatever state Redis is in.
pub(crate) const OPERATION: Duration = Duration::from_millis(4500);

/// A thread that ends waits so long until Redis has the values that were computed.
pub(crate) const EXIT: Duration = Duration::from_millis(500);

/// A thread that ends, and a caller of a `HandlerCache`, waits so long until its log lines have been emitted.
pub(crate) const REPORTED: Duration = Duration::from_millis(100);

/// A call waits so long until its log lines have been emitted; once, where a subscriber blocks.
pub(crate) const CALL_REPORTED: Duration = Duration::from_millis(20);

/// The most log lines and metrics that wait for the thread that emits them. Further ones are dropped.
pub(crate) const REPORTS: usize = 1024;

/// The most threads that wake callers whose executor is not Tokio. Where all are blocked, the wakers behind them wait.
pub(crate) const WAKER_THREADS: usize = 16;

/// The most wakers that wait for these threads. Further ones are woken by the thread that has their answer.
pub(crate) const WAKERS: usize = 16 * 1024;

// Of arguments and values.

/// The deepest nesting of lists, maps, structs and variants that is written and read.
pub(crate) const NESTING: u16 = 256;

/// The most encoded arguments of the process that are kept with their hashes.
pub(crate) const KEPT_ARGUMENTS: usize = 512;

/// Longer arguments are hashed at each call.
pub(crate) const KEPT_ARGUMENT_BYTES: usize = 4096;

// Of long replies.

/// The most bytes that a connection keeps idle, to read further long replies into. They go when it is closed.
pub(crate) const IDLE_REPLY_BYTES: usize = 8 * 1024 * 1024;

/// Memory of longer replies is not kept.
pub(crate) const IDLE_REPLY: usize = 1024 * 1024 + 1024;
