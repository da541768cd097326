//! Random faults, one after the other.

use std::{thread, time::Duration};

use cache_tests_support::{Direction, Fault, FaultProxy, RedisServer};
use fastrand::Rng;

/// A server and the proxy in front of it, with random faults of both.
pub(crate) struct Chaos {
    server: RedisServer,
    proxy: FaultProxy,
    chance: Rng,
}

impl Chaos {
    pub(crate) fn new(server: RedisServer, proxy: FaultProxy, seed: u64) -> Self {
        Self {
            server,
            proxy,
            chance: Rng::with_seed(seed),
        }
    }

    pub(crate) fn server(&self) -> &RedisServer {
        &self.server
    }

    /// Does something wrong for a while, puts it right, and leaves the callers alone for a while.
    pub(crate) fn strike(&mut self) {
        match self.chance.u8(..20) {
            0..12 => {
                let count = self.chance.usize(1..3);
                let faults: Vec<_> = (0..count).map(|_| self.fault()).collect();
                self.proxy.set(&faults);
                self.go_on();
                self.proxy.lift();
            }
            12 => self.proxy.cut(),
            13 => self.proxy.freeze(),
            14 => {
                self.server.stop();
                self.go_on();
                self.server.resume();
            }
            15 => {
                self.server.kill();
                self.go_on();
                self.server.restart();
            }
            16 => self.run(&["CLIENT", "KILL", "TYPE", "normal"]),
            17 => {
                self.run(&["SCRIPT", "FLUSH"]);
                self.run(&["FLUSHALL"]);
            }
            18 => {
                // No server listens on that port, so the replica keeps its data.
                self.run(&["REPLICAOF", "127.0.0.1", "1"]);
                self.go_on();
                self.run(&["REPLICAOF", "NO", "ONE"]);
            }
            _ => {
                self.run(&["CONFIG", "SET", "maxmemory", "1mb"]);
                self.go_on();
                self.run(&["CONFIG", "SET", "maxmemory", "0"]);
            }
        }
        self.go_on();
    }

    fn fault(&mut self) -> Fault {
        let ms = Duration::from_millis;
        let chance = &mut self.chance;
        let direction = if chance.bool() {
            Direction::Requests
        } else {
            Direction::Replies
        };
        match chance.u8(..11) {
            0 => Fault::Latency(ms(chance.u64(1..200))),
            1 => Fault::Jitter(ms(chance.u64(1..200))),
            2 => Fault::Slow {
                one_in: chance.u32(1..50),
                by: ms(chance.u64(1..500)),
            },
            3 => Fault::Hang,
            4 => Fault::ResetAt(chance.u64(..2000)),
            5 => Fault::CloseAt(chance.u64(..2000)),
            // Without a pause: a blocking caller waits for each drip.
            6 => Fault::Slice {
                direction,
                size: chance.usize(1..100),
                pause: Duration::ZERO,
            },
            7 => Fault::Bandwidth(chance.u32(50_000..1_000_000)),
            8 => Fault::CorruptAt(chance.u64(..2000)),
            9 => Fault::Drop(direction),
            _ => Fault::Refuse,
        }
    }

    /// Lets time pass: long enough for callers to notice, and mostly for the cache to give up on the server.
    fn go_on(&mut self) {
        thread::sleep(Duration::from_millis(self.chance.u64(50..1500)));
    }

    fn run(&self, words: &[&str]) {
        let mut connection = self.server.connection();
        // `CLIENT KILL` may end this connection too, and then no reply arrives.
        _ = redis::cmd(words[0]).arg(&words[1..]).exec(&mut connection);
    }
}
