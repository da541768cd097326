//! Types that serde reads by way of others, which may refuse.

use serde::{Deserialize, Serialize};

/// An even number. Odd ones are refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub(crate) struct Even(u32);

impl Even {
    pub(crate) fn half_of(half: u32) -> Self {
        Self(half * 2)
    }
}

impl TryFrom<u32> for Even {
    type Error = &'static str;

    fn try_from(number: u32) -> Result<Self, &'static str> {
        if number.is_multiple_of(2) {
            Ok(Self(number))
        } else {
            Err("it is odd")
        }
    }
}

impl From<Even> for u32 {
    fn from(even: Even) -> Self {
        even.0
    }
}

/// A digit, as text. Anything else is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Nibble(u8);

impl Nibble {
    pub(crate) fn low(number: u8) -> Self {
        Self(number % 16)
    }
}

impl TryFrom<String> for Nibble {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        match u8::from_str_radix(&text, 16) {
            Ok(number) if text.len() == 1 => Ok(Self(number)),
            _ => Err("it is no digit"),
        }
    }
}

impl From<Nibble> for String {
    fn from(nibble: Nibble) -> Self {
        format!("{:x}", nibble.0)
    }
}

/// As a number alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Celsius(pub(crate) i16);
