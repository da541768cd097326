//! One Redis as users configure it: a single server, a cluster, or the primary that sentinels name.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
};

use redis::{Cmd, ConnectionInfo, RedisError, Value};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use super::{
    Endpoint, IoThread, Redirect, SlotRoute,
    slots::{Address, SlotMap, slot_of},
    source::{self, Source},
    supervisor::Change,
};
use crate::{
    config::{Topology, address, at, host_and_port},
    limits::{CLUSTER_REFRESH, CLUSTER_SLOTS, RECONNECT_FIRST, RECONNECT_LONGEST},
    process::{backoff::Backoff, jitter},
};

/// The servers behind one URL, and which of them has which slot.
pub(crate) struct Deployment {
    topology: Topology,
    /// The address for logs, without credentials.
    address: String,
    /// The connection settings that all nodes of a cluster share; `None` where there can be no cluster.
    template: Option<ConnectionInfo>,
    /// Sent on each new connection of the background thread.
    greeting: Arc<[Cmd]>,
    nodes: Mutex<Nodes>,
    in_cluster: AtomicBool,
    look_again: Notify,
}

#[derive(Default)]
struct Nodes {
    /// Servers to which there are connections.
    open: HashMap<Address, Arc<Endpoint>>,
    /// Nodes that can be asked for the slot map.
    known: Vec<Address>,
    /// Weak, because a route owns its deployment: only its shard keeps a route alive.
    routes: Vec<Weak<SlotRoute>>,
}

impl fmt::Debug for Deployment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deployment")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Deployment {
    /// Connects at the first route; where several nodes are given, asks them for the slot map at once.
    pub(crate) fn new(topology: &Topology, greeting: Arc<[Cmd]>) -> Arc<Self> {
        let servers = topology.servers();
        let known = servers.iter().filter_map(host_and_port);
        let known = known.map(|(host, port)| (host.to_owned(), port)).collect();
        let template = servers
            .first()
            .filter(|server| host_and_port(server).is_some());
        let deployment = Arc::new(Self {
            address: topology.address(),
            template: template.cloned(),
            greeting,
            topology: topology.clone(),
            nodes: Mutex::new(Nodes {
                known,
                ..Nodes::default()
            }),
            in_cluster: AtomicBool::new(false),
            look_again: Notify::new(),
        });
        if servers.len() > 1 {
            deployment.join_cluster();
        }
        deployment
    }

    /// The address for logs, without credentials.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// The route to the server of this hash tag's keys. Starts to connect, in the background.
    pub(crate) fn route(self: &Arc<Self>, tag: &str) -> Result<Arc<SlotRoute>, RedisError> {
        let slot = slot_of(tag);
        let mut nodes = self.nodes();
        let endpoint = match nodes.home_of(slot) {
            Some(endpoint) => endpoint,
            None => self.connect_first(&mut nodes)?,
        };
        let route = Arc::new(SlotRoute::new(slot, endpoint, Arc::clone(self)));
        nodes.routes.push(Arc::downgrade(&route));
        drop(nodes);
        self.look_again();
        Ok(route)
    }

    fn connect_first(self: &Arc<Self>, nodes: &mut Nodes) -> Result<Arc<Endpoint>, RedisError> {
        let endpoint = match &self.topology {
            Topology::Sentinel {
                sentinels,
                master,
                server,
            } => {
                let source = Source::sentinels(sentinels, master, server)?;
                self.connect(source, self.address.clone())
            }
            Topology::Server(server) => self.connect_to(server)?,
            Topology::Cluster { first, .. } => self.connect_to(first)?,
        };
        let address = nodes.known.first().cloned().unwrap_or_default();
        nodes.open.insert(address, Arc::clone(&endpoint));
        Ok(endpoint)
    }

    /// The server to which `from` has redirected.
    pub(super) fn node(
        self: &Arc<Self>,
        redirect: &Redirect,
        from: &Endpoint,
    ) -> Option<Arc<Endpoint>> {
        self.join_cluster();
        let mut nodes = self.nodes();
        let host = if redirect.host.is_empty() {
            nodes.host_of(from)?
        } else {
            redirect.host.clone()
        };
        self.node_at(&mut nodes, (host, redirect.port))
    }

    fn node_at(self: &Arc<Self>, nodes: &mut Nodes, at_address: Address) -> Option<Arc<Endpoint>> {
        if let Some(endpoint) = nodes.open.get(&at_address) {
            return Some(Arc::clone(endpoint));
        }
        let (host, port) = &at_address;
        let endpoint = self
            .connect_to(&at(self.template.as_ref()?, host, *port))
            .ok()?;
        nodes.open.insert(at_address, Arc::clone(&endpoint));
        Some(endpoint)
    }

    fn connect_to(self: &Arc<Self>, server: &ConnectionInfo) -> Result<Arc<Endpoint>, RedisError> {
        Ok(self.connect(Source::fixed(server.clone())?, address(server)))
    }

    fn connect(self: &Arc<Self>, source: Source, address: String) -> Arc<Endpoint> {
        let deployment = Arc::downgrade(self);
        Endpoint::open(source, address, Arc::clone(&self.greeting), move |change| {
            if let Some(deployment) = deployment.upgrade() {
                deployment.hear(change);
            }
        })
    }

    fn hear(self: &Arc<Self>, change: Change) {
        match change {
            Change::Up { in_cluster: true } => self.join_cluster(),
            Change::Up { in_cluster: false } | Change::Tried => {}
            Change::Down | Change::Unreachable => self.look_again(),
        }
    }

    /// Has the slot map read again, if this is a cluster.
    pub(super) fn look_again(&self) {
        self.look_again.notify_one();
    }

    /// Starts to follow the slot map, once; called at each sign of a cluster.
    fn join_cluster(self: &Arc<Self>) {
        if self.template.is_none() || self.in_cluster.swap(true, Ordering::Relaxed) {
            return;
        }
        let this = Arc::downgrade(self);
        IoThread::keep(move || follow_slots(Weak::clone(&this)));
    }

    /// Asks the nodes in random order until one tells the slot map. Returns whether each slot in use has a server that is up.
    async fn refresh(self: &Arc<Self>) -> bool {
        let mut known = self.nodes().known.clone();
        jitter::shuffle(&mut known);
        for node in known {
            let Some(map) = self.ask(&node).await else {
                continue;
            };
            return self.settle(&map, &node);
        }
        false
    }

    async fn ask(&self, (host, port): &Address) -> Option<SlotMap> {
        let source = Source::fixed(at(self.template.as_ref()?, host, *port)).ok()?;
        let answer = timeout(CLUSTER_SLOTS, async {
            let mut connection = source::once(&source.client()?).await.ok()?;
            let question = redis::cmd("CLUSTER").arg("SLOTS").to_owned();
            connection.send_packed_command(&question).await.ok()
        });
        let answer: Value = answer.await.ok()??;
        SlotMap::read(&answer)
    }

    fn settle(self: &Arc<Self>, map: &SlotMap, teller: &Address) -> bool {
        // A node that does not know its own host leaves it empty.
        let resolved = |(host, port): &Address| {
            let host = if host.is_empty() { &teller.0 } else { host };
            (host.clone(), *port)
        };
        let mut nodes = self.nodes();
        if !map.nodes.is_empty() {
            nodes.known = map.nodes.iter().map(resolved).collect();
        }
        let mut complete = true;
        for route in nodes.live_routes() {
            match map.primary(route.slot).map(resolved) {
                Some(primary) => {
                    if let Some(endpoint) = self.node_at(&mut nodes, primary) {
                        complete &= !endpoint.is_down();
                        route.endpoint.store(endpoint);
                    }
                }
                None => complete = false,
            }
        }
        let primaries: Vec<_> = map.primaries().map(resolved).collect();
        nodes.retire_all_but(&primaries);
        complete
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Nodes {
    /// The slot's server where another route knows it, else any server: it will redirect.
    fn home_of(&self, slot: u16) -> Option<Arc<Endpoint>> {
        let mut routes = self.routes.iter().filter_map(Weak::upgrade);
        let neighbour = routes.find(|route| route.slot == slot);
        let up = || self.open.values().find(|endpoint| !endpoint.is_down());
        neighbour
            .map(|route| route.endpoint.load())
            .or_else(|| up().cloned())
            .or_else(|| self.open.values().next().cloned())
    }

    /// The routes that are still in use.
    fn live_routes(&mut self) -> Vec<Arc<SlotRoute>> {
        self.routes.retain(|route| route.strong_count() > 0);
        self.routes.iter().filter_map(Weak::upgrade).collect()
    }

    fn host_of(&self, of: &Endpoint) -> Option<String> {
        let found = self
            .open
            .iter()
            .find(|(_, endpoint)| std::ptr::eq(Arc::as_ptr(endpoint), of));
        found.map(|((host, _), _)| host.clone())
    }

    /// Closes the connections to servers that have no slot any more.
    fn retire_all_but(&mut self, primaries: &[Address]) {
        let routes = self.live_routes();
        let is_home = |endpoint: &Arc<Endpoint>| {
            routes
                .iter()
                .any(|route| Arc::ptr_eq(&route.endpoint.load(), endpoint))
        };
        self.open.retain(|address, endpoint| {
            let stays = primaries.contains(address) || is_home(endpoint);
            if !stays {
                endpoint.retire();
            }
            stays
        });
    }
}

/// Reads the slot map at each hint of a change, and every [`CLUSTER_REFRESH`] anyway.
async fn follow_slots(deployment: Weak<Deployment>) {
    let mut backoff = Backoff::new(RECONNECT_FIRST, RECONNECT_LONGEST);
    loop {
        let Some(deployment) = deployment.upgrade() else {
            return;
        };
        if deployment.refresh().await {
            backoff = Backoff::new(RECONNECT_FIRST, RECONNECT_LONGEST);
            _ = timeout(CLUSTER_REFRESH, deployment.look_again.notified()).await;
        }
        // One change mostly causes several hints: wait for the others.
        sleep(backoff.next()).await;
    }
}
