//! In random histories of one key each follower's wait ends.

use fastrand::Rng;

use super::*;

/// The callers of one key.
struct World {
    flights: &'static Flights,
    random: Rng,
    leaders: Vec<Leader>,
    followers: Vec<Follower>,
    tickets: Vec<u64>,
    clears: u64,
    /// The time that has passed.
    waited: Duration,
}

impl World {
    fn step(&mut self) {
        match self.random.u32(0..13) {
            0..4 => self.join(),
            4..7 => self.poll(),
            7 => drop(take(&mut self.random, &mut self.followers)),
            8..10 => self.end(),
            10 => {
                self.waited += PATIENCE * self.random.u32(0..8) / 4;
                self.look_after();
            }
            11 => {
                if let Some(ticket) = take(&mut self.random, &mut self.tickets) {
                    self.flights.settle(&KEY, ticket);
                }
            }
            _ => match self.random.u32(0..4) {
                0 => self.clears += 1,
                1 => self.flights.invalidate(&KEY),
                2 => self.flights.supersede(None),
                _ => self.flights.forget_queued(),
            },
        }
        self.check();
    }

    fn join(&mut self) {
        let caller = [THREAD, THREAD, TASK, LEADS][self.random.usize(0..4)];
        match self.flights.join(KEY, epoch(self.clears), caller) {
            Joined::Lead(leader) => self.leaders.push(leader),
            Joined::Follow(follower) => self.followers.push(follower),
            Joined::Queued(_) | Joined::Alone => {}
        }
    }

    fn poll(&mut self) {
        if let Some(mut follower) = take(&mut self.random, &mut self.followers) {
            match poll(&mut follower) {
                Poll::Pending => self.followers.push(follower),
                Poll::Ready(Some(FlightResult::Lead(leader))) => self.leaders.push(leader),
                Poll::Ready(Some(FlightResult::Value(_) | FlightResult::Alone)) => {}
                Poll::Ready(None) => panic!("nothing will come"),
            }
        }
    }

    fn end(&mut self) {
        let Some(mut leader) = take(&mut self.random, &mut self.leaders) else {
            return;
        };
        let ticket = self.random.u64(..);
        match self.random.u32(0..7) {
            0 => leader.complete(&unread("value")),
            1 => leader.complete_queued(&unread("value"), epoch(self.clears), || None),
            2 => leader.complete_queued(&unread("value"), epoch(self.clears), || {
                self.tickets.push(ticket);
                Some(ticket)
            }),
            3 => leader.abandon(),
            4 => self.leaders.extend(leader.abandon_alone().err()),
            5 => {
                leader.computes();
                self.leaders.push(leader);
            }
            _ => drop(leader),
        }
    }

    /// Looks after all followers.
    fn look_after(&self) {
        let now = Instant::now() + self.waited;
        for follower in &self.followers {
            let (flights, running) = (self.flights, &follower.running);
            flights.look_after(&KEY, running, now, false);
        }
    }

    /// Checks that each call counts its leaders: those held here, and followers that were given the lead but not polled yet.
    fn check(&self) {
        for leader in &self.leaders {
            let state = leader.running.state();
            let held = |other: &&Leader| std::sync::Arc::ptr_eq(&other.running, &leader.running);
            let held = self.leaders.iter().filter(held).count();
            assert!(state.leaders >= held, "{} of {held}", state.leaders);
            assert!(state.looking <= state.leaders);
            assert!(!state.has_ended || state.line.is_empty());
        }
    }

    /// Checks that all followers' waits end, within a bound.
    fn finish(mut self) {
        for _ in 0..200 {
            self.waited += PATIENCE * 4;
            self.look_after();
            for _ in 0..self.followers.len() {
                self.poll();
            }
            if self.followers.is_empty() {
                break;
            }
        }
        assert!(self.followers.is_empty(), "somebody waits for ever");
        self.leaders.clear();
        self.flights.forget_queued();
        assert!(self.flights.is_empty());
    }
}

fn take<T>(random: &mut Rng, list: &mut Vec<T>) -> Option<T> {
    (!list.is_empty()).then(|| list.swap_remove(random.usize(0..list.len())))
}

#[test]
fn whatever_happens_nobody_is_lost() {
    for seed in 0..2000 {
        let mut random = Rng::with_seed(seed);
        let steps = random.usize(1..120);
        let mut world = World {
            flights: flights(),
            random,
            leaders: Vec::new(),
            followers: Vec::new(),
            tickets: Vec::new(),
            clears: 0,
            waited: Duration::ZERO,
        };
        for _ in 0..steps {
            world.step();
        }
        world.finish();
    }
}
