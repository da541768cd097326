//! The callers that wait for replies.

use super::super::reply::Reply;
use crate::process::oneshot;

/// A caller that waits for the replies to its request. Where the caller has gone away this stays: its replies are still to come.
#[derive(Debug)]
pub(super) enum Asker {
    One(oneshot::Sender<Reply>),
    /// Boxed, so that look-ups, which are many, take no more room than they need.
    Several(Box<Several>),
}

/// A caller that waits for several replies, which it gets together.
#[derive(Debug)]
pub(super) struct Several {
    sender: oneshot::Sender<Vec<Reply>>,
    /// The replies that have come.
    replies: Vec<Reply>,
    /// How many are still to come.
    missing: usize,
}

/// All replies to one request, and its caller.
#[derive(Debug)]
pub(super) enum Answer {
    One(oneshot::Sender<Reply>, Reply),
    Several(Box<Several>),
}

impl Asker {
    /// A caller that waits for `replies` replies, and where it gets them.
    pub(super) fn several(replies: usize) -> (Self, oneshot::Receiver<Vec<Reply>>) {
        let (sender, receiver) = oneshot::channel();
        let several = Several {
            sender,
            replies: Vec::with_capacity(replies),
            missing: replies,
        };
        (Self::Several(Box::new(several)), receiver)
    }

    /// How many replies are still to come.
    pub(super) fn missing(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::Several(several) => several.missing,
        }
    }

    /// Adds the next reply; `Err` where more are to come.
    pub(super) fn give(self, reply: Reply) -> Result<Answer, Self> {
        match self {
            Self::One(sender) => Ok(Answer::One(sender, reply)),
            Self::Several(mut several) => {
                several.replies.push(reply);
                several.missing = several.missing.saturating_sub(1);
                if several.missing > 0 {
                    return Err(Self::Several(several));
                }
                Ok(Answer::Several(several))
            }
        }
    }
}

impl Answer {
    /// Hands the replies over, to a task of this thread's runtime or to a thread. A caller that has gone away is passed over.
    pub(super) fn hand_over(self) {
        match self {
            Self::One(sender, reply) => drop(sender.send_here(reply)),
            Self::Several(several) => drop(several.sender.send_here(several.replies)),
        }
    }
}
