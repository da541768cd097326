//! Cuts replies out of the bytes that were read; the client library parses their lines.

use bytes::{Buf as _, Bytes, BytesMut};
use redis::{RedisError, Value};

use super::lookup::{Answered, interpret};
use crate::outcome::Lookup;

/// The longest value that Redis holds, in bytes.
const LONGEST: usize = 512 * 1024 * 1024;

/// The longest line, in bytes; only values are longer.
const LONGEST_LINE: usize = 64 * 1024;

/// A value of up to so many bytes is copied, so that it does not keep a large buffer alive.
const COPY: usize = 4096;

/// How many bytes to read at once where the length of the reply is not known yet.
pub(super) const CHUNK: usize = 4096;

/// One reply on a connection that only looks up strings, in RESP2.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Value(Bytes),
    Nil,
    /// Any reply of one line, errors included.
    Line(Bytes),
}

impl Reply {
    /// Cuts the first reply out of `buffer`.
    ///
    /// # Errors
    ///
    /// How many bytes to read next, where the reply is incomplete; or that these bytes are no reply.
    pub(super) fn take(buffer: &mut BytesMut) -> Result<Self, Incomplete> {
        let Some(end) = buffer.windows(2).position(|pair| pair == b"\r\n") else {
            return Err(if buffer.len() > LONGEST_LINE {
                Incomplete::Nonsense
            } else {
                Incomplete::Missing(CHUNK)
            });
        };
        let after = end + 2;
        match buffer[0] {
            b'$' if &buffer[1..end] == b"-1" => {
                buffer.advance(after);
                Ok(Self::Nil)
            }
            b'$' => match length(&buffer[1..end]) {
                Some(length) => Self::take_value(buffer, after, length),
                None => Err(Incomplete::Nonsense),
            },
            b'+' | b'-' | b':' => Ok(Self::Line(Bytes::copy_from_slice(&buffer.split_to(after)))),
            _ => Err(Incomplete::Nonsense),
        }
    }

    fn take_value(buffer: &mut BytesMut, start: usize, length: usize) -> Result<Self, Incomplete> {
        let whole = start + length + 2;
        if buffer.len() < whole {
            // No more than has come so far, or one chunk: the length is only a claim of the peer.
            let missing = whole - buffer.len();
            return Err(Incomplete::Missing(missing.min(buffer.len().max(CHUNK))));
        }
        if buffer[whole - 2..whole] != *b"\r\n" {
            return Err(Incomplete::Nonsense);
        }
        if length <= COPY {
            let value = Bytes::copy_from_slice(&buffer[start..start + length]);
            buffer.advance(whole);
            return Ok(Self::Value(value));
        }
        let value = buffer.split_to(whole).freeze();
        Ok(Self::Value(value.slice(start..start + length)))
    }

    /// The reply as the answer to a look-up.
    pub(super) fn answer(self) -> Answered {
        match self {
            Self::Value(value) => Ok(Lookup::Found(value)),
            Self::Nil => Ok(Lookup::Absent),
            Self::Line(line) => interpret(redis::parse_redis_value(&line)),
        }
    }

    /// Whether this is the reply to a `PING`. An error counts as well: the server is there.
    pub(super) fn is_pong(&self) -> bool {
        matches!(self, Self::Line(line) if line.starts_with(b"+PONG") || line.starts_with(b"-"))
    }

    /// Whether a login succeeded, by the reply to its [last command](super::login::question). A user whose ACL does not allow
    /// that command (`NOPERM`) is logged in as well.
    pub(super) fn admits(self) -> Result<(), RedisError> {
        match self.obeyed() {
            Err(error) if error.code() == Some("NOPERM") => Ok(()),
            obeyed => obeyed,
        }
    }

    /// Whether a command without a result has succeeded.
    pub(super) fn obeyed(self) -> Result<(), RedisError> {
        match self {
            Self::Line(line) => match redis::parse_redis_value(&line)? {
                Value::ServerError(error) => Err(error.into()),
                _ => Ok(()),
            },
            Self::Value(_) | Self::Nil => Err(nonsense()),
        }
    }
}

/// Why there is no reply yet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incomplete {
    /// The number of bytes to read next.
    Missing(usize),
    /// These bytes are no reply.
    Nonsense,
}

/// The error for bytes that are no reply.
pub(super) fn nonsense() -> RedisError {
    std::io::Error::new(
        std::io::ErrorKind::InvalidData,
        "not a reply to what was asked",
    )
    .into()
}

fn length(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| text.parse().ok())
        .flatten()
        .filter(|length| *length <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(bytes: &[u8]) -> Vec<u8> {
        [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
    }

    #[test]
    fn replies_in_one_piece_and_byte_by_byte() {
        let large = vec![7; 3 * COPY];
        let value = |bytes: &[u8]| Reply::Value(Bytes::copy_from_slice(bytes));
        let cases = [
            (b"$-1\r\n".to_vec(), Reply::Nil),
            (
                b"+OK\r\n".to_vec(),
                Reply::Line(Bytes::from_static(b"+OK\r\n")),
            ),
            (bulk(b""), value(b"")),
            (bulk(b"a\r\nb"), value(b"a\r\nb")),
            (bulk(&large), value(&large)),
        ];
        for (bytes, expected) in &cases {
            let mut buffer = BytesMut::from(&**bytes);
            assert_eq!(Reply::take(&mut buffer).as_ref(), Ok(expected));
            assert!(buffer.is_empty());
            let mut buffer = BytesMut::new();
            for byte in &bytes[..bytes.len() - 1] {
                buffer.extend_from_slice(&[*byte]);
                assert!(matches!(
                    Reply::take(&mut buffer),
                    Err(Incomplete::Missing(_))
                ));
            }
            buffer.extend_from_slice(b"\n");
            assert_eq!(Reply::take(&mut buffer).as_ref(), Ok(expected));
        }
        let mut all = BytesMut::new();
        for (bytes, _) in &cases {
            all.extend_from_slice(bytes);
        }
        for (_, expected) in &cases {
            assert_eq!(Reply::take(&mut all).as_ref(), Ok(expected));
        }
    }

    #[test]
    fn what_is_no_reply_is_found_out_at_once() {
        for bytes in [
            &b"$9999999999\r\n"[..],
            b"$99999999999999999999999\r\n",
            b"$-2\r\n",
            b"$\r\n",
            b"$+1\r\na\r\n",
            b"*1\r\n$1\r\na\r\n",
            b"%1\r\n",
            b">2\r\n",
            b"HTTP/1.1 400 Bad Request\r\n",
            b"$1\r\nabc",
            &vec![b'+'; 2 * LONGEST_LINE],
        ] {
            let mut buffer = BytesMut::from(bytes);
            assert_eq!(
                Reply::take(&mut buffer),
                Err(Incomplete::Nonsense),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn a_value_that_is_only_announced_asks_for_little() {
        let mut buffer = BytesMut::from(&b"$536870912\r\nabc"[..]);
        assert_eq!(Reply::take(&mut buffer), Err(Incomplete::Missing(CHUNK)));
    }
}
