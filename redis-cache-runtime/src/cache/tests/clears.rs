//! A clear, or an invalidation, at each step of a call.

use std::pin::pin;

use super::world::{World, *};
use crate::{
    cache::invalidation::Told,
    outcome::CacheStatus::{HitBuffer, HitRedis, Miss},
    telemetry::Event,
};

/// The two ways to delete the value: a clear, and an invalidation.
const DELETIONS: [fn(&World) -> Vec<Told>; 2] = [World::clear, World::invalidate];

fn sum(told: Vec<Told>) -> u64 {
    pollster::block_on(invalidation::sum(told)).unwrap()
}

#[test]
fn before_the_lookup_it_leaves_nothing_to_find() {
    for delete in DELETIONS {
        let world = World::new();
        world.call("old");
        world.write();
        let told = delete(&world);
        world.write();
        assert_eq!(sum(told), 1);
        assert_eq!(world.call("new"), "new");
        assert_eq!(world.later(), "new");
    }
}

#[test]
fn of_what_is_queued_it_leaves_nothing() {
    for delete in DELETIONS {
        let world = World::new();
        world.call("old");
        let told = delete(&world);
        assert_eq!(world.call("new"), "new");
        world.write();
        _ = sum(told);
        assert_eq!(world.later(), "new");
        assert_eq!(world.results(), [(HitRedis, 1), (Miss, 2)]);
    }
}

#[test]
fn during_the_lookup_it_keeps_the_old_value_from_all_who_come_later() {
    for delete in DELETIONS {
        let world = World::new();
        world.call("old");
        world.write();
        world.fake.hold();
        let mut first = pin!(world.task(async || "new".to_owned()));
        assert!(poll(first.as_mut()).is_pending());
        // Redis has answered its look-up, but it was not polled since.
        world.fake.release();
        let told = delete(&world);
        world.write();
        assert_eq!(sum(told), 1);
        let mut second = pin!(world.task(async || "second".to_owned()));
        assert_eq!(
            poll(second.as_mut()),
            std::task::Poll::Ready("second".to_owned())
        );
        assert_eq!(
            poll(first.as_mut()),
            std::task::Poll::Ready("old".to_owned())
        );
        assert_eq!(world.later(), "second");
    }
}

#[test]
fn during_the_body_its_value_goes_to_its_caller_alone() {
    for delete in DELETIONS {
        let world = World::new();
        let mut told = Vec::new();
        let value = world.call_with(|| {
            told = delete(&world);
            "old".to_owned()
        });
        assert_eq!(value, "old");
        assert_eq!(world.call("new"), "new");
        world.write();
        assert_eq!(sum(told), 0);
        assert_eq!(world.later(), "new");
    }
}

#[test]
fn during_the_body_and_done_before_it_ends() {
    for delete in DELETIONS {
        let world = World::new();
        let value = world.call_with(|| {
            let told = delete(&world);
            world.write();
            assert_eq!(sum(told), 0);
            "old".to_owned()
        });
        assert_eq!(value, "old");
        assert_eq!(world.later(), "computed");
    }
}

#[test]
fn during_the_body_who_waits_already_gets_the_value_and_who_comes_later_does_not() {
    for delete in DELETIONS {
        let world = World::new();
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let mut leader = pin!(world.task(async move || {
            _ = ended.await;
            "old".to_owned()
        }));
        assert!(poll(leader.as_mut()).is_pending());
        let mut follower = pin!(world.task(async || "follower's".to_owned()));
        assert!(poll(follower.as_mut()).is_pending());
        assert_eq!(world.cache.flights.followers(), 1);
        _ = delete(&world);
        let mut later = pin!(world.task(async || "new".to_owned()));
        assert_eq!(
            poll(later.as_mut()),
            std::task::Poll::Ready("new".to_owned())
        );
        end.send(()).unwrap();
        assert_eq!(
            poll(leader.as_mut()),
            std::task::Poll::Ready("old".to_owned())
        );
        assert_eq!(
            poll(follower.as_mut()),
            std::task::Poll::Ready("old".to_owned())
        );
        assert_eq!(world.later(), "new");
    }
}

#[test]
fn while_the_value_is_on_its_way_it_deletes_it() {
    for delete in DELETIONS {
        let world = std::sync::Arc::new(World::new());
        world.call("old");
        let (inside, told) = (Arc::clone(&world), Arc::<Mutex<Vec<Told>>>::default());
        let tells = Arc::clone(&told);
        world.next(move |model, commands| {
            *tells.lock().unwrap() = delete(&inside);
            model.serve(commands)
        });
        world.write();
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert_eq!(sum(told), 1);
        assert_eq!(world.stored(), None);
        assert_eq!(world.call("new"), "new");
    }
}

#[test]
fn a_clear_of_another_process_is_heard_with_the_next_store() {
    let world = World::new();
    world.call("first");
    world.write();
    let value = world.cache.call(
        key(2),
        codec!(String),
        || {
            // Another process' clear: the entries are gone, and there is a new generation.
            let other = World::new();
            _ = other.clear();
            other.write();
            *world.model.lock().unwrap() = other.model.lock().unwrap().clone();
            "old".to_owned()
        },
        |_| {},
    );
    assert_eq!(value, "old");
    world.write();
    assert_eq!(world.count(Event::Overtaken), 1);
    assert!(world.model.lock().unwrap().entries.is_empty());
    assert_eq!(world.call("new"), "new");
    assert_eq!(world.call("newer"), "new");
    assert_eq!(world.later(), "new");
    assert_eq!(world.results(), [(HitRedis, 1), (HitBuffer, 1), (Miss, 3)]);
}
