//! Redis as a bounded store: what is to be written, and the scripts that write it.

mod names;
mod outbox;
mod script;
mod touches;
mod whole;
mod writer;

pub(crate) use self::{
    names::Names,
    outbox::{Done, Outbox, Pushed},
    script::Scripts,
    whole::entries,
    writer::write,
};
