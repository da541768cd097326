use crate::url::check;

#[test]
fn endpoints() {
    for url in [
        "redis://localhost",
        "redis://localhost/",
        "redis://localhost:6379/15",
        "redis://:secret@localhost:6379/0",
        "redis://user:p%40ss@10.0.0.1:6379/?protocol=resp3",
        "rediss://cache.example:6380/#insecure",
        "redis://[::1]:6379/1",
        "redis://[::1]",
        "valkey://localhost",
        "redis+unix:///run/redis.sock?db=1",
        "unix:///run/redis.sock",
    ] {
        assert_eq!(check(url), Ok(()), "{url}");
    }
}

#[test]
fn what_is_no_endpoint() {
    for url in [
        "",
        "localhost",
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis://:6379",
        "redis://user@",
        "redis:///0",
        "redis://localhost:",
        "redis://localhost:0",
        "redis://localhost:65536",
        "redis://localhost/zero",
        "redis://localhost/-1",
        "redis://[::1]:x",
        "unix://",
        "unix://run/redis.sock",
        "redis://local host",
    ] {
        assert!(check(url).is_err(), "{url}");
    }
}

#[test]
fn what_is_to_be_encoded() {
    for url in [
        "redis://:p@ss/w@localhost",
        "redis://user:se/cret@localhost:6379/0",
        "rediss://:se?cret@localhost",
        "redis://:se#cret@localhost",
        "redis://a:7000,redis://:se/cret@b:7000",
        "redis+sentinel://u:se/cret@a:1,b/main",
    ] {
        let message = check(url).unwrap_err();
        assert!(message.contains("percent-encoded"), "{url}: {message}");
        assert!(!message.contains("cret"), "{url}: {message}");
    }
}
