//! Arguments that are locks. The caller may hold the lock during the call: a key that waited for it would deadlock.

use std::{
    rc::Rc,
    sync::{Arc, Mutex, RwLock, TryLockError},
};

use serde::{Serialize, ser::Error as _};

use super::{FastPart, KeyBuilder, encoder::EncodeError, large::encode};

/// Writes the value inside the lock as serde does, but without waiting: a call whose lock is held gets no key, and runs uncached.
macro_rules! locks {
    ($($lock:ident, $try_lock:ident;)*) => {$(
        impl<T: Serialize + ?Sized> FastPart for $lock<T> {
            fn write_memory(&self, key: &mut KeyBuilder) {
                match self.$try_lock() {
                    Ok(value) => key.write(|out| encode(&*value, out)),
                    Err(TryLockError::WouldBlock) => key.give_up(),
                    Err(TryLockError::Poisoned(_)) => {
                        key.write(|_| Err(EncodeError::custom("its lock is poisoned")));
                    }
                }
            }
        }

        locks!(@ $lock, Arc Box Rc);
    )*};
    (@ $lock:ident, $($pointer:ident)*) => {$(
        impl<T: Serialize + ?Sized> FastPart for $pointer<$lock<T>> {
            fn write_memory(&self, key: &mut KeyBuilder) {
                (**self).write_memory(key);
            }
        }
    )*};
}

locks! {
    Mutex, try_lock;
    RwLock, try_read;
}
