use cache_fuzz::{Unstructured, fuzz, peak};

use super::{extent::LONGEST_LINE, *};

fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

fn of(bytes: &[u8]) -> Decoder {
    Decoder {
        buffer: BytesMut::from(bytes),
        ..Decoder::default()
    }
}

/// Takes what is first, which has no push before it.
fn take(decoder: &mut Decoder) -> Result<Taken, Broken> {
    decoder.take(|push| panic!("a push: {push:?}"))
}

fn reply(decoder: &mut Decoder) -> Reply {
    match take(decoder) {
        Ok(Taken::Reply(reply)) => reply,
        other => panic!("{other:?}"),
    }
}

#[test]
fn replies_in_one_piece_and_byte_by_byte() {
    let large = vec![7; 3 * LONG];
    let value = |bytes: &[u8]| (bulk(bytes), Reply::Value(Bytes::copy_from_slice(bytes)));
    let line = |line: &'static str| (line.into(), Reply::Line(line.into()));
    let compound = |frame: &'static str| (frame.into(), Reply::Compound(frame.into()));
    let cases = [
        (b"$-1\r\n".to_vec(), Reply::Nil),
        (b"_\r\n".to_vec(), Reply::Nil),
        value(b""),
        value(b"a\r\nb"),
        value(&large),
        line("+OK\r\n"),
        line("-ERR no\r\n"),
        line(":-12\r\n"),
        line("#t\r\n"),
        line("*-1\r\n"),
        compound("*2\r\n$1\r\na\r\n*1\r\n_\r\n"),
        compound("%1\r\n+mode\r\n~2\r\n:1\r\n,1.5\r\n"),
        compound("!7\r\nERR\r\n a\r\n"),
        compound("|1\r\n+ttl\r\n:1\r\n$1\r\na\r\n"),
    ];
    for (bytes, expected) in &cases {
        let mut decoder = of(bytes);
        assert_eq!(reply(&mut decoder), *expected);
        assert!(decoder.buffer.is_empty());
        for byte in &bytes[..bytes.len() - 1] {
            decoder.buffer.extend_from_slice(&[*byte]);
            assert!(matches!(take(&mut decoder), Ok(Taken::Missing(_))));
        }
        decoder.buffer.extend_from_slice(b"\n");
        assert_eq!(reply(&mut decoder), *expected);
    }
    let mut all = Decoder::default();
    for (bytes, _) in &cases {
        all.buffer.extend_from_slice(bytes);
    }
    for (_, expected) in &cases {
        assert_eq!(reply(&mut all), *expected);
    }
}

#[test]
fn what_is_no_reply_is_found_out_at_once() {
    let line = |byte| vec![byte; 2 * LONGEST_LINE];
    for bytes in [
        &b"$9999999999\r\n"[..],
        b"$99999999999999999999999\r\n",
        b"$-2\r\n",
        b"$\r\n",
        b"$+1\r\na\r\n",
        b"*-2\r\n",
        b"%-1\r\n",
        b"_1\r\n",
        b"*1\r\nHTTP",
        b"HTTP/1.1 400 Bad Request\r\n",
        b"H",
        b"\r\n",
        b"*1\r\n\r\n",
        b"$1\r\nabc",
        b"*1\r\n$1\r\nabc",
        // The protocol has none within replies.
        b"*2\r\n$1\r\na\r\n>1\r\n+a\r\n",
        b">2\r\n+a\r\n>1\r\n+a\r\n",
        &line(b'+'),
        &[b"*1\r\n".to_vec(), line(b'+')].concat(),
    ] {
        assert_eq!(take(&mut of(bytes)), Err(Broken::Nonsense), "{bytes:?}");
    }
    let nested = format!("*{LONGEST}\r\n").repeat(40);
    assert_eq!(take(&mut of(nested.as_bytes())), Ok(Taken::Missing(CHUNK)));
}

#[test]
fn room_is_made_once_and_not_for_more_than_may_honestly_come() {
    for (announced, missing) in [(10, 9), (AHEAD, AHEAD - 1), (LONGEST, AHEAD)] {
        for before in ["", "*1\r\n"] {
            let bytes = format!("{before}${announced}\r\nabc");
            let taken = take(&mut of(bytes.as_bytes()));
            assert_eq!(taken, Ok(Taken::Missing(missing)), "{bytes}");
        }
    }
}

#[test]
fn a_push_is_heard_before_the_reply_behind_it_and_is_none_itself() {
    let null = b">2\r\n$10\r\ninvalidate\r\n_\r\n";
    let keys = b">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n";
    let empty = b">0\r\n";
    let all = [&null[..], keys, b"+OK\r\n", empty, b":1\r\n", null].concat();
    let mut decoder = of(&all);
    let mut heard = Vec::new();
    let mut next = || {
        let taken = decoder.take(|push| heard.push(push.to_vec()));
        (taken, heard.len())
    };
    let line = |line: &'static str| Ok(Taken::Reply(Reply::Line(line.into())));
    assert_eq!(next(), (line("+OK\r\n"), 2));
    assert_eq!(next(), (line(":1\r\n"), 3));
    assert_eq!(next(), (Ok(Taken::Missing(CHUNK)), 4));
    assert_eq!(heard, [&null[..], keys, empty, null]);
    for push in [&null[..], keys] {
        let push = redis::parse_redis_value(push).unwrap();
        assert!(matches!(push, redis::Value::Push { .. }), "{push:?}");
    }
}

#[test]
fn a_push_of_any_length_within_the_bound_is_heard_and_no_longer_one() {
    let before = ">2\r\n$10\r\ninvalidate\r\n*1\r\n";
    for (len, is_heard) in [(PUSH_BYTES, true), (PUSH_BYTES + 1, false)] {
        let text = len - before.len() - "$4194304\r\n\r\n".len();
        let mut bytes = [before.as_bytes(), &bulk(&vec![b'k'; text])].concat();
        assert_eq!(bytes.len(), len);
        bytes.extend_from_slice(b"+OK\r\n");
        let mut heard = 0;
        let taken = of(&bytes).take(|push| heard += push.len());
        assert_eq!(taken.is_ok(), is_heard);
        assert_eq!(heard, if is_heard { len } else { 0 });
    }
    // As soon as it is known to be too long.
    for bytes in [
        format!("{before}${PUSH_BYTES}\r\n"),
        format!(">{PUSH_BYTES}\r\n{}", ":1\r\n".repeat(PUSH_BYTES / 4)),
    ] {
        assert_eq!(take(&mut of(bytes.as_bytes())), Err(Broken::TooLong));
    }
}

/// A frame as a server may say it.
fn frame(u: &mut Unstructured<'_>, depth: u8) -> cache_fuzz::Result<Vec<u8>> {
    let lines = [
        "$-1",
        "*-1",
        "_",
        "+OK",
        "-ERR a",
        ":12",
        ",1.5",
        "#f",
        "(123",
        "$0\r\n",
        "*0",
        "%0",
        "~0",
        "=6\r\ntxt:a\r",
        "!5\r\nERR a",
    ];
    let (kinds, parts) = ("*%~|", u.int_in_range(0..=3)?);
    Ok(match u.int_in_range(0..=5)? {
        0 | 1 if depth < 5 => {
            let kind = *u.choose(kinds.as_bytes())?;
            let frames = match kind {
                b'%' => 2 * parts,
                b'|' => 2 * parts + 1,
                _ => parts,
            };
            let mut bytes = format!("{}{parts}\r\n", char::from(kind)).into_bytes();
            for _ in 0..frames {
                bytes.extend(frame(u, depth + 1)?);
            }
            bytes
        }
        2 if u.ratio(1, 8)? => bulk(&vec![7; u.int_in_range(0..=2 * LONG)?]),
        3 => {
            let len = u.len().min(20);
            bulk(u.bytes(len)?)
        }
        _ => format!("{}\r\n", u.choose(&lines)?).into_bytes(),
    })
}

fn push(u: &mut Unstructured<'_>) -> cache_fuzz::Result<Vec<u8>> {
    let parts: usize = u.int_in_range(0..=3)?;
    let mut bytes = format!(">{}\r\n$10\r\ninvalidate\r\n", parts + 1).into_bytes();
    for _ in 0..parts {
        bytes.extend(frame(u, 1)?);
    }
    Ok(bytes)
}

/// The bytes that a reply came as.
fn came_as(reply: Reply, frame: &[u8]) -> Vec<u8> {
    match reply {
        Reply::Value(value) => bulk(&value),
        Reply::Nil if [&b"_\r\n"[..], b"$-1\r\n"].contains(&frame) => frame.to_vec(),
        Reply::Nil => Vec::new(),
        Reply::Line(frame) | Reply::Compound(frame) => frame.to_vec(),
    }
}

#[test]
fn frames_of_any_kind_are_cut_where_they_end_whatever_pieces_they_come_in() {
    fuzz(600, |u| {
        let mut frames = Vec::new();
        for _ in 0..u.int_in_range(1..=4)? {
            frames.push(if u.ratio(1, 3)? {
                push(u)?
            } else {
                frame(u, 0)?
            });
        }
        for frame in &frames {
            let understood = redis::parse_redis_value(frame);
            assert!(understood.is_ok(), "{frame:?}: {understood:?}");
        }
        let all = frames.concat();
        let (replies, pushes): (Vec<_>, Vec<_>) = frames.iter().partition(|frame| frame[0] != b'>');
        // In two pieces, cut at every byte unless they are many, and once byte by byte.
        let cuts = (0..=all.len()).step_by(1 + all.len() / 250);
        let pieces = cuts.map(|at| all.split_at(at)).map(|(a, b)| vec![a, b]);
        for pieces in pieces.chain([all.chunks(1).collect()]) {
            let (mut decoder, mut heard, mut taken) = (Decoder::default(), Vec::new(), 0);
            for piece in pieces {
                decoder.buffer.extend_from_slice(piece);
                loop {
                    match decoder.take(|push| heard.push(push.to_vec())).unwrap() {
                        Taken::Reply(reply) => {
                            assert_eq!(came_as(reply, replies[taken]), *replies[taken]);
                            taken += 1;
                        }
                        Taken::Missing(bytes) => {
                            assert!((1..=AHEAD).contains(&bytes), "{bytes}");
                            break;
                        }
                    }
                }
            }
            assert_eq!(taken, replies.len());
            assert!(heard.iter().eq(pushes.iter().copied()));
            assert!(decoder.buffer.is_empty());
        }
        Ok(())
    });
}

#[test]
fn what_is_only_announced_takes_no_memory() {
    for announced in [
        "$536870912\r\n",
        "*536870912\r\n",
        ">40000000\r\n",
        ">4\r\n$3000000\r\n",
    ] {
        let ((), used) = peak(|| {
            let mut decoder = of(announced.as_bytes());
            for _ in 0..10 {
                let Ok(Taken::Missing(bytes)) = take(&mut decoder) else {
                    panic!("nothing else has come");
                };
                decoder.reserve(bytes);
                decoder.buffer.extend_from_slice(b":1\r\n");
            }
        });
        assert!(used <= AHEAD + CHUNK, "{used}: {announced}");
    }
}
