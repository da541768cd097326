//! Whether a runtime still runs tasks.
//!
//! Followers may block all workers of the runtime that their leader needs; or no thread drives that runtime any more. A task that
//! is spawned there tells: if it isn't run, neither are the tasks that the leader waits for.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::runtime::{Handle, Id};

/// A runtime that is probed from time to time.
#[derive(Debug)]
pub(super) struct Probe {
    runtime: Handle,
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    at: Instant,
    answered: Arc<AtomicBool>,
}

/// To be sent while no lock is held, because spawning a task wakes the runtime's threads.
#[derive(Debug)]
pub(super) struct Question {
    runtime: Handle,
    answered: Arc<AtomicBool>,
}

impl Question {
    pub(super) fn send(self) {
        let answered = self.answered;
        self.runtime
            .spawn(async move { answered.store(true, Ordering::Release) });
    }
}

impl Probe {
    pub(super) fn new(runtime: Handle) -> Self {
        Self {
            runtime,
            asked: None,
        }
    }

    pub(super) fn id(&self) -> Id {
        self.runtime.id()
    }

    /// Whether a probe has been unanswered for `patience`.
    pub(super) fn is_overdue(&self, now: Instant, patience: Duration) -> bool {
        self.asked.as_ref().is_some_and(|asked| {
            !asked.answered.load(Ordering::Acquire)
                && now.saturating_duration_since(asked.at) >= patience
        })
    }

    /// The next probe, if one is due, and when to look again. The longer the followers have waited since `began`, the rarer the
    /// probes.
    pub(super) fn turn(
        &mut self,
        began: Instant,
        now: Instant,
        patience: Duration,
    ) -> (Option<Question>, Option<Instant>) {
        let next = match &self.asked {
            None => began + patience,
            Some(asked) if asked.answered.load(Ordering::Acquire) => {
                let waited = asked.at.saturating_duration_since(began);
                asked.at + waited.max(patience)
            }
            Some(asked) => {
                let overdue = asked.at + patience;
                return (None, (overdue > now).then_some(overdue));
            }
        };
        if next > now {
            return (None, Some(next));
        }
        let answered = Arc::<AtomicBool>::default();
        self.asked = Some(Asked {
            at: now,
            answered: Arc::clone(&answered),
        });
        let runtime = self.runtime.clone();
        let question = Question { runtime, answered };
        (Some(question), Some(now + patience))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(5);

    #[test]
    fn a_runtime_that_runs_answers_and_is_asked_again_more_and_more_seldom() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut probe = Probe::new(runtime.handle().clone());
        let began = Instant::now();
        let mut now = began;
        let mut asked = Vec::new();
        while now < began + PATIENCE * 40 {
            let (question, next) = probe.turn(began, now, PATIENCE);
            if let Some(question) = question {
                question.send();
                runtime.block_on(tokio::task::yield_now());
                asked.push((now - began).as_millis() / PATIENCE.as_millis());
            }
            assert!(!probe.is_overdue(now + PATIENCE * 100, PATIENCE));
            now = next.unwrap();
        }
        assert_eq!(asked, [1, 2, 4, 8, 16, 32]);
    }

    #[test]
    fn a_runtime_that_does_not_run_is_found_out_and_forgiven() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut probe = Probe::new(runtime.handle().clone());
        let began = Instant::now();
        let now = began + PATIENCE;
        assert_eq!(probe.turn(began, began, PATIENCE).1, Some(now));
        let (question, next) = probe.turn(began, now, PATIENCE);
        question.unwrap().send();
        assert_eq!(next, Some(now + PATIENCE));
        assert!(!probe.is_overdue(now, PATIENCE));
        let late = now + PATIENCE;
        assert!(probe.is_overdue(late, PATIENCE));
        assert!(matches!(probe.turn(began, late, PATIENCE), (None, None)));
        runtime.block_on(tokio::task::yield_now());
        assert!(!probe.is_overdue(late, PATIENCE));
    }
}
