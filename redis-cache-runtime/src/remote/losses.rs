//! The values that were to be stored and are not in Redis.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::outcome::{Error, ErrorKind};

/// The most codes that are told apart: Redis has few, but another server in its place may send any.
const REASONS: usize = 32;

/// Why a value that was meant to be stored is not in Redis.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loss {
    /// Redis has refused the write with this code.
    Refused(String),
    /// Redis has put the write off with this code until its retries were used up.
    Postponed(String),
    /// The connection was lost, or there was none.
    Disconnected,
    Unanswered,
    TooLarge,
    Unproved,
    QueueFull,
    /// The body began before Redis had told of the cache's clears, and there had been one.
    Unaware,
    /// Its key has values of two other builds.
    Crowded,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(code) => write!(f, "refused ({code})"),
            Self::Postponed(code) => write!(f, "not taken in time ({code})"),
            Self::Disconnected => f.write_str("without a connection"),
            Self::Unanswered => f.write_str("without an answer in time"),
            Self::TooLarge => f.write_str("larger than `max_value_bytes`"),
            Self::Unproved => f.write_str("not read back in time"),
            Self::QueueFull => f.write_str("dropped because too many waited"),
            Self::Unaware => f.write_str("computed before it was known when the cache was cleared"),
            Self::Crowded => f.write_str("whose key has values of two other builds"),
        }
    }
}

type Counts = BTreeMap<Loss, u64>;

/// All losses of one cache in this process.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    all: Counts,
    /// The losses that a flush has reported.
    told: Counts,
}

/// The losses that were reported when a flush began. Flushes at the same time report the same new ones.
#[derive(Debug)]
pub(crate) struct Told(Counts);

impl Losses {
    pub(crate) fn add(&self, loss: Loss) {
        let mut state = self.state();
        let loss = match loss {
            Loss::Refused(_) | Loss::Postponed(_)
                if state.all.len() >= REASONS && !state.all.contains_key(&loss) =>
            {
                Loss::Refused("others".to_owned())
            }
            loss => loss,
        };
        *state.all.entry(loss).or_default() += 1;
    }

    pub(crate) fn told(&self) -> Told {
        Told(self.state().told.clone())
    }

    /// Reports the losses since `told`.
    ///
    /// # Errors
    ///
    /// Where there are any.
    pub(crate) fn since(&self, Told(told): &Told, cache: &str) -> Result<(), Error> {
        let mut state = self.state();
        state.told = state.all.clone();
        let before = |loss: &Loss| told.get(loss).copied().unwrap_or(0);
        let new: Vec<_> = state
            .all
            .iter()
            .map(|(loss, count)| (loss, count - before(loss)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let sum: u64 = new.iter().map(|(_, count)| count).sum();
        let reasons: Vec<_> = new
            .iter()
            .map(|(loss, count)| format!("{count} {loss}"))
            .collect();
        let what = match sum {
            0 => return Ok(()),
            1 => format!("1 value of `{cache}` is"),
            _ => format!("{sum} values of `{cache}` are"),
        };
        let message = format!("{what} not in Redis: {}", reasons.join(", "));
        drop(state);
        Err(Error::new(ErrorKind::NotStored, message))
    }

    // No user code runs under this lock, so a poisoned one is as good as any.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_told_by_its_reason_and_once() {
        let losses = Losses::default();
        let since = |told: &Told| losses.since(told, "c").map_err(|error| error.to_string());
        let told = losses.told();
        assert_eq!(since(&told), Ok(()));
        losses.add(Loss::TooLarge);
        let only = "1 value of `c` is not in Redis: 1 larger than `max_value_bytes`";
        let (told, beside) = (losses.told(), losses.told());
        for told in [told, beside] {
            assert_eq!(since(&told), Err(only.to_owned()));
        }
        let told = losses.told();
        for loss in [
            Loss::TooLarge,
            Loss::Refused("OOM".into()),
            Loss::Refused("OOM".into()),
        ] {
            losses.add(loss);
        }
        let three = "3 values of `c` are not in Redis: 2 refused (OOM), 1 larger than \
                     `max_value_bytes`";
        assert_eq!(since(&told), Err(three.to_owned()));
        assert_eq!(since(&losses.told()), Ok(()));
    }

    #[test]
    fn they_take_no_more_room_than_there_are_reasons() {
        let losses = Losses::default();
        for n in 0..1000 {
            losses.add(Loss::Refused(n.to_string()));
            losses.add(Loss::Postponed(n.to_string()));
        }
        let state = losses.state();
        assert!(state.all.len() <= REASONS + 1, "{}", state.all.len());
        assert_eq!(state.all.values().sum::<u64>(), 2000);
    }
}
