//! Messages that a server sends without a request.

use std::fmt;

/// Gets the pushes of one connection, in the order in which they come.
///
/// It is called under the lock of the socket, before the replies that came after the push are handed out: so only code of ours that
/// takes note implements it, and neither waits nor uses the connection.
pub(in crate::conn) trait Pushes: fmt::Debug + Send {
    /// Takes note of one push, in the bytes of the protocol; the client library parses them.
    fn hear(&mut self, push: &[u8]);
}

/// The listener of a connection; `None`: pushes are dropped.
pub(in crate::conn) type Listener = Option<Box<dyn Pushes>>;
