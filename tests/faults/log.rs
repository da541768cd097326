//! A change is logged once, however many calls notice it.

use std::{
    io::{self, Write},
    sync::Mutex,
};

use cache_tests_support::{Fault, FaultProxy, RECOVERY, RedisServer, within};
use redis_cache_runtime::CacheStatus;
use tracing_subscriber::filter::LevelFilter;

use crate::rig::BUDGET;

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many lines of the levels INFO and WARN, and of all, are about one server: other tests may log as well.
fn count(address: &str) -> [usize; 3] {
    let log = String::from_utf8(LOG.lock().unwrap().clone()).unwrap();
    let about = log.lines().filter(|line| line.contains(address));
    [" INFO ", " WARN ", ""].map(|level| about.clone().filter(|line| line.contains(level)).count())
}

#[test]
fn a_change_is_logged_once() {
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::INFO)
        .with_ansi(false)
        .with_writer(|| Log)
        .init();
    let server = RedisServer::start();
    let proxy = FaultProxy::start(([127, 0, 0, 1], server.port()), 40);
    let handlers = handlers!(proxy.url(), "logged", BUDGET);
    for handler in &handlers {
        handler.is_cached(1);
    }
    for round in 1..=3 {
        proxy.set(&[Fault::Refuse]);
        proxy.cut();
        within(RECOVERY, || {
            count(&proxy.url()) == [round, round, 2 * round]
        });
        for handler in &handlers {
            handler.all(0..500, CacheStatus::ErrorOpen);
        }
        proxy.lift();
        for handler in &handlers {
            handler.recovers();
        }
        assert_eq!(count(&proxy.url()), [round + 1, round, 2 * round + 1]);
    }
}
