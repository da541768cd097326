//! Connections: look-ups where the caller is, everything else on one background thread.
//!
//! A look-up costs its caller a round trip and the thread wake-ups on its way, so these are kept few: an async caller uses a
//! connection that its own runtime drives, a blocking caller one that it drives itself. A caller that has neither yet goes
//! through the background thread, which also stores, touches, reconnects and clears.

mod blocking;
mod breaker;
mod budget;
mod connect;
mod deadlines;
mod decoder;
mod deployment;
mod endpoint;
mod eviction;
#[cfg(test)]
pub(crate) mod fake;
mod greeting;
mod login;
mod lookup;
mod news;
mod per_runtime;
mod plain;
mod pool;
mod question;
mod redirect;
mod relay;
mod reply;
mod route;
mod slot_route;
mod slots;
mod source;
mod supervisor;
mod thread;
mod wire;

use self::endpoint::Endpoint;
pub(crate) use self::{
    budget::Allowance,
    deadlines::{Deadlines, Waiting as Deadline},
    deployment::Deployment,
    news::News,
    redirect::Redirect,
    route::{Redis, Route},
    slot_route::SlotRoute,
    thread::IoThread,
};
