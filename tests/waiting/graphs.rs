//! Handlers that call one another in any order, from several threads and tasks at once, cycles included.

use std::{
    collections::HashSet,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use cache_tests_support::{config, shards};
use fastrand::Rng;
use redis_cache_runtime::{HandlerCache, handler_cache};

use crate::{end, ends};

/// The calls of each handler. A walk ends at a node that it has visited, as a body does that breaks its cycles; other walks may
/// enter the same cycle elsewhere.
type Graph = Arc<Vec<Vec<usize>>>;

fn random_graph(random: &mut Rng) -> Graph {
    let nodes = random.usize(2..7);
    let edges = |random: &mut Rng| {
        let calls = random.usize(0..4);
        (0..calls).map(|_| random.usize(0..nodes)).collect()
    };
    Arc::new((0..nodes).map(|_| edges(random)).collect())
}

/// The nodes that can be reached from `node`: the same on every walk.
fn reached(graph: &Graph, node: usize) -> Vec<usize> {
    let (mut seen, mut todo) = (HashSet::from([node]), vec![node]);
    while let Some(next) = todo.pop() {
        todo.extend(
            graph[next]
                .iter()
                .copied()
                .filter(|call| seen.insert(*call)),
        );
    }
    let mut reached: Vec<_> = seen.into_iter().collect();
    reached.sort_unstable();
    reached
}

#[handler_cache(config = config(), shards = shards(), name = "graph", timeout = "1s", maxsize = None, skip(graph, way))]
fn walk(round: u32, node: usize, graph: &Graph, way: &mut Vec<usize>) -> Vec<usize> {
    way.push(node);
    for call in &graph[node] {
        if way.contains(call) {
            continue;
        }
        let from_there = if call % 2 == 0 {
            walk(round, *call, graph, way)
        } else {
            walk_elsewhere(round, *call, graph, way.clone())
        };
        assert!(from_there.contains(call));
    }
    way.pop();
    reached(graph, node)
}

/// The body's calls are made by another thread, for which this one waits.
#[handler_cache(config = config(), shards = shards(), name = "graph-elsewhere", timeout = "1s", maxsize = None, skip(graph, way))]
fn walk_elsewhere(round: u32, node: usize, graph: &Graph, mut way: Vec<usize>) -> Vec<usize> {
    let elsewhere = Arc::clone(graph);
    thread::spawn(move || walk(round, node, &elsewhere, &mut way))
        .join()
        .unwrap()
}

#[test]
fn cycles_that_are_entered_from_all_ends() {
    ends(|tell| {
        let end = end();
        let mut random = Rng::with_seed(2);
        for round in 0.. {
            if Instant::now() > end {
                break;
            }
            let graph = random_graph(&mut random);
            thread::scope(|scope| {
                for node in 0..graph.len() {
                    let graph = &graph;
                    scope.spawn(move || {
                        let walked = walk(round, node, graph, &mut Vec::new());
                        assert_eq!(walked, reached(graph, node));
                    });
                }
            });
            tell(format!("{} rounds of graphs", round + 1));
        }
    });
}

#[handler_cache(config = config(), shards = shards(), name = "graph-async", timeout = "1s", maxsize = None, skip(graph, way))]
async fn walk_async(round: u32, node: usize, graph: Graph, way: Vec<usize>) -> Vec<usize> {
    let way: Vec<usize> = way.into_iter().chain([node]).collect();
    for call in &graph[node] {
        if way.contains(call) {
            continue;
        }
        let (call, inner, way) = (*call, Arc::clone(&graph), way.clone());
        let from_there = if call % 2 == 0 {
            Box::pin(walk_async(round, call, inner, way)).await
        } else {
            // The call of another task, for which this one waits.
            spawn_walk(round, call, inner, way).await.unwrap()
        };
        assert!(from_there.contains(&call));
    }
    tokio::time::sleep(Duration::from_micros(100)).await;
    reached(&graph, node)
}

fn spawn_walk(
    round: u32,
    node: usize,
    graph: Graph,
    way: Vec<usize>,
) -> tokio::task::JoinHandle<Vec<usize>> {
    tokio::spawn(walk_async(round, node, graph, way))
}

#[test]
fn cycles_of_tasks_that_are_entered_from_all_ends() {
    ends(|tell| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let end = end();
        let mut random = Rng::with_seed(3);
        for round in 0.. {
            if Instant::now() > end {
                break;
            }
            let graph = random_graph(&mut random);
            runtime.block_on(async {
                let walks = |node| spawn_walk(round, node, Arc::clone(&graph), Vec::new());
                let walks: Vec<_> = (0..graph.len()).map(walks).collect();
                for (node, walk) in walks.into_iter().enumerate() {
                    assert_eq!(walk.await.unwrap(), reached(&graph, node));
                }
            });
            tell(format!("{} rounds of graphs of tasks", round + 1));
        }
    });
}

/// The most calls that followed another one at a moment.
static FOLLOWING: AtomicU64 = AtomicU64::new(0);
static BOTH_LEAD: Barrier = Barrier::new(2);

fn look_who_follows() {
    let caches = ["end-left", "end-right"].into_iter();
    for cache in caches.filter_map(|name| HandlerCache::named(name).ok()) {
        let waiting = cache.info().wait().unwrap().waiting;
        FOLLOWING.fetch_max(waiting, Ordering::Relaxed);
    }
}

#[handler_cache(config = config(), shards = shards(), name = "end-left", skip(inside))]
fn left(round: u32, inside: bool) -> u32 {
    if inside {
        look_who_follows();
        return round;
    }
    BOTH_LEAD.wait();
    let value = right(round, true);
    // Neither ends before the other has its value.
    BOTH_LEAD.wait();
    value
}

#[handler_cache(config = config(), shards = shards(), name = "end-right", skip(inside))]
fn right(round: u32, inside: bool) -> u32 {
    if inside {
        look_who_follows();
        return round;
    }
    BOTH_LEAD.wait();
    let value = left(round, true);
    BOTH_LEAD.wait();
    value
}

#[test]
fn who_leads_does_not_even_begin_to_follow() {
    // Opened before both have to be there.
    assert_eq!((left(0, true), right(0, true)), (0, 0));
    ends(|tell| {
        for round in 1..4 {
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(left(round, false), round));
                scope.spawn(|| assert_eq!(right(round, false), round));
            });
            tell(format!("{round} rounds of two ends"));
        }
    });
    assert_eq!(FOLLOWING.load(Ordering::Relaxed), 0);
}

/// A body waits for a thread that calls the other handler, whose body waits for a thread that calls this one: a deadlock.
#[handler_cache(config = config(), shards = shards(), name = "knot-this", timeout = "1s", maxsize = None, skip(depth))]
fn this(round: u32, depth: u32) -> u32 {
    if depth < 2 {
        let called = thread::spawn(move || that(round, depth + 1));
        assert_eq!(called.join().unwrap(), round);
    }
    round
}

#[handler_cache(config = config(), shards = shards(), name = "knot-that", timeout = "1s", maxsize = None, skip(depth))]
fn that(round: u32, depth: u32) -> u32 {
    if depth < 2 {
        let called = thread::spawn(move || this(round, depth + 1));
        assert_eq!(called.join().unwrap(), round);
    }
    round
}

#[test]
fn knots_make_nobody_more_patient() {
    ends(|tell| {
        for round in 0..60 {
            thread::scope(|scope| {
                scope.spawn(|| assert_eq!(this(round, 0), round));
                scope.spawn(|| assert_eq!(that(round, 0), round));
            });
        }
        // All of them in the time that one may take: each is shorter than the one before, down to a bound.
        tell("sixty knots".to_owned());
    });
}
