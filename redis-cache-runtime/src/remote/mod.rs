//! Redis as a bounded store: what is to be written, and the scripts that write it.

mod applied;
mod bulk;
mod epoch;
mod failed;
pub(crate) mod flush_on_exit;
mod keyspace;
mod losses;
mod numbered;
mod queue;
mod retry;
mod scripts;
mod shard;
mod touches;
mod write_disposition;
mod writer;

pub(crate) use self::{
    bulk::entries,
    epoch::{Epoch, Freshness},
    keyspace::Keyspace,
    losses::{Loss, Losses},
    queue::{Done, Place, Pushed, Used, WriteBehindQueue},
    scripts::Scripts,
    shard::{Shard, split},
    writer::{StoreEvents, Terms, start},
};
