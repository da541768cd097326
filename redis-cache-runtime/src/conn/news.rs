//! A second question that goes out with a process' first look-ups.

use std::{fmt, sync::Arc};

use redis::{Cmd, Value};

/// A command before a look-up's `GET`, on the same connection: its answer is no newer than the `GET`'s.
#[derive(Clone)]
pub(crate) struct News {
    pub(super) question: Cmd,
    tell: Arc<dyn Fn(&Value) + Send + Sync>,
}

impl fmt::Debug for News {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("News").finish_non_exhaustive()
    }
}

impl News {
    /// `tell` is called with the answer, before the caller gets that of its look-up.
    pub(crate) fn new(question: Cmd, tell: impl Fn(&Value) + Send + Sync + 'static) -> Self {
        Self {
            question,
            tell: Arc::new(tell),
        }
    }

    pub(super) fn tell(&self, answer: &Value) {
        (self.tell)(answer);
    }
}
