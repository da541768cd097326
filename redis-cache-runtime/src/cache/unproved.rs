//! A value that was computed, until it is known to come back as it was.

use std::sync::Arc;

use super::{Cache, verifier};
use crate::{
    flight::Leader,
    key::{Digest, Readable},
    remote::{Epoch, Place, flush_on_exit},
    value::{
        codec::{CodecError, Proof, Shape},
        envelope::Draft,
    },
};

/// What was made of a value, and who waits for it. Nobody gets it, and it is not stored, before it is settled.
pub(super) struct Unproved {
    pub(super) cache: &'static Cache,
    pub(super) leader: Leader,
    pub(super) digest: Digest,
    pub(super) epoch: Epoch,
    pub(super) draft: Arc<Draft>,
    pub(super) readable: Option<&'static Readable>,
    pub(super) type_name: &'static str,
    /// Whether Redis is to get it.
    pub(super) is_stored: bool,
    /// Its entry, where that is not the key's.
    pub(super) alternate: Option<Digest>,
    /// Its place in the order of what happened, where it is to be found out elsewhere whether it comes back.
    pub(super) place: Option<Place>,
}

impl Unproved {
    /// Goes on with what is known, or finds it out where nobody waits.
    pub(super) fn prove(mut self, proof: Proof) {
        let owed = match proof {
            Proof::Given(given) => return self.settle(given),
            Proof::Owed(owed) => owed,
        };
        if self.is_stored {
            match self.keep_place() {
                Ok(place) => self.place = Some(place),
                Err(()) => self.is_stored = false,
            }
        }
        if !self.is_stored {
            self.leader = match self.leader.abandon_alone() {
                Ok(()) => return,
                Err(leader) => leader,
            };
        }
        self.leader.rest();
        verifier::submit(self, owed);
    }

    fn keep_place(&self) -> Result<Place, ()> {
        let shard = self.cache.shard(&self.digest);
        match shard.queue().keep_place(self.epoch) {
            Ok(place) => {
                flush_on_exit::arm();
                Ok(place)
            }
            Err(refused) => {
                self.cache.report_pushed(refused, self.draft.sealed_len());
                Err(())
            }
        }
    }

    /// Stores it and hands it to those who wait, if it comes back.
    pub(super) fn settle(self, shape: Result<Shape, CodecError>) {
        if let Some(readable) = self.readable {
            readable.learn(shape.is_ok());
        }
        let shape = match shape {
            Ok(shape) => shape,
            Err(error) => {
                self.cache.report_not_storable(&error, self.type_name);
                return self.drop_unstored();
            }
        };
        let Self {
            cache,
            leader,
            digest,
            epoch,
            draft,
            is_stored,
            alternate,
            place,
            ..
        } = self;
        let contents = Arc::unwrap_or_clone(draft).finish(shape);
        if !is_stored {
            return leader.complete(&contents);
        }
        if let Some(alternate) = alternate {
            // Those who come later find it by way of what stands at the key.
            let pushed = cache.queue(epoch, alternate, contents.clone(), place.as_ref());
            cache.report_pushed(pushed, contents.sealed_len());
            return leader.complete(&contents);
        }
        let mut pushed = None;
        leader.complete_queued(&contents, epoch, || {
            let queued = cache.queue(epoch, digest, contents.clone(), place.as_ref());
            pushed.insert(queued).ticket()
        });
        match (pushed, place) {
            (Some(pushed), _) => cache.report_pushed(pushed, contents.sealed_len()),
            // It was not wanted any more.
            (None, Some(place)) => _ = cache.give_up(&digest, &place),
            (None, None) => {}
        }
    }

    /// Ends without having been proved.
    pub(super) fn give_up(self) {
        let place = self.place.as_ref();
        // One whose place was kept for too long has been counted.
        if place.is_none_or(|place| self.cache.give_up(&self.digest, place)) {
            self.cache.report_unproved();
        }
        self.leader.abandon();
    }

    /// Leaves it to nobody: who waits runs the body by itself.
    fn drop_unstored(self) {
        if let Some(place) = &self.place {
            _ = self.cache.give_up(&self.digest, place);
        }
        self.leader.abandon();
    }
}
