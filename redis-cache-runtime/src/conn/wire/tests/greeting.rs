use redis::{IntoConnectionInfo as _, RedisConnectionInfo};

use super::*;

const SAID: &[u8] =
    b"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$4\r\nPING\r\n";

fn greeting() -> Greeting {
    let settings = RedisConnectionInfo::default()
        .set_password("secret")
        .set_db(3);
    let server = "redis://localhost"
        .into_connection_info()
        .expect("an address");
    Greeting::of(&server.set_redis_settings(settings))
}

/// Greets a server that gives these answers, and closes the connection after them where it `closes`.
async fn greeted(
    listener: Listener,
    answers: &[u8],
    closes: bool,
) -> (Result<(), RedisError>, Wire, Option<UnixStream>) {
    let (ours, mut theirs) = UnixStream::pair().expect("two ends");
    let wire = Wire::new(Stream::Right(ours), listener);
    let answering = async {
        let mut said = vec![0; SAID.len()];
        let read = theirs.read_exact(&mut said).await;
        assert!(read.is_ok() && said == SAID, "{said:?}");
        let written = theirs.write_all(answers).await;
        assert!(written.is_ok(), "{written:?}");
        (!closes).then_some(theirs)
    };
    let greeting = greeting();
    let (greeted, theirs) = tokio::join!(wire.greet(&greeting), answering);
    (greeted, wire, theirs)
}

#[tokio::test]
async fn it_goes_out_at_once_and_what_is_pushed_behind_it_is_heard() {
    let heard = pushes::Heard::default();
    let answers = [b"+OK\r\n+OK\r\n+PONG\r\n", &pushes::NULL[..9]].concat();
    let (greeted, wire, theirs) = greeted(Some(Box::new(heard.clone())), &answers, false).await;
    greeted.unwrap();
    let (wire, mut theirs) = (Arc::new(wire), theirs.unwrap());
    let driven = Arc::clone(&wire);
    let _drive = spawn(async move { driven.drive().await });
    theirs.write_all(&pushes::NULL[9..]).await.unwrap();
    while heard.all().is_empty() {
        yield_now().await;
    }
    assert_eq!(heard.all(), [pushes::NULL]);
    let asked = wire.get("a").unwrap();
    theirs.write_all(b"$1\r\nA\r\n").await.unwrap();
    assert_is(asked.await, "A");
}

#[tokio::test]
async fn a_server_that_refuses_closes_or_says_something_else_is_not_greeted() {
    let refused = b"-WRONGPASS no\r\n-NOAUTH no\r\n-NOAUTH no\r\n";
    let (denied, ..) = greeted(None, refused, false).await;
    assert_eq!(denied.unwrap_err().code(), Some("WRONGPASS"));
    for (answers, closes) in [
        (&b"-ERR max number of clients reached\r\n"[..], true),
        (b"", true),
        (b"HTTP/1.1 400 Bad Request\r\n", false),
        (b"+OK\r\n+OK\r\n+PONG\r\n+OK\r\n", false),
    ] {
        let (greeted, ..) = greeted(None, answers, closes).await;
        assert!(greeted.is_err(), "{answers:?}");
    }
}
