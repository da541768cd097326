//! Redis as a bounded store: the write-behind queue, its writer, and the scripts.

mod applied;
mod batch;
mod bulk;
mod epoch;
mod events;
mod failed;
pub(crate) mod flush_on_exit;
mod keyspace;
mod losses;
#[cfg(test)]
pub(crate) mod model;
mod numbered;
mod queue;
mod retry;
mod scripts;
mod shard;
mod touches;
mod write_disposition;
mod writer;

#[cfg(test)]
pub(crate) use self::writer::tests::write_all;
pub(crate) use self::{
    bulk::entries,
    epoch::{Epoch, Freshness},
    events::{StoreEvents, Terms},
    keyspace::Keyspace,
    losses::{Loss, Losses},
    queue::{Done, Place, Pushed, Used, WriteBehindQueue},
    scripts::Scripts,
    shard::{Shard, split},
    writer::start,
};
