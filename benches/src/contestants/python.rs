//! What the Python decorator sends: `GET` of the whole input; on a miss `DBSIZE`, at the bound `RANDOMKEY` and `DEL`, and `SET`.
//!
//! In a database of its own, for its bound counts, and its eviction deletes, whatever the database holds.

use anyhow::Result;
use bytes::Bytes;
use redis::Value;
use redis::aio::MultiplexedConnection;

use super::AsyncHandler;
use super::raw::multiplexed;
use crate::server;
use crate::work::{Answer, Reply};

const DATABASE: u8 = 1;

pub(super) struct Python {
    connection: MultiplexedConnection,
    maxsize: u64,
}

impl Python {
    pub(super) async fn connect(maxsize: u64) -> Result<Self> {
        let url = server::get().database(DATABASE);
        let connection = multiplexed(&url).await?;
        Ok(Self {
            connection,
            maxsize,
        })
    }

    async fn make_room(&self, connection: &mut MultiplexedConnection) -> Result<()> {
        let size: u64 = redis::cmd("DBSIZE").query_async(connection).await?;
        if size >= self.maxsize {
            let victim: Option<Vec<u8>> = redis::cmd("RANDOMKEY").query_async(connection).await?;
            if let Some(victim) = victim {
                redis::cmd("DEL").arg(victim).exec_async(connection).await?;
            }
        }
        Ok(())
    }
}

impl AsyncHandler for Python {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        let mut connection = self.connection.clone();
        let found = redis::cmd("GET")
            .arg(&input[..])
            .query_async(&mut connection)
            .await?;
        if let Value::BulkString(found) = found {
            return Reply::decode(answer, &found);
        }
        let reply = Reply::compute(answer, input);
        self.make_room(&mut connection).await?;
        redis::cmd("SET")
            .arg(&input[..])
            .arg(reply.encode()?)
            .exec_async(&mut connection)
            .await?;
        Ok(reply)
    }
}
