//! The handle of a cache: its counters and settings, clearing and flushing.

use std::{fmt, pin::pin, sync::Arc};

use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use super::{CacheInfo, Operation, Parameters};
use crate::{
    cache::{Cache, invalidation},
    conn::IoThread,
    key::Arguments,
    limits::OPERATION,
    outcome::{Error, ErrorKind},
    process::oneshot,
    remote,
    site::registry,
    telemetry,
};

/// One cache of this process, found by its name. It does for a handler what `cache_info()`, `cache_clear()` and
/// `cache_parameters()` do in `functools`.
///
/// ```no_run
/// use redis_cache_runtime::{HandlerCache, handler_cache};
///
/// #[handler_cache(name = "double")]
/// fn double(n: u32) -> u32 {
///     n * 2
/// }
///
/// # fn main() -> Result<(), redis_cache_runtime::Error> {
/// double(4);
/// double(4);
/// let cache = HandlerCache::named("double")?;
/// cache.flush().wait()?;
/// let info = cache.info().wait()?;
/// assert_eq!((info.hits, info.misses), (1, 1));
/// cache.clear().wait()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct HandlerCache {
    cache: Arc<Cache>,
}

impl fmt::Debug for HandlerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerCache")
            .field("name", &self.cache.name())
            .finish_non_exhaustive()
    }
}

impl HandlerCache {
    /// The cache of that name: the `name` in the attribute, or else the path of the handler
    /// (`my_crate::Model::predict`, `<my_crate::Model as my_crate::Predict>::predict`). Where the crate has another name than its
    /// package, the package precedes the path in the cache's name, and can be left out here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownCache`] until the handler has been called once, because that call opens its cache; the message
    /// lists the open caches. [`ErrorKind::InvalidConfig`] where the handler is not cached because a setting is
    /// wrong. Of two handlers with one `name` the first that was called is cached; the other is found by its path, with
    /// that error, and is listed in [`Parameters::refused`].
    pub fn named(name: &str) -> Result<Self, Error> {
        registry::find(name).map(|cache| Self { cache })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.cache.name()
    }

    /// The cache of that name in this process: after a fork the parent's handle stands for the child's own cache.
    fn cache(&self) -> Result<Arc<Cache>, Error> {
        if self.cache.is_ours() {
            return Ok(Arc::clone(&self.cache));
        }
        registry::find(self.name()).map_err(|error| {
            let message = format!(
                "this handle is of the process from which this one was forked, and here {error}"
            );
            Error::new(error.kind(), message)
        })
    }

    /// The counters of this process, and the number of entries in Redis. The entries are counted after the values that this
    /// process has computed up to now were written.
    ///
    /// While Redis is away, or does not answer, the counters of this process are still current, and
    /// [`CacheInfo::unavailable`] says why the entries could not be counted.
    ///
    /// # Errors
    ///
    /// Where Redis refuses to count.
    pub fn info(&self) -> Operation<CacheInfo> {
        let cache = match self.cache() {
            Ok(cache) => cache,
            Err(error) => return Operation::done(Err(error)),
        };
        if IoThread::running().is_none() {
            let reason = invalidation::no_thread().to_string();
            return Operation::done(Ok(CacheInfo::new(&cache, Some(reason))));
        }
        on_thread(async move {
            let counted = within(async {
                let mut currsize = 0;
                for shard in cache.shards() {
                    _ = invalidation::settled(shard).await;
                    currsize += remote::entries(shard).await?;
                }
                Ok(currsize)
            });
            match counted.await {
                Ok(currsize) => {
                    cache.counted(currsize);
                    Ok(CacheInfo::new(&cache, None))
                }
                Err(error) if error.kind().is_absence() => {
                    Ok(CacheInfo::new(&cache, Some(error.to_string())))
                }
                Err(error) => Err(error),
            }
        })
    }

    /// Deletes all entries of this cache, for every process. Touches nothing else in Redis.
    ///
    /// A value whose computation began before the clear is not stored after it, by any process.
    ///
    /// # Errors
    ///
    /// Where Redis can't be reached, refuses, or makes no headway for a few seconds.
    pub fn clear(&self) -> Operation<()> {
        let cache = match self.cache() {
            Ok(cache) => cache,
            Err(error) => return Operation::done(Err(error)),
        };
        let progress = Arc::<Notify>::default();
        let clears = invalidation::clear(&cache, &progress);
        on_thread(async move {
            let mut cleared = pin!(invalidation::sum(clears));
            loop {
                tokio::select! {
                    sum = &mut cleared => return sum.map(drop),
                    () = progress.notified() => {}
                    () = sleep(OPERATION) => return Err(too_late()),
                }
            }
        })
    }

    /// Deletes the entry of one call, for every process, and tells whether there was one.
    ///
    /// The arguments are those in the key: a tuple of them, or [`Arguments`] where the handler has a
    /// [`CacheIdentity`](crate::CacheIdentity) or a `version`. The entry is looked for in every instantiation of a generic
    /// handler that this process has called.
    ///
    /// The invalidation holds for every process: a value that any process is computing at that moment is not stored afterwards.
    /// Callers that already wait for that value get it.
    ///
    /// The entries of builds in which the handler has other types stay, and so do those of instantiations that only other
    /// processes have called. [`clear`](Self::clear) deletes these as well.
    ///
    /// ```no_run
    /// use redis_cache_runtime::{HandlerCache, handler_cache};
    ///
    /// #[handler_cache(name = "area")]
    /// fn area(width: u32, height: u32) -> u64 {
    ///     u64::from(width) * u64::from(height)
    /// }
    ///
    /// # fn main() -> Result<(), redis_cache_runtime::Error> {
    /// area(3, 4);
    /// let was_there = HandlerCache::named("area")?.invalidate((3u32, 4u32)).wait()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidArguments`] where an argument can't be written into a key, or where the arguments do not fit the
    /// handler's calls: in their number, in a type of the language or its standard library (a number's
    /// width, or that of the numbers in a list), or in whether there is an identity or a version. Other kinds where Redis can't be reached or refuses.
    pub fn invalidate(&self, arguments: impl Into<Arguments>) -> Operation<bool> {
        let arguments = arguments.into();
        let cache = match self.cache() {
            Ok(cache) => cache,
            Err(error) => return Operation::done(Err(error)),
        };
        let deletions = match invalidation::invalidate(&cache, &arguments) {
            Ok(deletions) => invalidation::sum(deletions),
            Err(error) => return Operation::done(Err(error)),
        };
        on_thread(async move { Ok(within(deletions).await? > 0) })
    }

    /// Waits until Redis has the values that this cache computed, and knows which entries it used.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotStored`] where values were lost since the last flush: refused, too large, dropped; the message says how
    /// many, by reason. Values that were computed while Redis was known to be away were never meant for it, and values that have
    /// expired meanwhile, or were overtaken by a clear or an invalidation, are no longer wanted: they are not lost. Other kinds
    /// where Redis can't be reached, or does not take everything within a few seconds.
    pub fn flush(&self) -> Operation<()> {
        let cache = match self.cache() {
            Ok(cache) => cache,
            Err(error) => return Operation::done(Err(error)),
        };
        let told = cache.losses().told();
        let flushes = invalidation::flush(&cache);
        on_thread(async move {
            within(invalidation::sum(flushes)).await?;
            cache.losses().since(&told, cache.name())
        })
    }

    /// The settings in force.
    #[must_use]
    pub fn parameters(&self) -> Parameters {
        Parameters {
            name: self.cache.name().to_owned(),
            maxsize: self.cache.maxsize(),
            timeout: self.cache.timeout(),
            ttl: self.cache.ttl(),
            max_value_bytes: self.cache.max_value_bytes(),
            endpoint: self.cache.address().to_owned(),
            shards: self.cache.shards().len(),
            refused: registry::refused(self.cache.name()),
        }
    }
}

/// Waits for `work` up to [`OPERATION`].
async fn within<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let ended = timeout(OPERATION, work).await;
    ended.unwrap_or_else(|_elapsed| Err(too_late()))
}

fn too_late() -> Error {
    let message = format!("Redis was not done within {OPERATION:?}; it goes on");
    Error::new(ErrorKind::TimedOut, message)
}

/// Flushes every cache of this process, as [`HandlerCache::flush`] does. Call it before a clean shutdown.
///
/// # Errors
///
/// The first error of any cache, as [`HandlerCache::flush`] has them. The other caches are flushed all the same.
pub fn flush_all() -> Operation<()> {
    let flushes: Vec<_> = registry::all()
        .into_iter()
        .map(|cache| HandlerCache { cache }.flush())
        .collect();
    if flushes.is_empty() {
        return Operation::done(Ok(()));
    }
    on_thread(async move {
        let mut result = Ok(());
        for flush in flushes {
            result = result.and(flush.await);
        }
        result
    })
}

/// Runs `work` on the background thread.
fn on_thread<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Operation<T> {
    let Some(thread) = IoThread::running() else {
        return Operation::done(Err(invalidation::no_thread()));
    };
    let (sender, receiver) = oneshot::channel();
    thread.spawn(async move {
        let told = work.await;
        // So that the metrics agree with the answer by the time that the caller has it.
        telemetry::settled().await;
        drop(sender.send(told));
    });
    Operation::new(receiver)
}
