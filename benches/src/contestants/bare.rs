//! A round trip and nothing else.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use redis::ConnectionAddr;

use super::AsyncHandler;
use crate::server;
use crate::work::{Answer, Reply};

const PING: &[u8] = b"PING\r\n";
const PONG: &[u8; 7] = b"+PONG\r\n";

/// One system call to write and one to read, which blocks its thread; then the body. There is no quicker way to hear from
/// Redis before it runs.
#[derive(Debug)]
pub(super) struct Bare {
    stream: Mutex<TcpStream>,
}

impl Bare {
    pub(super) fn connect() -> Result<Self> {
        let client = redis::Client::open(server::url())?;
        let ConnectionAddr::Tcp(host, port) = client.get_connection_info().addr() else {
            bail!("the server of a run is asked over TCP");
        };
        let stream = TcpStream::connect((host.as_str(), *port))?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: Mutex::new(stream),
        })
    }

    fn ping(&self) -> Result<()> {
        let mut stream = self.stream.lock().ok().context("nobody panics with it")?;
        stream.write_all(PING)?;
        let mut reply = [0; PONG.len()];
        stream.read_exact(&mut reply)?;
        ensure!(reply == *PONG, "Redis does not answer a PING");
        Ok(())
    }
}

impl AsyncHandler for Bare {
    async fn call(&self, answer: Answer, input: &Bytes) -> Result<Reply> {
        self.ping()?;
        Ok(Reply::compute(answer, input))
    }
}
