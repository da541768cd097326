//! The result of opening a call site: a cache, or counters in its place.

use std::{any::Any, sync::Arc};

use super::call_site::Instantiation;
use crate::{
    cache::{Cache, CalledBy, Uncached, UncachedCall},
    config::MaxSize,
    key::{CallKey, Domain, EncodeError, KeyOwner, Readable},
};

#[derive(Debug)]
pub(super) struct Opened {
    /// `None` where the settings are wrong.
    pub(super) cache: Option<Arc<Cache>>,
    /// The path without instantiation.
    pub(super) path: String,
    pub(super) name: CacheName,
    /// The instantiation that was called first: mostly the only one.
    pub(super) first: Instantiation,
    /// Counts the calls where there is no cache.
    pub(super) uncached: Option<Uncached>,
}

/// The name of a cache: given in the attribute, or made of the path.
#[derive(Debug)]
pub(super) enum CacheName {
    Given(String),
    Default(String),
}

pub(super) fn called_by(key: &CallKey) -> CalledBy {
    let opened = key.owner.and_then(|owner| {
        let owner: &'static dyn Any = owner;
        owner.downcast_ref::<Opened>()
    });
    match opened {
        Some(Opened {
            cache: Some(cache), ..
        }) => CalledBy::Cache(cache),
        Some(Opened {
            uncached: Some(uncached),
            ..
        }) => CalledBy::Nobody(Some(UncachedCall(uncached))),
        _ => CalledBy::Nobody(None),
    }
}

impl Opened {
    /// Whether a call needs a key: the cache is on, and values of the return type may come back.
    pub(super) fn is_worth_a_key(&self, domain: &Domain) -> bool {
        self.cache
            .as_ref()
            .is_some_and(|cache| cache.maxsize() != MaxSize::Entries(0))
            && domain.readable.is_none_or(Readable::is_worth_a_try)
    }
}

impl KeyOwner for Opened {
    fn report_unkeyed(&self, error: &EncodeError) {
        if let Some(cache) = &self.cache {
            cache.report_unkeyed(error);
        }
    }

    fn report_anonymous(&self, path: &'static str) {
        if let Some(cache) = &self.cache {
            cache.report_anonymous(path);
        }
    }
}

impl CacheName {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Given(name) | Self::Default(name) => name,
        }
    }
}
