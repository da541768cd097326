//! Starts a topology of real `redis-server`s and keeps it until Ctrl-C.

use std::env;
use std::io;
use std::process::ExitCode;

use cache_tests_support::{Cluster, RedisServer, Sentinel, TlsRedis};
use tokio::signal::unix::{SignalKind, signal};

/// The servers, which run until this is dropped.
#[expect(dead_code, reason = "it is held to keep its servers alive")]
enum Topology {
    Server(RedisServer),
    Tls(TlsRedis),
    Cluster(Cluster),
    Sentinel(Sentinel),
}

impl Topology {
    /// Starts the topology `name`, and describes how to reach it.
    fn start(name: &str, replicas: Option<usize>) -> Option<(Self, String)> {
        Some(match name {
            "standalone" => server(RedisServer::start()),
            "unix" => server(RedisServer::start_unix()),
            "tls" => tls(TlsRedis::start_mutual()),
            "cluster" => cluster(Cluster::start_with(3, replicas.unwrap_or(1))),
            "sentinel" => sentinel(Sentinel::start_with(replicas.unwrap_or(2))),
            _ => return None,
        })
    }
}

fn server(server: RedisServer) -> (Topology, String) {
    let text = variable(&server.url());
    (Topology::Server(server), text)
}

fn tls(redis: TlsRedis) -> (Topology, String) {
    let text = format!(
        "{} \\\n\
         HANDLER_CACHE_TLS_CA='{}' \\\n\
         HANDLER_CACHE_TLS_CERT='{}' \\\n\
         HANDLER_CACHE_TLS_KEY='{}'",
        variable(&redis.url()),
        redis.ca().display(),
        redis.client_certificate().display(),
        redis.client_key().display()
    );
    (Topology::Tls(redis), text)
}

fn cluster(cluster: Cluster) -> (Topology, String) {
    let primaries = cluster.primaries().len();
    let text = format!(
        "{}\n\n{primaries} primaries, {} replicas:\n{}",
        variable(&cluster.urls().join(",")),
        cluster.len() - primaries,
        cluster.urls().join("\n")
    );
    (Topology::Cluster(cluster), text)
}

fn sentinel(set: Sentinel) -> (Topology, String) {
    let text = format!(
        "{}\n\nthree sentinels:\n{}\n\nthe primary is called {}, and is {} now",
        variable(&set.url()),
        set.urls().join("\n"),
        set.master_name(),
        set.server(set.primary()).url()
    );
    (Topology::Sentinel(set), text)
}

fn variable(url: &str) -> String {
    format!("HANDLER_CACHE_URL='{url}'")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<ExitCode> {
    let name = env::args().nth(1).unwrap_or_default();
    let replicas = env::args().nth(2).and_then(|count| count.parse().ok());
    let Some((topology, text)) = Topology::start(&name, replicas) else {
        eprintln!("usage: cache-redis standalone|tls|unix|cluster|sentinel [REPLICAS]");
        return Ok(ExitCode::FAILURE);
    };
    // Only from here on: Ctrl-C ends the servers at once, and a start would wait for them.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    println!("{text}\n\nCtrl-C ends it");
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    drop(topology);
    Ok(ExitCode::SUCCESS)
}
