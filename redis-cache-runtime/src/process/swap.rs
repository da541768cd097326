//! A value that is replaced as a whole while others use it.

use std::sync::{Arc, PoisonError, RwLock};

/// A place for a shared value. A thread that has loaded the value keeps it when another replaces it.
#[derive(Debug)]
pub(crate) struct Swap<T>(RwLock<Arc<T>>);

impl<T> Swap<T> {
    pub(crate) const fn new(value: Arc<T>) -> Self {
        Self(RwLock::new(value))
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    pub(crate) fn load(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn store(&self, value: Arc<T>) {
        let mut place = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *place, value);
        drop(place);
        // The old value is dropped after the lock is released: its `Drop` may run the user's code.
        drop(before);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Weak, thread};

    use super::*;

    #[test]
    fn who_has_loaded_a_value_keeps_it() {
        let swap = Swap::new(Arc::new(0));
        let first = swap.load();
        let gone: Weak<i32> = Arc::downgrade(&first);
        swap.store(Arc::new(1));
        assert_eq!((*first, *swap.load()), (0, 1));
        drop(first);
        assert!(gone.upgrade().is_none());
    }

    #[test]
    fn a_value_that_is_dropped_may_look_at_what_took_its_place() {
        struct Curious(Weak<Swap<Option<Curious>>>);
        impl Drop for Curious {
            fn drop(&mut self) {
                if let Some(swap) = self.0.upgrade() {
                    assert!(swap.load().is_none());
                }
            }
        }
        let swap = Arc::new(Swap::new(Arc::new(None)));
        let curious = Curious(Arc::downgrade(&swap));
        swap.store(Arc::new(Some(curious)));
        let other = Arc::clone(&swap);
        thread::spawn(move || other.store(Arc::new(None)))
            .join()
            .unwrap();
        assert!(swap.load().is_none());
    }
}
