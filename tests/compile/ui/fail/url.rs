use redis_cache_runtime::handler_cache;

#[handler_cache(port = 6379, db = 1, url = "redis://localhost")]
fn after_port_and_db(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://localhost", host = "localhost")]
fn and_host(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://a:7000/1,redis://b:7000")]
fn cluster_db(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis+unix:///run/redis.sock,redis://b:7000")]
fn cluster_socket(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://localhost/zero")]
fn db(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://:p@ss/w@localhost")]
fn encoding(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://")]
fn no_host(n: u32) -> u32 {
    n
}

#[handler_cache(url = "localhost:6379")]
fn no_scheme(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis+unix://")]
fn no_socket(n: u32) -> u32 {
    n
}

#[handler_cache(url = 6379)]
fn number(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://localhost:65536")]
fn port(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://localhost/?protocol=resp3")]
fn query(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis+sentinel://a/mymaster/x")]
fn sentinel_db(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis+sentinel:///mymaster")]
fn sentinel_no_host(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis+sentinel://a:26379,b:26379")]
fn sentinel_no_master(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis+sentinel://a/mymaster?password=x")]
fn sentinel_query(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://local host")]
fn space(n: u32) -> u32 {
    n
}

#[handler_cache(url = "http://localhost")]
fn unknown_scheme(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://user@localhost")]
fn user_without_password(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://a:7000,b:7001")]
fn cluster_without_schemes(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://u:p@host:1:2")]
fn two_ports(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://[::g]:1")]
fn no_address(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://[fe80::1%25eth0]:1")]
fn zone(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis://::1:6379")]
fn without_brackets(n: u32) -> u32 {
    n
}

#[handler_cache(url = "redis+unix:///run/redis.sock?proto=3")]
fn socket_query(n: u32) -> u32 {
    n
}

fn main() {}
