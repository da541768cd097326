//! In random histories of jobs and faults each store ends once, and no value outlives a clear.

use fastrand::Rng;

use super::{
    clears::{clear_elsewhere, invalidate_elsewhere},
    *,
};
use crate::remote::Place;

/// One history, whose steps are numbered.
struct History {
    world: World,
    random: Rng,
    step: usize,
    /// The number of stores that were queued.
    pushed: usize,
    /// The number of stores that a clear has taken out of the queue.
    dropped: usize,
    /// The places that are kept, with their steps.
    places: Vec<(usize, Place)>,
    /// The clears (`None`) and invalidations, with their steps and results.
    deletions: Vec<(usize, Option<Digest>, Told)>,
    flushes: Vec<Told>,
    /// The clears (`None`) and invalidations by another process, with their steps.
    deleted_elsewhere: Vec<(usize, Option<Digest>)>,
}

impl History {
    fn new(seed: u64) -> Self {
        Self {
            world: World::new(),
            random: Rng::with_seed(seed),
            step: 0,
            pushed: 0,
            dropped: 0,
            places: Vec::new(),
            deletions: Vec::new(),
            flushes: Vec::new(),
            deleted_elsewhere: Vec::new(),
        }
    }

    async fn step(&mut self) {
        self.step += 1;
        let digest = [self.random.u8(0..4); 32];
        match self.random.u32(0..21) {
            0..8 => self.store(digest, None),
            8 => _ = self.world.shard.queue().touch(&digest),
            9 => self.world.shard.queue().push_heal(digest, None),
            10 => {
                let queue = self.world.shard.queue();
                if let Ok(place) = queue.keep_place(queue.epoch()) {
                    self.places.push((self.step, place));
                }
            }
            11 => self.end_place(),
            12 => {
                let told = self.world.push_invalidate(digest);
                self.deletions.push((self.step, Some(digest), told));
            }
            13 => {
                let (dropped, told) = self.world.push_clear();
                self.dropped += dropped;
                self.deletions.push((self.step, None, told));
            }
            14 => self.flushes.push(self.world.push_flush()),
            15 => {
                clear_elsewhere(&self.world);
                self.deleted_elsewhere.push((self.step, None));
            }
            16 => {
                invalidate_elsewhere(&self.world, &digest);
                self.deleted_elsewhere.push((self.step, Some(digest)));
            }
            _ => {
                for _ in 0..self.random.usize(0..4) {
                    self.disturb();
                }
                self.world.run().await;
            }
        }
    }

    /// Queues a value whose body begins and ends now.
    fn store(&mut self, digest: Digest, place: Option<&Place>) {
        let queue = self.world.shard.queue();
        let contents = Contents::unread(format!("{:08}", self.step));
        let pushed = queue.push_store(queue.epoch(), digest, contents, place);
        self.pushed += usize::from(pushed.ticket().is_some());
    }

    fn end_place(&mut self) {
        let Some((_, place)) = self.places.pop() else {
            return;
        };
        if self.random.bool() {
            // An entry of its own: it is written in an earlier turn than its step.
            self.store([9; 32], Some(&place));
        } else {
            self.world.shard.queue().give_up(&place);
        }
    }

    /// Makes a later request fail in a random way.
    fn disturb(&mut self) {
        let wrongs = [
            "-NOSCRIPT No matching script",
            "-MOVED 1 a:1",
            "-TRYAGAIN Multiple keys request",
            "-LOADING Redis is loading",
            "-OOM command not allowed",
            "-READONLY You can't write",
            "+OK",
            ":1",
        ];
        let mut random = self.random.fork();
        let what = self.random.u32(0..8);
        self.world.next(move |model, commands| match what {
            0 => Reply::Lost,
            1 => Reply::Never,
            2 => Reply::NoConnection,
            3 => {
                _ = model.serve(commands);
                if random.bool() {
                    Reply::Lost
                } else {
                    Reply::Never
                }
            }
            4 => {
                let answers = commands.iter().map(|command| model.answer(command));
                let mut answers: Vec<_> = answers.collect();
                answers.truncate(random.usize(0..=commands.len()));
                answers.resize(commands.len() + random.usize(0..2), Value::Okay);
                Reply::Answers(answers)
            }
            5 => {
                model.is_new = true;
                model.serve(commands)
            }
            _ => {
                let answers = commands.iter().map(|command| match random.u32(0..3) {
                    0 => line(wrongs[random.usize(0..wrongs.len())]),
                    _ => model.answer(command),
                });
                Reply::Answers(answers.collect())
            }
        });
    }

    async fn end(mut self) {
        while !self.places.is_empty() {
            self.end_place();
        }
        self.world.run().await;
        self.check();
    }

    fn check(&self) {
        let world = &self.world;
        let settled = world.settled();
        let mut once = settled.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), settled.len(), "each ends once");
        assert_eq!(settled.len() + self.dropped, self.pushed, "all end");
        assert!(!world.shard.queue().has_unsettled());
        let ends = [Event::Stored, Event::StoreFailed, Event::Overtaken];
        let counted: u64 = ends.iter().map(|end| world.count(*end)).sum();
        assert_eq!(counted, settled.len() as u64);
        let lost = world.losses();
        let lost = lost.split(' ').filter_map(|word| word.parse::<u64>().ok());
        assert_eq!(lost.sum::<u64>(), world.count(Event::StoreFailed));
        for told in self.deletions.iter().map(|(_, _, told)| told) {
            assert_eq!(told.lock().unwrap().len(), 1, "each is told once");
        }
        for told in &self.flushes {
            assert_eq!(told.lock().unwrap().len(), 1, "each is told once");
        }
        self.check_entries();
    }

    /// Checks that each value in Redis was computed after all clears and invalidations of it.
    fn check_entries(&self) {
        let model = self.world.model.lock().unwrap();
        for digest in [[0; 32], [1; 32], [2; 32], [3; 32], [9; 32]] {
            let Some(value) = model.entry(self.world.shard.keyspace(), &digest) else {
                continue;
            };
            let at: usize = str::from_utf8(&value[..8]).unwrap().parse().unwrap();
            for (deleted, of) in &self.deleted_elsewhere {
                let is_its = of.is_none_or(|of| of == digest);
                assert!(!is_its || at > *deleted, "{at} {deleted}");
            }
            for (deleted, of, told) in &self.deletions {
                let is_its = of.is_none_or(|of| of == digest);
                let is_done = told.lock().unwrap()[0].is_ok();
                assert!(!(is_its && is_done) || at > *deleted, "{at} {deleted}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn many_random_histories() {
    for seed in 0..400 {
        let mut history = History::new(seed);
        for _ in 0..history.random.usize(1..120) {
            history.step().await;
        }
        history.end().await;
    }
}
