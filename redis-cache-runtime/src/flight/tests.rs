use bytes::Bytes;

use super::*;
use crate::key::Digest;
use crate::store::{Epoch, Outbox};

const KEY: Digest = [1; 32];

fn flights() -> &'static Flights {
    Box::leak(Box::default())
}

fn epoch(count: u64) -> Epoch {
    let known = Outbox::default().epoch();
    Epoch { count, ..known }
}

fn join(flights: &'static Flights) -> Joined<oneshot::Receiver<Landing>> {
    flights.join(KEY, epoch(0), oneshot::channel)
}

fn lead(flights: &'static Flights) -> Leader {
    match join(flights) {
        Joined::Lead(leader) => leader,
        other => panic!("{other:?}"),
    }
}

fn follow(flights: &'static Flights) -> oneshot::Receiver<Landing> {
    match join(flights) {
        Joined::Follow(receiver) => receiver,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_followers_get_the_value() {
    let flights = flights();
    let leader = lead(flights);
    assert!(!leader.has_followers());
    let followers = [follow(flights), follow(flights)];
    assert!(leader.has_followers());
    leader.land(&Bytes::from_static(b"value"));
    for follower in followers {
        assert!(matches!(follower.recv().unwrap(), Landing::Value(v) if v == "value"));
    }
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
    leader.land(&Bytes::from_static(b"value"));
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
    lead(flights).land_queued(&Bytes::from_static(b"value"), epoch(0), |t| {
        ticket = Some(t);
        true
    });
    assert!(matches!(join(flights), Joined::Queued(q) if q.envelope == "value"));
    flights.settle(&KEY, ticket.unwrap() + 1);
    assert!(matches!(join(flights), Joined::Queued(_)));
    flights.settle(&KEY, ticket.unwrap());
    drop(lead(flights));
}

#[test]
fn a_value_that_is_used_again_is_stored_again_if_others_came_after_it() {
    let flights = flights();
    let value = Bytes::from_static(b"value");
    lead(flights).land_queued(&value, epoch(0), |_| true);
    let Joined::Queued(queued) = join(flights) else {
        panic!()
    };
    assert_eq!(flights.requeue(&KEY, &queued), None);
    let Joined::Lead(other) = flights.join([2; 32], epoch(0), oneshot::channel) else {
        panic!()
    };
    other.land_queued(&value, epoch(0), |_| true);
    let ticket = flights.requeue(&KEY, &queued).unwrap();
    // Whoever else found the first ticket need not do it again.
    assert_eq!(flights.requeue(&KEY, &queued), None);
    flights.settle(&KEY, queued.ticket);
    assert!(matches!(join(flights), Joined::Queued(_)));
    flights.settle(&KEY, ticket);
    drop(lead(flights));
}

#[test]
fn a_value_that_can_not_be_queued_still_reaches_the_followers() {
    let flights = flights();
    let leader = lead(flights);
    let follower = follow(flights);
    leader.land_queued(&Bytes::from_static(b"value"), epoch(0), |_| false);
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
fn what_began_before_a_clear_is_not_for_those_after_it() {
    let flights = flights();
    let leader = lead(flights);
    assert!(matches!(
        flights.join(KEY, epoch(1), oneshot::channel),
        Joined::Alone
    ));
    leader.land_queued(&Bytes::from_static(b"value"), epoch(0), |_| true);
    assert!(matches!(
        flights.join(KEY, epoch(1), oneshot::channel),
        Joined::Alone
    ));
    assert!(matches!(join(flights), Joined::Queued(_)));
}

#[test]
fn what_was_deleted_while_it_was_computed_goes_only_to_those_who_wait_already() {
    let flights = flights();
    let Joined::Lead(leader) = join(flights) else {
        panic!("nobody is there")
    };
    let Joined::Follow(follower) = join(flights) else {
        panic!("the first leads")
    };
    flights.invalidate(&KEY);
    assert!(matches!(join(flights), Joined::Alone));
    leader.land_queued(&Bytes::from_static(b"value"), epoch(0), |_| {
        panic!("queued")
    });
    assert!(matches!(follower.recv(), Ok(Landing::Value(value)) if value == "value"));
    assert!(matches!(join(flights), Joined::Lead(_)));
}
