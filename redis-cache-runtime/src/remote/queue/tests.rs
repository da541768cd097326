use std::collections::VecDeque;

use super::*;
use crate::remote::keyspace::{Member, member};

const A: Digest = [1; 32];
const B: Digest = [2; 32];
const NOTHING: Known = Known {
    generation: Generation::None,
    invalidated: Invalidated {
        base: None,
        number: 0,
    },
};

fn first() -> Epoch {
    Epoch::default().with(NOTHING)
}

fn cleared() -> Known {
    Known::cleared(Clear::after(NOTHING).generation)
}

fn push(queue: &WriteBehindQueue, epoch: Epoch, digest: Digest) -> Pushed {
    queue.push_store(epoch, digest, Contents::unread("contents"), None)
}

#[test]
fn a_store_carries_the_touches_before_it_each_once_by_last_use() {
    let queue = WriteBehindQueue::default();
    assert!(queue.touch(&A));
    assert!(!queue.touch(&B));
    assert!(!queue.touch(&A));
    assert!(push(&queue, first(), [3; 32]).ticket().is_some());
    let Some(Job::Store { touches, .. }) = queue.pop(Instant::now()) else {
        panic!()
    };
    assert_eq!(touches, [member(&B), member(&A)]);
    assert!(queue.touch(&A));
}

#[test]
fn touches_without_a_store_wait_for_their_interval() {
    let queue = WriteBehindQueue::default();
    queue.touch(&A);
    let due = queue.due().unwrap();
    assert!(queue.pop(Instant::now()).is_none());
    assert!(matches!(queue.pop(due), Some(Job::Touch { touches }) if touches == [member(&A)]));
    assert_eq!(queue.due(), None);
}

#[test]
fn too_many_touches_go_at_once() {
    let queue = WriteBehindQueue::default();
    let digest = |n: usize| std::array::from_fn(|i| n.to_le_bytes().get(i).copied().unwrap_or(0));
    let told: Vec<bool> = (0..TOUCHES).map(|n| queue.touch(&digest(n))).collect();
    assert_eq!(told.iter().filter(|told| **told).count(), 2);
    assert!(told[0] && told[TOUCHES - 1]);
    let Some(Job::Touch { touches }) = queue.pop(Instant::now()) else {
        panic!()
    };
    assert_eq!(touches.len(), TOUCHES);
}

#[test]
fn the_queue_is_bounded_in_number_and_in_bytes() {
    let queue = WriteBehindQueue::default();
    for stores in 1..=QUEUED_VALUES {
        let is_due = stores >= BATCH;
        let ticket = stores as u64;
        let queued = Pushed::Queued { ticket, is_due };
        assert_eq!(push(&queue, first(), A), queued);
    }
    assert_eq!(push(&queue, first(), A), Pushed::Full);
    while queue.pop(Instant::now()).is_some() {}

    let half = Contents::unread(vec![0; QUEUED_BYTES / 2 - 1024]);
    for fits in [true, true, false] {
        let pushed = queue.push_store(first(), A, half.clone(), None);
        assert_eq!(pushed.ticket().is_some(), fits, "{pushed:?}");
    }
    queue.pop(Instant::now());
    assert!(queue.push_store(first(), A, half, None).ticket().is_some());
}

#[test]
fn what_is_used_before_it_is_sent_changes_its_place() {
    let queue = WriteBehindQueue::default();
    let bound = MaxSize::Entries(2);
    queue.touch(&[9; 32]);
    let ticket = push(&queue, first(), A).ticket().unwrap();
    let recorded = |is_news| Used::Recorded { is_news };
    assert_eq!(queue.use_queued(&A, ticket, bound), recorded(false));
    push(&queue, first(), B);
    for _ in 0..10 {
        assert_eq!(queue.use_queued(&A, ticket, bound), recorded(false));
    }
    let jobs: Vec<_> = std::iter::from_fn(|| queue.pop(Instant::now())).collect();
    // The touch that the store carried keeps its place.
    assert!(
        matches!(jobs.as_slice(), [Job::Touch { touches }, Job::Store { digest: B, .. }, Job::Store { digest: A, .. }] if touches == &[member(&[9; 32])]),
        "{jobs:?}"
    );
    // Once the store is sent a touch will do, until `maxsize` stores after it may have evicted its value.
    assert_eq!(queue.use_queued(&A, ticket, bound), recorded(true));
    push(&queue, first(), [3; 32]);
    assert_eq!(queue.use_queued(&A, ticket, bound), recorded(true));
    push(&queue, first(), [4; 32]);
    assert_eq!(queue.use_queued(&A, ticket, bound), Used::Late);
    let unbounded = queue.use_queued(&A, ticket, MaxSize::Unbounded);
    assert_eq!(unbounded, recorded(true));
    queue.settled(ticket);
    assert_eq!(queue.use_queued(&A, ticket, bound), recorded(false));
}

#[test]
fn nothing_moves_past_what_somebody_waits_for() {
    let queue = WriteBehindQueue::default();
    let ticket = push(&queue, first(), A).ticket().unwrap();
    queue.push_flush(Done::new(drop));
    push(&queue, first(), B);
    assert_eq!(
        queue.use_queued(&A, ticket, MaxSize::Entries(2)),
        Used::Recorded { is_news: true }
    );
    assert_eq!(
        queue.use_queued(&A, ticket, MaxSize::Entries(1)),
        Used::Late
    );
    let first = queue.pop(Instant::now());
    assert!(matches!(first, Some(Job::Store { digest: A, .. })));
}

/// Redis keeps the entries that an exact LRU list keeps, in its order, for any sequence of calls, sends and answers.
#[test]
fn the_order_is_that_of_a_list() {
    let key = |n: u8| [n; 32];
    for seed in 0..500 {
        let mut random = fastrand::Rng::with_seed(seed);
        let queue = WriteBehindQueue::default();
        let most = random.usize(1..8);
        let bound = MaxSize::Entries(most);
        let [mut redis, mut list] = [Vec::new(), Vec::new()];
        let mut on_their_way = std::collections::HashMap::new();
        let mut sent = VecDeque::new();
        let use_in = |list: &mut Vec<Member>, used: Member| {
            list.retain(|other| *other != used);
            list.push(used);
            let over = list.len().saturating_sub(most);
            list.drain(..over);
        };
        for _ in 0..200 {
            let digest = key(random.u8(0..12));
            let store = |on_their_way: &mut std::collections::HashMap<Digest, u64>| {
                let ticket = push(&queue, first(), digest).ticket().unwrap();
                on_their_way.insert(digest, ticket);
            };
            // The look-up of a call comes after all stores only if all are sent first, so the queue is drained.
            let is_call = random.bool();
            let drains = is_call && !on_their_way.contains_key(&digest);
            if is_call && !drains {
                let ticket = on_their_way[&digest];
                if queue.use_queued(&digest, ticket, bound) == Used::Late {
                    store(&mut on_their_way);
                }
                use_in(&mut list, member(&digest));
            }
            let mut retry = if drains {
                usize::MAX
            } else {
                random.usize(0..3)
            };
            while retry > 0 {
                retry -= 1;
                let later = Instant::now() + Duration::from_secs(1);
                let popped = queue.pop(later);
                let is_over = popped.is_none();
                sent.extend(popped);
                if is_over || random.bool() {
                    for job in sent.drain(..) {
                        let (touches, stored) = match job {
                            Job::Store {
                                touches,
                                digest,
                                ticket,
                                ..
                            } => (touches, Some((digest, ticket))),
                            Job::Touch { touches } => (touches, None),
                            other => panic!("{other:?}"),
                        };
                        for touched in touches {
                            if redis.contains(&touched) {
                                use_in(&mut redis, touched);
                            }
                        }
                        if let Some((digest, ticket)) = stored {
                            use_in(&mut redis, member(&digest));
                            queue.settled(ticket);
                            on_their_way.retain(|_, its| *its != ticket);
                        }
                    }
                }
                if is_over {
                    break;
                }
            }
            if drains {
                assert_eq!(redis, list, "seed {seed}");
                if redis.contains(&member(&digest)) {
                    queue.touch(&digest);
                } else {
                    store(&mut on_their_way);
                }
                use_in(&mut list, member(&digest));
            }
        }
    }
}

#[test]
fn a_clear_takes_the_place_of_what_waits_and_refuses_what_began_before() {
    let queue = WriteBehindQueue::default();
    queue.learn_first(NOTHING);
    let before = queue.epoch();
    push(&queue, before, A);
    queue.touch(&A);
    let done = Done::new(drop);
    assert_eq!(queue.push_clear(Arc::default(), done), 1);
    assert_eq!(push(&queue, before, B), Pushed::Overtaken);
    assert!(push(&queue, queue.epoch(), B).ticket().is_some());
    assert!(matches!(queue.pop(Instant::now()), Some(Job::Clear { .. })));
    let Some(Job::Store { touches, .. }) = queue.pop(Instant::now()) else {
        panic!()
    };
    assert!(touches.is_empty());
    assert!(queue.pop(Instant::now()).is_none());
}

#[test]
fn a_clear_by_another_process_refuses_what_began_before() {
    let queue = WriteBehindQueue::default();
    assert!(!queue.learn(NOTHING));
    let before = queue.epoch();
    assert!(!queue.learn(NOTHING));
    assert!(queue.learn(cleared()));
    assert_eq!(push(&queue, before, A), Pushed::Overtaken);
    assert!(push(&queue, queue.epoch(), A).ticket().is_some());
}

#[test]
fn what_redis_said_before_it_was_told_of_a_clear_is_no_news() {
    let queue = WriteBehindQueue::default();
    queue.learn(NOTHING);
    queue.push_clear(Arc::default(), Done::new(drop));
    let after = queue.epoch();
    assert!(!queue.learn(NOTHING));
    queue.learn_first(NOTHING);
    assert_eq!(queue.epoch(), after);
    assert!(!queue.cleared(Some(after.known.generation)));
    assert!(!queue.learn(after.known));
    assert!(queue.learn(cleared()));
}

#[test]
fn what_redis_has_after_a_clear_that_failed_is_asked() {
    let queue = WriteBehindQueue::default();
    queue.learn_first(cleared());
    for _ in 0..2 {
        queue.push_clear(Arc::default(), Done::new(drop));
    }
    assert!(!queue.cleared(None));
    assert!(!queue.is_unaware());
    assert!(!queue.cleared(None));
    assert!(queue.is_unaware());
    let known = cleared();
    queue.learn_first(known);
    assert_eq!(queue.epoch().known, known);
}

#[test]
fn another_clear_than_the_one_that_was_called_is_news() {
    let queue = WriteBehindQueue::default();
    queue.learn_first(NOTHING);
    for _ in 0..2 {
        queue.push_clear(Arc::default(), Done::new(drop));
    }
    let during = queue.epoch();
    let known = cleared();
    // While the second clear has not ended, the end of the first is no news.
    assert!(!queue.cleared(Some(known.generation)));
    assert_eq!(queue.epoch(), during);
    assert!(queue.cleared(Some(known.generation)));
    assert_eq!(queue.epoch().known, known);
    assert_eq!(push(&queue, during, A), Pushed::Overtaken);
}

#[test]
fn what_redis_says_first_is_no_news() {
    let queue = WriteBehindQueue::default();
    let before = queue.epoch();
    assert!(queue.is_unaware());
    queue.learn_first(NOTHING);
    assert!(before.holds_at(queue.epoch()));
    assert!(push(&queue, before, A).ticket().is_some());
    assert!(push(&queue, queue.epoch(), A).ticket().is_some());
    // A later answer to the first question is ignored.
    queue.learn_first(cleared());
    assert_eq!(queue.epoch().known, NOTHING);
}

#[test]
fn an_invalidation_comes_after_the_stores() {
    let queue = WriteBehindQueue::default();
    push(&queue, first(), A);
    queue.push_invalidate(A, Done::new(drop));
    assert!(matches!(queue.pop(Instant::now()), Some(Job::Store { .. })));
    assert!(matches!(
        queue.pop(Instant::now()),
        Some(Job::Invalidate { .. })
    ));
}

#[test]
fn a_flush_comes_after_the_touches() {
    let queue = WriteBehindQueue::default();
    queue.touch(&A);
    let done = Done::new(drop);
    queue.push_flush(done);
    assert!(matches!(queue.pop(Instant::now()), Some(Job::Touch { .. })));
    assert!(matches!(queue.pop(Instant::now()), Some(Job::Flush { .. })));
}
