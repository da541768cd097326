//! Every cache of the process, and every Redis.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{
    cache::Cache,
    config::{Resolved, Settings},
    error::{Error, ErrorKind},
    io::{Deployment, IoThread},
    per_process::PerProcess,
    store,
};

static REGISTRY: PerProcess<Mutex<Registry>> = PerProcess::new();

#[derive(Debug, Default)]
struct Registry {
    caches: BTreeMap<String, Registered>,
    deployments: HashMap<String, Arc<Deployment>>,
}

/// What stands under one cache name.
#[derive(Debug)]
struct Registered {
    /// The handler that opened it.
    path: String,
    cache: Result<Arc<Cache>, Arc<Error>>,
}

/// Opens the cache of the handler at `path`. `None` where its settings are wrong, which is said once.
pub(crate) fn open(path: &str, settings: &Settings) -> Option<Arc<Cache>> {
    let opened = lock().open(path, settings);
    match opened {
        Ok(cache) => Some(cache),
        Err(error) => {
            tracing::error!(handler = path, %error, "not cached");
            None
        }
    }
}

/// The cache of that name.
pub(crate) fn find(name: &str) -> Result<Arc<Cache>, Error> {
    let registry = lock();
    match registry
        .caches
        .get(name)
        .map(|registered| &registered.cache)
    {
        Some(Ok(cache)) => Ok(Arc::clone(cache)),
        Some(Err(error)) => Err(Error::new(
            error.kind(),
            format!("`{name}` is not cached: {error}"),
        )),
        None => {
            let known: Vec<_> = registry
                .caches
                .keys()
                .map(|name| format!("`{name}`"))
                .collect();
            let known = if known.is_empty() {
                "none yet".to_owned()
            } else {
                known.join(", ")
            };
            Err(Error::new(
                ErrorKind::UnknownCache,
                format!("no call has opened a cache named `{name}`; open are: {known}"),
            ))
        }
    }
}

/// All caches that work.
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

impl Registry {
    fn open(&mut self, path: &str, settings: &Settings) -> Result<Arc<Cache>, Arc<Error>> {
        let name = settings.given_name().unwrap_or(path).to_owned();
        if let Some(registered) = self.caches.get(&name) {
            // Two handlers under one name would answer for each other.
            let message = format!(
                "`name` is taken: `{name}` is the cache of `{}`; give `{path}` another",
                registered.path
            );
            return Err(Arc::new(Error::new(ErrorKind::InvalidConfig, message)));
        }
        let cache = settings
            .resolve(path)
            .and_then(|config| self.build(&config))
            .map_err(Arc::new);
        self.caches.insert(
            name,
            Registered {
                path: path.to_owned(),
                cache: cache.clone(),
            },
        );
        cache
    }

    fn build(&mut self, config: &Resolved) -> Result<Arc<Cache>, Error> {
        let cache = Cache::new(config, self.deployment(config)).map_err(|error| {
            Error::new(ErrorKind::InvalidConfig, "the endpoint is wrong").with_source(error)
        })?;
        let cache = Arc::new(cache);
        if let Some(thread) = IoThread::get() {
            for shard in cache.shards() {
                thread.spawn(store::write(Arc::clone(&cache), Arc::clone(shard)));
            }
        }
        Ok(cache)
    }

    /// Caches at one address with one set of credentials share their connections.
    fn deployment(&mut self, config: &Resolved) -> Arc<Deployment> {
        let deployment = self
            .deployments
            .entry(config.identity.clone())
            .or_insert_with(|| Deployment::new(&config.topology));
        Arc::clone(deployment)
    }
}
