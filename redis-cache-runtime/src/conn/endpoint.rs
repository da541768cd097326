//! One Redis server, and every way to ask it.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use redis::{Cmd, RedisError, aio::MultiplexedConnection};
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use super::{
    IoThread,
    breaker::{Admission, Availability, Breaker, CallEnd, Transition},
    budget::Budget,
    connect::Sockets,
    deadlines::{self, Deadlines},
    lookup::{Answered, interpret},
    news::News,
    per_runtime::{PerRuntime, Transport},
    pool::Pool,
    question::{self, Question},
    relay::Relay,
    reply::Reply,
    source::Source,
    supervisor::{Change, ConnectionSupervisor, Connectivity},
};
use crate::{
    outcome::{CircuitState, Failure, Lookup},
    process::oneshot::NotReceived,
    telemetry::{self, metrics::EndpointMetrics},
};

/// A server that has answered within this time does not hang.
const LATELY: Duration = Duration::from_secs(1);

/// One Redis server (or a proxy at its address, or the primary of its sentinels), shared by all caches that live there.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// The address for logs, without credentials.
    address: String,
    source: Arc<Source>,
    supervisor: Arc<ConnectionSupervisor>,
    relay: Arc<Relay>,
    per_runtime: Arc<PerRuntime>,
    pool: Arc<Pool>,
    breaker: Breaker,
    opened: Instant,
    /// When a look-up was last answered, in nanoseconds since `opened`.
    answered: AtomicU64,
    metrics: EndpointMetrics,
    retired: CancellationToken,
}

impl Endpoint {
    /// Prepares an endpoint and starts to connect, in the background. `greeting` is sent on each new connection of the background
    /// thread; `tell` is called when that connection comes up or goes down.
    pub(super) fn open(
        source: Source,
        address: String,
        greeting: Arc<[Cmd]>,
        tell: impl Fn(Change) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let source = Arc::new(source);
        let retired = CancellationToken::new();
        let supervisor = Arc::new(ConnectionSupervisor::new());
        let endpoint = Arc::new(Self {
            metrics: EndpointMetrics::new(&address),
            address,
            relay: Arc::new(Relay::new(Arc::clone(&supervisor))),
            supervisor,
            per_runtime: Arc::new(PerRuntime::new(Arc::clone(&source), retired.clone())),
            pool: Arc::new(Pool::new(Arc::clone(&source))),
            source,
            breaker: Breaker::new(Instant::now()),
            opened: Instant::now(),
            answered: AtomicU64::new(0),
            retired,
        });
        Deadlines::start();
        let keeper = Arc::clone(&endpoint);
        let tell = Arc::new(tell);
        IoThread::keep(move || {
            let (keeper, tell) = (Arc::clone(&keeper), Arc::clone(&tell));
            let greeting = Arc::clone(&greeting);
            async move {
                keeper.metrics.announce();
                let told = |change| {
                    keeper.hear(change);
                    tell(change);
                };
                let supervisor = &keeper.supervisor;
                supervisor
                    .keep(
                        &Sockets,
                        &keeper.source,
                        &keeper.address,
                        &greeting,
                        &keeper.retired,
                        told,
                    )
                    .await;
            }
        });
        endpoint
    }

    /// Closes all connections for good, because no cache lives here any more.
    pub(super) fn retire(&self) {
        self.retired.cancel();
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Sends requests through the background thread.
    pub(super) const fn relay(&self) -> &Arc<Relay> {
        &self.relay
    }

    /// Whether the server is known to be away, or no background thread can run.
    pub(super) fn is_down(&self) -> bool {
        self.supervisor.connectivity() == Connectivity::Down || IoThread::get().is_none()
    }

    /// Whether the server is worth asking.
    pub(super) fn availability(&self) -> Availability {
        if self.is_down() {
            Availability::Unavailable
        } else {
            self.breaker.availability(Instant::now)
        }
    }

    fn hear(&self, change: Change) {
        match change {
            Change::Up { .. } => {
                self.metrics.connected();
                self.breaker.connected();
            }
            Change::Down => {
                self.metrics.disconnected();
                self.pool.clear();
                self.per_runtime.close();
            }
            Change::Tried => self.per_runtime.watch(),
            Change::Unreachable => self.tell(self.breaker.connect_failed(Instant::now())),
        }
    }

    fn tell(&self, transition: Option<Transition>) {
        let Some(transition) = transition else { return };
        self.metrics.breaker_changed(match transition {
            Transition::Opened(_) | Transition::StaysOpen(_) => CircuitState::Open,
            Transition::Closed => CircuitState::Closed,
        });
        let address = self.address.clone();
        telemetry::report(move || match transition {
            Transition::Opened(wait) => {
                tracing::warn!(
                    address,
                    ?wait,
                    "Redis does not answer; nobody asks it for a while"
                );
            }
            Transition::StaysOpen(wait) => {
                tracing::debug!(address, ?wait, "Redis still does not answer");
            }
            Transition::Closed => tracing::info!(address, "Redis answers again"),
        });
    }

    /// Lets a look-up pass, or not. The caller [records](Self::record) how it ends.
    fn admit(&self, now: Instant) -> Option<Admission<'_>> {
        if self.is_down() {
            return None;
        }
        match self.breaker.admit(now) {
            Admission::Refused => None,
            Admission::Pass => Some(Admission::Pass),
            probe @ Admission::Probe(_) => {
                self.metrics.breaker_changed(CircuitState::HalfOpen);
                Some(probe)
            }
        }
    }

    fn record(&self, admission: Admission<'_>, budget: Budget, answered: &Answered) {
        let end = match answered {
            // The server has answered others: the shortened budget was too short, which is no fault of the server.
            Ok(Lookup::Failed(Failure::TimedOut))
                if budget.is_shortened && self.has_answered_lately(budget.deadline) =>
            {
                return;
            }
            Ok(Lookup::Failed(Failure::TimedOut)) => CallEnd::TimedOut,
            Ok(Lookup::Failed(Failure::Broken)) => CallEnd::Broken,
            // The server was not asked.
            Ok(Lookup::Failed(Failure::Unavailable)) => return,
            Ok(_) | Err(_) => CallEnd::Answered,
        };
        let now = Instant::now();
        if end == CallEnd::Answered {
            self.answered.store(self.nanos(now), Ordering::Relaxed);
        }
        self.tell(match admission {
            Admission::Pass => self.breaker.record(now, end),
            Admission::Probe(probe) => probe.record(now, end),
            Admission::Refused => None,
        });
    }

    fn has_answered_lately(&self, now: Instant) -> bool {
        let since = now.checked_sub(LATELY).unwrap_or(self.opened);
        self.answered.load(Ordering::Relaxed) > self.nanos(since)
    }

    fn nanos(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.opened);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }

    /// Closes blocking connections and has all others tried, because a reply did not belong to its request.
    pub(super) fn discard_connections(&self) {
        self.pool.clear();
        self.per_runtime.request_ping_all();
        self.request_ping();
    }

    /// Why there is no connection; `None` while it is up, and before the first attempt has ended.
    pub(crate) fn reason(&self) -> Option<RedisError> {
        self.supervisor.reason()
    }

    /// Has the connection tried with a `PING`, because a request got no answer.
    pub(crate) fn request_ping(&self) {
        self.supervisor.request_ping();
    }

    /// The background thread's connection, if it is up. Waits for the end of the first attempt to connect.
    pub(super) async fn connection(&self) -> Option<MultiplexedConnection> {
        self.supervisor.connection().await
    }

    /// Looks `key` up, blocking the thread until the deadline at most.
    pub(super) fn lookup_blocking(
        &self,
        key: &str,
        news: Option<&News>,
        budget: Budget,
    ) -> Answered {
        let Some(admission) = self.admit(budget.began) else {
            return Ok(Lookup::Failed(Failure::Unavailable));
        };
        let answered = self.ask_blocking(key, news, budget);
        self.record(admission, budget, &answered);
        answered
    }

    fn ask_blocking(&self, key: &str, news: Option<&News>, budget: Budget) -> Answered {
        if let Some(news) = news {
            let question = Question::after(news, key);
            return self.relay.lookup_blocking(question, budget.deadline);
        }
        let looking = self.pool.begin();
        if self.supervisor.connectivity() != Connectivity::Up {
            // The relay waits for a first attempt to connect, and returns at once where there is no connection.
        } else if looking.in_crowd {
            if let Some(answered) = self.ask_beside_others(key, budget.deadline) {
                return answered;
            }
        } else if let Some(mut pooled) = self.pool.take() {
            let packed = question::get(key).get_packed_command();
            let reply = pooled.connection.request(&packed, budget.deadline);
            self.pool.put(pooled, budget.began);
            match reply {
                Err(error) if error.is_timeout() => {
                    self.request_ping();
                    return Ok(Lookup::Failed(Failure::TimedOut));
                }
                // The server may have closed an idle connection: the relay asks again.
                Err(_) => {}
                Ok(reply) => return reply.answer(),
            }
        }
        self.relay
            .lookup_blocking(Question::get(key), budget.deadline)
    }

    /// Asks over the background thread's wire, which sends the requests of many threads together. `None` where it has none.
    fn ask_beside_others(&self, key: &str, deadline: Instant) -> Option<Answered> {
        if !self.source.is_plain() {
            return None;
        }
        let runtime = IoThread::get()?.runtime()?;
        let Transport::Wire(wire) = self.per_runtime.transport(runtime)? else {
            return None;
        };
        match wire.get_blocking(key)?.recv_deadline(deadline) {
            Ok(reply) => Some(reply.answer()),
            Err(NotReceived::TimedOut) => {
                self.request_ping();
                self.per_runtime.request_ping(runtime.id());
                Some(Ok(Lookup::Failed(Failure::TimedOut)))
            }
            // The runtime's connection is lost; the background thread's may not be.
            Err(NotReceived::Lost) => None,
        }
    }

    /// Looks `key` up, until the deadline at most.
    pub(super) async fn lookup(&self, key: &str, news: Option<&News>, budget: Budget) -> Answered {
        let Some(admission) = self.admit(budget.began) else {
            return Ok(Lookup::Failed(Failure::Unavailable));
        };
        let answered = self.ask_async(key, news, budget.deadline).await;
        self.record(admission, budget, &answered);
        answered
    }

    async fn ask_async(&self, key: &str, news: Option<&News>, deadline: Instant) -> Answered {
        if let Some(news) = news {
            let question = Question::after(news, key);
            return self.relay.lookup(question, deadline).await;
        }
        let Some(clock) = Deadlines::get() else {
            return Ok(Lookup::Failed(Failure::Unavailable));
        };
        if self.supervisor.connectivity() == Connectivity::Up
            && let Ok(runtime) = Handle::try_current()
            && let Some(transport) = self.per_runtime.transport(&runtime)
        {
            let asked = pin!(ask_on(&transport, key));
            match deadlines::until(clock, deadline, asked).await {
                None => {
                    self.request_ping();
                    self.per_runtime.request_ping(runtime.id());
                    return Ok(Lookup::Failed(Failure::TimedOut));
                }
                Some(Some(answered)) => return answered,
                // The runtime's connection is lost; the background thread's may not be.
                Some(None) => {}
            }
        }
        self.relay.lookup(Question::get(key), deadline).await
    }
}

/// Asks on the connection of a runtime. `None` where it is lost. Uses no Tokio timer: that would panic when polled after its runtime has ended, and
/// a caller may poll a future on one runtime first and on another later.
async fn ask_on(transport: &Transport, key: &str) -> Option<Answered> {
    match transport {
        Transport::Wire(wire) => wire.get(key)?.await.map(Reply::answer),
        // Boxed, because the library's future is far larger than that of a wire.
        Transport::Library(connection) => Box::pin(ask_library(connection, key)).await,
    }
}

async fn ask_library(connection: &MultiplexedConnection, key: &str) -> Option<Answered> {
    let mut connection = connection.clone();
    let reply = connection.send_packed_command(&question::get(key)).await;
    reply.ok().map(|reply| interpret(Ok(reply)))
}
