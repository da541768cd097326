//! A computed value, until it is known to come back as it was.

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

/// An encoded value and its leader. It is neither stored nor given to followers before it is settled.
pub(super) struct Unproved {
    pub(super) cache: &'static Cache,
    pub(super) leader: Leader,
    pub(super) digest: Digest,
    pub(super) epoch: Epoch,
    pub(super) draft: Arc<Draft>,
    pub(super) readable: Option<&'static Readable>,
    pub(super) type_name: &'static str,
    /// Whether the value is to be stored.
    pub(super) is_stored: bool,
    /// The value's entry, where that is not the key's.
    pub(super) alternate: Option<Digest>,
    /// The value's place in the queue, while the verifier's thread compares it.
    pub(super) place: Option<Place>,
}

impl Unproved {
    /// Settles the value where its proof is given, or hands it to the verifier's thread.
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

    /// Stores the value and hands it to the followers, if it comes back.
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
            // Later calls find it in Redis, by the value that stands at the key.
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
            // The flight has refused the value.
            (None, Some(place)) => _ = cache.give_up(&digest, &place),
            (None, None) => {}
        }
    }

    /// Gives the value up without a proof.
    pub(super) fn give_up(self) {
        let place = self.place.as_ref();
        // A value whose place was kept for too long has been counted.
        if place.is_none_or(|place| self.cache.give_up(&self.digest, place)) {
            self.cache.report_unproved();
        }
        self.leader.abandon();
    }

    /// Drops the value: the followers run the body by themselves.
    fn drop_unstored(self) {
        if let Some(place) = &self.place {
            _ = self.cache.give_up(&self.digest, place);
        }
        self.leader.abandon();
    }
}
