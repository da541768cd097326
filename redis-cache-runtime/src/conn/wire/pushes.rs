//! What a server says without being asked.

use std::fmt;

/// Hears the pushes of one connection, in the order in which they come.
///
/// It is called while the connection is read, before the replies that came behind the push are handed out: so it is code of ours
/// that only takes note, and neither waits nor asks the connection anything.
pub(in crate::conn) trait Pushes: fmt::Debug + Send {
    /// Hears one push, whole and as it came: the client library understands it.
    fn hear(&mut self, push: &[u8]);
}

/// Whoever hears; `None`: pushes are dropped.
pub(in crate::conn) type Listener = Option<Box<dyn Pushes>>;
