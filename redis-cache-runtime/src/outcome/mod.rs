//! How calls, look-ups and management requests end: types that all rooms share.

mod circuit_state;
mod damage;
mod error;
mod lookup;
mod status;

pub(crate) use self::{
    circuit_state::CircuitState,
    damage::Damage,
    lookup::{Failure, Lookup},
};
pub use self::{
    error::{Error, ErrorKind},
    status::{CacheStatus, Outcome},
};
