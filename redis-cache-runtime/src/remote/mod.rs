//! Redis as a bounded store: what is to be written, and the scripts that write it.

mod answer;
mod epoch;
pub(crate) mod flush_on_exit;
mod losses;
mod names;
mod numbered;
mod queue;
mod scripts;
mod shard;
mod touches;
mod turns;
mod whole;
mod writer;

pub(crate) use self::{
    epoch::Epoch,
    losses::{Loss, Losses},
    names::Names,
    queue::{Done, Place, Pushed, Used, WriteBehindQueue},
    scripts::Scripts,
    shard::{Shard, split},
    whole::entries,
    writer::{StoreEvents, Terms, start},
};
