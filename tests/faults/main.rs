//! Under any fault of Redis or of the way to it, a caller gets the value of the body, in about the time of the body; every call
//! is counted; and caching goes on by itself when the fault is over.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

#[macro_use]
mod crowd;
#[macro_use]
mod rig;

mod broken;
mod clients;
mod clock;
mod data;
mod garbage;
mod handler;
mod herd;
mod load;
mod log;
mod partition;
mod process;
mod refusal;
mod reports;
mod silent;
mod slow;
mod table;
mod unreachable;
mod writer;
