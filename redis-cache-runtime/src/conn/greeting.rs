//! What is said when a connection of ours begins.

use std::fmt;

use redis::{Cmd, ConnectionInfo, RedisError};

use super::reply::{Reply, nonsense};

/// Commands that are told in one go before anything else is asked, and what their answers have to be.
pub(super) struct Greeting(Vec<(Cmd, Expected)>);

/// What an answer has to be.
#[derive(Clone, Copy)]
enum Expected {
    /// One line, and no error.
    Obeyed,
    /// As above, or that the user may not ask this: then somebody is there, and has let the user in.
    Admitted,
}

// The commands tell passwords.
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
        // A server that has no place for one more client accepts the connection, says so unasked, and closes it.
        commands.push((redis::cmd("PING"), Expected::Admitted));
        Self(commands)
    }

    /// As it goes out.
    pub(super) fn packed(&self) -> Vec<u8> {
        let mut packed = Vec::new();
        for (command, _) in &self.0 {
            command.write_packed_command(&mut packed);
        }
        packed
    }

    /// How many answers there are to it.
    pub(super) const fn len(&self) -> usize {
        self.0.len()
    }

    /// Reads the answers.
    ///
    /// # Errors
    ///
    /// The first that is not what it has to be.
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
