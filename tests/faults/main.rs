//! Whatever goes wrong with Redis or on the way to it, a caller gets what the body gives, in about the time that the body
//! takes; every call is accounted for; and caching goes on by itself when the fault is over.

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
