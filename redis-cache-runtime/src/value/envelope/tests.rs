use cache_fuzz::{Unstructured, fuzz, mutate, peak};

use super::*;

const DIGEST: [u8; 32] = [7; 32];
const TYPE: Shape = [3; 8];

fn sealed() -> (Seal, Vec<u8>) {
    let seal = Seal::new(None);
    let created = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    let mut draft = Draft::new(created, Duration::from_micros(2_500));
    draft.buffer().extend_from_slice(b"payload");
    (seal, draft.finish(TYPE).seal(&seal, &DIGEST).to_vec())
}

#[test]
fn what_was_sealed_opens() {
    let (seal, bytes) = sealed();
    let opened = open(&bytes, &seal, &DIGEST).unwrap();
    assert_eq!((opened.shape, opened.payload), (TYPE, &b"payload"[..]));
    assert_eq!(
        opened.created,
        UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)
    );
    assert_eq!(opened.compute, Duration::from_micros(2_500));
}

#[test]
fn every_flipped_bit_is_found() {
    let (seal, bytes) = sealed();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&damaged, &seal, &DIGEST).is_err(), "bit {bit}");
    }
}

#[test]
fn every_truncation_and_extension_is_found() {
    let (seal, bytes) = sealed();
    for len in 0..bytes.len() {
        assert!(open(&bytes[..len], &seal, &DIGEST).is_err(), "{len} bytes");
    }
    let mut longer = bytes;
    longer.push(0);
    assert_eq!(open(&longer, &seal, &DIGEST), Err(Damage::Check));
}

#[test]
fn another_key_or_secret_is_found() {
    let (seal, bytes) = sealed();
    assert_eq!(open(&bytes, &seal, &[8; 32]), Err(Damage::Check));
    let other = Seal::new(Some("rotated"));
    assert_eq!(open(&bytes, &other, &DIGEST), Err(Damage::Check));
}

#[test]
fn the_second_half_of_the_digest_counts() {
    let (seal, bytes) = sealed();
    let mut collided = DIGEST;
    collided[16..].fill(9);
    assert_eq!(open(&bytes, &seal, &collided), Err(Damage::Check));
}

/// An envelope, and all that it has to be opened with.
fn arbitrary(u: &mut Unstructured<'_>) -> cache_fuzz::Result<(Seal, [u8; 32], Vec<u8>)> {
    let (secret, digest): (Option<String>, _) = (u.arbitrary()?, u.arbitrary()?);
    let seal = Seal::new(secret.as_deref());
    let created = UNIX_EPOCH + Duration::from_millis(u.arbitrary::<u32>()?.into());
    let compute = Duration::from_micros(u.arbitrary::<u32>()?.into());
    let mut draft = Draft::new(created, compute);
    let payload = u.arbitrary_len::<u8>()?;
    draft.buffer().extend_from_slice(u.bytes(payload / 2)?);
    Ok((
        seal,
        digest,
        draft.finish(TYPE).seal(&seal, &digest).to_vec(),
    ))
}

#[test]
fn only_what_was_sealed_opens() {
    fuzz(10_000, |u| {
        let (seal, digest, sealed) = arbitrary(u)?;
        let opened = open(&sealed, &seal, &digest).unwrap();
        assert_eq!(opened.payload, &sealed[HEADER..sealed.len() - CHECK]);

        let mut damaged = sealed.clone();
        let words: [&[u8]; 4] = [&MAGIC, &TYPE, &sealed, &[0xff; 8]];
        mutate(&mut damaged, &words, u)?;
        let (opened, used) = peak(|| open(&damaged, &seal, &digest));
        assert_eq!(used, 0, "bytes to open {}", damaged.len());
        assert_eq!(opened.is_ok(), damaged == sealed);

        let mut other = digest;
        other[u.choose_index(other.len())?] ^= u.int_in_range(1..=u8::MAX)?;
        assert_eq!(open(&sealed, &seal, &other), Err(Damage::Check));
        let (other, _, _) = arbitrary(u)?;
        let opened = open(&sealed, &other, &digest);
        assert_eq!(opened.is_ok(), other == seal);

        let rest = u.bytes(u.len())?;
        assert!(open(rest, &seal, &digest).is_err());
        Ok(())
    });
}

#[test]
fn what_is_sealed_for_a_time_beyond_all_clocks_does_not_panic() {
    for created in [
        0,
        u64::MAX,
        u64::MAX / 2,
        i64::MAX.unsigned_abs() / 1_000_000,
    ] {
        let (seal, mut bytes) = sealed();
        bytes[12..20].copy_from_slice(&created.to_le_bytes());
        let end = bytes.len() - CHECK;
        let check = seal.check(&DIGEST, &bytes[..end]);
        bytes[end..].copy_from_slice(&check);
        if let Ok(opened) = open(&bytes, &seal, &DIGEST) {
            age(opened.created);
        }
    }
}

#[test]
fn a_seal_never_shows_its_key() {
    assert_eq!(format!("{:?}", Seal::new(Some("hunter2"))), "Seal(…)");
}

/// The expected bytes are those of the reference implementation of XXH3 (`xxhash` 3 for Python), with the same digests.
#[test]
fn the_check_without_a_secret_is_the_same_in_every_build() {
    let seal = Seal::new(None);
    assert_eq!(
        seal.check(&[0; 32], b""),
        0x7f49_8d46_24c3_0160_d898_4701_d306_aa99_u128.to_be_bytes()
    );
    let mut digest: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    let contents: Vec<u8> = (0..2100)
        .map(|i| u8::try_from(i * 7 % 251).unwrap())
        .collect();
    let mut all = 0;
    for length in 0..contents.len() {
        let check = seal.check(&digest, &contents[..length]);
        all ^= u128::from_be_bytes(check);
        digest.copy_within(..CHECK, CHECK);
        digest[..CHECK].copy_from_slice(&check);
    }
    assert_eq!(all, 0xd95c_1ae0_4f5f_ee8b_3385_45fd_f6a2_c36b);
}
