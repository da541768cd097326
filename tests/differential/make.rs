//! The answers of handlers: the same at the same place for the same argument, as far as the type can hold it.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU16,
    time::Duration,
};

use uuid::Uuid;

use crate::leaves::{Celsius, Even, Nibble};

/// Where a part of an answer stands, for an argument.
#[derive(Clone, Copy)]
pub(crate) struct Place(u64);

/// A value that depends on nothing but its place and type.
pub(crate) trait Make {
    fn make(at: Place) -> Self;
}

impl Place {
    pub(crate) fn new(number: u64) -> Self {
        Self(number).under("")
    }

    /// That of the whole answer for an argument.
    pub(crate) fn of(argument: &impl Debug) -> Self {
        Self(0).under(&format!("{argument:?}"))
    }

    pub(crate) fn under(self, part: &str) -> Self {
        // A hasher of fixed keys: it is the same in every process.
        let mut hasher = DefaultHasher::new();
        (self.0, part).hash(&mut hasher);
        Self(hasher.finish())
    }

    pub(crate) fn one_of<'a>(self, all: &[&'a str]) -> &'a str {
        let mut sorted = all.to_vec();
        sorted.sort_unstable();
        sorted[self.under("which").below(sorted.len())]
    }

    /// The number in two of three places.
    pub(crate) fn often(self, number: u32) -> u32 {
        match self.below(3) {
            0 => u32::make(self),
            _ => number,
        }
    }

    fn below(self, bound: usize) -> usize {
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }

    /// Small ones as often as large ones.
    fn number(self) -> u64 {
        self.0 >> (self.under("bits").0 % 64)
    }
}

macro_rules! integers {
    ($($integer:ty)*) => { $(impl Make for $integer {
        #[expect(
            clippy::allow_attributes,
            reason = "what the type can hold of the number"
        )]
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_possible_wrap,
            clippy::cast_lossless,
            trivial_numeric_casts,
            reason = "not for all of them"
        )]
        fn make(at: Place) -> Self {
            at.number() as $integer
        }
    })* };
}

integers! { u8 u32 i16 i64 }

impl Make for u64 {
    fn make(at: Place) -> Self {
        at.number()
    }
}

impl Make for u128 {
    fn make(at: Place) -> Self {
        u128::from(at.number()) << (at.below(64))
    }
}

impl Make for f64 {
    #[expect(clippy::cast_precision_loss, reason = "any number will do")]
    fn make(at: Place) -> Self {
        match at.below(8) {
            0 => -0.0,
            1 => Self::INFINITY,
            _ => at.number() as Self / 7.0,
        }
    }
}

impl Make for f32 {
    #[expect(clippy::cast_possible_truncation, reason = "what it can hold")]
    fn make(at: Place) -> Self {
        f64::make(at) as Self
    }
}

impl Make for bool {
    fn make(at: Place) -> Self {
        at.below(2) == 0
    }
}

impl Make for char {
    fn make(at: Place) -> Self {
        ['a', '1', '\0', 'ß', '\u{1f600}'][at.below(5)]
    }
}

impl Make for String {
    fn make(at: Place) -> Self {
        match at.below(4) {
            0 => Self::new(),
            1 => char::make(at).into(),
            2 => at.number().to_string(),
            _ => "a longer text ".repeat(at.below(9)),
        }
    }
}

impl Make for () {
    fn make(_at: Place) -> Self {}
}

impl Make for IpAddr {
    fn make(at: Place) -> Self {
        match at.below(2) {
            0 => Self::V4(Ipv4Addr::from_bits(u32::make(at))),
            _ => Self::V6(Ipv6Addr::from_bits(u128::make(at))),
        }
    }
}

impl Make for Duration {
    fn make(at: Place) -> Self {
        Self::from_nanos(at.number())
    }
}

impl Make for NonZeroU16 {
    fn make(at: Place) -> Self {
        Self::MIN.saturating_add(u8::make(at).into())
    }
}

impl Make for Uuid {
    fn make(at: Place) -> Self {
        Self::from_u128(u128::make(at))
    }
}

impl Make for Even {
    fn make(at: Place) -> Self {
        Self::half_of(u32::make(at) / 2)
    }
}

impl Make for Nibble {
    fn make(at: Place) -> Self {
        Self::low(u8::make(at))
    }
}

impl Make for Celsius {
    fn make(at: Place) -> Self {
        Self(i16::make(at))
    }
}

impl<T: Make> Make for Option<T> {
    fn make(at: Place) -> Self {
        (at.under("some").below(3) > 0).then(|| T::make(at))
    }
}

impl<T: Make> Make for Box<T> {
    fn make(at: Place) -> Self {
        Self::new(T::make(at.under("box")))
    }
}

impl<T: Make> Make for Vec<T> {
    fn make(at: Place) -> Self {
        let parts = 0..at.below(4);
        parts
            .map(|part| T::make(at.under(&part.to_string())))
            .collect()
    }
}

impl<T: Make> Make for [T; 2] {
    fn make(at: Place) -> Self {
        [T::make(at.under("0")), T::make(at.under("1"))]
    }
}

impl<T: Make> Make for BTreeMap<String, T> {
    fn make(at: Place) -> Self {
        let keys = ["k", "long-key", ""].into_iter().take(at.below(4));
        keys.map(|key| (key.to_owned(), T::make(at.under(key))))
            .collect()
    }
}

impl<T: Make> Make for BTreeMap<u32, T> {
    fn make(at: Place) -> Self {
        let keys = [0, 7, 1 << 20].into_iter().take(at.below(4));
        keys.map(|key| (key, T::make(at.under(&key.to_string()))))
            .collect()
    }
}

impl<A: Make, B: Make> Make for (A, B) {
    fn make(at: Place) -> Self {
        (A::make(at.under("0")), B::make(at.under("1")))
    }
}

impl<A: Make, B: Make> Make for Result<A, B> {
    fn make(at: Place) -> Self {
        match at.below(2) {
            0 => Ok(A::make(at.under("ok"))),
            _ => Err(B::make(at.under("err"))),
        }
    }
}
