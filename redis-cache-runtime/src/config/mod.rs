//! Where a cache's settings come from: the attribute, and over it the environment.

mod connection;
mod duration;
mod environment;
mod maxsize;
mod settings;
mod tls;

pub(crate) use self::settings::Config;
pub use self::{maxsize::MaxSize, settings::Settings};
