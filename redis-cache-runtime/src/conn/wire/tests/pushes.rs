use super::*;

pub(super) const NULL: &[u8] = b">2\r\n$10\r\ninvalidate\r\n_\r\n";
pub(super) const KEYS: &[u8] = b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n";

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
