mod generated;
mod patience;

use std::{
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use super::*;
use crate::key::Digest;
use crate::remote::Epoch;
use crate::value::envelope::Contents;

const KEY: Digest = [1; 32];

const THREAD: Caller = Caller {
    is_task: false,
    leads: false,
    usual: None,
};

const TASK: Caller = Caller {
    is_task: true,
    ..THREAD
};

const LEADS: Caller = Caller {
    leads: true,
    ..THREAD
};

/// How long a follower waits for its leader where the body's usual time is not known.
const PATIENCE: Duration = Duration::from_secs(1);

fn flights() -> &'static Flights {
    Box::leak(Box::default())
}

fn epoch(clears: u64) -> Epoch {
    Epoch::after_clears(clears)
}

fn join(flights: &'static Flights) -> Joined {
    flights.join(KEY, epoch(0), THREAD)
}

fn lead(flights: &'static Flights) -> Leader {
    match join(flights) {
        Joined::Lead(leader) => leader,
        other => panic!("{other:?}"),
    }
}

fn follow(flights: &'static Flights) -> Follower {
    match join(flights) {
        Joined::Follow(follower) => follower,
        other => panic!("{other:?}"),
    }
}

/// Polls a follower once.
fn poll(follower: &mut Follower) -> Poll<Option<FlightResult>> {
    std::pin::Pin::new(follower).poll(&mut Context::from_waker(Waker::noop()))
}

fn is_waiting(follower: &mut Follower) -> bool {
    poll(follower).is_pending()
}

fn leads(follower: &mut Follower) -> Leader {
    match poll(follower) {
        Poll::Ready(Some(FlightResult::Lead(leader))) => leader,
        other => panic!("{other:?}"),
    }
}

fn unread(text: &'static str) -> Contents {
    Contents::unread(text)
}

/// Whether these are the contents of `text`, however old.
fn is(contents: &Contents, text: &str) -> bool {
    format!("{contents:?}").contains(&format!("{text:?}"))
}

/// Looks after a leader's followers as if `waited` had passed.
fn look_after(leader: &Leader, waited: Duration) -> Option<Instant> {
    let now = Instant::now() + waited;
    leader
        .flights
        .look_after(&leader.digest, &leader.running, now, false)
}

#[test]
fn all_followers_get_the_value() {
    let flights = flights();
    let leader = lead(flights);
    let followers = [follow(flights), follow(flights)];
    leader.complete(&unread("value"));
    for follower in followers {
        assert!(matches!(follower.recv().unwrap(), FlightResult::Value(v) if is(&v, "value")));
    }
    drop(lead(flights));
}

#[test]
fn a_leader_can_only_leave_if_nobody_waits() {
    let flights = flights();
    lead(flights).abandon_alone().unwrap();
    let leader = lead(flights);
    let follower = follow(flights);
    let leader = leader.abandon_alone().unwrap_err();
    leader.complete(&unread("value"));
    assert!(matches!(follower.recv().unwrap(), FlightResult::Value(_)));
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
    let FlightResult::Lead(leader) = first.recv().unwrap() else {
        panic!()
    };
    leader.complete(&unread("value"));
    assert!(matches!(second.recv().unwrap(), FlightResult::Value(_)));
}

#[test]
fn a_follower_that_goes_with_the_lead_in_its_hands_passes_it_on() {
    let flights = flights();
    let leader = lead(flights);
    let first = follow(flights);
    let second = follow(flights);
    drop(leader);
    drop(first);
    // Two leaders have ended without a value, so the second follower need not wait in line.
    assert!(matches!(second.recv().unwrap(), FlightResult::Alone));
    drop(lead(flights));
}

#[test]
fn after_two_failures_nobody_waits() {
    let flights = flights();
    let leader = lead(flights);
    let first = follow(flights);
    let others = [follow(flights), follow(flights), follow(flights)];
    drop(leader);
    let FlightResult::Lead(second) = first.recv().unwrap() else {
        panic!()
    };
    drop(second);
    for other in others {
        assert!(matches!(other.recv().unwrap(), FlightResult::Alone));
    }
}

#[test]
fn a_queued_value_is_found_until_it_settles() {
    let flights = flights();
    let ticket = 7;
    lead(flights).complete_queued(&unread("value"), epoch(0), || Some(ticket));
    assert!(matches!(join(flights), Joined::Queued(q) if is(&q.contents, "value")));
    flights.settle(&KEY, ticket + 1);
    assert!(matches!(join(flights), Joined::Queued(_)));
    flights.settle(&KEY, ticket);
    drop(lead(flights));
}

#[test]
fn a_value_that_is_queued_again_has_its_new_ticket_only() {
    let flights = flights();
    lead(flights).complete_queued(&unread("value"), epoch(0), || Some(1));
    let Joined::Queued(queued) = join(flights) else {
        panic!()
    };
    // A refused requeue leaves the queued value as it is.
    flights.requeue(&KEY, &queued, || None);
    assert!(matches!(join(flights), Joined::Queued(_)));
    flights.requeue(&KEY, &queued, || Some(2));
    // Another caller that has found the first ticket does not queue the value again.
    flights.requeue(&KEY, &queued, || panic!("twice"));
    flights.settle(&KEY, queued.ticket);
    assert!(matches!(join(flights), Joined::Queued(_)));
    flights.settle(&KEY, 2);
    drop(lead(flights));
}

#[test]
fn a_value_that_can_not_be_queued_still_reaches_the_followers() {
    let flights = flights();
    let leader = lead(flights);
    let follower = follow(flights);
    leader.complete_queued(&Contents::unread("value"), epoch(0), || None);
    assert!(matches!(follower.recv().unwrap(), FlightResult::Value(_)));
    drop(lead(flights));
}

#[test]
fn a_leader_that_dismisses_sends_all_on() {
    let flights = flights();
    let leader = lead(flights);
    let follower = follow(flights);
    leader.abandon();
    assert!(matches!(follower.recv().unwrap(), FlightResult::Alone));
}

#[test]
fn who_comes_after_a_clear_begins_anew() {
    let flights = flights();
    let value = |text: &'static str| Contents::unread(text);
    let old = lead(flights);
    let old_follower = follow(flights);
    let Joined::Lead(new) = flights.join(KEY, epoch(1), THREAD) else {
        panic!("what began before is not for this one")
    };
    let Joined::Follow(new_follower) = flights.join(KEY, epoch(1), THREAD) else {
        panic!("the new one leads")
    };
    old.complete_queued(&value("old"), epoch(0), || panic!("queued"));
    assert!(matches!(old_follower.recv(), Some(FlightResult::Value(got)) if is(&got, "old")));
    new.complete_queued(&value("new"), epoch(1), || Some(1));
    assert!(matches!(new_follower.recv(), Some(FlightResult::Value(got)) if is(&got, "new")));
    let joined = flights.join(KEY, epoch(1), THREAD);
    assert!(matches!(joined, Joined::Queued(queued) if is(&queued.contents, "new")));
}

#[test]
fn who_waits_for_a_leader_in_whose_place_another_leads_is_sent_on_when_it_fails() {
    let flights = flights();
    let old = lead(flights);
    let old_follower = follow(flights);
    let Joined::Lead(new) = flights.join(KEY, epoch(1), THREAD) else {
        panic!("what began before is not for this one")
    };
    drop(old);
    assert!(matches!(old_follower.recv(), Some(FlightResult::Alone)));
    assert!(matches!(
        flights.join(KEY, epoch(1), THREAD),
        Joined::Follow(_)
    ));
    drop(new);
}

#[test]
fn the_first_value_is_everybodys() {
    let flights = flights();
    let leader = lead(flights);
    let mut first = follow(flights);
    let second = follow(flights);
    let mut not_begun = follow(flights);
    look_after(&leader, PATIENCE);
    let beside = leads(&mut first);
    drop(second);
    // The next in line is let go, but has not been polled when there is a value.
    look_after(&leader, PATIENCE * 3);
    beside.complete(&unread("value"));
    assert!(
        matches!(poll(&mut not_begun), Poll::Ready(Some(FlightResult::Value(v))) if is(&v, "value"))
    );
    leader.complete_queued(&unread("late"), epoch(0), || panic!("queued"));
    drop(lead(flights));
}

#[test]
fn while_others_lead_a_failure_is_nobodys_affair() {
    let flights = flights();
    let leader = lead(flights);
    let mut first = follow(flights);
    let mut second = follow(flights);
    look_after(&leader, PATIENCE);
    let beside = leads(&mut first);
    drop(leader);
    assert!(is_waiting(&mut second));
    // The last leader's failure is the second.
    drop(beside);
    assert!(matches!(second.recv(), Some(FlightResult::Alone)));
    drop(lead(flights));
}

#[test]
fn who_leads_follows_nobody() {
    let flights = flights();
    let leader = lead(flights);
    let mut follower = follow(flights);
    let Joined::Lead(beside) = flights.join(KEY, epoch(0), LEADS) else {
        panic!("it waits")
    };
    drop(beside);
    assert!(is_waiting(&mut follower));
    let Joined::Lead(beside) = flights.join(KEY, epoch(0), LEADS) else {
        panic!("it waits")
    };
    beside.complete_queued(&unread("value"), epoch(0), || Some(1));
    assert!(matches!(follower.recv(), Some(FlightResult::Value(_))));
    drop(leader);
    assert!(matches!(join(flights), Joined::Queued(_)));
}

#[test]
fn what_waited_too_long_to_be_written_is_computed_anew() {
    let flights = flights();
    lead(flights).complete_queued(&unread("old"), epoch(0), || Some(1));
    let Joined::Queued(queued) = join(flights) else {
        panic!()
    };
    let later = Instant::now() + Duration::from_secs(6);
    let Joined::Lead(leader) = flights.join_at(KEY, epoch(0), THREAD, later) else {
        panic!("it has waited for six seconds")
    };
    leader.complete_queued(&unread("new"), epoch(0), || Some(2));
    // Settling the old ticket does not remove the new value.
    flights.settle(&KEY, queued.ticket);
    assert!(matches!(join(flights), Joined::Queued(queued) if is(&queued.contents, "new")));
}

#[test]
fn what_redis_said_before_a_deletion_is_not_for_those_after_it() {
    for digest in [Some(&KEY), None] {
        let flights = flights();
        let looking = lead(flights);
        flights.supersede(digest);
        assert!(matches!(join(flights), Joined::Lead(_)), "{digest:?}");
        drop(looking);
        let mut computing = lead(flights);
        computing.computes();
        flights.supersede(digest);
        assert!(matches!(join(flights), Joined::Follow(_)), "{digest:?}");
    }
}

#[test]
fn what_was_deleted_while_it_was_computed_goes_only_to_those_who_wait_already() {
    let flights = flights();
    let mut leader = lead(flights);
    let follower = follow(flights);
    leader.computes();
    flights.invalidate(&KEY);
    leader.complete_queued(&Contents::unread("value"), epoch(0), || panic!("queued"));
    assert!(matches!(follower.recv(), Some(FlightResult::Value(value)) if is(&value, "value")));
    assert!(matches!(join(flights), Joined::Lead(_)));
}
