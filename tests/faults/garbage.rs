//! Replies that no real server sends, and replies that a real one sends at a bad time.

use cache_tests_support::{FakeServer, RECOVERY, RedisServer, resident, within};
use redis_cache_runtime::CacheStatus;

use crate::rig::{BUDGET, Handler, PATIENCE};

fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = b"*1\r\n".repeat(depth);
    bytes.extend_from_slice(b":1\r\n");
    bytes
}

fn are_misses(handlers: &[Handler], fake: &FakeServer, nonsense: &[(&str, Vec<u8>)]) {
    for handler in handlers {
        for (what, bytes) in nonsense {
            handler.is_cached(1);
            fake.answer("GET", bytes.clone());
            for n in 0..3 {
                let result = handler.call(n);
                // A value from a moment ago may still be on its way to Redis.
                let right = result == CacheStatus::HitBuffer || !result.is_hit();
                assert!(right, "{}: {result} from {what}", handler.name);
            }
            fake.be_honest();
        }
        handler.recovers();
    }
}

#[test]
fn nonsense_in_place_of_a_value() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    are_misses(
        &handlers!(fake.url(), "nonsense", BUDGET),
        &fake,
        &[
            ("a length below zero", b"$-2\r\n".into()),
            ("deep nesting", nested(100_000)),
            ("a number", b":42\r\n".into()),
            ("an array", b"*2\r\n:1\r\n:2\r\n".into()),
            ("a map", b"%1\r\n+a\r\n:1\r\n".into()),
            ("a status", b"+OK\r\n".into()),
            ("another type's error", b"-WRONGTYPE Operation\r\n".into()),
            ("an empty line", b"\r\n".into()),
            (
                "no protocol at all",
                b"HTTP/1.1 400 Bad Request\r\n\r\n".into(),
            ),
            ("zeros", vec![0; 1000]),
            ("a string of another length", b"$3\r\nabcdef\r\n".into()),
        ],
    );
}

/// A reader that believes this length waits for ever; one that reserves memory for it runs out of memory.
fn is_a_miss_and_takes_no_memory(handlers: &[Handler], fake: &FakeServer, reply: &str) {
    let before = resident();
    are_misses(handlers, fake, &[(reply, reply.into())]);
    let grown = resident().saturating_sub(before);
    assert!(grown < 64 * 1024 * 1024, "{grown} bytes more");
}

#[test]
fn a_string_that_is_said_to_be_huge() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    let handlers = handlers!(fake.url(), "huge-string", BUDGET);
    is_a_miss_and_takes_no_memory(&handlers, &fake, "$9999999999\r\nabc");
}

#[test]
fn a_string_that_is_said_to_be_longer_than_can_be_said() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    let handlers = handlers!(fake.url(), "huger-string", BUDGET);
    is_a_miss_and_takes_no_memory(&handlers, &fake, "$99999999999999999999999\r\n");
}

#[test]
fn an_array_that_is_said_to_be_huge() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    let handlers = handlers!(fake.url(), "huge-array", BUDGET);
    is_a_miss_and_takes_no_memory(&handlers, &fake, "*4294967295\r\n:1\r\n");
}

#[test]
fn a_map_that_is_said_to_be_huge() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    let handlers = handlers!(fake.url(), "huge-map", BUDGET);
    is_a_miss_and_takes_no_memory(&handlers, &fake, "%2147483647\r\n:1\r\n");
}

/// All replies after it are one too early.
#[test]
fn a_reply_that_is_left_out() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    are_misses(
        &handlers!(fake.url(), "left-out", BUDGET),
        &fake,
        &[("nothing", Vec::new())],
    );
}

#[test]
fn a_reply_that_is_cut_off() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    for handler in &handlers!(fake.url(), "cut-off", BUDGET) {
        for bytes in ["", "$", "$1", "$100\r", "$100\r\n", "$100\r\nhc"] {
            handler.is_cached(1);
            fake.answer_and_close("GET", bytes);
            assert_eq!(handler.call(1), CacheStatus::ErrorOpen, "{bytes:?}");
            fake.be_honest();
        }
        handler.recovers();
    }
}

/// The answer to one request must never be taken for that to the next, for ever after.
fn gets_into_step_again(handler: &Handler, fake: &FakeServer) {
    for bytes in [
        "_\r\n$7\r\nforeign\r\n",
        "$7\r\nforeign\r\n$7\r\nforeign\r\n$7\r\nforeign\r\n",
        "$-1\r\n+OK\r\n",
    ] {
        handler.is_cached(1);
        fake.answer("GET", bytes);
        for n in 0..3 {
            handler.call(n);
        }
        fake.be_honest();
        handler.recovers();
    }
}

#[test]
fn more_replies_than_requests_of_an_async_caller() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    let [_, on_runtime] = handlers!(fake.url(), "one-too-many-1", BUDGET);
    gets_into_step_again(&on_runtime, &fake);
}

#[test]
fn more_replies_than_requests_of_a_blocking_caller() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    let [blocking, _] = handlers!(fake.url(), "one-too-many-2", BUDGET);
    gets_into_step_again(&blocking, &fake);
}

#[test]
fn pushes_that_nobody_asked_for() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    for handler in &handlers!(fake.url(), "pushes", PATIENCE) {
        for push in [
            ">2\r\n+invalidate\r\n_\r\n",
            ">3\r\n+message\r\n+channel\r\n+text\r\n",
            ">1\r\n+unheard-of\r\n",
        ] {
            handler.is_cached(1);
            fake.answer("GET", format!("{push}{push}_\r\n{push}"));
            for n in 0..5 {
                assert!(!handler.call(n).is_hit());
            }
            fake.be_honest();
        }
        handler.recovers();
    }
}

#[test]
fn a_server_that_is_not_ready() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    for handler in &handlers!(fake.url(), "not-ready", PATIENCE) {
        for error in [
            "-LOADING Redis is loading the dataset in memory\r\n",
            "-MASTERDOWN Link with MASTER is down\r\n",
            "-CLUSTERDOWN The cluster is down\r\n",
            "-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
            "-BUSY Redis is busy running a script\r\n",
            "-ERR unheard of\r\n",
        ] {
            handler.is_cached(1);
            for command in ["GET", "EVALSHA", "PING", "HELLO"] {
                fake.answer(command, error);
            }
            handler.all(0..5, CacheStatus::ErrorOpen);
            fake.be_honest();
        }
        handler.recovers();
    }
}

/// Callers do not depend on the reply to a store; the counters do.
#[test]
fn nonsense_in_answer_to_a_store() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    for handler in &handlers!(fake.url(), "bad-store", PATIENCE) {
        for (round, bytes) in [
            "$5\r\nabcde\r\n",
            "*1\r\n:1\r\n",
            "_\r\n",
            "-MISCONF Redis is configured to save\r\n",
            "HTTP/1.1 400 Bad Request\r\n\r\n",
        ]
        .into_iter()
        .enumerate()
        {
            handler.is_cached(1);
            handler.flush();
            let before = handler.info().not_stored;
            fake.answer("EVALSHA", bytes);
            assert_eq!(
                handler.call(100 + u32::try_from(round).unwrap()),
                CacheStatus::Miss
            );
            _ = handler.cache().flush().wait();
            fake.be_honest();
            handler.is_cached(1);
            within(RECOVERY, || handler.cache().info().wait().is_ok());
            assert_eq!(handler.info().not_stored - before, 1, "{bytes:?}");
        }
        handler.recovers();
    }
}

/// A server that forgets a script as soon as it is loaded.
#[test]
fn a_script_that_stays_unknown() {
    let server = RedisServer::start();
    let fake = FakeServer::start(([127, 0, 0, 1], server.port()));
    let [handler, _] = handlers!(fake.url(), "unknown-script", PATIENCE);
    handler.is_cached(1);
    handler.flush();
    let before = handler.info().not_stored;
    fake.answer("EVALSHA", "-NOSCRIPT No matching script\r\n");
    assert_eq!(handler.call(100), CacheStatus::Miss);
    _ = handler.cache().flush().wait();
    fake.be_honest();
    assert_eq!(handler.info().not_stored - before, 1);
    handler.recovers();
}
