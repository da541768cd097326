//! Where a frame of the protocol ends, in RESP2 and RESP3.

use super::{Broken, CHUNK, LONGEST};

/// The longest line, in bytes.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

/// How far the first frame of a buffer has been scanned. No byte is scanned twice, however many pieces the frame comes in.
#[derive(Debug)]
pub(super) struct Extent {
    /// So many bytes have been scanned: they are the frame's.
    known: usize,
    /// How many parts of the frame begin there, one after the other. At first there is one, the frame itself.
    parts: usize,
    /// Where the frame's first line ends.
    line: usize,
}

impl Default for Extent {
    fn default() -> Self {
        Self {
            known: 0,
            parts: 1,
            line: 0,
        }
    }
}

/// The result of a scan.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// The frame is complete: it ends at `end`, and its first line at `line`.
    Whole { line: usize, end: usize },
    /// The frame is not complete: so many bytes are missing at least, or [`CHUNK`] where that is not known yet.
    Missing(usize),
}

impl Extent {
    /// Scans on through `bytes`: those of the last scan, and those that have come since.
    pub(super) fn look(&mut self, bytes: &[u8], longest: usize) -> Result<Looked, Broken> {
        while self.parts > 0 {
            let rest = &bytes[self.known..];
            let Some(line) = Line::read(rest)? else {
                return if bytes.len() > longest {
                    Err(Broken::TooLong)
                } else {
                    Ok(Looked::Missing(CHUNK))
                };
            };
            // In the protocol a push is never part of a reply.
            if line.is_push && self.known > 0 {
                return Err(Broken::Nonsense);
            }
            let head = self.known + line.len;
            let end = head + line.text.map_or(0, |text| text + 2);
            if end > longest {
                return Err(Broken::TooLong);
            }
            if end > bytes.len() {
                return Ok(Looked::Missing(end - bytes.len()));
            }
            if line.text.is_some() && bytes[end - 2..end] != *b"\r\n" {
                return Err(Broken::Nonsense);
            }
            if self.known == 0 {
                self.line = head;
            }
            self.known = end;
            let parts = (self.parts - 1).checked_add(line.parts);
            self.parts = parts.ok_or(Broken::Nonsense)?;
        }
        Ok(Looked::Whole {
            line: self.line,
            end: self.known,
        })
    }
}

/// The first line of a frame, and what it tells of the rest.
struct Line {
    /// In bytes, with CR and LF.
    len: usize,
    is_push: bool,
    /// How many bytes follow, before CR and LF.
    text: Option<usize>,
    /// How many frames follow.
    parts: usize,
}

impl Line {
    /// `None` where the line is not complete.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Broken> {
        let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") else {
            let is_one = bytes.first().is_none_or(|kind| KINDS.contains(kind));
            return if is_one && bytes.len() <= LONGEST_LINE {
                Ok(None)
            } else {
                Err(Broken::Nonsense)
            };
        };
        let [kind, says @ ..] = &bytes[..end] else {
            return Err(Broken::Nonsense);
        };
        let number = || number(says).ok_or(Broken::Nonsense);
        let (text, parts) = match kind {
            b'+' | b'-' | b':' | b',' | b'#' | b'(' => (None, 0),
            b'_' if says.is_empty() => (None, 0),
            b'$' | b'*' if says == b"-1" => (None, 0),
            b'$' | b'=' | b'!' => (Some(number()?), 0),
            b'*' | b'~' | b'>' => (None, number()?),
            b'%' => (None, 2 * number()?),
            // The attributes of a frame stand before it, and are counted as parts with it.
            b'|' => (None, 2 * number()? + 1),
            _ => return Err(Broken::Nonsense),
        };
        Ok(Some(Self {
            len: end + 2,
            is_push: *kind == b'>',
            text,
            parts,
        }))
    }
}

/// The first bytes of frames.
const KINDS: &[u8] = b"$+-:_,#(*~>%|=!";

fn number(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| *number <= LONGEST)
}
