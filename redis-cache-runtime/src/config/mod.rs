//! Where a cache's settings come from: the attribute, and over it the environment.

mod connection;
mod duration;
mod environment;
mod fault;
mod in_code;
mod maxsize;
mod settings;
mod tls;
mod topology;
mod url;

pub(crate) use self::{
    connection::{address, at, host_and_port},
    settings::Resolved,
    topology::Topology,
};
pub use self::{in_code::Config, maxsize::MaxSize, settings::Settings};
