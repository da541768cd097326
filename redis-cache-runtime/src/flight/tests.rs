use super::*;
use crate::envelope::Contents;
use crate::key::Digest;
use crate::slot;
use crate::store::{Epoch, Outbox};

const KEY: Digest = [1; 32];

fn flights() -> &'static Flights {
    Box::leak(Box::default())
}

fn epoch(count: u64) -> Epoch {
    let known = Outbox::default().epoch();
    Epoch { count, ..known }
}

fn join(flights: &'static Flights) -> Joined {
    flights.join(KEY, epoch(0))
}

fn lead(flights: &'static Flights) -> Leader {
    match join(flights) {
        Joined::Lead(leader) => leader,
        other => panic!("{other:?}"),
    }
}

fn follow(flights: &'static Flights) -> slot::Receiver<Landing> {
    match join(flights) {
        Joined::Follow(receiver) => receiver,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_followers_get_the_value() {
    let flights = flights();
    let leader = lead(flights);
    let followers = [follow(flights), follow(flights)];
    leader.land(|| Contents::unread("value"));
    for follower in followers {
        assert!(
            matches!(follower.recv().unwrap(), Landing::Value(v) if v == Contents::unread("value"))
        );
    }
    drop(lead(flights));
}

#[test]
fn a_leader_can_only_leave_if_nobody_waits() {
    let flights = flights();
    lead(flights).dismiss_alone().unwrap();
    let leader = lead(flights);
    let follower = follow(flights);
    let leader = leader.dismiss_alone().unwrap_err();
    leader.land(|| Contents::unread("value"));
    assert!(matches!(follower.recv().unwrap(), Landing::Value(_)));
    drop(lead(flights));
}

#[test]
fn a_dropped_leader_hands_over_to_the_first_that_is_still_there() {
    let flights = flights();
    let leader = lead(flights);
    let gone = follow(flights);
    let first = follow(flights);
    let second = follow(flights);
    drop(gone);
    drop(leader);
    let Landing::Lead(leader) = first.recv().unwrap() else {
        panic!()
    };
    leader.land(|| Contents::unread("value"));
    assert!(matches!(second.recv().unwrap(), Landing::Value(_)));
}

#[test]
fn a_follower_that_goes_with_the_lead_in_its_hands_passes_it_on() {
    let flights = flights();
    let leader = lead(flights);
    let first = follow(flights);
    let second = follow(flights);
    drop(leader);
    drop(first);
    // Two have ended without a value, so the second need not stand in line.
    assert!(matches!(second.recv().unwrap(), Landing::Alone));
    drop(lead(flights));
}

#[test]
fn after_two_failures_nobody_waits() {
    let flights = flights();
    let leader = lead(flights);
    let first = follow(flights);
    let others = [follow(flights), follow(flights), follow(flights)];
    drop(leader);
    let Landing::Lead(second) = first.recv().unwrap() else {
        panic!()
    };
    drop(second);
    for other in others {
        assert!(matches!(other.recv().unwrap(), Landing::Alone));
    }
}

#[test]
fn a_queued_value_is_found_until_it_settles() {
    let flights = flights();
    let mut ticket = None;
    lead(flights).land_queued(&Contents::unread("value"), epoch(0), |t| {
        ticket = Some(t);
        true
    });
    assert!(matches!(join(flights), Joined::Queued(q) if q.contents == Contents::unread("value")));
    flights.settle(&KEY, ticket.unwrap() + 1);
    assert!(matches!(join(flights), Joined::Queued(_)));
    flights.settle(&KEY, ticket.unwrap());
    drop(lead(flights));
}

#[test]
fn a_value_that_is_used_again_is_stored_again_if_others_came_after_it() {
    let flights = flights();
    let value = Contents::unread("value");
    lead(flights).land_queued(&value, epoch(0), |_| true);
    let Joined::Queued(queued) = join(flights) else {
        panic!()
    };
    let refuse = |_| panic!("nothing came after it");
    assert!(!flights.requeue(&KEY, &queued, refuse));
    let Joined::Lead(other) = flights.join([2; 32], epoch(0)) else {
        panic!()
    };
    other.land_queued(&value, epoch(0), |_| true);
    let mut ticket = None;
    assert!(flights.requeue(&KEY, &queued, |new| ticket.replace(new).is_none()));
    // Whoever else found the first ticket need not do it again.
    assert!(!flights.requeue(&KEY, &queued, |_| panic!("twice")));
    flights.settle(&KEY, queued.ticket);
    assert!(matches!(join(flights), Joined::Queued(_)));
    flights.settle(&KEY, ticket.unwrap());
    drop(lead(flights));
}

#[test]
fn a_value_that_can_not_be_queued_still_reaches_the_followers() {
    let flights = flights();
    let leader = lead(flights);
    let follower = follow(flights);
    leader.land_queued(&Contents::unread("value"), epoch(0), |_| false);
    assert!(matches!(follower.recv().unwrap(), Landing::Value(_)));
    drop(lead(flights));
}

#[test]
fn a_leader_that_dismisses_sends_all_on() {
    let flights = flights();
    let leader = lead(flights);
    let follower = follow(flights);
    leader.dismiss();
    assert!(matches!(follower.recv().unwrap(), Landing::Alone));
}

#[test]
fn who_comes_after_a_clear_begins_anew() {
    let flights = flights();
    let value = |text: &'static str| Contents::unread(text);
    let old = lead(flights);
    let old_follower = follow(flights);
    let Joined::Lead(new) = flights.join(KEY, epoch(1)) else {
        panic!("what began before is not for this one")
    };
    let Joined::Follow(new_follower) = flights.join(KEY, epoch(1)) else {
        panic!("the new one leads")
    };
    old.land_queued(&value("old"), epoch(0), |_| panic!("queued"));
    assert!(
        matches!(old_follower.recv(), Ok(Landing::Value(got)) if got == Contents::unread("old"))
    );
    new.land_queued(&value("new"), epoch(1), |_| true);
    assert!(
        matches!(new_follower.recv(), Ok(Landing::Value(got)) if got == Contents::unread("new"))
    );
    let joined = flights.join(KEY, epoch(1));
    assert!(matches!(joined, Joined::Queued(queued) if queued.contents == Contents::unread("new")));
}

#[test]
fn who_waits_for_a_leader_in_whose_place_another_leads_is_sent_on_when_it_fails() {
    let flights = flights();
    let old = lead(flights);
    let old_follower = follow(flights);
    let Joined::Lead(new) = flights.join(KEY, epoch(1)) else {
        panic!("what began before is not for this one")
    };
    drop(old);
    assert!(matches!(old_follower.recv(), Ok(Landing::Alone)));
    assert!(matches!(flights.join(KEY, epoch(1)), Joined::Follow(_)));
    drop(new);
}

#[test]
fn a_leader_that_was_given_up_ends_nothing_but_itself() {
    let flights = flights();
    let stalled = lead(flights);
    let follower = follow(flights);
    flights.abandon(&KEY, stalled.progress());
    assert!(matches!(follower.recv(), Ok(Landing::Alone)));
    // Whatever happens to the entry meanwhile, the one that was given up knows nothing of it.
    flights.invalidate(&KEY);
    let next = lead(flights);
    let next_follower = follow(flights);
    stalled.land_queued(&Contents::unread("stale"), epoch(0), |_| panic!("queued"));
    next.land(|| Contents::unread("value"));
    assert!(
        matches!(next_follower.recv(), Ok(Landing::Value(got)) if got == Contents::unread("value"))
    );
    drop(lead(flights));
}

#[test]
fn what_redis_said_before_a_deletion_is_not_for_those_after_it() {
    for digest in [Some(&KEY), None] {
        let flights = flights();
        let looking = lead(flights);
        flights.distrust(digest);
        assert!(matches!(join(flights), Joined::Lead(_)), "{digest:?}");
        drop(looking);
        let computing = lead(flights);
        computing.computes();
        flights.distrust(digest);
        assert!(matches!(join(flights), Joined::Follow(_)), "{digest:?}");
    }
}

#[test]
fn what_was_deleted_while_it_was_computed_goes_only_to_those_who_wait_already() {
    let flights = flights();
    let leader = lead(flights);
    let follower = follow(flights);
    leader.computes();
    flights.invalidate(&KEY);
    leader.land_queued(&Contents::unread("value"), epoch(0), |_| panic!("queued"));
    assert!(
        matches!(follower.recv(), Ok(Landing::Value(value)) if value == Contents::unread("value"))
    );
    assert!(matches!(join(flights), Joined::Lead(_)));
}
