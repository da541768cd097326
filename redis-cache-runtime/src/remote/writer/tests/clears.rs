//! Clears and invalidations before, between and after stores.

use super::*;
use crate::remote::{Epoch, epoch::Clear};

#[tokio::test(start_paused = true)]
async fn a_clear_drops_what_is_queued_and_is_before_what_comes() {
    let mut world = World::new();
    world.push(A, "old");
    let (dropped, told) = world.push_clear();
    let ticket = world.push(B, "new");
    world.run().await;
    assert_eq!(dropped, 1);
    assert_eq!(once(&told), Ok(0));
    assert!(!world.has(A, "old") && world.has(B, "new"));
    assert_eq!(world.settled(), [ticket]);
    assert!(!world.shard.queue().has_unsettled());
}

#[tokio::test(start_paused = true)]
async fn a_body_that_began_before_a_clear_stores_nothing() {
    let mut world = World::new();
    let queue = world.shard.queue();
    let began = queue.epoch();
    let (_, told) = world.push_clear();
    let push = |epoch: Epoch| queue.push_store(epoch, A, Contents::unread("old"), None);
    assert_eq!(push(began), Pushed::Overtaken);
    world.writer.empty_queue().await;
    assert_eq!(push(began), Pushed::Overtaken);
    world.run().await;
    assert_eq!(once(&told), Ok(0));
    assert!(world.model.lock().unwrap().entries.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_clear_while_values_are_on_their_way_deletes_them() {
    let mut world = World::new();
    let (done, told) = done();
    let shard = Arc::clone(&world.shard);
    world.next(move |model, commands| {
        shard.queue().push_clear(Arc::default(), done);
        model.serve(commands)
    });
    let ticket = world.push(A, "old");
    world.run().await;
    assert_eq!(world.settled(), [ticket]);
    assert_eq!(once(&told), Ok(1));
    assert!(!world.has(A, "old"));
}

#[tokio::test(start_paused = true)]
async fn a_clear_while_a_value_is_put_off_leaves_nothing_of_it() {
    let mut world = World::new();
    let (done, told) = done();
    let shard = Arc::clone(&world.shard);
    world.next(move |_, commands| {
        shard.queue().push_clear(Arc::default(), done);
        Reply::Answers(commands.iter().map(|_| line("-TRYAGAIN later")).collect())
    });
    let ticket = world.push(A, "old");
    let flushed = world.push_flush();
    world.run().await;
    assert_eq!(world.settled(), [ticket]);
    assert_eq!(once(&told), Ok(1));
    assert_eq!(once(&flushed), Ok(0));
    assert!(!world.has(A, "old"));
}

#[tokio::test(start_paused = true)]
async fn another_process_clear_refuses_what_began_before_it() {
    let mut world = World::new();
    world.push(A, "first");
    world.run().await;
    let began = world.shard.queue().epoch();
    clear_elsewhere(&world);
    let ticket = world.push(B, "old");
    world.run().await;
    assert!(!world.has(A, "first") && !world.has(B, "old"));
    assert_eq!(world.count(Event::Overtaken), 1);
    assert_eq!(world.settled().last(), Some(&ticket));
    assert_eq!(world.events.cleared.load(Ordering::Relaxed), 1);
    assert!(!began.holds_at(world.shard.queue().epoch()));
    world.push(B, "new");
    world.run().await;
    assert!(world.has(B, "new"));
    assert_eq!(world.events.cleared.load(Ordering::Relaxed), 1);
}

/// Another process clears the cache.
pub(super) fn clear_elsewhere(world: &World) {
    let clear = Clear::after(world.shard.queue().epoch().known);
    elsewhere(
        world,
        Scripts::get().clear(world.shard.keyspace(), "", &clear),
    );
}

/// Another process deletes one entry.
pub(super) fn invalidate_elsewhere(world: &World, digest: &Digest) {
    elsewhere(
        world,
        Scripts::get().invalidate(world.shard.keyspace(), digest),
    );
}

fn elsewhere(world: &World, command: redis::Cmd) {
    let mut other = Scripts::get().load();
    other.add_command(command);
    let fake = Arc::clone(&world.fake);
    let turns = std::mem::take(&mut *world.turns.lock().unwrap());
    let told = pollster::block_on(fake.exchange(&other));
    *world.turns.lock().unwrap() = turns;
    assert!(told.is_some_and(|told| told.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn a_clear_that_waits_does_not_hide_another_process_deletions() {
    let deletions: [fn(&World); 2] = [clear_elsewhere, |world| invalidate_elsewhere(world, &A)];
    for delete in deletions {
        let mut world = World::new();
        world.push(B, "first");
        world.run().await;
        let (_, told) = world.push_clear();
        let began = world.shard.queue().epoch();
        delete(&world);
        world.push(A, "old");
        world.run().await;
        assert!(once(&told).is_ok());
        assert!(!world.has(A, "old"));
        assert_eq!(world.count(Event::Overtaken), 1);
        // Nor is it given to callers who come later.
        assert!(!began.holds_at(world.shard.queue().epoch()));
        assert_eq!(world.events.cleared.load(Ordering::Relaxed), 1);
        world.push(A, "new");
        world.run().await;
        assert!(world.has(A, "new"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_clear_that_fails_says_so_and_the_next_one_works() {
    for reply in [Reply::Lost, Reply::NoConnection, Reply::Never] {
        let mut world = World::new();
        let kind = match reply {
            Reply::NoConnection => ErrorKind::Unavailable,
            Reply::Never => ErrorKind::TimedOut,
            _ => ErrorKind::Redis,
        };
        world.push(A, "a");
        world.run().await;
        world.next(move |_, _| reply);
        let (_, told) = world.push_clear();
        world.run().await;
        assert_eq!(once(&told), Err(kind));
        // The process does not know the cache's clears now: Redis refuses a value if there was one, and a flush says so.
        clear_elsewhere(&world);
        world.push(A, "refused");
        world.run().await;
        assert_eq!(world.count(Event::StoreFailed), 1);
        assert!(world.losses().contains("when the cache was cleared"));
        let (_, told) = world.push_clear();
        world.push(A, "new");
        world.run().await;
        assert_eq!(once(&told), Ok(0));
        assert!(world.has(A, "new"));
    }
}

#[tokio::test(start_paused = true)]
async fn clears_are_put_off_and_load_the_scripts_as_values_do() {
    let mut world = World::new();
    world.push(A, "a");
    world.run().await;
    world.model.lock().unwrap().is_new = true;
    world.next_line("-LOADING Redis is loading");
    world.next_line("-MOVED 1 a:1");
    let (_, told) = world.push_clear();
    world.run().await;
    assert_eq!(once(&told), Ok(1));
    assert_eq!(world.fake.pings(), 1);
    assert_eq!(world.fake.followed().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_clear_that_is_answered_with_nonsense_has_failed() {
    for wrong in [
        "+OK",
        ":1",
        "*1\r\n:1",
        "-OOM command not allowed",
        "-NOSCRIPT x",
    ] {
        let mut world = World::new();
        for _ in 0..10 {
            world.next_line(wrong);
        }
        let (_, told) = world.push_clear();
        world.run().await;
        assert_eq!(once(&told), Err(ErrorKind::Redis), "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_deletes_what_was_queued_before_and_nothing_after() {
    let mut world = World::new();
    world.push(A, "old");
    world.push(B, "b");
    let told = world.push_invalidate(A);
    world.run().await;
    assert_eq!(once(&told), Ok(1));
    assert!(!world.has(A, "old") && world.has(B, "b"));
    let told = world.push_invalidate(A);
    world.push(A, "new");
    world.run().await;
    assert_eq!(once(&told), Ok(0));
    assert!(world.has(A, "new"));
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_that_fails_says_so() {
    let mut world = World::new();
    world.push(A, "a");
    world.run().await;
    world.next(|_, _| Reply::Lost);
    let told = world.push_invalidate(A);
    world.run().await;
    assert_eq!(once(&told), Err(ErrorKind::Redis));
    world.next_line("*1\r\n:1");
    let told = world.push_invalidate(A);
    world.run().await;
    assert_eq!(once(&told), Err(ErrorKind::Redis));
    assert!(world.has(A, "a"));
}
