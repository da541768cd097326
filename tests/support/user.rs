//! Users of a server, and their rights.

use std::fmt::Write as _;

use redis::Connection;

/// The least that a cache's user needs, as rules of `ACL SETUSER`.
///
/// The commands after `+script|load` up to `+zscore` are those that a lookup and the scripts run;
/// those after are for the connection itself.
pub const LEAST_PRIVILEGE: &str = "~hc:* resetchannels -@all +evalsha +script|load +get \
    +exists +hdel +hget +hmget +hset +set +type +unlink +zadd +zcard +zrange +zrangebyscore +zrem \
    +zrevrange +zscore \
    +asking +auth +cluster|slots +hello +ping +role +select";

/// One user with a password.
#[derive(Clone, Debug)]
pub(crate) struct User {
    name: String,
    password: String,
    rules: Vec<String>,
}

impl User {
    pub(crate) fn new(name: &str, password: &str, rules: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: password.to_owned(),
            rules: rules.split_whitespace().map(str::to_owned).collect(),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Creates or replaces the user on a running server.
    pub(crate) fn create(&self, connection: &mut Connection) {
        redis::cmd("ACL")
            .arg("SETUSER")
            .arg(&self.name)
            .arg("reset")
            .arg(self.rights())
            .exec(connection)
            .expect("the server takes the user");
    }

    /// Command-line arguments that create the user at the server's start.
    pub(crate) fn args(&self) -> Vec<String> {
        let mut args = vec!["--user".to_owned(), self.name.clone()];
        args.extend(self.rights());
        args
    }

    /// Puts name and password into a URL.
    pub(crate) fn in_url(&self, url: &str) -> String {
        let (scheme, rest) = url.split_once("://").expect("a URL has a scheme");
        let (name, password) = (encode(&self.name), encode(&self.password));
        if scheme.ends_with("unix") {
            format!("{url}?user={name}&pass={password}")
        } else {
            format!("{scheme}://{name}:{password}@{rest}")
        }
    }

    fn rights(&self) -> Vec<String> {
        let login = ["on".to_owned(), format!(">{}", self.password)];
        login.into_iter().chain(self.rules.clone()).collect()
    }
}

/// Percent-encodes everything that could mean something in a URL.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use redis::{Client, Commands, Connection, ErrorKind, RedisResult, ServerErrorKind};

    use super::*;
    use crate::RedisServer;

    const PASSWORD: &str = "p@ss:w/o%rd? &\"";

    fn connect(server: &RedisServer, password: &str) -> RedisResult<Connection> {
        Client::open(server.url_as("app", password))?.get_connection()
    }

    fn is_refused<T>(result: RedisResult<T>) -> bool {
        result.is_err_and(|error| error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm))
    }

    #[test]
    fn a_user_does_what_the_rules_say_and_no_more() {
        for server in [RedisServer::start(), RedisServer::start_unix()] {
            server.add_user("app", PASSWORD, LEAST_PRIVILEGE);
            let mut connection = connect(&server, PASSWORD).unwrap();
            let () = connection.set("hc:{a}:v:1", 1).unwrap();
            let found: Option<u32> = connection.get("hc:{a}:v:1").unwrap();
            assert_eq!(found, Some(1));
            assert!(is_refused(connection.get::<_, Option<u32>>("other")));
            for command in ["FLUSHALL", "DBSIZE", "INFO", "RANDOMKEY"] {
                assert!(is_refused(redis::cmd(command).exec(&mut connection)));
            }
            assert!(connect(&server, "wrong").is_err());
        }
    }

    #[test]
    fn a_user_outlives_a_restart() {
        let mut server = RedisServer::start();
        server.add_user("app", PASSWORD, LEAST_PRIVILEGE);
        server.restart();
        let mut connection = connect(&server, PASSWORD).unwrap();
        let () = connection.set("hc:{a}:v:1", 1).unwrap();
        assert!(is_refused(redis::cmd("FLUSHALL").exec(&mut connection)));
    }
}
