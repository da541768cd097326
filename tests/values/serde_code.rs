//! Serde code and `Drop` of a handler's values run where the bare handler would not run them.

use std::{
    cell::Cell,
    thread::{self, ThreadId},
};

use cache_tests_support::{config, flush_all, result_of, shards};
use redis_cache_runtime::{CacheStatus, handler_cache};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Asks its own handler while it is written, read or compared.
#[derive(Clone, Debug)]
struct Curious<const PART: char>(u32);

impl<const PART: char> Curious<PART> {
    fn ask(part: char)
    where
        Self: Asks,
    {
        if part == PART {
            assert_eq!(Self::handler(7).0, 7);
        }
    }
}

trait Asks {
    fn handler(n: u32) -> Self;
}

impl<const PART: char> Serialize for Curious<PART>
where
    Self: Asks,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::ask('s');
        self.0.serialize(serializer)
    }
}

impl<'de, const PART: char> Deserialize<'de> for Curious<PART>
where
    Self: Asks,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let n = u32::deserialize(deserializer)?;
        Self::ask('d');
        Ok(Self(n))
    }
}

impl<const PART: char> PartialEq for Curious<PART>
where
    Self: Asks,
{
    fn eq(&self, other: &Self) -> bool {
        Self::ask('e');
        self.0 == other.0
    }
}

macro_rules! curious {
    ($test:ident, $handler:ident, $part:literal, $cache:literal) => {
        #[handler_cache(config = config(), shards = shards(), name = $cache)]
        fn $handler(n: u32) -> Curious<$part> {
            CALLS.set(CALLS.get() + 1);
            Curious(n)
        }

        impl Asks for Curious<$part> {
            fn handler(n: u32) -> Self {
                $handler(n)
            }
        }

        #[test]
        fn $test() {
            for n in [7, 8] {
                assert_eq!($handler(n).0, n);
                flush_all();
                let hit = result_of(|| assert_eq!($handler(n).0, n));
                assert_eq!(hit, CacheStatus::HitRedis);
            }
            // The cache's own runs of the code make few calls more.
            assert!(CALLS.get() < 50, "{} runs", CALLS.get());
        }
    };
}

curious!(
    a_handler_that_is_asked_while_its_value_is_written,
    written,
    's',
    "asked-written"
);
curious!(
    a_handler_that_is_asked_while_its_value_is_read,
    read,
    'd',
    "asked-read"
);
curious!(
    a_handler_that_is_asked_while_its_value_is_compared,
    compared,
    'e',
    "asked-compared"
);

/// Only its own thread may drop it.
#[derive(Clone, Debug, PartialEq)]
struct AtHome(u32, ThreadId);

impl Serialize for AtHome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AtHome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(u32::deserialize(deserializer)?, home()))
    }
}

impl Drop for AtHome {
    fn drop(&mut self) {
        assert_eq!(thread::current().id(), self.1, "dropped elsewhere");
    }
}

/// The thread of the test.
fn home() -> ThreadId {
    static HOME: std::sync::OnceLock<ThreadId> = std::sync::OnceLock::new();
    *HOME.get_or_init(|| thread::current().id())
}

/// The copy and the value that is read back are dropped on a thread of the cache, and both panic there.
#[test]
fn values_that_refuse_to_be_dropped_elsewhere_end_no_process() {
    #[handler_cache(config = config(), shards = shards(), name = "at-home")]
    fn at_home(n: u32) -> AtHome {
        AtHome(n, home())
    }

    for n in 0..3 {
        assert_eq!(at_home(n).0, n);
        flush_all();
        assert_eq!(at_home(n).0, n);
    }
}
