use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::*;

mod fuzz;
mod hostile;
mod shapes;

pub(super) const LIMITS: Limits = Limits {
    max_bytes: 8 * 1024 * 1024,
};

/// The codec that an expansion finds for a return type.
macro_rules! codec {
    ($returned:ty) => {{
        let returned = Returned::<$returned>::NEW;
        let stored = returned.__handler_cache_stored();
        returned.__handler_cache_codec((&&&stored).__handler_cache_comparison())
    }};
}
pub(super) use codec;

/// The shape of a value that comes back from the payload, or why it does not.
fn proved<R>(codec: &Codec<R>, value: &R, payload: &[u8]) -> Result<Shape, CodecError> {
    match codec.prove(value, payload, LIMITS) {
        Proof::Given(given) => given,
        Proof::Owed(owed) => owed.settle(payload),
    }
}

/// Writes a value and reads it; `None` where it can't be stored.
fn come_back<R>(codec: &Codec<R>, value: &R) -> Option<R> {
    let mut out = Vec::new();
    let Written::Value = codec.write(value, &mut out) else {
        return None;
    };
    let shape = proved(codec, value, &out).ok()?;
    let (read, same) = codec.read(&out, LIMITS).unwrap();
    assert_eq!(shape, same);
    Some(read)
}

fn round_trip<T: Cacheable + PartialEq>(value: &T) -> Option<T> {
    come_back(&codec!(T), value)
}

#[test]
fn values_read_back() {
    assert_eq!(round_trip(&()), Some(()));
    assert_eq!(round_trip(&Some(5u8)), Some(Some(5)));
    assert_eq!(round_trip(&None::<u8>), Some(None));
    assert_eq!(round_trip(&u128::MAX), Some(u128::MAX));
    assert_eq!(round_trip(&i128::MIN), Some(i128::MIN));
    assert_eq!(
        round_trip(&vec![1.5f32, f32::INFINITY]),
        Some(vec![1.5, f32::INFINITY])
    );
    assert_eq!(
        round_trip(&f64::NAN).map(f64::to_bits),
        Some(f64::NAN.to_bits())
    );
    let map = HashMap::from([("a".to_owned(), 1u8), ("b".to_owned(), 2)]);
    assert_eq!(round_trip(&map), Some(map));
}

#[test]
fn a_value_that_would_come_back_as_another_is_refused() {
    assert_eq!(round_trip(&Some(Some(5u8))), Some(Some(Some(5))));
    assert_eq!(round_trip(&None::<Option<u8>>), Some(None));
    assert_eq!(round_trip(&Some(None::<u8>)), None);
    assert_eq!(round_trip(&Some(())), None);
    assert_eq!(round_trip(&Some(serde_json::Value::Null)), None);
    assert_eq!(
        round_trip(&Some(serde_json::json!([1]))),
        Some(Some(serde_json::json!([1])))
    );
}

#[test]
fn what_untagged_enums_would_change_is_refused() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Number {
        Small(f32),
        Big(f64),
    }
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Count {
        Few(u8),
        Many(i64),
    }
    assert_eq!(round_trip(&Number::Small(0.5)), Some(Number::Small(0.5)));
    assert_eq!(round_trip(&Number::Big(1e300)), None);
    assert_eq!(round_trip(&Count::Few(5)), Some(Count::Few(5)));
    assert_eq!(round_trip(&Count::Many(5)), None);
}

#[test]
fn a_tagged_value_of_an_older_type_is_not_read() {
    mod old {
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type")]
        pub(super) enum Event {
            Score { value: u32 },
        }
    }
    mod new {
        #[derive(serde::Serialize, serde::Deserialize)]
        #[serde(tag = "type")]
        pub(super) enum Event {
            Score {
                value: f64,
                #[serde(default)]
                unit: String,
            },
        }
    }
    let (before, after) = (codec!(old::Event), codec!(new::Event));
    let mut out = Vec::new();
    let event = old::Event::Score { value: 1 };
    assert!(matches!(before.write(&event, &mut out), Written::Value));
    let shape = proved(&before, &event, &out).unwrap();
    assert_eq!(before.read(&out, LIMITS).unwrap().1, shape);
    assert!(after.read(&out, LIMITS).is_ok_and(|read| read.1 != shape));
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    #[derive(Serialize, Deserialize)]
    struct List {
        next: Option<Box<List>>,
    }
    let nested = |depth| {
        (0..depth).fold(List { next: None }, |list, _| List {
            next: Some(Box::new(list)),
        })
    };
    let codec = codec!(List);
    assert!(come_back(&codec, &nested(50)).is_some());
    assert!(come_back(&codec, &nested(255)).is_some());
    assert!(matches!(
        codec.write(&nested(256), &mut Vec::new()),
        Written::Failed(_)
    ));
    assert!(matches!(
        codec.write(&nested(900), &mut Vec::new()),
        Written::Failed(_)
    ));
}

#[test]
fn skipped_fields_do_not_shift_the_others() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Sparse {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        second: Option<u32>,
    }
    let sparse = Sparse {
        first: None,
        second: Some(2),
    };
    assert_eq!(
        round_trip(&sparse),
        Some(Sparse {
            first: None,
            second: Some(2)
        })
    );
}

#[test]
fn a_result_is_known_under_an_alias() {
    struct NotSerializable;
    type Answer<T> = Result<T, NotSerializable>;
    let codec = codec!(Answer<u8>);
    let mut out = Vec::new();
    assert!(matches!(
        codec.write(&Err(NotSerializable), &mut out),
        Written::Declined
    ));
    assert!(matches!(codec.write(&Ok(5), &mut out), Written::Value));
    assert_eq!(codec.read(&out, LIMITS).unwrap().0.ok(), Some(5));
}

#[test]
fn numbers_are_stored_as_they_lie_in_memory() {
    macro_rules! check {
        ($($number:ident)*) => {$({
            let numbers = vec![$number::MIN, $number::from(true), $number::MAX];
            let codec = codec!(Vec<$number>);
            let mut out = Vec::new();
            assert!(matches!(codec.write(&numbers, &mut out), Written::Value));
            let memory: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            assert_eq!(out, memory);
            assert_eq!(codec.read(&out, LIMITS).unwrap().0, numbers);
            assert!(codec.read(&[], LIMITS).unwrap().0.is_empty());
            // Wherever the bytes may lie.
            out.insert(0, 0);
            assert_eq!(codec.read(&out[1..], LIMITS).unwrap().0, numbers);
            assert_eq!(codec.read(&out, LIMITS).is_err(), size_of::<$number>() > 1);
        })*};
    }
    check!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);
}

#[test]
fn optional_numbers_are_stored_as_they_lie_in_memory() {
    let codec = codec!(Option<Vec<u16>>);
    for value in [None, Some(vec![]), Some(vec![1, 2])] {
        let mut out = Vec::new();
        assert!(matches!(codec.write(&value, &mut out), Written::Value));
        assert_eq!(
            out.len(),
            value.as_ref().map_or(0, |list| 1 + 2 * list.len())
        );
        assert_eq!(codec.read(&out, LIMITS).unwrap().0, value);
    }
    assert!(codec.read(&[2], LIMITS).is_err());
    assert!(codec.read(&[1, 0], LIMITS).is_err());

    let codec = codec!(Option<Option<Vec<u8>>>);
    let mut out = Vec::new();
    codec.write(&Some(None), &mut out);
    assert_eq!(codec.read(&out, LIMITS).unwrap().0, Some(None));
}

#[test]
fn numbers_in_a_result_are_stored_as_they_lie_in_memory() {
    struct NotSerializable;
    type Answer<T> = Result<T, NotSerializable>;
    let codec = codec!(Answer<Vec<f32>>);
    let mut out = Vec::new();
    assert!(matches!(
        codec.write(&Err(NotSerializable), &mut out),
        Written::Declined
    ));
    assert!(matches!(
        codec.write(&Ok(vec![0.5]), &mut out),
        Written::Value
    ));
    assert_eq!(out, 0.5f32.to_le_bytes());
    assert_eq!(codec.read(&out, LIMITS).unwrap().0.ok(), Some(vec![0.5]));
}

#[test]
fn layouts_of_one_type_have_two_schemas() {
    /// Where `T` is not known to be a number.
    fn through_serde<T: Cacheable>() -> Codec<Vec<T>> {
        codec!(Vec<T>)
    }
    let (memory, serde) = (codec!(Vec<f32>), through_serde::<f32>());
    assert_ne!(memory.schema(), serde.schema());
    let result = codec!(Result<Vec<f32>, ()>);
    assert_eq!(memory.schema(), result.schema());
    let wide = codec!(Vec<f64>);
    assert_ne!(memory.schema(), wide.schema());
}
