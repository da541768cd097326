//! How deep a value is nested, and room on the stack for the values inside it.

use crate::{limits::NESTING, process::stack};

/// The most steps inwards, those through options and newtypes included: a type can contain itself through these alone.
const STEPS: u16 = 4 * NESTING;

/// The stack is checked once in so many steps.
const STRIDE: u16 = 4;

/// The place of a value inside other values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Nesting {
    containers: u16,
    steps: u16,
}

impl Nesting {
    /// The place inside a list, a map, a struct or a variant; `None` where that is too deep.
    #[inline]
    pub(crate) fn container(self) -> Option<Self> {
        let inner = Self {
            containers: self.containers + 1,
            steps: self.steps + 1,
        };
        (inner.containers <= NESTING && inner.steps <= STEPS).then_some(inner)
    }

    /// The place inside an option or a newtype; `None` where that is too deep.
    #[inline]
    pub(crate) fn wrapper(self) -> Option<Self> {
        let inner = Self {
            steps: self.steps + 1,
            ..self
        };
        (inner.steps <= STEPS).then_some(inner)
    }

    /// Runs the code for this place, on another stack where little is left of this one.
    #[inline]
    pub(crate) fn run<T>(self, code: impl FnOnce() -> T) -> T {
        if self.steps % STRIDE == STRIDE - 1 {
            stack::with_room(code)
        } else {
            code()
        }
    }
}
