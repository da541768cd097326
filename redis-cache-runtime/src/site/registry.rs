//! Every cache of the process, and every Redis.

use std::{
    collections::{BTreeMap, HashMap, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    cache::Cache,
    config::{Resolved, Settings},
    conn::Deployment,
    outcome::{Error, ErrorKind},
    process::per_process::PerProcess,
    remote::{self, Scripts, StoreEvents, Terms},
};

static REGISTRY: PerProcess<Mutex<Registry>> = PerProcess::new();

#[derive(Debug, Default)]
struct Registry {
    caches: BTreeMap<String, Registered>,
    deployments: HashMap<String, Arc<Deployment>>,
    /// The handlers that were refused a cache, by their paths.
    refused: BTreeMap<String, Refused>,
}

/// A handler that asked for a name that was taken, or whose settings panicked.
#[derive(Debug)]
struct Refused {
    name: String,
    error: Arc<Error>,
}

/// The entry of one cache name.
#[derive(Clone, Debug)]
struct Registered {
    /// The handler that opened it.
    site: SiteId,
    path: String,
    cache: Result<Arc<Cache>, Arc<Error>>,
}

impl Registry {
    /// Says that there is no cache of that name, and which ones there are.
    fn knows_no(&self, name: &str) -> Error {
        let (mut open, mut others) = (Vec::new(), Vec::new());
        for (name, registered) in &self.caches {
            match registered.cache {
                Ok(_) => open.push(name),
                Err(_) => others.push(name),
            }
        }
        others.extend(self.refused.keys());
        let open = listed(&open).unwrap_or_else(|| "none yet".to_owned());
        let mut message = format!("no call has opened a cache named `{name}`; open are: {open}");
        if let Some(others) = listed(&others) {
            message.push_str("; not cached are: ");
            message.push_str(&others);
        }
        Error::new(ErrorKind::UnknownCache, message)
    }
}

/// Tells the call sites of a process apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SiteId(usize);

impl SiteId {
    pub(crate) fn of<T>(site: &'static T) -> Self {
        Self(std::ptr::from_ref(site).addr())
    }
}

/// Opens the cache of the handler at `path`. Threads that open the cache of one site at once get the same.
///
/// # Errors
///
/// Where its settings are wrong.
pub(crate) fn open(
    site: SiteId,
    name: &str,
    path: &str,
    settings: &Settings,
) -> Result<Arc<Cache>, Arc<Error>> {
    let known = lock().caches.get(name).cloned();
    // Not under the lock: a new cache is told to the metrics recorder, which is user code.
    let registered = known.unwrap_or_else(|| {
        let cache = build(name, settings).map_err(Arc::new);
        let path = path.to_owned();
        register(name, Registered { site, path, cache })
    });
    if registered.site == site {
        return registered.cache;
    }
    // Two handlers under one name would answer for each other.
    let message = format!(
        "`name` is taken: `{name}` is the cache of `{}`; give `{path}` another",
        registered.path
    );
    Err(refuse(name, path, message))
}

/// Records that the handler at `path` is not cached.
pub(crate) fn refuse(name: &str, path: &str, message: impl Into<String>) -> Arc<Error> {
    let error = Arc::new(Error::new(ErrorKind::InvalidConfig, message));
    let refused = Refused {
        name: name.to_owned(),
        error: Arc::clone(&error),
    };
    lock().refused.insert(path.to_owned(), refused);
    error
}

/// The paths of the handlers that asked for that name when it was taken.
pub(crate) fn refused(name: &str) -> Vec<String> {
    let registry = lock();
    let refused = registry.refused.iter();
    refused
        .filter(|(_, refused)| refused.name == name)
        .map(|(path, _)| path.clone())
        .collect()
}

/// Registers a cache and starts its writers. Where another thread was faster, returns that thread's cache.
fn register(name: &str, registered: Registered) -> Registered {
    let standing = match lock().caches.entry(name.to_owned()) {
        Entry::Occupied(entry) => return entry.get().clone(),
        Entry::Vacant(entry) => entry.insert(registered).clone(),
    };
    if let Ok(cache) = &standing.cache {
        let terms = Terms {
            ttl: cache.ttl(),
            seal: *cache.seal(),
        };
        for shard in cache.shards() {
            let events: Arc<dyn StoreEvents> = Arc::clone(cache) as _;
            remote::start(shard, terms, events);
        }
    }
    standing
}

fn build(name: &str, settings: &Settings) -> Result<Arc<Cache>, Error> {
    let config = settings.resolve(name)?;
    let cache = Cache::new(&config, deployment(&config)).map_err(|error| {
        Error::new(ErrorKind::InvalidConfig, "the endpoint is wrong").with_source(error)
    })?;
    Ok(Arc::new(cache))
}

/// Caches at one address with one set of credentials share their connections.
fn deployment(config: &Resolved) -> Arc<Deployment> {
    let known = lock().deployments.get(&config.identity).map(Arc::clone);
    known.unwrap_or_else(|| {
        let new = Deployment::new(&config.topology, Scripts::get().greeting());
        let identity = config.identity.clone();
        Arc::clone(lock().deployments.entry(identity).or_insert(new))
    })
}

/// The cache of that name, or of the only handler at that path.
pub(crate) fn find(name: &str) -> Result<Arc<Cache>, Error> {
    let registry = lock();
    let at_path = || {
        let mut all = registry.caches.values();
        let first = all.find(|registered| registered.path == name)?;
        all.all(|registered| registered.path != name)
            .then_some(first)
    };
    match registry
        .caches
        .get(name)
        .or_else(at_path)
        .map(|registered| &registered.cache)
    {
        Some(Ok(cache)) => Ok(Arc::clone(cache)),
        Some(Err(error)) => Err(not_cached(name, error)),
        None => {
            let under_name = || {
                let mut refused = registry.refused.values();
                refused.find(|refused| refused.name == name)
            };
            if let Some(refused) = registry.refused.get(name).or_else(under_name) {
                return Err(not_cached(name, &refused.error));
            }
            Err(registry.knows_no(name))
        }
    }
}

fn listed(names: &[&String]) -> Option<String> {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn not_cached(name: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("`{name}` is not cached: {error}"))
}

/// All open caches.
pub(crate) fn all() -> Vec<Arc<Cache>> {
    lock()
        .caches
        .values()
        .filter_map(|registered| registered.cache.as_ref().ok().cloned())
        .collect()
}

fn lock() -> MutexGuard<'static, Registry> {
    REGISTRY
        .get()
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}
