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

/// What the recorder gives for a name and labels.
pub(super) trait Handle: Send + Sync + Sized + 'static {
    fn register(name: &'static str, labels: Vec<Label>) -> Self;

    /// For a recorder that panicked.
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

/// A handle, and what is still to be told to it.
pub(super) struct Instrument<H, Owed> {
    name: &'static str,
    labels: Vec<Label>,
    handle: OnceLock<H>,
    /// What threads of ours have counted and nobody has reported yet.
    pub(super) owed: Owed,
    /// Whether somebody is going to.
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
    /// Runs nothing of the recorder's.
    pub(super) fn new(name: &'static str, labels: Vec<Label>) -> Arc<Self> {
        Arc::new(Self {
            name,
            labels,
            handle: OnceLock::new(),
            owed: Owed::default(),
            is_queued: AtomicBool::new(false),
        })
    }

    /// Tells the recorder of it, so that it shows before there is anything to count.
    pub(super) fn announce(self: &Arc<Self>) {
        self.report(|instrument| {
            instrument.handle();
        });
    }

    /// Runs code of the recorder's: where it is called from a [report](Self::report).
    pub(super) fn handle(&self) -> &H {
        if let Some(handle) = self.handle.get() {
            return handle;
        }
        let register = || H::register(self.name, self.labels.clone());
        let handle = catch_panic(register).unwrap_or_else(|_panicked| H::noop());
        // Not within: the recorder may call a handler whose metrics these are.
        self.handle.get_or_init(|| handle)
    }

    /// Has the recorder told, on a thread that it may hold up. Tells whether it is going to be.
    pub(super) fn report(self: &Arc<Self>, tell: impl FnOnce(&Self) + Send + 'static) -> bool {
        if telemetry::is_kept_off() {
            let this = Arc::clone(self);
            telemetry::queue(move || tell(&this))
        } else {
            telemetry::report_here(|| tell(self))
        }
    }

    /// Has the recorder told of what is owed, once for all that comes together.
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
            // What comes next takes it along.
            self.is_queued.store(false, Ordering::Release);
        }
    }
}
