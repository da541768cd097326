//! A TCP proxy with the faults of networks.

mod connection;
mod fault;
mod pipe;
#[cfg(test)]
mod tests;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener as StdListener},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

use fastrand::Rng;
use tokio::{net::TcpListener, sync::watch};

use self::fault::Setting;
pub use self::fault::{Direction, Fault};
use crate::{
    port::free_port,
    wait::{DEADLINE, holds_within},
};
/// A proxy in front of a server, on a loopback port of its own, that runs on a thread of this process.
///
/// It forwards faithfully until a test sets faults. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    port: u16,
    /// `None` once the proxy is to end.
    setting: Option<watch::Sender<Setting>>,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// The counts of the proxy's thread.
#[derive(Debug, Default)]
struct State {
    accepted: AtomicUsize,
    refusing: AtomicBool,
}

impl FaultProxy {
    /// Starts a proxy in front of `target`. All that it leaves to chance follows from `seed`.
    #[must_use]
    pub fn start(target: impl Into<SocketAddr>, seed: u64) -> Self {
        let (listener, port) = listen();
        let (setting, settings) = watch::channel(Setting::default());
        let state = Arc::new(State::default());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be built");
        let proxy = Acceptor {
            port,
            target: target.into(),
            settings,
            state: Arc::clone(&state),
            chance: Rng::with_seed(seed),
        };
        let thread = thread::spawn(move || runtime.block_on(proxy.run(listener)));
        Self {
            port,
            setting: Some(setting),
            state,
            thread: Some(thread),
        }
    }

    /// The URL of the proxied server.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}:{}", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Replaces the faults, on open connections as well.
    pub fn set(&self, faults: &[Fault]) {
        self.change(|setting| setting.faults = faults.to_vec());
        let refuses = faults.contains(&Fault::Refuse);
        let done = || self.state.refusing.load(Ordering::Acquire) == refuses;
        assert!(holds_within(DEADLINE, done), "the proxy listens no more");
    }

    /// Forwards faithfully again. Bytes that were held back arrive now.
    pub fn lift(&self) {
        self.set(&[]);
    }

    /// Resets the connections that are open.
    pub fn cut(&self) {
        self.change(|setting| setting.cuts += 1);
    }

    /// Lets the connections that are open carry nothing any more, for good and without a word, as a router does that has
    /// forgotten them. New ones are not affected.
    pub fn freeze(&self) {
        self.change(|setting| setting.freezes += 1);
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::Relaxed)
    }

    fn change(&self, change: impl FnOnce(&mut Setting)) {
        let setting = self.setting.as_ref().expect("set until it is dropped");
        setting.send_modify(|setting| {
            setting.generation += 1;
            change(setting);
        });
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.setting.take();
        if let Some(thread) = self.thread.take() {
            // A panic there has shown itself in the test already.
            _ = thread.join();
        }
    }
}

/// The side of the proxy that accepts connections.
struct Acceptor {
    port: u16,
    target: SocketAddr,
    settings: watch::Receiver<Setting>,
    state: Arc<State>,
    chance: Rng,
}

impl Acceptor {
    /// Returns when the proxy is dropped.
    async fn run(mut self, listener: StdListener) {
        let mut listener = TcpListener::from_std(listener).ok();
        loop {
            let refuse = self.settings.borrow_and_update().has(Fault::Refuse);
            if refuse {
                listener = None;
            } else if listener.is_none() {
                listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))
                    .await
                    .ok();
            }
            self.state
                .refusing
                .store(listener.is_none(), Ordering::Release);
            let changed = match &listener {
                Some(listener) => tokio::select! {
                    changed = self.settings.changed() => changed,
                    accepted = listener.accept() => {
                        if let Ok((client, _)) = accepted {
                            self.state.accepted.fetch_add(1, Ordering::Relaxed);
                            let settings = self.settings.clone();
                            let chance = self.chance.fork();
                            tokio::spawn(connection::serve(client, self.target, settings, chance));
                        }
                        Ok(())
                    }
                },
                None => self.settings.changed().await,
            };
            if changed.is_err() {
                return;
            }
        }
    }
}

fn listen() -> (StdListener, u16) {
    loop {
        let port = free_port();
        if let Ok(listener) = StdListener::bind((Ipv4Addr::LOCALHOST, port)) {
            listener
                .set_nonblocking(true)
                .expect("a socket can be non-blocking");
            return (listener, port);
        }
    }
}
