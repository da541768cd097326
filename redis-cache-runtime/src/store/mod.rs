//! Redis as a bounded store: what is to be written, and the scripts that write it.

mod answer;
mod epoch;
mod losses;
mod names;
mod numbered;
mod outbox;
mod script;
mod shard;
mod touches;
mod turns;
mod whole;
mod writer;

pub(crate) use self::{
    epoch::Epoch,
    losses::{Loss, Losses},
    names::Names,
    outbox::{Done, Outbox, Place, Pushed, Used},
    script::Scripts,
    shard::{Shard, split},
    whole::entries,
    writer::write,
};
