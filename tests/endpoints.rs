//! Every kind of endpoint, from the environment: the worker makes the same requests on all of them.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::process::Output;

use cache_tests_support::{LEAST_PRIVILEGE, RedisServer, Task, TlsRedis, worker};

/// Has a worker use all that a cache can do.
fn tour(variables: &[(&str, &str)]) -> Output {
    worker!(Task::Tour)
        .env("RUST_LOG", "redis_cache_runtime=debug")
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn succeeds(variables: &[(&str, &str)]) {
    let output = tour(variables);
    let logged = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{logged}");
    assert!(!logged.contains("secret"), "{logged}");
}

#[test]
fn a_user_with_the_least_privileges_over_tcp() {
    let server = RedisServer::start();
    server.add_user("app", "secret", LEAST_PRIVILEGE);
    succeeds(&[("HANDLER_CACHE_URL", &server.url_as("app", "secret"))]);
}

#[test]
fn the_readme_names_the_least_privileges() {
    let readme = include_str!("../README.md");
    let line = readme
        .lines()
        .find(|line| line.starts_with("ACL SETUSER"))
        .unwrap();
    let rules =
        |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    assert_eq!(rules(line)[5..], rules(LEAST_PRIVILEGE));
}

#[test]
fn a_unix_socket() {
    let server = RedisServer::start_unix();
    succeeds(&[("HANDLER_CACHE_URL", &server.url())]);
}

#[test]
fn tls_with_an_authority_of_its_own() {
    let redis = TlsRedis::start();
    let ca = redis.ca().display().to_string();
    succeeds(&[
        ("HANDLER_CACHE_URL", &redis.url()),
        ("HANDLER_CACHE_TLS_CA", &ca),
    ]);
    // The client takes no certificate of another authority.
    let output = tour(&[("HANDLER_CACHE_URL", &redis.url())]);
    assert!(!output.status.success());
}

#[test]
fn tls_with_a_client_certificate() {
    let redis = TlsRedis::start_mutual();
    let ca = redis.ca().display().to_string();
    let certificate = redis.client_certificate().display().to_string();
    let key = redis.client_key().display().to_string();
    let url = redis.url();
    let trusted = [
        ("HANDLER_CACHE_URL", url.as_str()),
        ("HANDLER_CACHE_TLS_CA", &ca),
    ];
    let mut known = trusted.to_vec();
    known.extend([
        ("HANDLER_CACHE_TLS_CERT", certificate.as_str()),
        ("HANDLER_CACHE_TLS_KEY", key.as_str()),
    ]);
    succeeds(&known);
    assert!(!tour(&trusted).status.success());
}

#[test]
fn a_wrong_password_is_never_shown_and_never_in_the_way() {
    let server = RedisServer::start();
    server.add_user("app", "another", LEAST_PRIVILEGE);
    let url = server.url_as("app", "secret");
    let output = worker!(Task::Call(4))
        .env("RUST_LOG", "trace")
        .env("HANDLER_CACHE_URL", url)
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "8 error_open\n8 error_open\n"
    );
    let logged = String::from_utf8_lossy(&output.stderr);
    assert!(logged.contains("Redis can't be reached"), "{logged}");
    assert!(!logged.contains("secret"), "{logged}");
}

#[test]
fn a_rotated_secret_is_a_cold_cache() {
    let server = RedisServer::start();
    let url = server.url();
    let calls = |secret| {
        let output = worker!(Task::Call(4))
            .env("HANDLER_CACHE_URL", &url)
            .env("HANDLER_CACHE_SECRET", secret)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(calls("first").starts_with("8 miss\n"));
    assert!(calls("first").starts_with("8 hit_redis\n"));
    assert!(calls("second").starts_with("8 miss\n"));
    assert!(calls("second").starts_with("8 hit_redis\n"));
}

/// Two secrets that differ in bytes that are not UTF-8 are two secrets, and two addresses two addresses.
#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_named_and_nothing_is_cached() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _};

    let server = RedisServer::start();
    for part in [
        "SECRET", "URL", "HOST", "PORT", "DB", "TIMEOUT", "TLS_CA", "TLS_CERT", "TLS_KEY",
    ] {
        let variable = format!("HANDLER_CACHE_{part}");
        let output = worker!(Task::Call(4))
            .env("RUST_LOG", "error")
            .env("HANDLER_CACHE_URL", server.url())
            .env(&variable, OsStr::from_bytes(b"50\xff"))
            .output()
            .unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "8 bypass\n8 bypass\n",
            "{variable}"
        );
        let logged = String::from_utf8_lossy(&output.stderr);
        assert!(
            logged.contains(&format!("`{variable}` is wrong: expected text in UTF-8")),
            "{logged}"
        );
    }
}
