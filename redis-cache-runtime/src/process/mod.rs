//! The process and its threads, without knowledge of caches: values that a fork must not share, threads that are started
//! when they are needed, panics of the user's code, stacks, wakers, jitter and waits.

pub(crate) mod backoff;
pub(crate) mod catch_panic;
pub(crate) mod jitter;
pub(crate) mod launch;
pub(crate) mod nesting;
pub(crate) mod oneshot;
pub(crate) mod per_process;
pub(crate) mod serde_code;
pub(crate) mod stack;
pub(crate) mod swap;
pub(crate) mod waking;
