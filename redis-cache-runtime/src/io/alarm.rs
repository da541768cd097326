//! A timer that goes off when it is told to.
//!
//! tokio's goes off up to a millisecond late, which is much where a look-up may take two.

use std::time::Instant;

use tokio::time::sleep_until;

/// One timer, for the background thread. Only where the system has no finer one is it tokio's.
#[derive(Debug)]
pub(super) struct Alarm {
    #[cfg(target_os = "linux")]
    fine: Option<fine::Alarm>,
}

impl Alarm {
    pub(super) fn new() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            fine: fine::Alarm::new().ok(),
        }
    }

    /// Waits for `time`.
    pub(super) async fn at(&self, time: Instant) {
        #[cfg(target_os = "linux")]
        if let Some(fine) = &self.fine
            && fine.at(time).await.is_ok()
        {
            return;
        }
        sleep_until(time.into()).await;
    }
}

#[cfg(target_os = "linux")]
mod fine {
    use std::{
        io,
        os::fd::OwnedFd,
        time::{Duration, Instant},
    };

    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use tokio::io::unix::AsyncFd;

    /// The kernel's timer as a descriptor: `timerfd_create(2)`.
    #[derive(Debug)]
    pub(super) struct Alarm(AsyncFd<OwnedFd>);

    impl Alarm {
        pub(super) fn new() -> io::Result<Self> {
            let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
            #[expect(
                deprecated,
                reason = "what takes its place is unsafe; an `OwnedFd` stays the same and open, which is all that it asks"
            )]
            let timer = AsyncFd::new(timer)?;
            Ok(Self(timer))
        }

        pub(super) async fn at(&self, time: Instant) -> io::Result<()> {
            let left = time.saturating_duration_since(Instant::now());
            let once = Itimerspec {
                it_interval: Timespec::default(),
                // Zero would switch it off.
                it_value: Timespec::try_from(left.max(Duration::from_nanos(1)))
                    .map_err(io::Error::other)?,
            };
            timerfd_settime(self.0.get_ref(), TimerfdTimerFlags::empty(), &once)?;
            loop {
                let mut ready = self.0.readable().await?;
                let gone_off = ready.try_io(|timer| {
                    rustix::io::read(timer.get_ref(), &mut [0; 8])?;
                    Ok(())
                });
                // Otherwise it had gone off before it was set again.
                if let Ok(gone_off) = gone_off {
                    return gone_off;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn it_goes_off_when_the_time_has_come_and_not_before() {
        let alarm = Alarm::new();
        for wait in [0, 1, 100, 2500].map(Duration::from_micros) {
            let time = Instant::now() + wait;
            alarm.at(time).await;
            assert!(Instant::now() >= time);
        }
    }

    #[tokio::test]
    async fn it_can_be_set_anew() {
        let alarm = Alarm::new();
        let now = Instant::now();
        let far = now + Duration::from_secs(3600);
        let soon = now + Duration::from_millis(1);
        for _ in 0..3 {
            tokio::select! {
                biased;
                () = alarm.at(far) => unreachable!("an hour is not over"),
                () = tokio::task::yield_now() => {}
            }
            alarm.at(soon).await;
            assert!(Instant::now() >= soon);
        }
    }
}
