//! Two values share an encoding if, and only if, they are the same argument.

use std::collections::{HashMap, hash_map::Entry};

use cache_fuzz::{Unstructured, fuzz};

use super::{bytes, strict, value::Value};

/// All values seen so far, in canonical form, by their encodings.
#[derive(Default)]
struct Seen {
    by_encoding: HashMap<Vec<u8>, Value>,
    /// How often an encoding came again.
    met: usize,
}

impl Seen {
    fn add(&mut self, encoding: Vec<u8>, canonical: Value) {
        match self.by_encoding.entry(encoding) {
            Entry::Vacant(free) => _ = free.insert(canonical),
            Entry::Occupied(known) => {
                assert_eq!(known.get(), &canonical, "these share an encoding");
                self.met += 1;
            }
        }
    }
}

fn is_injective(encode: fn(&Value) -> Vec<u8>, is_strict: bool) {
    let mut seen = Seen::default();
    fuzz(6_000, |u: &mut Unstructured<'_>| {
        let mut value = Value::arbitrary(u)?;
        for _ in 0..6 {
            let varied = value.varied(u)?;
            let (a, b) = (encode(&value), encode(&varied));
            let canonical = value.canonical(is_strict);
            let same = canonical == varied.clone().canonical(is_strict);
            assert_eq!(a == b, same, "{canonical:?} and {varied:?}");
            seen.add(a, canonical);
            value = varied;
        }
        Ok(())
    });
    let (all, met) = (seen.by_encoding.len(), seen.met);
    println!("{all} encodings, and {met} values that came again");
    assert!(all > 1_000 && met > 100);
}

#[test]
fn keys_are_injective() {
    is_injective(bytes, false);
}

#[test]
fn exact_encodings_are_injective() {
    is_injective(strict, true);
}
