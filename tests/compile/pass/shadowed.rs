#![no_implicit_prelude]
#![allow(dead_code, unused_macros, non_camel_case_types)]

use ::redis_cache_runtime::handler_cache;

mod core {}
mod std {}
mod alloc {}
mod redis_cache_runtime {}
mod serde {}

struct Option;
struct Result;
struct Vec;
struct String;
struct Box;
struct Some;
struct None;
struct Ok;
struct u16;
struct bool;
struct usize;
trait Fn {}
trait FnOnce {}
trait Future {}
trait Into {}
trait Clone {}
trait Send {}

macro_rules! concat {
    () => {};
}
macro_rules! stringify {
    () => {};
}
macro_rules! compile_error {
    () => {};
}

struct Handler;

impl Handler {
    #[handler_cache(
        host = "localhost",
        port = 6379,
        maxsize = 8,
        timeout = "1s",
        version = 1
    )]
    fn handle(&self, n: u32) -> u32 {
        n
    }

    #[handler_cache(maxsize = None)]
    async fn handle_async(&self, n: u32) -> u32 {
        n
    }
}

#[test]
pub fn main() {
    ::std::assert_eq!(Handler.handle(42), 42);
    ::std::assert_eq!(::smol::block_on(Handler.handle_async(42)), 42);
}
