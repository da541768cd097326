//! Where frames of the protocol end, in its second version and its third.

use super::{Broken, CHUNK, LONGEST};

/// No line takes more.
pub(super) const LONGEST_LINE: usize = 64 * 1024;

/// How far the frame that a buffer begins with has been looked through. What has been looked at is not looked at again, however
/// many pieces the frame comes in.
#[derive(Debug)]
pub(super) struct Extent {
    /// So many bytes are known to be the frame's.
    known: usize,
    /// So many frames begin there, one after the other: the parts of the frame that have not been looked at. At first it is the
    /// frame itself.
    parts: usize,
    /// Where its first line ends.
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

/// What is known of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Looked {
    /// It ends at `end`, and its first line at `line`.
    Whole { line: usize, end: usize },
    /// It is not all there, and so many bytes are missing at least, or none knows how many.
    Missing(usize),
}

impl Extent {
    /// Looks on through `bytes`: those of the last time, and what has come since.
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
            // The protocol has pushes between replies only.
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

/// The line that a frame begins with, and what it says of the rest.
struct Line {
    /// With its end.
    len: usize,
    is_push: bool,
    /// So many bytes follow, and the end of a line.
    text: Option<usize>,
    /// So many frames follow.
    parts: usize,
}

impl Line {
    /// `None` where it is not all there.
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
            // Attributes stand before the frame that they are of.
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

/// What frames begin with.
const KINDS: &[u8] = b"$+-:_,#(*~>%|=!";

fn number(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| *number <= LONGEST)
}
