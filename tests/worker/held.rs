//! A handler whose body ends at a step of the test: one step a line, one answer a line.

use std::{
    cell::Cell,
    io,
    sync::{Mutex, mpsc},
    thread::{self, JoinHandle},
};

use cache_tests_support::{HeldStep, cache, flush};
use redis_cache_runtime::{handler_cache, observe};

/// The plan of a body: it answers at once, or reports that it runs and waits for its answer.
enum Plan {
    Answer(String),
    Wait {
        runs: mpsc::Sender<()>,
        answer: mpsc::Receiver<String>,
    },
}

thread_local! {
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
}

#[handler_cache(name = "held", timeout = "10s")]
fn held(_n: u32) -> String {
    match PLAN.take().unwrap() {
        Plan::Answer(answer) => answer,
        Plan::Wait { runs, answer } => {
            runs.send(()).unwrap();
            answer.recv().unwrap()
        }
    }
}

fn ask(n: u32, plan: Plan) -> String {
    PLAN.set(Some(plan));
    let (value, outcome) = observe(|| held(n));
    PLAN.set(None);
    format!("{value} {}", outcome.unwrap().result)
}

/// A call under way.
struct Held {
    answer: mpsc::Sender<String>,
    call: JoinHandle<String>,
}

impl Held {
    fn begin(n: u32) -> Self {
        let (runs, is_running) = mpsc::channel();
        let (answer, given) = mpsc::channel();
        let plan = Mutex::new(Plan::Wait {
            runs,
            answer: given,
        });
        let call = thread::spawn(move || ask(n, plan.into_inner().unwrap()));
        is_running.recv().unwrap();
        Self { answer, call }
    }

    fn end(self, answer: &str) -> String {
        self.answer.send(answer.to_owned()).unwrap();
        let said = self.call.join().unwrap();
        // Bodies that take long by the mean have look-ups take no longer than a third of that.
        for n in 0..80 {
            ask(1_000_000 + n, Plan::Answer(String::new()));
        }
        // A value that a clear has made stale is refused, and a flush says so where the process had not heard of any clear.
        let cleared = "1 value of `held` is not in Redis: 1 computed before it was known when the cache was cleared";
        if let Err(error) = cache("held").flush().wait() {
            assert_eq!(error.to_string(), cleared);
        }
        said
    }
}

pub(crate) fn run() {
    let mut under_way = None;
    for line in io::stdin().lines() {
        let said = match HeldStep::of_line(&line.unwrap()) {
            HeldStep::Open => ask(2_000_000, Plan::Answer(String::new())),
            HeldStep::Hold(n) => {
                under_way = Some(Held::begin(n));
                "running".to_owned()
            }
            HeldStep::Release(answer) => under_way.take().unwrap().end(&answer),
            HeldStep::Ask(n, answer) => {
                let said = ask(n, Plan::Answer(answer));
                flush("held");
                said
            }
            HeldStep::Invalidate(n) => {
                let was_there = cache("held").invalidate((n,)).wait().unwrap();
                was_there.to_string()
            }
            HeldStep::InvalidateAndAsk(n, answer) => {
                let operation = cache("held").invalidate((n,));
                let said = ask(n, Plan::Answer(answer));
                operation.wait().unwrap();
                flush("held");
                said
            }
            HeldStep::InvalidateMany { first, count } => {
                let many = first..first + count;
                let pending: Vec<_> = many.map(|n| cache("held").invalidate((n,))).collect();
                for operation in pending {
                    operation.wait().unwrap();
                }
                "done".to_owned()
            }
            HeldStep::Clear => {
                cache("held").clear().wait().unwrap();
                "done".to_owned()
            }
        };
        println!("{said}");
    }
}
