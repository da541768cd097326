//! How long followers wait.

use super::*;

#[test]
fn who_waits_long_is_let_go_one_by_one_and_then_all() {
    let flights = flights();
    let leader = lead(flights);
    let mut followers: Vec<_> = (0..10).map(|_| follow(flights)).collect();
    let mut beside = Vec::new();
    for (patiences, expected) in [(1, 1), (3, 2), (7, 3), (15, 4), (31, 10)] {
        look_after(&leader, PATIENCE * (patiences * 10 - 1) / 10);
        assert!(followers.iter_mut().all(is_waiting));
        look_after(&leader, PATIENCE * patiences);
        while beside.len() < expected {
            beside.push(leads(&mut followers.remove(0)));
        }
        assert!(followers.iter_mut().all(is_waiting));
    }
    assert_eq!(look_after(&leader, PATIENCE * 32), None);
    // A caller that comes now leads as well, and is followed.
    let newcomer = lead(flights);
    let mut behind = follow(flights);
    assert!(is_waiting(&mut behind));
    drop(newcomer);
    leader.complete_queued(&unread("late"), epoch(0), || Some(1));
    assert!(matches!(behind.recv(), Some(FlightResult::Value(value)) if is(&value, "late")));
    for other in beside {
        other.complete_queued(&unread("later"), epoch(0), || panic!("queued twice"));
    }
    assert!(matches!(join(flights), Joined::Queued(queued) if is(&queued.contents, "late")));
}

#[test]
fn nobody_is_held_up_for_one_that_hangs_while_others_fail() {
    let flights = flights();
    let hangs = lead(flights);
    let mut followers = [follow(flights), follow(flights), follow(flights)];
    look_after(&hangs, PATIENCE);
    drop(leads(&mut followers[0]));
    // One failure may be chance.
    assert!(is_waiting(&mut followers[1]));
    look_after(&hangs, PATIENCE * 3);
    drop(leads(&mut followers[1]));
    let [_, _, third] = followers;
    assert!(matches!(third.recv(), Some(FlightResult::Alone)));
    // A caller that comes now does not wait for the hanging leader either.
    let newcomer = lead(flights);
    drop(newcomer);
    hangs.complete_queued(&unread("late"), epoch(0), || panic!("queued"));
    drop(lead(flights));
}

#[test]
fn where_followers_held_up_their_leader_the_next_are_let_go_sooner() {
    let flights = flights();
    let mut patience = PATIENCE;
    for _ in 0..20 {
        let leader = lead(flights);
        let mut follower = follow(flights);
        look_after(&leader, patience);
        leads(&mut follower).complete(&unread("value"));
        drop(leader);
        patience = (patience / 2).max(PATIENCE / 64);
    }
    for _ in 0..20 {
        let leader = lead(flights);
        let mut follower = follow(flights);
        look_after(&leader, patience);
        let beside = leads(&mut follower);
        leader.complete(&unread("value"));
        drop(beside);
        patience = (patience * 2).min(PATIENCE);
    }
    assert_eq!(patience, PATIENCE);
}

#[test]
fn tasks_are_looked_after_by_nobody_of_theirs() {
    let flights = flights();
    let leader = lead(flights);
    let usual = Some(Duration::from_micros(1));
    let Joined::Follow(mut follower) = flights.join(KEY, epoch(0), Caller { usual, ..TASK }) else {
        panic!("it leads")
    };
    let landing = pollster::block_on(std::pin::Pin::new(&mut follower));
    assert!(matches!(landing, Some(FlightResult::Lead(_))));
    drop(leader);
}

#[test]
fn who_was_let_go_for_a_leader_that_seemed_stuck_waits_again_if_it_is_not() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let flights = flights();
    let leader = runtime.block_on(async { lead(flights) });
    let [mut first, second] = [follow(flights), follow(flights)];
    let wait = |from: Duration| {
        let mut waited = from;
        while is_in_line(&leader, 2) {
            waited += Duration::from_millis(1);
            look_after(&leader, waited);
            assert!(waited < PATIENCE / 2);
        }
        waited
    };
    // No thread drives the runtime.
    let waited = wait(Duration::ZERO);
    runtime.block_on(tokio::task::yield_now());
    assert!(is_waiting(&mut first));
    assert!(is_in_line(&leader, 2));
    // A follower returns to the line only once.
    wait(waited);
    let beside = leads(&mut first);
    beside.complete(&unread("value"));
    assert!(matches!(second.recv(), Some(FlightResult::Value(_))));
    drop(leader);
}

fn is_in_line(leader: &Leader, followers: usize) -> bool {
    leader.running.state().line.len() == followers
}
