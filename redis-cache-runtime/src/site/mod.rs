//! Where handlers are called: the annotated methods of the process, and the caches that they have opened.

mod call_site;
mod opened;
mod opening;
mod origin;
pub(crate) mod registry;

pub use self::{
    call_site::{Site, call_async},
    origin::{Instance, Origin, instance_of, path_of},
};
