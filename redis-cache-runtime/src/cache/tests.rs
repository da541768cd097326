//! The steps of a call, with a fake in the place of Redis.

mod blocking;
mod clears;
mod leaders;
mod world;
