//! One annotated method: the entry points of its expansion.

use std::{
    any::TypeId,
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, atomic::AtomicUsize},
    thread,
    time::{Duration, Instant},
};

use super::{
    opened::{CacheName, Opened, called_by},
    opening::{Opening, PATIENCE},
    origin::{Instance, Origin, closures, handler_path, hides_identity},
    registry::{self, SiteId},
};
use crate::{
    cache::{self, CalledBy, Uncached},
    config::Settings,
    key::{CallKey, Domain, KeyBuilder, Parameters, Readable},
    outcome::Error,
    process::{
        catch_panic::{Panicked, catch_panic},
        per_process::PerProcess,
        serde_code,
    },
    remote::flush_on_exit,
    telemetry,
    value::codec::Codec,
};

/// The static part of an annotated method. A generic method has one for all its instantiations.
#[derive(Debug)]
pub struct Site {
    /// The names of the keyed arguments.
    arguments: &'static str,
    origin: Origin,
    state: PerProcess<State>,
}

/// The state of a call site in one process.
#[derive(Debug, Default)]
struct State {
    settings: OnceLock<Result<Settings, Panicked>>,
    opened: OnceLock<Opened>,
    /// How many threads are opening the cache.
    openers: AtomicUsize,
    /// The instantiations beside [`Opened::first`].
    others: RwLock<HashMap<TypeId, Instantiation>>,
    learned: Mutex<HashMap<TypeId, Learned>>,
}

/// The findings of an instantiation's calls. Leaked, once for each instantiation, however many threads make the first call.
#[derive(Clone, Copy, Debug)]
struct Learned {
    readable: &'static Readable,
    parameters: &'static Parameters,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Instantiation {
    instance: Instance,
    /// `None` where the instantiation is not cached: there is no cache, or its name does not tell it from others.
    domain: Option<Domain>,
    /// Whether the type behind `self` is not known where the body stands.
    hides_identity: bool,
}

impl State {
    fn learned(&self, instance: TypeId) -> Learned {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        *learned.entry(instance).or_insert_with(|| Learned {
            readable: Box::leak(Box::default()),
            parameters: Box::leak(Box::default()),
        })
    }
}

impl Site {
    /// A call site with these keyed arguments.
    #[must_use]
    pub const fn new(arguments: &'static str, origin: Origin) -> Self {
        Self {
            arguments,
            origin,
            state: PerProcess::new(),
        }
    }

    /// Starts the key of one call. The settings are evaluated at the first call only.
    pub fn key<R>(
        &'static self,
        path: &'static str,
        instance: Instance,
        settings: fn() -> Settings,
        codec: &Codec<R>,
    ) -> KeyBuilder {
        let state = self.state.get();
        let opened = state.opened.get();
        if telemetry::is_reporting() || serde_code::is_here() {
            let opened = opened.filter(|opened| opened.cache.is_some());
            return opened.map_or_else(KeyBuilder::off, |opened| KeyBuilder::new(opened, None));
        }
        let opened = match opened {
            Some(opened) => opened,
            None => match self.open(state, path, instance, settings, codec) {
                Some(opened) => opened,
                None => return KeyBuilder::off(),
            },
        };
        let Instantiation {
            domain,
            hides_identity,
            ..
        } = if opened.first.instance.id == instance.id {
            opened.first
        } else {
            self.other(state, opened, instance, codec)
        };
        let domain = domain.filter(|domain| opened.is_worth_a_key(domain));
        let key = KeyBuilder::new(opened, domain);
        if hides_identity {
            key.without_identity(&opened.path)
        } else {
            key
        }
    }

    /// Runs one call of a blocking method. `again` writes the instance's identity and the version once more.
    pub fn call<R>(
        &'static self,
        key: CallKey,
        codec: Codec<R>,
        body: impl FnOnce() -> R,
        again: impl FnOnce(&mut KeyBuilder),
    ) -> R {
        match called_by(&key) {
            CalledBy::Cache(cache) => cache.get().call(key, codec, body, again),
            CalledBy::Nobody(_call) => body(),
        }
    }

    /// Opens the cache. Threads that make the first call at the same time each evaluate the settings, because an expression of
    /// one may wait for the call of another; the first answer counts. `None`, and the call runs uncached, where this thread is
    /// opening a cache already (the settings make the call), or where other threads do not finish within [`PATIENCE`].
    fn open<R>(
        &'static self,
        state: &'static State,
        path: &'static str,
        instance: Instance,
        settings: fn() -> Settings,
        codec: &Codec<R>,
    ) -> Option<&'static Opened> {
        let began = Instant::now();
        // This thread waits, as it ends, for the log lines of the background thread.
        telemetry::settle_on_exit();
        // And for the values that other threads compute meanwhile: it may be the last thread to end.
        flush_on_exit::arm();
        let opening = loop {
            if let Some(opening) = Opening::begin(self, &state.openers) {
                break opening;
            }
            if Opening::is_under_way() || began.elapsed() > PATIENCE {
                return None;
            }
            thread::sleep(Duration::from_millis(1));
            if let Some(opened) = state.opened.get() {
                return Some(opened);
            }
        };
        let known = state.settings.get();
        let known = known.map_or_else(|| catch_panic(settings), Clone::clone);
        let settings = state.settings.get_or_init(|| known);
        let (opened, error) = self.open_with(state, settings, path, instance, codec);
        drop(opening);
        let mut is_first = false;
        let opened = state.opened.get_or_init(|| {
            is_first = true;
            opened
        });
        if let (true, Some(error)) = (is_first, error) {
            let handler = opened.path.clone();
            telemetry::report(move || tracing::error!(handler, %error, "not cached"));
        }
        Some(opened)
    }

    fn open_with<R>(
        &'static self,
        state: &State,
        settings: &Result<Settings, Panicked>,
        path: &'static str,
        instance: Instance,
        codec: &Codec<R>,
    ) -> (Opened, Option<Arc<Error>>) {
        let path = handler_path(path);
        let given = settings.as_ref().ok().and_then(Settings::given_name);
        let name = given.map_or_else(
            || CacheName::Default(self.origin.cache_name(&path)),
            |given| CacheName::Given(given.to_owned()),
        );
        let opened = if let Ok(settings) = settings {
            registry::open(SiteId::of(self), name.as_str(), &path, settings)
        } else {
            let message = "a setting's expression panicked";
            Err(registry::refuse(name.as_str(), &path, message))
        };
        let (cache, error) = match opened {
            Ok(cache) => (Some(cache), None),
            Err(error) => (None, Some(error)),
        };
        let first = self.instantiation(state, cache.is_some(), &name, &path, instance, codec);
        if let (Some(cache), Some(domain)) = (&cache, first.domain) {
            cache.add(domain);
        }
        let opened = Opened {
            cache,
            uncached: error.as_ref().map(|_| {
                // A taken name counts the calls of another handler.
                let is_taken = registry::find(name.as_str()).is_ok();
                Uncached::new(if is_taken { &path } else { name.as_str() })
            }),
            path,
            name,
            first,
        };
        (opened, error)
    }

    fn other<R>(
        &self,
        state: &State,
        opened: &Opened,
        instance: Instance,
        codec: &Codec<R>,
    ) -> Instantiation {
        let known = state.others.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = known.get(&instance.id) {
            return *other;
        }
        drop(known);
        let Opened {
            cache,
            path,
            name,
            first,
            ..
        } = opened;
        let mut other = self.instantiation(state, cache.is_some(), name, path, instance, codec);
        let mut known = state.others.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        if let Some(other) = known.get(&instance.id) {
            return *other;
        }
        // Without `name = …` the key tells types of one name apart by more than their names.
        let is_namesake = matches!(name, CacheName::Given(_))
            && known
                .values()
                .chain([first])
                .any(|other| other.instance.name == instance.name);
        if is_namesake {
            other.domain = None;
        }
        known.insert(instance.id, other);
        drop(known);
        if is_namesake {
            let handler = path.to_owned();
            telemetry::report(move || {
                tracing::warn!(
                    handler,
                    "two instantiations have the same name; the second is not cached"
                );
            });
        }
        if let (Some(cache), Some(domain)) = (cache, other.domain) {
            cache.add(domain);
        }
        other
    }

    fn instantiation<R>(
        &self,
        state: &State,
        is_cached: bool,
        name: &CacheName,
        path: &str,
        instance: Instance,
        codec: &Codec<R>,
    ) -> Instantiation {
        let instance_path = handler_path(instance.name);
        let domain =
            is_cached.then(|| self.domain(state, name, path, instance, &instance_path, codec));
        Instantiation {
            instance,
            domain: domain.flatten(),
            hides_identity: hides_identity(path, &instance_path),
        }
    }

    /// The part of the key that tells the calls of one instantiation from all others. `None` for a closure as type argument: all
    /// closures of one function have the same name.
    fn domain<R>(
        &self,
        state: &State,
        name: &CacheName,
        path: &str,
        instance: Instance,
        instance_path: &str,
        codec: &Codec<R>,
    ) -> Option<Domain> {
        let schema = codec.schema();
        if closures(instance_path) > closures(path) {
            let handler = path.to_owned();
            telemetry::report(move || {
                tracing::warn!(handler, "not cached for a type argument that is a closure");
            });
            return None;
        }
        // A method that is not generic has one instantiation, whose path would only tie the key to where the code
        // stands: with `name = …` it may move.
        let distinct_path = if instance_path == path {
            ""
        } else {
            instance_path
        };
        let mut hasher = blake3::Hasher::new_derive_key("redis-cache call key v4");
        let mut add = |part: &[u8]| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        add(name.as_str().as_bytes());
        add(distinct_path.as_bytes());
        add(self.arguments.as_bytes());
        add(&schema);
        if let CacheName::Default(_) = name {
            for part in self.origin.marks(path, instance, instance_path) {
                add(&part);
            }
        }
        let Learned {
            readable,
            parameters,
        } = state.learned(instance.id);
        Some(Domain {
            seed: hasher.finalize().into(),
            readable: Some(readable),
            parameters: Some(parameters),
        })
    }
}

/// Runs a call of an async method, as [`Site::call`] does for a blocking one. Of the site the future holds the key alone.
pub fn call_async<R, F: Future<Output = R>>(
    key: CallKey,
    codec: Codec<R>,
    body: impl FnOnce() -> F,
    again: impl FnOnce(&mut KeyBuilder),
) -> impl Future<Output = R> {
    cache::call_async(called_by(&key), key, codec, body, again)
}
