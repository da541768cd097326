//! No secret is ever shown, whichever way it was given.

use std::fs;

use cache_tests_support::{
    LEAST_PRIVILEGE, RedisServer, Sentinel, Task, TlsRedis, output_of, run, worker,
};

/// A password that a URL must escape, so that both forms are looked for.
const PASSWORD: &str = "hunter2/äß";
const ESCAPED: &str = "hunter2%2F%C3%A4%C3%9F";
const SECRET: &str = "s3cr3t-of-the-check";
const ALL: [&str; 4] = [PASSWORD, ESCAPED, "hunter2", SECRET];

/// The whole output of a worker that logs all it can, with these variables set.
fn told(variables: &[(&str, &str)]) -> String {
    let output = output_of(
        worker!(Task::Tell)
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "1")
            .envs(variables.iter().copied()),
    );
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[track_caller]
fn assert_kept(said: &str, secrets: &[&str]) {
    for secret in secrets {
        let line = said.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a line shows {secret}");
    }
}

/// The ways to give a URL: as a variable, and in code.
const URLS: [&str; 2] = ["HANDLER_CACHE_URL", "GIVEN_URL"];

#[test]
fn of_a_password_that_is_right() {
    let server = RedisServer::start();
    server.add_user("app", PASSWORD, LEAST_PRIVILEGE);
    let url = server.url();
    let with_password = url.replace("redis://", &format!("redis://app:{ESCAPED}@"));
    let mut ways: Vec<Vec<(&str, &str)>> = URLS
        .map(|variable| vec![(variable, with_password.as_str())])
        .to_vec();
    ways.push(vec![
        ("GIVEN_URL", &url),
        ("GIVEN_USER", "app"),
        ("GIVEN_PASSWORD", PASSWORD),
        ("GIVEN_SECRET", SECRET),
    ]);
    ways.push(vec![
        ("HANDLER_CACHE_URL", &with_password),
        ("HANDLER_CACHE_SECRET", SECRET),
    ]);
    for way in ways {
        let said = told(&way);
        assert!(said.contains("connected to Redis"), "{said}");
        assert!(said.contains("CacheInfo"), "{said}");
        assert_kept(&said, &ALL);
    }
}

#[test]
fn of_a_password_that_is_wrong() {
    let server = RedisServer::start();
    server.add_user("app", "another", LEAST_PRIVILEGE);
    let url = server.url();
    let with_password = url.replace("redis://", &format!("redis://app:{ESCAPED}@"));
    let in_code = [
        ("GIVEN_URL", url.as_str()),
        ("GIVEN_USER", "app"),
        ("GIVEN_PASSWORD", PASSWORD),
    ];
    for way in [
        &URLS.map(|variable| (variable, with_password.as_str()))[..1],
        &in_code,
    ] {
        let said = told(way);
        assert!(said.contains("WRONGPASS"), "{said}");
        assert!(said.contains("can't be reached"), "{said}");
        assert_kept(&said, &ALL);
    }
}

#[test]
fn where_nobody_listens() {
    let mut server = RedisServer::start();
    let address = server.url().replace("redis://", "");
    server.kill();
    let urls = [
        format!("redis://app:{ESCAPED}@{address}"),
        format!("redis://app:{ESCAPED}@{address},redis://app:{ESCAPED}@{address}"),
        format!("redis+sentinel://app:{ESCAPED}@{address}/main?sentinel_password={ESCAPED}"),
    ];
    for url in &urls {
        for variable in URLS {
            let said = told(&[(variable, url), ("HANDLER_CACHE_SECRET", SECRET)]);
            assert!(said.contains("can't be reached"), "{said}");
            assert!(said.contains("ErrorOpen"), "{said}");
            assert_kept(&said, &ALL);
        }
    }
}

#[test]
fn of_a_url_that_is_wrong() {
    let urls = [
        format!("http://app:{ESCAPED}@localhost"),
        format!("redis://app:{ESCAPED}@localhost:port"),
        format!("redis://app:{ESCAPED}@localhost/db"),
        format!("redis://app:{PASSWORD}@localhost"),
        format!("redis://app:{ESCAPED}@a/1,redis://app:{ESCAPED}@b/1"),
        format!("redis+sentinel://app:{ESCAPED}@localhost"),
        format!("redis+sentinel://localhost/main?password={ESCAPED}"),
        ESCAPED.to_owned(),
    ];
    for url in &urls {
        for (variable, setting) in URLS.into_iter().zip(["`HANDLER_CACHE_URL`", "`config`"]) {
            let said = told(&[(variable, url)]);
            assert!(said.contains(&format!("{setting} is wrong")), "{said}");
            assert_kept(&said, &ALL);
        }
    }
}

#[test]
fn of_a_private_key() {
    let redis = TlsRedis::start_mutual();
    let key_file = redis.client_key();
    let key = fs::read_to_string(&key_file).unwrap();
    let key = key.lines().nth(1).unwrap();
    let [ca, certificate, key_file] =
        [redis.ca(), redis.client_certificate(), key_file].map(|file| file.display().to_string());
    let url = redis.url();
    let in_code = [
        ("GIVEN_URL", url.as_str()),
        ("GIVEN_CA", &ca),
        ("GIVEN_CERT", &certificate),
        ("GIVEN_KEY", &key_file),
    ];
    let in_environment = [
        ("HANDLER_CACHE_URL", url.as_str()),
        ("HANDLER_CACHE_TLS_CA", &ca),
        ("HANDLER_CACHE_TLS_CERT", &certificate),
        ("HANDLER_CACHE_TLS_KEY", &key_file),
    ];
    for way in [in_code, in_environment] {
        let said = told(&way);
        assert!(said.contains("connected to Redis"), "{said}");
        assert_kept(&said, &[key]);
    }
    // The key where a certificate should be.
    let said = told(&[
        ("GIVEN_URL", &url),
        ("GIVEN_CA", &key_file),
        ("GIVEN_CERT", &key_file),
        ("GIVEN_KEY", &certificate),
    ]);
    assert!(said.contains("not cached"), "{said}");
    assert_kept(&said, &[key]);
}

#[test]
fn of_what_sentinels_and_their_primary_want() {
    let set = Sentinel::start_with(0);
    set.server(0).add_user("app", PASSWORD, LEAST_PRIVILEGE);
    for sentinel in set.urls() {
        let mut connection = redis::Client::open(sentinel)
            .unwrap()
            .get_connection()
            .unwrap();
        run(
            &mut connection,
            &[
                "ACL",
                "SETUSER",
                "watcher",
                "on",
                &format!(">{PASSWORD}"),
                "+@all",
            ],
        );
    }
    let hosts: Vec<_> = set
        .urls()
        .iter()
        .map(|url| url.trim_start_matches("redis://").to_owned())
        .collect();
    let url = format!(
        "redis+sentinel://app:{ESCAPED}@{}/{}?sentinel_user=watcher&sentinel_password={ESCAPED}",
        hosts.join(","),
        set.master_name()
    );
    for variable in URLS {
        let said = told(&[(variable, &url)]);
        assert!(said.contains("connected to Redis"), "{said}");
        assert!(said.contains("CacheInfo"), "{said}");
        assert_kept(&said, &ALL);
    }
}
