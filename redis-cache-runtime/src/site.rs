//! One annotated method, as its expansion sees it.

use std::{
    any::{TypeId, type_name},
    cell::RefCell,
    collections::HashMap,
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    cache::Cache,
    codec::Codec,
    config::Settings,
    departure,
    error::{Error, ErrorKind},
    key::{CallKey, Domain, KeyBuilder},
    per_process::PerProcess,
    registry::{self, SiteId},
    shield::{Panicked, shield},
    telemetry,
};

/// What a closure is called in a path: a cache's name has no braces.
const CLOSURE: &str = "[closure]";

/// The static part of an annotated method. A generic method has one for all its instantiations.
#[derive(Debug)]
pub struct Site {
    /// The names of the keyed arguments.
    arguments: &'static str,
    state: PerProcess<State>,
}

/// What a call site has become in one process.
#[derive(Debug, Default)]
struct State {
    settings: OnceLock<Result<Settings, Panicked>>,
    opened: OnceLock<Opened>,
    /// How many threads are opening it.
    openers: AtomicUsize,
    /// Further instantiations.
    others: RwLock<HashMap<TypeId, Other>>,
}

/// One instantiation of a method.
#[derive(Clone, Copy, Debug)]
pub struct Instance {
    id: TypeId,
    name: &'static str,
}

#[derive(Debug)]
struct Opened {
    /// `None` where the settings are wrong.
    cache: Option<Arc<Cache>>,
    /// The path without instantiation.
    path: String,
    /// The instantiation that was called first: mostly the only one.
    instance: Instance,
    /// `None` where the instantiation can't be told from others.
    domain: Option<Domain>,
}

#[derive(Clone, Copy, Debug)]
struct Other {
    name: &'static str,
    domain: Option<Domain>,
}

thread_local! {
    /// The call sites that this thread is opening.
    static OPENING: RefCell<Vec<*const Site>> = const { RefCell::new(Vec::new()) };
}

/// The most threads that open one call site at a time. Those beyond wait: without a bound, settings that start a thread which
/// calls the handler would start threads for ever.
const OPENERS: usize = 4;

/// How long they wait; then their call runs uncached.
const PATIENCE: Duration = Duration::from_secs(2);

/// One call site among those that this thread is opening, until it is dropped.
struct Opening<'s> {
    openers: &'s AtomicUsize,
}

impl<'s> Opening<'s> {
    /// `None` where the thread is at it already, or too many are.
    fn begin(site: &Site, state: &'s State) -> Option<Self> {
        let openers = &state.openers;
        let one_more = |openers| (openers < OPENERS).then_some(openers + 1);
        openers
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .ok()?;
        let site: *const Site = site;
        let again = OPENING.try_with(|opening| {
            let mut opening = opening.borrow_mut();
            let again = opening.contains(&site);
            if !again {
                opening.push(site);
            }
            again
        });
        // A thread that is ending opens nothing more.
        if again == Ok(false) {
            return Some(Self { openers });
        }
        openers.fetch_sub(1, Ordering::AcqRel);
        None
    }

    /// Whether this thread is opening the site.
    fn is_here(site: &Site) -> bool {
        let site: *const Site = site;
        OPENING.try_with(|opening| opening.borrow().contains(&site)) != Ok(false)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        _ = OPENING.try_with(|opening| opening.borrow_mut().pop());
        self.openers.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Site {
    /// A call site with these keyed arguments.
    #[must_use]
    pub const fn new(arguments: &'static str) -> Self {
        Self {
            arguments,
            state: PerProcess::new(),
        }
    }

    /// Starts the key of one call. The settings are asked for at the first call only.
    pub fn key<R>(
        &'static self,
        path: &'static str,
        instance: Instance,
        settings: fn() -> Settings,
        codec: &Codec<R>,
    ) -> KeyBuilder {
        let state = self.state.get();
        let opened = state.opened.get();
        if telemetry::is_reporting() {
            return KeyBuilder::new(opened.and_then(|opened| opened.cache.as_ref()), None);
        }
        let opened = match opened {
            Some(opened) => opened,
            None => match self.open(state, path, instance, settings, codec) {
                Some(opened) => opened,
                None => return KeyBuilder::new(None, None),
            },
        };
        let domain = if opened.instance.id == instance.id {
            opened.domain
        } else {
            self.other_domain(state, opened, instance, codec)
        };
        KeyBuilder::new(opened.cache.as_ref(), domain)
    }

    /// Runs one call of a blocking method.
    pub fn call<R>(&'static self, key: CallKey, codec: Codec<R>, body: impl FnOnce() -> R) -> R {
        match key.cache {
            Some(cache) => cache.call(key, &codec, body),
            None => body(),
        }
    }

    /// Runs one call of an async method.
    pub async fn call_async<R, F: Future<Output = R>>(
        &'static self,
        key: CallKey,
        codec: Codec<R>,
        body: impl FnOnce() -> F,
    ) -> R {
        match key.cache {
            Some(cache) => cache.call_async(key, codec, body).await,
            None => Box::pin(body()).await,
        }
    }

    /// Opens the cache. Of several threads that make the first call at once each asks for the settings, for the expressions of
    /// one may wait for the call of another; the first that has an answer decides. `None` for a call that the settings
    /// themselves make, on this thread or on so many others.
    fn open<R>(
        &'static self,
        state: &'static State,
        path: &'static str,
        instance: Instance,
        settings: fn() -> Settings,
        codec: &Codec<R>,
    ) -> Option<&'static Opened> {
        let began = Instant::now();
        // What the background thread says of it is waited for as this one ends.
        departure::arm();
        let opening = loop {
            if let Some(opening) = Opening::begin(self, state) {
                break opening;
            }
            if Opening::is_here(self) || began.elapsed() > PATIENCE {
                return None;
            }
            thread::sleep(Duration::from_millis(1));
            if let Some(opened) = state.opened.get() {
                return Some(opened);
            }
        };
        let known = state.settings.get();
        let known = known.map_or_else(|| shield(settings), Clone::clone);
        let settings = state.settings.get_or_init(|| known);
        let (opened, error) = self.open_with(settings, path, instance, codec);
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
        settings: &Result<Settings, Panicked>,
        path: &'static str,
        instance: Instance,
        codec: &Codec<R>,
    ) -> (Opened, Option<Arc<Error>>) {
        let path = handler_path(path);
        let opened = match settings {
            Ok(settings) => registry::open(SiteId::of(self), &path, settings),
            Err(Panicked) => Err(Arc::new(Error::new(
                ErrorKind::InvalidConfig,
                "a setting's expression panicked",
            ))),
        };
        let name = settings.as_ref().ok().and_then(Settings::given_name);
        let name = name.unwrap_or(&path);
        let (cache, error) = match opened {
            Ok(cache) => (Some(cache), None),
            Err(error) => (None, Some(error)),
        };
        let domain = cache.as_ref().and_then(|cache| {
            domain(name, &path, instance.name, self.arguments, codec)
                .inspect(|domain| cache.add(*domain))
        });
        let opened = Opened {
            cache,
            path,
            instance,
            domain,
        };
        (opened, error)
    }

    fn other_domain<R>(
        &self,
        state: &State,
        opened: &Opened,
        instance: Instance,
        codec: &Codec<R>,
    ) -> Option<Domain> {
        let known = state.others.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = known.get(&instance.id) {
            return other.domain;
        }
        drop(known);
        let name = opened
            .cache
            .as_ref()
            .map_or(opened.path.as_str(), |cache| cache.name());
        let domain = domain(name, &opened.path, instance.name, self.arguments, codec);
        let mut known = state.others.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        if let Some(other) = known.get(&instance.id) {
            return other.domain;
        }
        let mut names = known
            .values()
            .map(|other| other.name)
            .chain([opened.instance.name]);
        let namesake = names.any(|name| name == instance.name);
        let domain = domain.filter(|_| !namesake);
        known.insert(
            instance.id,
            Other {
                name: instance.name,
                domain,
            },
        );
        drop(known);
        if namesake {
            let handler = opened.path.clone();
            telemetry::report(move || {
                tracing::warn!(
                    handler,
                    "two instantiations have the same name; the second is not cached"
                );
            });
        }
        if let (Some(cache), Some(domain)) = (&opened.cache, domain) {
            cache.add(domain);
        }
        domain
    }
}

/// Sets the calls of one instantiation apart from all others. `None` where its name can't do that: all closures of one
/// function are called the same.
fn domain<R>(
    name: &str,
    path: &str,
    instance: &str,
    arguments: &str,
    codec: &Codec<R>,
) -> Option<Domain> {
    let schema = codec.schema();
    let instance = handler_path(instance);
    let closures = |text: &str| text.matches(CLOSURE).count();
    if closures(&instance) > closures(path) {
        let handler = path.to_owned();
        telemetry::report(move || {
            tracing::warn!(handler, "not cached for a type argument that is a closure");
        });
        return None;
    }
    // A method that is not generic has one instantiation, whose path would only tie the key to where the code
    // stands: with `name = …` it may move.
    let instance = if instance == path { "" } else { &instance };
    let mut hasher = blake3::Hasher::new_derive_key("redis-cache call key v3");
    for part in [
        name.as_bytes(),
        instance.as_bytes(),
        arguments.as_bytes(),
        &schema,
    ] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Some(Domain {
        seed: hasher.finalize().into(),
        // One for an instantiation and a process: what is leaked is bounded.
        readable: Some(Box::leak(Box::default())),
    })
}

/// The type name of an item in a method's body, which holds the method's path, without its type arguments.
#[must_use]
pub fn path_of<T>(_item: &T) -> &'static str {
    type_name::<T>()
}

/// The type of a closure in a method's body, whose name holds the method's path with its type arguments.
#[must_use]
pub fn instance_of<T>(_closure: &T) -> Instance {
    Instance {
        id: typeid::of::<T>(),
        name: type_name::<T>(),
    }
}

/// The path of the method in the type names of what its body holds: an item (`…::handle::here`) or a closure
/// (`…::handle::{{closure}}`), in an async method inside another closure.
///
/// `a::<impl b::T>::f` and `a::<impl b::Tr for b::T>::f`, which is how the compiler writes methods of an `impl` that
/// stands in another module than its type, become `b::T::f` and `<b::T as b::Tr>::f`.
fn handler_path(name: &str) -> String {
    let mut path = name.rsplit_once("::").map_or(name, |(path, _last)| path);
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    let path = path.replace("{{closure}}", CLOSURE);
    without_impl(&path).unwrap_or(path)
}

fn without_impl(path: &str) -> Option<String> {
    const START: &str = "<impl ";
    let start = path.find(START)?;
    let inner_start = start + START.len();
    let end = closing_bracket(&path[inner_start..])? + inner_start;
    let (inner, rest) = (&path[inner_start..end], &path[end + 1..]);
    Some(match inner.split_once(" for ") {
        Some((of_trait, of_type)) => format!("<{of_type} as {of_trait}>{rest}"),
        None => format!("{inner}{rest}"),
    })
}

/// Where the bracket that was opened before `text` is closed.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut previous = ' ';
    for (at, character) in text.char_indices() {
        match character {
            '<' => depth += 1,
            '>' if previous != '-' && depth == 0 => return Some(at),
            '>' if previous != '-' => depth -= 1,
            _ => {}
        }
        previous = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::handler_path;

    #[test]
    fn paths_read_like_paths() {
        let cases = [
            ("c::free::here", "c::free"),
            ("c::free::{{closure}}", "c::free"),
            ("c::m::A::f::{{closure}}::here", "c::m::A::f"),
            ("c::m::A::f::{{closure}}::{{closure}}", "c::m::A::f"),
            ("c::main::{{closure}}::f::here", "c::main::[closure]::f"),
            ("c::<impl c::m::A>::f::here", "c::m::A::f"),
            (
                "c::<impl c::m::Tr for c::m::A>::f::here",
                "<c::m::A as c::m::Tr>::f",
            ),
            (
                "c::<impl c::m::G<fn() -> u8, 3>>::f::here",
                "c::m::G<fn() -> u8, 3>::f",
            ),
            (
                "<c::m::A as c::m::Tr>::f::{{closure}}",
                "<c::m::A as c::m::Tr>::f",
            ),
        ];
        for (name, path) in cases {
            assert_eq!(handler_path(name), path);
        }
    }
}
