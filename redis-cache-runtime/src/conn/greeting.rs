//! The commands with which a connection begins.

use std::fmt;

use redis::{Cmd, ConnectionInfo, RedisError};

use super::reply::{Reply, nonsense};

/// Commands that are sent in one write before any request, and the replies that are right.
pub(super) struct Greeting(Vec<(Cmd, Expected)>);

/// The reply that is right.
#[derive(Clone, Copy)]
enum Expected {
    /// One line that is no error.
    Obeyed,
    /// As above, or `NOPERM`: the user is logged in, and may only not use this command.
    Admitted,
}

// The commands hold passwords.
impl fmt::Debug for Greeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Greeting").finish_non_exhaustive()
    }
}

impl Greeting {
    /// The greeting of a connection that looks up: logs in, and chooses the database.
    pub(super) fn of(server: &ConnectionInfo) -> Self {
        let settings = server.redis_settings();
        let mut commands = Vec::new();
        if let Some(password) = settings.password() {
            let mut login = redis::cmd("AUTH");
            if let Some(user) = settings.username() {
                login.arg(user);
            }
            login.arg(password);
            commands.push((login, Expected::Obeyed));
        }
        if settings.db() != 0 {
            let select = redis::cmd("SELECT").arg(settings.db()).to_owned();
            commands.push((select, Expected::Obeyed));
        }
        // A server with too many clients accepts the connection, sends an error without a request, and closes it.
        commands.push((redis::cmd("PING"), Expected::Admitted));
        Self(commands)
    }

    /// In the bytes of the protocol.
    pub(super) fn packed(&self) -> Vec<u8> {
        let mut packed = Vec::new();
        for (command, _) in &self.0 {
            command.write_packed_command(&mut packed);
        }
        packed
    }

    /// How many replies there are to it.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Checks the replies.
    ///
    /// # Errors
    ///
    /// The first reply that is not right.
    pub(super) fn check(&self, answers: Vec<Reply>) -> Result<(), RedisError> {
        if answers.len() != self.len() {
            return Err(nonsense());
        }
        for ((_, expected), answer) in self.0.iter().zip(answers) {
            match expected {
                Expected::Obeyed => answer.obeyed()?,
                Expected::Admitted => answer.admits()?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use redis::{IntoConnectionInfo as _, RedisConnectionInfo};

    use super::*;

    fn greeting(settings: RedisConnectionInfo) -> Greeting {
        let server = "redis://localhost".into_connection_info().unwrap();
        Greeting::of(&server.set_redis_settings(settings))
    }

    fn lines(lines: &[&'static str]) -> Vec<Reply> {
        let line = |line: &&'static str| Reply::Line(format!("{line}\r\n").into());
        lines.iter().map(line).collect()
    }

    #[test]
    fn it_says_what_the_settings_ask_for() {
        let plain = greeting(RedisConnectionInfo::default());
        assert_eq!(plain.packed(), b"*1\r\n$4\r\nPING\r\n");
        assert_eq!(plain.len(), 1);
        let settings = RedisConnectionInfo::default()
            .set_username("user")
            .set_password("secret")
            .set_db(3);
        let full = greeting(settings);
        let said = "*3\r\n$4\r\nAUTH\r\n$4\r\nuser\r\n$6\r\nsecret\r\n\
                    *2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nPING\r\n";
        assert_eq!(full.packed(), said.as_bytes());
        assert_eq!(full.len(), 3);
        assert!(!format!("{full:?}").contains("secret"));
    }

    #[test]
    fn the_first_answer_that_is_not_right_is_the_error() {
        let settings = RedisConnectionInfo::default().set_password("secret");
        let greeting = greeting(settings);
        let code = |answers: Vec<Reply>| {
            let checked = greeting.check(answers);
            checked.map_err(|error| error.code().map(str::to_owned))
        };
        assert_eq!(code(lines(&["+OK", "+PONG"])), Ok(()));
        assert_eq!(code(lines(&["+OK", "-NOPERM no"])), Ok(()));
        let denied = lines(&["-WRONGPASS no", "-NOAUTH no"]);
        assert_eq!(code(denied), Err(Some("WRONGPASS".to_owned())));
        let denied = lines(&["-NOPERM no", "+PONG"]);
        assert_eq!(code(denied), Err(Some("NOPERM".to_owned())));
        assert_eq!(code(lines(&["+OK"])), Err(None));
        assert_eq!(code(lines(&["+OK", "+PONG", "+OK"])), Err(None));
        assert_eq!(code(vec![Reply::Nil, Reply::Nil]), Err(None));
    }
}
