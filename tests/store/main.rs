//! What stands in Redis and what was asked of it: how old a value may be, what a clear and an invalidation reach, what
//! becomes of keys that somebody else has written to, and what a person is told.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod age;
mod clock;
mod deletions;
mod losses;
mod messages;
mod policy;
mod sentinels;
mod worker;
