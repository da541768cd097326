//! A request to the background thread that can be awaited or waited for.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    outcome::{Error, ErrorKind},
    process::{
        oneshot,
        per_process::{Belonging, Process},
    },
};

/// A request to a cache. It is under way already: dropping this does not stop it.
///
/// In async code `.await` it; elsewhere call [`Operation::wait`].
#[must_use = "without `.await` or `.wait()` nobody learns how it ends"]
pub struct Operation<T> {
    state: State<T>,
}

enum State<T> {
    /// Belongs to the process whose background thread answers: a forked child has no such thread.
    Waiting(Belonging<oneshot::Receiver<Result<T, Error>>>),
    Done(Option<Result<T, Error>>),
}

impl<T> fmt::Debug for Operation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").finish_non_exhaustive()
    }
}

impl<T> Operation<T> {
    /// An operation whose result comes through `receiver`.
    pub(crate) fn new(receiver: oneshot::Receiver<Result<T, Error>>) -> Self {
        Self {
            state: State::Waiting(Belonging::new(Process::current(), receiver)),
        }
    }

    /// An operation that has ended already.
    pub(crate) fn done(result: Result<T, Error>) -> Self {
        Self {
            state: State::Done(Some(result)),
        }
    }

    /// Blocks the thread until the operation has ended, which it does within a few seconds.
    ///
    /// # Errors
    ///
    /// As the operation's own documentation says.
    pub fn wait(self) -> Result<T, Error> {
        match self.state {
            // Blocks on the channel itself: an executor in between could hold the answer up.
            State::Waiting(receiver) => match receiver.get() {
                Some(receiver) => receiver.recv().unwrap_or_else(|_| Err(lost())),
                None => Err(inherited()),
            },
            State::Done(result) => result.unwrap_or_else(|| Err(lost())),
        }
    }
}

fn lost() -> Error {
    Error::new(ErrorKind::Unavailable, "the cache's I/O thread has ended")
}

fn inherited() -> Error {
    let message = "it was asked by the process from which this one was forked";
    Error::new(ErrorKind::Unavailable, message)
}

// The receiver is behind a pointer, and a result is only moved out: neither is ever pinned.
impl<T> Unpin for Operation<T> {}

impl<T> Future for Operation<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.state {
            State::Waiting(receiver) => match receiver.get_mut() {
                Some(receiver) => Pin::new(receiver)
                    .poll(context)
                    .map(|received| received.unwrap_or_else(|_| Err(lost()))),
                None => Poll::Ready(Err(inherited())),
            },
            State::Done(result) => Poll::Ready(result.take().unwrap_or_else(|| Err(lost()))),
        }
    }
}
