//! One direction of a connection.

use std::future::pending;

use fastrand::Rng;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::tcp::{ReadHalf, WriteHalf},
    sync::{mpsc, watch},
    time::{Duration, Instant, sleep_until},
};

use super::{
    Direction, Fault,
    fault::{End, Setting},
};

/// The most that is read at once.
const CHUNK: usize = 16 * 1024;

/// How many chunks may be under way, so that a late one does not hold up the reading of others.
const UNDER_WAY: usize = 64;

/// Bytes, and when they are to arrive.
type Chunk = (Instant, Vec<u8>);

pub(super) struct Pipe {
    direction: Direction,
    settings: watch::Receiver<Setting>,
    chance: Rng,
    /// How often connections had gone dead when this one opened.
    freezes: u64,
    generation: u64,
    /// Bytes sent in this generation.
    sent: u64,
}

impl Pipe {
    pub(super) fn new(
        direction: Direction,
        settings: watch::Receiver<Setting>,
        chance: Rng,
    ) -> Self {
        let freezes = settings.borrow().freezes;
        Self {
            direction,
            settings,
            chance,
            freezes,
            generation: 0,
            sent: 0,
        }
    }

    /// Carries bytes until either side ends.
    pub(super) async fn run(self, from: ReadHalf<'_>, to: WriteHalf<'_>) -> End {
        let (sender, receiver) = mpsc::channel(UNDER_WAY);
        let reader = read(
            from,
            sender,
            self.direction,
            self.settings.clone(),
            self.chance.clone(),
        );
        let reading = async {
            reader.await;
            // The bytes already read are still to be written.
            pending::<()>().await;
        };
        tokio::select! {
            end = self.write(receiver, to) => end,
            () = reading => End::Close,
        }
    }

    async fn write(mut self, mut chunks: mpsc::Receiver<Chunk>, mut to: WriteHalf<'_>) -> End {
        while let Some((due, mut bytes)) = chunks.recv().await {
            self.wait(due).await;
            self.pass_hang().await;
            if self.settings.borrow().has(Fault::Drop(self.direction)) {
                continue;
            }
            let mut rest = bytes.as_mut_slice();
            while !rest.is_empty() {
                self.pass_hang().await;
                let (len, pause, end) = self.prepare(rest);
                let (piece, others) = rest.split_at_mut(len);
                if to.write_all(piece).await.is_err() {
                    return End::Close;
                }
                if let Some(end) = end {
                    return end;
                }
                self.sent += piece.len() as u64;
                rest = others;
                self.wait(Instant::now() + pause).await;
            }
        }
        End::Close
    }

    /// Decides how many of the bytes are sent now, how long to wait then, and whether the connection ends; damages the
    /// byte of a corruption.
    fn prepare(&mut self, bytes: &mut [u8]) -> (usize, Duration, Option<End>) {
        let setting = self.settings.borrow().clone();
        if setting.generation != self.generation {
            self.generation = setting.generation;
            self.sent = 0;
        }
        let (len, pause) = setting.piece(self.direction, bytes.len());
        if self.direction == Direction::Requests {
            return (len, pause, None);
        }
        let position = |at: u64| usize::try_from(at.checked_sub(self.sent)?).ok();
        if let Some(at) = setting.corrupt_at().and_then(position)
            && at < len
        {
            bytes[at] ^= 1 << self.chance.u8(0..8);
        }
        match setting.end() {
            Some((at, end)) if at <= self.sent + len as u64 => {
                (position(at).unwrap_or(0), pause, Some(end))
            }
            _ => (len, pause, None),
        }
    }

    /// Waits until `due`, or until the faults change: bytes that the earlier faults held back go on then.
    async fn wait(&mut self, due: Instant) {
        if due > Instant::now() {
            self.settings.mark_unchanged();
            tokio::select! {
                () = sleep_until(due) => {}
                _ = self.settings.changed() => {}
            }
        }
    }

    /// Waits for as long as the connection carries nothing.
    async fn pass_hang(&mut self) {
        let before = self.freezes;
        let carries = |setting: &Setting| setting.freezes == before && !setting.has(Fault::Hang);
        if self.settings.wait_for(carries).await.is_err() {
            pending::<()>().await;
        }
    }
}

async fn read(
    mut from: ReadHalf<'_>,
    chunks: mpsc::Sender<Chunk>,
    direction: Direction,
    settings: watch::Receiver<Setting>,
    mut chance: Rng,
) {
    let mut last = Instant::now();
    loop {
        let mut bytes = vec![0; CHUNK];
        let Ok(len @ 1..) = from.read(&mut bytes).await else {
            return;
        };
        bytes.truncate(len);
        let delay = match direction {
            Direction::Requests => Duration::ZERO,
            Direction::Replies => settings.borrow().delay(&mut chance),
        };
        last = last.max(Instant::now() + delay);
        if chunks.send((last, bytes)).await.is_err() {
            return;
        }
    }
}
