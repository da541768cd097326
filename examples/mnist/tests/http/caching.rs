//! The answers are cached in a real Redis.

use cache_tests_support::{RedisServer, cache_keys};
use candle_core::safetensors;
use mnist::weights::Weights;

use crate::process::{NO_REDIS, Server, image};

/// The name of the handler's cache: its path.
const CACHE: &str = "mnist::handler::MnistHandler::handle";

fn cache_status(server: &Server, digit: u8) -> String {
    let response = server.predict(image(digit));
    let status = response.headers()["cache-status"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(response.text().unwrap(), digit.to_string());
    status
}

#[test]
fn the_second_call_is_a_hit() {
    let redis = RedisServer::start();
    let server = Server::start(&redis.url(), &[]);
    for digit in 0..=9 {
        assert_eq!(
            cache_status(&server, digit),
            "handler-cache; fwd=miss; stored"
        );
    }
    for digit in 0..=9 {
        let status = cache_status(&server, digit);
        assert!(
            status.starts_with("handler-cache; hit; detail=\"hit_"),
            "{status}"
        );
    }
}

#[test]
fn a_hit_tells_its_age() {
    let redis = RedisServer::start();
    let server = Server::start(&redis.url(), &[]);
    assert!(!server.predict(image(3)).headers().contains_key("age"));
    let hit = server.predict(image(3));
    let age: u64 = hit.headers()["age"].to_str().unwrap().parse().unwrap();
    assert!(age < 60, "{age}");
}

#[test]
fn an_interrupted_server_has_stored_its_predictions() {
    let redis = RedisServer::start();
    let mut first = Server::start(&redis.url(), &[]);
    for digit in 0..=9 {
        first.predict(image(digit));
    }
    assert!(first.interrupt().success());
    assert_eq!(cache_keys(&mut redis.connection(), CACHE).len(), 10);
    let second = Server::start(&redis.url(), &[]);
    let status = cache_status(&second, 5);
    assert!(
        status.starts_with("handler-cache; hit; detail=\"hit_redis"),
        "{status}"
    );
}

#[test]
fn refused_images_are_not_stored() {
    let redis = RedisServer::start();
    let mut server = Server::start(&redis.url(), &[]);
    for _ in 0..2 {
        let response = server.predict("not an image");
        assert_eq!(
            response.headers()["cache-status"],
            "handler-cache; fwd=miss"
        );
    }
    assert!(server.interrupt().success());
    assert!(cache_keys(&mut redis.connection(), CACHE).is_empty());
}

#[test]
fn other_weights_do_not_share_the_answers() {
    let redis = RedisServer::start();
    let mut first = Server::start(&redis.url(), &[]);
    first.predict(image(8));
    assert!(first.interrupt().success());

    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.safetensors");
    let mut parameters = Weights::bundled().unwrap().parameters().clone();
    let bias = (parameters["fc2.bias"].clone() + 0.5).unwrap();
    parameters.insert("fc2.bias".to_owned(), bias);
    safetensors::save(&parameters, &other).unwrap();

    let second = Server::start(&redis.url(), &["--weights", other.to_str().unwrap()]);
    assert_eq!(cache_status(&second, 8), "handler-cache; fwd=miss; stored");
}

#[test]
fn without_redis_every_call_is_answered() {
    let server = Server::start(NO_REDIS, &[]);
    for _ in 0..3 {
        let status = cache_status(&server, 6);
        assert!(status.starts_with("handler-cache; fwd="), "{status}");
    }
}
