//! The commands that the background thread sends for a look-up.

use redis::{Cmd, Pipeline, RedisError, Value, aio::MultiplexedConnection};

use super::News;

/// A `GET`, and the command that precedes it.
pub(super) struct Question {
    get: Cmd,
    before: Before,
}

/// The command before the `GET`.
enum Before {
    Nothing,
    /// `ASKING`: the slot is being migrated to the node that is asked.
    Asking,
    News(News),
}

impl Question {
    pub(super) fn get(key: &str) -> Self {
        Self {
            get: get(key),
            before: Before::Nothing,
        }
    }

    pub(super) fn after(news: &News, key: &str) -> Self {
        Self {
            get: get(key),
            before: Before::News(news.clone()),
        }
    }

    pub(super) fn asking(key: &str) -> Self {
        Self {
            get: get(key),
            before: Before::Asking,
        }
    }

    pub(super) async fn put(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Value, RedisError> {
        let before = match &self.before {
            Before::Nothing => return connection.send_packed_command(&self.get).await,
            Before::Asking => redis::cmd("ASKING"),
            Before::News(news) => news.question.clone(),
        };
        // In one write: `ASKING` holds only for the next command on the connection.
        let mut pipeline = Pipeline::new();
        pipeline.add_command(before).add_command(self.get.clone());
        let mut answers = connection.send_packed_commands(&pipeline, 0, 2).await?;
        let answer = answers.pop().unwrap_or(Value::Okay);
        if let (Before::News(news), Some(told)) = (&self.before, answers.pop()) {
            news.tell(&told);
        }
        Ok(answer)
    }
}

pub(super) fn get(key: &str) -> Cmd {
    let mut command = redis::cmd("GET");
    command.arg(key);
    command
}
