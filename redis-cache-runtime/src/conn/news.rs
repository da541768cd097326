//! What else is asked along with the first look-ups.

use std::{fmt, sync::Arc};

use redis::{Cmd, Value};

/// A question that goes out before a look-up, on the same way: what it tells is as old as the look-up at least.
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
    /// `tell` gets the answer, before the look-up's is known to anybody.
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
