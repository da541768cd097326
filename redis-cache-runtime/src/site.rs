//! One annotated method, as its expansion sees it.

use std::{
    any::type_name,
    collections::HashMap,
    pin::Pin,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};

use crate::{
    cache::Cache,
    codec::Codec,
    config::Settings,
    key::{CallKey, Domain, KeyBuilder},
    registry,
};

/// The static part of an annotated method. A generic method has one for all its instantiations.
#[derive(Debug)]
pub struct Site {
    /// The names of the keyed arguments.
    arguments: &'static str,
    opened: OnceLock<Opened>,
    /// The domains of further instantiations.
    others: RwLock<Option<HashMap<&'static str, Domain>>>,
}

#[derive(Debug)]
struct Opened {
    /// `None` where the settings are wrong.
    cache: Option<Arc<Cache>>,
    /// The path without instantiation.
    path: String,
    /// The instantiation that was called first: mostly the only one.
    instance: &'static str,
    domain: Domain,
}

impl Site {
    /// A call site with these keyed arguments.
    #[must_use]
    pub const fn new(arguments: &'static str) -> Self {
        Self {
            arguments,
            opened: OnceLock::new(),
            others: RwLock::new(None),
        }
    }

    /// Starts the key of one call. The settings are asked for at the first call only.
    pub fn key<R>(
        &'static self,
        path: &'static str,
        instance: &'static str,
        settings: fn() -> Settings,
        codec: &Codec<R>,
    ) -> KeyBuilder {
        let opened = self
            .opened
            .get_or_init(|| self.open(path, instance, &settings(), codec));
        let domain = if std::ptr::eq(opened.instance, instance) || opened.instance == instance {
            opened.domain
        } else {
            self.other_domain(opened, instance, codec)
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
    pub async fn call_async<R>(
        &'static self,
        key: CallKey,
        codec: Codec<R>,
        body: Pin<&mut impl Future<Output = R>>,
    ) -> R {
        match key.cache {
            Some(cache) => cache.call_async(key, codec, body).await,
            None => body.await,
        }
    }

    fn open<R>(
        &self,
        path: &'static str,
        instance: &'static str,
        settings: &Settings,
        codec: &Codec<R>,
    ) -> Opened {
        let path = handler_path(path);
        let name = settings.given_name().unwrap_or(&path).to_owned();
        let cache = registry::open(&path, settings);
        let domain = domain(&name, &path, instance, self.arguments, codec);
        Opened {
            cache,
            path,
            instance,
            domain,
        }
    }

    fn other_domain<R>(&self, opened: &Opened, instance: &'static str, codec: &Codec<R>) -> Domain {
        let known = self.others.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(domain) = known.as_ref().and_then(|known| known.get(instance)) {
            return *domain;
        }
        drop(known);
        let name = opened
            .cache
            .as_ref()
            .map_or(opened.path.as_str(), |cache| cache.name());
        let domain = domain(name, &opened.path, instance, self.arguments, codec);
        let mut known = self.others.write().unwrap_or_else(PoisonError::into_inner);
        known.get_or_insert_default().insert(instance, domain);
        domain
    }
}

/// Sets the calls of one instantiation apart from all others.
fn domain<R>(name: &str, path: &str, instance: &str, arguments: &str, codec: &Codec<R>) -> Domain {
    let schema = codec.schema();
    let instance = handler_path(instance);
    // A method that is not generic has one instantiation, whose path would only tie the key to where the code
    // stands: with `name = …` it may move.
    let instance = if instance == path { "" } else { &instance };
    let mut hasher = blake3::Hasher::new_derive_key("redis-cache call key v1");
    for part in [
        name.as_bytes(),
        instance.as_bytes(),
        arguments.as_bytes(),
        &schema.digest,
    ] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    Domain {
        seed: hasher.finalize().into(),
        fingerprint: std::array::from_fn(|i| schema.digest[i]),
        ambiguous: schema.ambiguous,
    }
}

/// The type name of an item in a method's body, which holds the method's path, without its type arguments.
#[must_use]
pub fn path_of<T>(_item: &T) -> &'static str {
    type_name::<T>()
}

/// The type name of a closure in a method's body, which holds the method's path with its type arguments.
#[must_use]
pub fn instance_of<T>(_closure: &T) -> &'static str {
    type_name::<T>()
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
    let path = path.replace("{{closure}}", "closure");
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
            ("c::main::{{closure}}::f::here", "c::main::closure::f"),
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
