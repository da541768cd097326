//! Redis' protocol, as far as it takes to tell where a message ends.

use std::io::{self, BufRead, Read as _};

/// One command or reply, as it travelled.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
}

impl Frame {
    /// Whether it is a push.
    pub(crate) fn is_push(&self) -> bool {
        self.bytes.first() == Some(&b'>')
    }

    /// The first word of a command.
    pub(crate) fn word(&self) -> String {
        let word = self.bytes.split(|byte| *byte == b'\n').nth(2);
        let word = String::from_utf8_lossy(word.unwrap_or_default());
        word.trim_end().to_owned()
    }
}

/// Reads up to the end of the next message.
pub(crate) fn read_frame(from: &mut impl BufRead) -> io::Result<Frame> {
    let mut bytes = Vec::new();
    let mut left = 1;
    while left > 0 {
        left -= 1;
        let start = bytes.len();
        from.read_until(b'\n', &mut bytes)?;
        let line = bytes.get(start..).unwrap_or_default();
        let Some((kind, len)) = line.split_first() else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        // A length below zero stands for nothing.
        let len: u64 = match str::from_utf8(len).map(|len| len.trim_end().parse()) {
            Ok(Ok(len)) => len,
            _ => 0,
        };
        match kind {
            b'$' | b'!' | b'=' if line != b"$-1\r\n" => {
                from.take(len + 2).read_to_end(&mut bytes)?;
            }
            b'*' | b'~' | b'>' => left += len,
            b'%' => left += 2 * len,
            // Attributes come before the message that they belong to.
            b'|' => left += 2 * len + 1,
            _ => {}
        }
    }
    Ok(Frame { bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_where_it_ends() {
        for message in [
            "+OK\r\n",
            "-ERR no\r\n",
            ":42\r\n",
            "_\r\n",
            "#t\r\n",
            ",1.5\r\n",
            "$-1\r\n",
            "*-1\r\n",
            "$0\r\n\r\n",
            "$4\r\na\r\nb\r\n",
            "=7\r\ntxt:abc\r\n",
            "*0\r\n",
            "*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
            "%1\r\n+key\r\n*2\r\n:1\r\n:2\r\n",
            ">2\r\n+invalidate\r\n*1\r\n$1\r\na\r\n",
            "|1\r\n+ttl\r\n:1\r\n+OK\r\n",
        ] {
            let stream = format!("{message}+next\r\n");
            let mut stream = stream.as_bytes();
            let frame = read_frame(&mut stream).unwrap();
            assert_eq!(frame.bytes, message.as_bytes());
            assert_eq!(stream, b"+next\r\n");
            assert_eq!(frame.is_push(), message.starts_with('>'));
        }
        assert!(read_frame(&mut b"".as_slice()).is_err());
    }

    #[test]
    fn a_command_is_known_by_its_first_word() {
        let mut stream = b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n".as_slice();
        assert_eq!(read_frame(&mut stream).unwrap().word(), "GET");
    }
}
