//! That a key is the same by whichever way its parts were written.

use serde::Serialize;

use super::{Digest, Domain, FastPart, KeyBuilder, Part, PartFast as _, PartSerde as _};

const DOMAIN: Domain = Domain {
    seed: [7; blake3::KEY_LEN],
    fingerprint: [0; 8],
    ambiguous: false,
};

fn digest(feed: impl FnOnce(&mut KeyBuilder)) -> Digest {
    let mut key = KeyBuilder::of(DOMAIN);
    feed(&mut key);
    key.digest().unwrap()
}

/// A key that the value's memory and its serde code agree on.
fn agreed<T: FastPart + Serialize + ?Sized>(value: &T) -> Digest {
    let memory = digest(|key| value.write_memory(key));
    let serde = digest(|key| super::KeyPart::write_serde(value, key));
    assert_eq!(memory, serde);
    memory
}

/// Bytes without a pattern.
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
    for len in [0, 1, 15, 16, 127, 128, 2000, 33_000, 100_000] {
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
        Part::new(&small).feed(key);
        Part::new(&large).feed(key);
        (&Part::new(&Some(5u8))).feed(key);
        Part::new(&large).feed(key);
        Part::new("end").feed(key);
    });
    let together = digest(|key| {
        for part in [&small, &large] {
            super::KeyPart::write_serde(part, key);
        }
        super::KeyPart::write_serde(&Some(5u8), key);
        super::KeyPart::write_serde(&large, key);
        super::KeyPart::write_serde("end", key);
    });
    assert_eq!(apart, together);
}
