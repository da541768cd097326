//! Where a cache's settings come from: the attribute, and over it the environment.

mod builder;
mod connection;
mod environment;
mod grammar;
mod maxsize;
mod settings;
mod tls;
mod topology;
mod url;

pub use self::{builder::Config, maxsize::MaxSize, settings::Settings};
pub(crate) use self::{
    connection::{address, at, host_and_port},
    settings::Resolved,
    topology::Topology,
};
