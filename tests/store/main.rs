//! The store in Redis: the age of values, the reach of clears and invalidations, keys that another program has written to, and
//! the messages for a person.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod age;
mod clock;
mod deletions;
mod losses;
mod messages;
mod policy;
mod sentinels;
mod worker;
