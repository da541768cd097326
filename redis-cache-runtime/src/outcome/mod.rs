//! The words for how things end, which all rooms share: a call, a look-up, a request of a person.

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
