use super::*;

const RIGHT: [&str; 22] = [
    "redis://localhost",
    "redis://localhost/",
    "redis://localhost:6379/15",
    "redis://:secret@localhost:6379/0",
    "redis://:p@ss@host",
    "redis://:a b@host",
    "redis://user:p%40ss@10.0.0.1:6379/",
    "REDIS://host",
    "rediss://cache.example:6380/#insecure",
    "redis://[::1]:6379/1",
    "redis://[::1]",
    "valkey://localhost",
    "valkeys://localhost",
    "redis+unix:///run/redis.sock",
    "redis+unix:///run/redis.sock?db=1&user=u&pass=p",
    "redis+unix:///run/redis.sock?pass=p",
    "unix:///run/redis.sock",
    "redis://a:7000,redis://b:7000/0",
    " redis://:a,b@a:7000 , rediss://:c,d@b ",
    "redis+sentinel://a/main",
    "rediss+sentinel://u:p@a:1, b:2/main/3?sentinel_user=s&sentinel_password=t%20u",
    "redis+sentinel://[::1]:26379/main?sentinel_password=s",
];

const WRONG: [(&str, Fault); 66] = [
    ("", SCHEME),
    ("localhost", SCHEME),
    ("host:6379", SCHEME),
    ("http://host", SCHEME),
    ("redis://a,http://b", SCHEME),
    ("redis://a,redis+sentinel://b/main", SCHEME),
    ("valkey+sentinel://a/main", SCHEME),
    ("redis://ho\tst", CONTROL),
    ("redis://:pass\nword@host", CONTROL),
    ("redis://:a/b@host", ENCODING),
    ("redis://:a#b@host", ENCODING),
    ("redis://:a?b@host", ENCODING),
    ("redis://u:a@b/c@host/0", ENCODING),
    ("redis://u:%ff@host", ENCODING),
    ("redis://a:7000,redis://:se/cret@b:7000", ENCODING),
    ("redis+sentinel://u:se/cret@a:1,b/main", ENCODING),
    ("redis+unix:///run/redis.sock?pass=a#b", ENCODING),
    ("redis://password@host", USER),
    ("redis://user:@host", USER),
    ("redis+sentinel://user@a/main", USER),
    ("redis+unix:///run/redis.sock?user=u", USER),
    ("redis://", HOST),
    ("redis://:6379", HOST),
    ("redis:///0", HOST),
    ("redis://u:p@/0", HOST),
    ("redis://local host", NAME),
    ("redis://a|b", NAME),
    ("redis+sentinel:///main", HOST),
    ("redis://::1", IPV6),
    ("redis://fe80::1:6379/0", IPV6),
    ("redis://[::1", IPV6),
    ("redis://[host]", BRACKETS),
    ("redis://[::g]:1", BRACKETS),
    ("redis://[fe80::1%25eth0]:1", ZONE),
    ("redis://fe80::1%eth0", IPV6),
    ("redis://::1:6379", IPV6),
    ("redis://u:p@h:1:2", COLONS),
    ("redis://a:7000,b:7001", SCHEMES),
    ("redis://:p@a,b", SCHEMES),
    ("redis://0.0.0.0:6379", ANY),
    ("redis://[::]:6379", ANY),
    ("redis://host:", PORT),
    ("redis://host:port", PORT),
    ("redis://host:0", PORT),
    ("redis://host:+1", PORT),
    ("redis://host:65536", PORT),
    ("redis://[::1]6379", PORT),
    ("redis://[::1]:x", PORT),
    ("redis://host/cache", DB),
    ("redis://host/-1", DB),
    ("redis+sentinel://a/main/x", DB),
    ("redis://host?db=3", QUERY),
    ("redis://host:6379/?protocol=resp3", QUERY),
    ("rediss://host#secure", FRAGMENT),
    ("unix://", SOCKET),
    ("unix:///", SOCKET),
    ("unix://run/redis.sock", SOCKET),
    ("unix:///run/redis.sock?db=-1", SOCKET_DB),
    ("unix:///run/redis.sock?protocol=resp3", SOCKET_QUERY),
    ("redis://a:7000/1,redis://b:7000", CLUSTER),
    ("redis+unix:///run/redis.sock,redis://b:7000", CLUSTER),
    ("redis+sentinel://a:26379,b:26379", MASTER),
    ("redis+sentinel://a/", MASTER),
    ("redis+sentinel://a/main?password=x", SENTINEL),
    ("redis+sentinel://a/main?sentinel_user=s", SENTINEL),
    (
        "redis+sentinel://a/main?sentinel_user=s&sentinel_password=",
        SENTINEL,
    ),
];

#[test]
fn endpoints() {
    for url in RIGHT {
        assert_eq!(split(url).err(), None, "{url}");
    }
    for (url, fault) in WRONG {
        assert_eq!(split(url).err(), Some(fault), "{url}");
    }
}

#[test]
fn several_servers_are_a_cluster() {
    let Ok(Endpoint::Cluster(urls)) = split("redis://:a,b@a:1, redis://:c,d@[::1]:2") else {
        panic!("the URL is right");
    };
    assert_eq!(urls, ["redis://:a,b@a:1", "redis://:c,d@[::1]:2"]);
    assert!(matches!(
        split(" redis://:a,b@c "),
        Ok(Endpoint::Server("redis://:a,b@c"))
    ));
}

#[test]
fn sentinels_name_a_primary() {
    let Ok(Endpoint::Sentinel {
        sentinels,
        master,
        server,
        login,
    }) = split("redis+sentinel://u:p@a:1, b/main/3?sentinel_password=s")
    else {
        panic!("the URL is right");
    };
    assert_eq!(sentinels, ["redis://a:1", "redis://b"]);
    assert_eq!(master, "main");
    assert_eq!(server, "redis://u:p@sentinel/3");
    assert_eq!(login, "sentinel_password=s");
}
