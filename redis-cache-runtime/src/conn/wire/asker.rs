//! Whom replies are for.

use super::super::reply::Reply;
use crate::process::oneshot;

/// One who waits for the replies to one request. A caller that has gone away leaves it behind: the replies are still to come.
#[derive(Debug)]
pub(super) enum Asker {
    One(oneshot::Sender<Reply>),
    /// Boxed, so that look-ups, which are many, take no more room than they need.
    Several(Box<Several>),
}

/// One who waits for several replies, which are handed over together.
#[derive(Debug)]
pub(super) struct Several {
    sender: oneshot::Sender<Vec<Reply>>,
    /// Those that have come.
    replies: Vec<Reply>,
    /// How many are still to come.
    missing: usize,
}

/// All replies to one request, and whom they are for.
#[derive(Debug)]
pub(super) enum Answer {
    One(oneshot::Sender<Reply>, Reply),
    Several(Box<Several>),
}

impl Asker {
    /// Where `replies` go once all of so many have come.
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

    /// Gives it the next reply; `Err` where more are to come.
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
    /// Hands it over, to a task of this thread's runtime or to a thread. A caller that has gone away needs no answer.
    pub(super) fn hand_over(self) {
        match self {
            Self::One(sender, reply) => drop(sender.send_here(reply)),
            Self::Several(several) => drop(several.sender.send_here(several.replies)),
        }
    }
}
