use tokio::time::timeout;

use super::*;
use crate::{conn::wire::pushes::Pushes, limits::PUSH_BYTES};

pub(super) const NULL: &[u8] = b">2\r\n$10\r\ninvalidate\r\n_\r\n";
pub(super) const KEYS: &[u8] = b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n";
const NESTED: &[u8] = b">3\r\n+other\r\n*2\r\n*1\r\n$-1\r\n%1\r\n:1\r\n#t\r\n$0\r\n\r\n";

/// Keeps what it hears.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard(Arc<Mutex<Vec<Vec<u8>>>>);

impl Pushes for Heard {
    fn hear(&mut self, push: &[u8]) {
        self.heard().push(push.to_vec());
    }
}

impl Heard {
    fn heard(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().expect("nobody panics under it")
    }

    pub(super) fn all(&self) -> Vec<Vec<u8>> {
        self.heard().clone()
    }

    async fn wait_for(&self, pushes: &[&[u8]]) {
        let all_come = async {
            while self.heard().len() < pushes.len() {
                yield_now().await;
            }
        };
        // One that is not heard within that time is lost.
        let come = timeout(Duration::from_secs(20), all_come).await;
        assert!(come.is_ok(), "{:?}", self.all());
        assert_eq!(self.all(), pushes);
    }
}

fn hearing() -> (Heard, Driven) {
    let heard = Heard::default();
    let driven = listening(Some(Box::new(heard.clone())));
    (heard, driven)
}

#[tokio::test]
async fn pushes_are_heard_in_order_however_they_come_while_nobody_asks() {
    let (heard, (_wire, mut theirs, _drive)) = hearing();
    let all = [NULL, KEYS, NESTED, KEYS, NULL];
    let mut expected = Vec::new();
    for piece in [1, 3, 40, 1000] {
        for piece in all.concat().chunks(piece) {
            theirs.write_all(piece).await.unwrap();
        }
        expected.extend(all);
        heard.wait_for(&expected).await;
    }
}

#[tokio::test]
async fn a_push_is_heard_also_after_one_who_has_asked_alone() {
    let (heard, (wire, mut theirs, _drive)) = hearing();
    while !wire.state().is_asleep() {
        yield_now().await;
    }
    let mut alone = pin!(wire.get("a").unwrap());
    assert!(poll_once(alone.as_mut()).is_pending());
    assert_asked(&mut theirs, &["a"]).await;
    theirs.write_all(b"$1\r\nA\r\n").await.unwrap();
    assert_is(alone.await, "A");
    theirs.write_all(KEYS).await.unwrap();
    heard.wait_for(&[KEYS]).await;
}

#[tokio::test]
async fn a_push_is_heard_before_the_reply_behind_it_is_known() {
    let (heard, (wire, mut theirs, _drive)) = hearing();
    let first = wire.get("a").unwrap();
    let second = wire.request(b"B\r\nC\r\n", 2).unwrap();
    let all = [KEYS, b"$1\r\nA\r\n:1\r\n", NULL, b":2\r\n"].concat();
    theirs.write_all(&all).await.unwrap();
    assert_is(first.await, "A");
    assert_eq!(heard.all()[0], KEYS);
    assert_eq!(second.await.unwrap().len(), 2);
    assert_eq!(heard.all(), [KEYS, NULL]);
}

#[tokio::test]
async fn pushes_that_nobody_hears_are_no_replies_to_one_who_asks_alone() {
    let (wire, mut theirs, _drive) = quiet().await;
    let (half, rest) = KEYS.split_at(20);
    for _ in 0..3 {
        // Whole before it asks, and behind that a part of the next.
        theirs.write_all(&[KEYS, half].concat()).await.unwrap();
        yield_now().await;
        let mut alone = pin!(wire.get("a").unwrap());
        assert!(poll_once(alone.as_mut()).is_pending());
        assert_asked(&mut theirs, &["a"]).await;
        let replies = [rest, NULL, b"$1\r\nA\r\n", half].concat();
        theirs.write_all(&replies).await.unwrap();
        assert_is(alone.await, "A");
        theirs.write_all(rest).await.unwrap();
    }
}

#[tokio::test]
async fn a_push_beyond_the_bound_ends_the_wire() {
    let (heard, (wire, mut theirs, drive)) = hearing();
    let asked = wire.get("a").unwrap();
    let announced = format!(">2\r\n$10\r\ninvalidate\r\n*1\r\n${PUSH_BYTES}\r\n");
    theirs.write_all(KEYS).await.unwrap();
    theirs.write_all(announced.as_bytes()).await.unwrap();
    let error = drive.await.unwrap().unwrap_err();
    assert!(
        error.to_string().contains("longer than any may be"),
        "{error}"
    );
    wire.close();
    assert!(asked.await.is_none());
    heard.wait_for(&[KEYS]).await;
}

#[tokio::test]
async fn a_push_within_a_reply_ends_the_wire() {
    let (heard, (wire, mut theirs, drive)) = hearing();
    let asked = wire.request(b"A\r\n", 1).unwrap();
    let reply = [b"*2\r\n$1\r\na\r\n", KEYS, b"$1\r\nb\r\n"].concat();
    theirs.write_all(&reply).await.unwrap();
    assert!(drive.await.unwrap().is_err());
    wire.close();
    assert!(asked.await.is_err());
    heard.wait_for(&[]).await;
}
