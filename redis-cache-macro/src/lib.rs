//! The attribute `#[handler_cache]` of the crate `redis-cache-runtime`, which re-exports it.
//!
//! Depend on that crate: what this one generates calls it, and the two fit only in the same
//! version.

mod args;
mod conditions;
mod crate_path;
mod errors;
mod expand;
mod fragment;
mod free;
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "only the runtime needs the parts of a URL")
)]
mod grammar;
mod handler;
mod keys;
mod literal;
mod outlives;
mod pattern;
mod settings;
mod signature;
mod validate;
mod words;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Caches the results of a function or method in Redis.
///
/// A call is looked up by its arguments before the body runs. On a hit the body does not run; on a
/// miss its result is stored afterwards, behind the caller's back. Every process that uses the same
/// Redis shares the results. Where Redis is slow or not there, the body runs as if there were no
/// attribute.
///
/// ```
/// use redis_cache_runtime::handler_cache;
/// # struct Context;
/// # struct HandleError;
///
/// struct Handler {
///     weights_digest: String,
/// }
///
/// impl Handler {
///     #[handler_cache(maxsize = 128, skip(context), version = self.weights_digest)]
///     fn handle(&self, image: &[u8], context: &Context) -> Result<String, HandleError> {
///         let answer = String::new(); // preprocess, infer, postprocess
///         Ok(answer)
///     }
/// }
/// ```
///
/// # Arguments
///
/// All can be left out; `#[handler_cache]` alone takes every default.
///
/// | argument | default | meaning |
/// |---|---|---|
/// | `host = "…"` | `"localhost"` | name or address of the Redis server |
/// | `port = …` | `6379` | its port, from 1 to 65535 |
/// | `db = …` | `0` | the number of its database |
/// | `url = "…"` | none | the endpoint in one: `redis://[user:password@]host[:port][/db]`, `rediss://…` over TLS, `redis+unix:///path?db=0`, several servers of a cluster as `redis://a:7000,redis://b:7000`, or `redis+sentinel://a:26379,b:26379/master[/db]`; instead of `host`, `port` and `db` |
/// | `config = …` | none | the endpoint, credentials and certificates as a `Config` made in code; instead of `url` |
/// | `maxsize = …` | `128` | the most entries the cache holds; the one that was used longest ago makes room. `None`: no bound; `0`: no caching |
/// | `shards = …` | `1` | spreads the cache over so many slots of a cluster, each with its part of `maxsize`; `maxsize` at most |
/// | `name = "…"` | path of the function | the cache's name, without `{`, `}` and control characters; say one so that entries outlive a move of the code and a new version of the package |
/// | `timeout = "…"` | `"50ms"` | the most that a lookup may take, and never more than half of what the body usually takes, where that is a millisecond or more: a number and one of `ns`, `us`, `ms`, `s`, `m`, `h`, `d` |
/// | `ttl = "…"` | none | how long an entry is valid after it was computed, at least `"10ms"` and at most 100 years; up to a tenth less, so that entries that were stored together do not expire together |
/// | `max_value_bytes = …` | 8 MiB | larger values are not stored, and counted |
/// | `skip(a, b)` | none | parameters that stay out of the key |
/// | `version = …` | none | an expression that is in the key too: any value that is `Serialize` |
/// | `crate = …` | `::redis_cache_runtime` | an absolute path (`::x`, `crate::x`) to the runtime, where it is re-exported |
///
/// The values may be expressions, of the types `impl Into<String>` for the strings, `u16` for
/// `port` and `shards`, `i64` for `db`, `usize` or an `Option` of it for `maxsize`, `Duration`
/// for `timeout` and `ttl`, and `usize` for `max_value_bytes`. They are evaluated at the first call, and so can't see `self`
/// or the arguments. `version` is evaluated at every call, and can.
///
/// The environment overrides the endpoint and the timeout at run time: `HANDLER_CACHE_URL`, for
/// one. Passwords belong there, not into the attribute.
///
/// ```
/// use std::time::Duration;
///
/// use redis_cache_runtime::handler_cache;
///
/// fn cache_host() -> String {
///     std::env::var("CACHE_HOST").unwrap_or_else(|_| "localhost".to_owned())
/// }
///
/// #[handler_cache(
///     host = cache_host(),
///     port = 6380,
///     db = 1,
///     maxsize = None,
///     name = "squares",
///     timeout = Duration::from_millis(20)
/// )]
/// fn square(n: u64) -> u64 {
///     n * n
/// }
/// ```
///
/// # The key
///
/// Every parameter is part of the key, as serde writes it, but for those that `skip` names and
/// those whose type is `SkipInKey`. A parameter that is taken apart by a pattern counts with each
/// name that the pattern binds; `_` counts for nothing. A parameter that can't be written is a
/// compile error.
///
/// **`self` is not in the key.** Two instances of a handler answer for each other, as with
/// `functools.lru_cache` on a plain function, unless its type implements `CacheIdentity`, or the
/// method has a `version` that differs between them.
///
/// In the default body of a trait's method, and in an `impl<T> Trait for T`, the type behind `self` is not known, and so neither
/// is whether it has an identity: make `CacheIdentity` a supertrait or a bound, or write a `version` (`version = ()` where
/// the instance does not matter). Without, such calls are not cached, which is said once. In an `impl<M> Handler<M>`
/// the identity counts if the bounds there say that `Handler<M>` has one.
///
/// **Identity and version are asked again** when the body has ended. Where the model was swapped meanwhile, nobody knows which of
/// the two has computed: the value is the caller's, and is neither stored nor given to others who wait. So the model
/// may be swapped under a running handler:
///
/// ```
/// use std::sync::{Arc, RwLock};
///
/// use redis_cache_runtime::handler_cache;
///
/// struct Model {
///     revision: u64,
///     factor: u32,
/// }
///
/// struct Handler {
///     current: RwLock<Arc<Model>>,
/// }
///
/// impl Handler {
///     fn model(&self) -> Arc<Model> {
///         Arc::clone(&self.current.read().unwrap())
///     }
///
///     #[handler_cache(version = self.model().revision)]
///     fn predict(&self, n: u32) -> u32 {
///         n * self.model().factor
///     }
/// }
/// ```
///
/// A parameter that only the body has, a `&mut self`, a `&mut` parameter or an owned one that is no `Arc`, `Rc` or `Copy`, can't be
/// asked again, and neither can the whole of a `version` that uses such a parameter, or that has a `?`, a `return` or an `.await` outside its own
/// closures and `async` blocks. The attribute keeps a clone of an `Arc` that is asked while the body runs.
///
/// Each instantiation of a generic function has its own entries. Two functions never share any
/// unless they have the same `name`, arguments and return type. Without a `name`, entries belong to one version of
/// one package, and a function that may have namesakes (a function in a function or a block, an instantiation, a method of another
/// module's type or trait) is told apart as the compiler does it: its entries are found as long as the crate is built by the same
/// compiler from the same dependencies.
///
/// # The result
///
/// The return type has to be `Serialize` and `DeserializeOwned`. Of a `Result`, under any alias,
/// that holds for the `Ok` value alone: an `Err` is passed on and never stored. An `Option` is
/// stored whole, `None` too. What is stored can't borrow, so the return type has no references, and
/// it has to be named: no `impl Trait`.
///
/// # Where it can stand
///
/// On free functions and on methods of an `impl` or with a default body in a trait, `async` or not,
/// with any receiver, generic or not. Not on a `const`, `unsafe` or `extern` function, and not
/// under `#[async_trait]`, which turns methods into something else first: there, call a cached
/// inherent method, or write a native `async fn` in the trait.
///
/// Attributes below it stay on the function and so see the call from outside:
/// `#[tracing::instrument]` there has a span for hits as well. The body becomes a closure or an
/// `async` block, so a future is `Send` where it would be without the attribute, and what the
/// compiler says about the body is at the body.
///
/// ```
/// use std::sync::Arc;
///
/// use redis_cache_runtime::handler_cache;
/// use serde::{Serialize, de::DeserializeOwned};
///
/// struct Translator<M> {
///     model: M,
/// }
///
/// impl<M: Fn(&str) -> String> Translator<M> {
///     #[handler_cache]
///     async fn translate<T>(self: Arc<Self>, text: &str, extra: T) -> Option<(String, T)>
///     where
///         T: Serialize + DeserializeOwned,
///     {
///         Some(((self.model)(text), extra))
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn handler_cache(args: TokenStream, item: TokenStream) -> TokenStream {
    expand::handler_cache(args.into(), item.into()).into()
}
