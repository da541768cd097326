//! The faults of a connection.

use std::time::Duration;

use fastrand::Rng;

/// One thing that goes wrong. Several can go wrong at once.
///
/// Positions count the bytes of the replies on each connection, since the fault was set or the connection opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Replies come so much later.
    Latency(Duration),
    /// Replies come later by a random time up to this one, in their order still.
    Jitter(Duration),
    /// One reply in `one_in` comes later, at random.
    Slow {
        /// In how many.
        one_in: u32,
        /// How much later.
        by: Duration,
    },
    /// Connections are accepted, and carry nothing.
    Hang,
    /// The connection is reset after so many bytes.
    ResetAt(u64),
    /// The connection is closed after so many bytes.
    CloseAt(u64),
    /// Bytes in this direction travel in pieces, one at a time.
    Slice {
        /// Where it goes.
        direction: Direction,
        /// The size of a piece, in bytes.
        size: usize,
        /// From one piece to the next.
        pause: Duration,
    },
    /// The line carries so many bytes a second in each direction.
    Bandwidth(u32),
    /// A random bit of the byte at this position is turned over.
    CorruptAt(u64),
    /// Bytes in this direction are lost, and the connection stays open.
    Drop(Direction),
    /// The proxy does not listen.
    Refuse,
}

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the server.
    Requests,
    /// To the client.
    Replies,
}

/// All that is wrong at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Setting {
    pub(super) faults: Vec<Fault>,
    /// Counts the changes.
    pub(super) generation: u64,
    /// How often all connections were reset.
    pub(super) cuts: u64,
    /// How often all connections went dead.
    pub(super) freezes: u64,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Close,
    Reset,
}

impl Setting {
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// How much later a reply comes.
    pub(super) fn delay(&self, chance: &mut Rng) -> Duration {
        let delays = self.faults.iter().map(|fault| match *fault {
            Fault::Latency(by) => by,
            Fault::Jitter(most) => most.mul_f64(chance.f64()),
            Fault::Slow { one_in, by } if chance.u32(0..one_in) == 0 => by,
            _ => Duration::ZERO,
        });
        delays.sum()
    }

    /// How many of `len` bytes go out at once, and how long it takes until the next may.
    pub(super) fn piece(&self, towards: Direction, len: usize) -> (usize, Duration) {
        let mut piece = len;
        let mut pause = Duration::ZERO;
        for fault in &self.faults {
            match *fault {
                Fault::Slice {
                    direction,
                    size,
                    pause: gap,
                } if direction == towards => {
                    piece = piece.min(size);
                    pause += gap;
                }
                // The bytes that pass in ten milliseconds.
                Fault::Bandwidth(rate) => piece = piece.min((rate as usize / 100).max(1)),
                _ => {}
            }
        }
        for fault in &self.faults {
            if let Fault::Bandwidth(rate) = *fault {
                let piece = u32::try_from(piece).unwrap_or(u32::MAX);
                pause += Duration::from_secs(1) * piece / rate;
            }
        }
        (piece, pause)
    }

    /// After how many bytes of replies the connection ends, and how.
    pub(super) fn end(&self) -> Option<(u64, End)> {
        self.faults.iter().find_map(|fault| match *fault {
            Fault::ResetAt(at) => Some((at, End::Reset)),
            Fault::CloseAt(at) => Some((at, End::Close)),
            _ => None,
        })
    }

    /// Where a byte is damaged.
    pub(super) fn corrupt_at(&self) -> Option<u64> {
        self.faults.iter().find_map(|fault| match *fault {
            Fault::CorruptAt(at) => Some(at),
            _ => None,
        })
    }
}
