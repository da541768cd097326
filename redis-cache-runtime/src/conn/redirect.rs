//! `MOVED` and `ASK`: a cluster node's answer where another node has the key's slot.

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// The node to ask instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    /// `ASK`: only this request goes there, because the slot is being migrated.
    pub(super) once: bool,
    /// Empty if it is the host that sent the redirect.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Redirect {
    /// `None` for any other error, and for a redirect without a usable address.
    pub(crate) fn read(error: &RedisError) -> Option<Self> {
        let once = error.kind() == ErrorKind::Server(ServerErrorKind::Ask);
        let (address, _slot) = error.redirect_node()?;
        // An IPv6 address is written without brackets: the last colon is the port's.
        let (host, port) = address.rsplit_once(':')?;
        // Redis says `?` for a host that it does not know yet.
        (host != "?").then_some(())?;
        Some(Self {
            once,
            host: host.to_owned(),
            port: port.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use cache_fuzz::{fuzz, mutate};
    use redis::Value;

    use super::*;

    fn read(line: &str) -> Option<Redirect> {
        let reply = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        let Value::ServerError(error) = reply else {
            panic!("{reply:?} is an error");
        };
        Redirect::read(&error.into())
    }

    #[test]
    fn any_error_is_a_redirect_or_none() {
        fuzz(10_000, |u| {
            let lines = [
                "MOVED 3999 127.0.0.1:6381",
                "ASK 16383 [::1]:65535",
                "MOVED 1 :1",
            ];
            let mut line = u.choose(&lines)?.as_bytes().to_vec();
            let words: [&[u8]; 6] = [b" ", b":", b"?", b"MOVED ", b"99999999999", &[0xff]];
            mutate(&mut line, &words, u)?;
            line.retain(|byte| !b"\r\n".contains(byte));
            let reply = [b"-", line.as_slice(), b"\r\n"].concat();
            let Ok(Value::ServerError(error)) = redis::parse_redis_value(&reply) else {
                return Ok(());
            };
            if let Some(redirect) = Redirect::read(&error.into()) {
                let line = String::from_utf8_lossy(&line);
                assert!(line.contains(&redirect.host), "{line}: {redirect:?}");
                assert_ne!(redirect.host, "?");
            }
            Ok(())
        });
    }

    #[test]
    fn redirects() {
        let to = |once, host: &str, port| {
            Some(Redirect {
                once,
                host: host.to_owned(),
                port,
            })
        };
        assert_eq!(
            read("MOVED 3999 127.0.0.1:6381"),
            to(false, "127.0.0.1", 6381)
        );
        assert_eq!(read("ASK 3999 ::1:6381"), to(true, "::1", 6381));
        assert_eq!(read("MOVED 3999 :6381"), to(false, "", 6381));
        for none in [
            "MOVED 3999",
            "MOVED 3999 ?:6381",
            "MOVED 3999 a:b",
            "ERR 3999 a:1",
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
