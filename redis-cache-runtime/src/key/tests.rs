//! A key is the same whether its parts are written from memory, through serde, or by `Arguments`.

use serde::Serialize;

use super::{
    Arguments, CacheIdentity, Digest, Domain, FastPart, KeyBuilder, KeyPart, Part, PartFast as _,
    PartSerde as _, Receiver, ReceiverAnonymous as _,
};

const DOMAIN: Domain = Domain {
    parameters: None,
    seed: [7; blake3::KEY_LEN],
    readable: None,
};

fn digest<T>(feed: impl FnOnce(&mut KeyBuilder) -> T) -> Digest {
    let mut key = KeyBuilder::of(DOMAIN);
    feed(&mut key);
    key.digest().unwrap()
}

/// The digest of a value, which must be the same from its memory and through its serde code.
fn agreed<T: FastPart + Serialize + ?Sized>(value: &T) -> Digest {
    let memory = digest(|key| value.write_memory(key));
    let serde = digest(|key| KeyPart::write_serde(value, key));
    assert_eq!(memory, serde);
    memory
}

/// Random bytes, the same for the same seed.
fn noise(seed: usize, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

#[test]
fn memory_and_serde_agree_on_numbers() {
    macro_rules! check {
        ($($number:ident)*) => {$(
            for len in [0, 1, 2, 3, 7, 32, 511, 512, 1023, 1024, 4096, 5000] {
                let bytes = noise(len, len * size_of::<$number>());
                let numbers: Vec<$number> = bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|number| $number::from_le_bytes(*number))
                    .collect();
                let list = agreed(&numbers);
                assert_eq!(agreed(numbers.as_slice()), list);
                assert_eq!(agreed(&&numbers), list);
                let first = numbers.first_chunk::<3>();
                assert!(first.is_none_or(|array| agreed(array) == agreed(&numbers[..3])));
            }
            assert_eq!(agreed(&[$number::default(); 0]), agreed::<[u8]>(&[]));
        )*};
    }
    check!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);
}

#[test]
fn memory_and_serde_agree_on_text() {
    for len in [
        0, 1, 15, 16, 127, 128, 2000, 2047, 2048, 4095, 4096, 33_000, 100_000,
    ] {
        let text: String = noise(len, len)
            .iter()
            .map(|byte| char::from(*byte))
            .collect();
        let digest = agreed(&text);
        assert_eq!(agreed(text.as_str()), digest);
        assert_eq!(agreed(&&text), digest);
    }
}

#[test]
fn the_way_into_the_hasher_does_not_matter() {
    let (small, large) = (noise(0, 100), noise(1, 100_000));
    let apart = digest(|key| {
        Part::new(&small).__handler_cache_feed(key);
        Part::new(&large).__handler_cache_feed(key);
        (&Part::new(&Some(5u8))).__handler_cache_feed(key);
        Part::new(&large).__handler_cache_feed(key);
        Part::new("end").__handler_cache_feed(key);
    });
    let together = digest(|key| {
        for part in [&small, &large] {
            KeyPart::write_serde(part, key);
        }
        KeyPart::write_serde(&Some(5u8), key);
        KeyPart::write_serde(&large, key);
        KeyPart::write_serde("end", key);
    });
    assert_eq!(apart, together);
}

/// The large part is nested in `Some`, so that it is written whole and not as its hash.
#[test]
fn what_does_not_fit_into_the_buffer_is_hashed_before() {
    let nested = Some(noise(5, 300_000));
    let small = 7u32;
    let fed = digest(|key| {
        (&Part::new(&small)).__handler_cache_feed(key);
        (&Part::new(&nested)).__handler_cache_feed(key);
        (&Part::new(&nested)).__handler_cache_feed(key);
        (&Part::new(&small)).__handler_cache_feed(key);
    });
    assert_eq!(fed, named((small, &nested, &nested, small)));
}

#[test]
fn a_large_part_is_neither_its_hash_nor_a_part_of_another_length() {
    let large = noise(4, 5000);
    let hash: [u8; 32] = blake3::hash(&large).into();
    let text = String::from_utf8_lossy(&large).into_owned();
    let all = [
        agreed(&large),
        agreed(&large[..4999]),
        agreed(&hash),
        agreed(
            &large
                .iter()
                .map(|byte| byte.cast_signed())
                .collect::<Vec<_>>(),
        ),
        agreed(&text),
        digest(|key| (&Part::new(&Some(large.as_slice()))).__handler_cache_feed(key)),
        digest(|key| (&Part::new(&(large.as_slice(),))).__handler_cache_feed(key)),
    ];
    for (at, digest) in all.iter().enumerate() {
        assert!(!all[..at].contains(digest), "{at}");
    }
}

struct Model(u32);

impl CacheIdentity for Model {
    fn cache_identity(&self) -> impl Serialize {
        ("model", self.0)
    }
}

/// A receiver without an identity.
struct Plain;

/// Writes a key as the attribute's expansion does: the receiver, the version, the arguments.
macro_rules! call {
    ($receiver:expr, [$($version:expr)?], $($argument:expr),*) => {
        digest(|key| {
            Receiver::new(&$receiver).__handler_cache_feed(key);
            $(key.version(&$version);)?
            $((&Part::new(&$argument)).__handler_cache_feed(key);)*
        })
    };
}

fn named(arguments: impl Into<Arguments>) -> Digest {
    arguments.into().digest(&DOMAIN).unwrap()
}

#[test]
fn arguments_have_the_digest_of_their_call() {
    let (bytes, numbers) = (noise(2, 10_000), vec![0.5f32; 5000]);
    let text = "text".to_owned();
    assert_eq!(named(()), call!(Plain, [],));
    assert_eq!(named((7u32,)), call!(Plain, [], 7u32));
    assert_eq!(
        named((7u32, "text", Some(0.5f64))),
        call!(Plain, [], 7u32, text, Some(0.5f64))
    );
    assert_eq!(
        named((bytes.as_slice(), &numbers, [1u8, 2], (1u8, 'x'))),
        call!(Plain, [], bytes, numbers, vec![1u8, 2], (1u8, 'x'))
    );
    assert_eq!(
        named((
            1u8, 2u8, 3u8, 4u8, 5u8, 6u8, 7u8, 8u8, 9u8, 10u8, 11u8, &bytes
        )),
        call!(
            Plain,
            [],
            1u8,
            2u8,
            3u8,
            4u8,
            5u8,
            6u8,
            7u8,
            8u8,
            9u8,
            10u8,
            11u8,
            bytes
        )
    );
}

#[test]
fn arguments_know_identity_and_version() {
    let bytes = noise(3, 100_000);
    let plain = || Arguments::from((7u32, &bytes));
    let digests = [
        named(plain()),
        named(plain().identity(&Model(3))),
        named(plain().version("v1")),
        named(plain().identity(&Model(3)).version("v1")),
    ];
    assert_eq!(digests[0], call!(Plain, [], 7u32, bytes));
    assert_eq!(digests[1], call!(&Model(3), [], 7u32, bytes));
    assert_eq!(digests[2], call!(Plain, ["v1"], 7u32, bytes));
    assert_eq!(digests[3], call!(Model(3), ["v1".to_owned()], 7u32, bytes));
    assert_eq!(named(plain().version("v1").identity(&Model(3))), digests[3]);
    assert_eq!(named(plain().version("v0").version("v1")), digests[2]);
    assert_eq!(
        named(Arguments::default().identity(&Model(3)).version(&1u8)),
        call!(Model(3), [1u8],)
    );
}

#[test]
fn arguments_of_another_domain_have_another_digest() {
    let other = Domain {
        seed: [8; blake3::KEY_LEN],
        ..DOMAIN
    };
    let arguments = Arguments::from((7u32,));
    assert_ne!(arguments.digest(&other).unwrap(), named(arguments));
}

struct Refuses;

impl Serialize for Refuses {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("no"))
    }
}

struct Panics;

impl Serialize for Panics {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("on purpose")
    }
}

#[test]
fn arguments_report_what_can_not_be_written() {
    let message = |arguments: Arguments| arguments.digest(&DOMAIN).unwrap_err().to_string();
    assert_eq!(message(Arguments::from((1u8, Refuses, Panics))), "no");
    assert_eq!(message(Arguments::from((1u8,)).version(&Refuses)), "no");
    assert!(message(Arguments::from((Panics,))).contains("panicked"));
    assert!(message(Arguments::from(()).version(&Panics)).contains("panicked"));
}
