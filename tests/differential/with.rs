//! How fields are written and read that are not written as they are.

/// As text.
pub(crate) mod text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    pub(crate) fn serialize<S: Serializer>(number: &u32, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

pub(crate) fn default<const NUMBER: u32>() -> u32 {
    NUMBER
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
pub(crate) fn is<const NUMBER: u32>(number: &u32) -> bool {
    *number == NUMBER
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
#[expect(
    clippy::allow_attributes,
    reason = "not among all types that are made up"
)]
#[allow(dead_code)]
pub(crate) fn rounded<S: serde::Serializer>(
    number: &f64,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(number.round())
}
