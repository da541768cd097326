//! A handler whose body ends when it is told to: one command a line, one answer a line.

use std::{
    cell::Cell,
    io,
    sync::{Mutex, mpsc},
    thread::{self, JoinHandle},
};

use redis_cache_runtime::{HandlerCache, handler_cache, observe};

/// What a body does: it answers at once, or says that it runs and answers what it is given then.
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

fn cache() -> HandlerCache {
    HandlerCache::named("held").unwrap()
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
        cache().flush().wait().unwrap();
        said
    }
}

pub(crate) fn run() {
    let mut under_way = None;
    for line in io::stdin().lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split(' ').collect();
        let number = |at: usize| -> u32 { words[at].parse().unwrap() };
        let said = match words[0] {
            "hold" => {
                under_way = Some(Held::begin(number(1)));
                "running".to_owned()
            }
            "release" => under_way.take().unwrap().end(words[1]),
            "ask" => {
                let said = ask(number(1), Plan::Answer(words[2].to_owned()));
                cache().flush().wait().unwrap();
                said
            }
            "open" => ask(2_000_000, Plan::Answer(String::new())),
            "invalidate" => {
                let was_there = cache().invalidate((number(1),)).wait().unwrap();
                was_there.to_string()
            }
            // Does not wait for the one before it begins the other.
            "invalidate-and-ask" => {
                let operation = cache().invalidate((number(1),));
                let said = ask(number(1), Plan::Answer(words[2].to_owned()));
                operation.wait().unwrap();
                cache().flush().wait().unwrap();
                said
            }
            // invalidate-many FIRST COUNT
            "invalidate-many" => {
                let many = number(1)..number(1) + number(2);
                let pending: Vec<_> = many.map(|n| cache().invalidate((n,))).collect();
                for operation in pending {
                    operation.wait().unwrap();
                }
                "done".to_owned()
            }
            "clear" => {
                cache().clear().wait().unwrap();
                "done".to_owned()
            }
            other => panic!("unknown command {other}"),
        };
        println!("{said}");
    }
}
