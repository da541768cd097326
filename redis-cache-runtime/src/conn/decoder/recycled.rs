//! Memory for long replies, used again and again.
//!
//! The allocator gives memory of this size back to the system soon after it was freed. Each page that comes anew costs a page
//! fault, and these cost more than the copy of what lies in the page.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;

use crate::limits::{IDLE_REPLY, IDLE_REPLY_BYTES};

/// Memory is not used for replies that are so many times shorter.
const WASTE: usize = 4;

/// Memory of one connection's replies.
#[derive(Debug, Default)]
pub(super) struct Recycled {
    idle: Arc<Mutex<Idle>>,
}

impl Recycled {
    /// Copies `reply`. The memory comes back when the copy is dropped, on whichever thread.
    pub(super) fn copy(&self, reply: &[u8]) -> Bytes {
        let idle = lock(&self.idle).take(reply.len());
        let mut memory = idle.unwrap_or_else(|| Vec::with_capacity(reply.len()));
        memory.extend_from_slice(reply);
        Bytes::from_owner(Lent {
            memory,
            home: Arc::downgrade(&self.idle),
        })
    }
}

/// What is not lent.
#[derive(Debug, Default)]
struct Idle {
    memory: Vec<Vec<u8>>,
    bytes: usize,
}

impl Idle {
    /// Empty memory of that length or more, if there is some.
    fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        let fits = |memory: &Vec<u8>| (length..=length * WASTE).contains(&memory.capacity());
        // The latest is the likeliest to be in the processor's cache.
        let place = self.memory.iter().rposition(fits)?;
        let memory = self.memory.remove(place);
        self.bytes -= memory.capacity();
        Some(memory)
    }

    /// Takes memory back. What this gives back in its place, the oldest first, is to be freed.
    fn give(&mut self, mut memory: Vec<u8>) -> Vec<Vec<u8>> {
        if memory.capacity() > IDLE_REPLY {
            return vec![memory];
        }
        memory.clear();
        let mut freed = Vec::new();
        self.bytes += memory.capacity();
        self.memory.push(memory);
        while self.bytes > IDLE_REPLY_BYTES {
            let oldest = self.memory.remove(0);
            self.bytes -= oldest.capacity();
            freed.push(oldest);
        }
        freed
    }
}

/// A reply, and the connection that its memory goes back to; that may be gone.
struct Lent {
    memory: Vec<u8>,
    home: Weak<Mutex<Idle>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.memory
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            let freed = lock(&home).give(std::mem::take(&mut self.memory));
            drop(freed);
        }
    }
}

// Nothing panics under this lock but an allocation, which leaves all as it was.
fn lock(idle: &Mutex<Idle>) -> MutexGuard<'_, Idle> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(reply: &Bytes) -> *const u8 {
        reply.as_ptr()
    }

    #[test]
    fn memory_is_used_again_where_it_fits() {
        let recycled = Recycled::default();
        let first = recycled.copy(&vec![1; 100_000]);
        let second = recycled.copy(&vec![2; 100_000]);
        assert_ne!(place(&first), place(&second));
        let at = place(&first);
        drop(first);
        let part = second.slice(10..20);
        drop(second);
        let third = recycled.copy(&vec![3; 90_000]);
        assert_eq!(place(&third), at);
        assert_eq!(*third, vec![3; 90_000]);
        assert_eq!(*part, [2; 10]);
        drop(third);
        assert_ne!(place(&recycled.copy(&vec![4; 20_000])), at);
        assert_ne!(place(&recycled.copy(&vec![5; 100_001])), at);
    }

    #[test]
    fn what_lies_idle_is_bounded() {
        let recycled = Recycled::default();
        let lent: Vec<_> = (1..=60)
            .map(|n| recycled.copy(&vec![0; n * 10_000]))
            .collect();
        drop(lent);
        let idle = lock(&recycled.idle);
        let held: usize = idle.memory.iter().map(Vec::capacity).sum();
        assert_eq!(idle.bytes, held);
        assert!(
            (IDLE_REPLY_BYTES / 2..=IDLE_REPLY_BYTES).contains(&held),
            "{held}"
        );
        drop(idle);
        drop(recycled.copy(&vec![0; IDLE_REPLY + 1]));
        assert_eq!(lock(&recycled.idle).bytes, held);
    }

    #[test]
    fn a_reply_outlives_its_connection() {
        let recycled = Recycled::default();
        let reply = recycled.copy(&vec![1; 50_000]);
        drop(recycled);
        assert_eq!(*reply, vec![1; 50_000]);
    }
}
