//! One instrument of the `metrics` facade, which is registered when it is first of use.

use std::{
    fmt,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use metrics::{Counter, Gauge, Histogram, Label, counter, gauge, histogram};

use crate::{process::catch_panic::catch_panic, telemetry};

/// A handle that the recorder gives for a name and labels.
pub(super) trait Handle: Send + Sync + Sized + 'static {
    fn register(name: &'static str, labels: Vec<Label>) -> Self;

    /// A handle that does nothing, for a recorder that panicked.
    fn noop() -> Self;
}

impl Handle for Counter {
    fn register(name: &'static str, labels: Vec<Label>) -> Self {
        counter!(name, labels)
    }

    fn noop() -> Self {
        Self::noop()
    }
}

impl Handle for Gauge {
    fn register(name: &'static str, labels: Vec<Label>) -> Self {
        gauge!(name, labels)
    }

    fn noop() -> Self {
        Self::noop()
    }
}

impl Handle for Histogram {
    fn register(name: &'static str, labels: Vec<Label>) -> Self {
        histogram!(name, labels)
    }

    fn noop() -> Self {
        Self::noop()
    }
}

/// A handle, and the counts that it has not received yet.
pub(super) struct Instrument<H, Owed> {
    name: &'static str,
    labels: Vec<Label>,
    handle: OnceLock<H>,
    /// The counts of the cache's own threads that wait for a report.
    pub(super) owed: Owed,
    /// Whether a report is queued.
    is_queued: AtomicBool,
}

impl<H, Owed: fmt::Debug> fmt::Debug for Instrument<H, Owed> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.name)
            .field("owed", &self.owed)
            .finish_non_exhaustive()
    }
}

impl<H: Handle, Owed: Default + Send + Sync + 'static> Instrument<H, Owed> {
    /// Does not run the recorder's code.
    pub(super) fn new(name: &'static str, labels: Vec<Label>) -> Arc<Self> {
        Arc::new(Self {
            name,
            labels,
            handle: OnceLock::new(),
            owed: Owed::default(),
            is_queued: AtomicBool::new(false),
        })
    }

    /// Registers it, so that exporters show it before there is anything to count.
    pub(super) fn announce(self: &Arc<Self>) {
        self.report(|instrument| {
            instrument.handle();
        });
    }

    /// Registers it at first. Runs the recorder's code: only [reports](Self::report) call it.
    pub(super) fn handle(&self) -> &H {
        if let Some(handle) = self.handle.get() {
            return handle;
        }
        let register = || H::register(self.name, self.labels.clone());
        let handle = catch_panic(register).unwrap_or_else(|_panicked| H::noop());
        // Registered outside of `get_or_init`: the recorder may call a handler that counts here, and would wait for itself.
        self.handle.get_or_init(|| handle)
    }

    /// Runs `tell` on a thread that the recorder may hold up. Returns whether it has run or is queued.
    pub(super) fn report(self: &Arc<Self>, tell: impl FnOnce(&Self) + Send + 'static) -> bool {
        if telemetry::is_kept_off() {
            let this = Arc::clone(self);
            telemetry::queue(move || tell(&this))
        } else {
            telemetry::report_here(|| tell(self))
        }
    }

    /// Queues one report for all counts that are owed by then.
    pub(super) fn report_owed(self: &Arc<Self>, tell: fn(&Self)) {
        if self.is_queued.swap(true, Ordering::AcqRel) {
            return;
        }
        let this = Arc::clone(self);
        let is_queued = telemetry::queue(move || {
            this.is_queued.store(false, Ordering::Release);
            tell(&this);
        });
        if !is_queued {
            // The next report includes these counts.
            self.is_queued.store(false, Ordering::Release);
        }
    }
}
