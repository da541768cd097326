use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::*;

mod fuzz;

fn round_trip<T: Cacheable>(value: &T) -> Option<T> {
    let codec = Returned::<T>::NEW.__handler_cache_codec();
    let mut out = Vec::new();
    match codec.write(value, &mut out, codec.schema().ambiguous) {
        Written::Value => Some(codec.read(&out, codec.schema().ambiguous).unwrap()),
        Written::Declined | Written::Failed(_) => None,
    }
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
    let (before, after) = (
        Returned::<old::Event>::NEW.__handler_cache_codec(),
        Returned::<new::Event>::NEW.__handler_cache_codec(),
    );
    assert!(before.schema().ambiguous && after.schema().ambiguous);
    let mut out = Vec::new();
    let event = old::Event::Score { value: 1 };
    assert!(matches!(
        before.write(&event, &mut out, true),
        Written::Value
    ));
    assert!(before.read(&out, true).is_ok());
    assert!(after.read(&out, true).is_err());
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
    let codec = Returned::<List>::NEW.__handler_cache_codec();
    let ambiguous = codec.schema().ambiguous;
    assert!(matches!(
        codec.write(&nested(50), &mut Vec::new(), ambiguous),
        Written::Value
    ));
    assert!(matches!(
        codec.write(&nested(900), &mut Vec::new(), ambiguous),
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
    let codec = Returned::<Answer<u8>>::NEW.__handler_cache_codec();
    let mut out = Vec::new();
    assert!(matches!(
        codec.write(&Err(NotSerializable), &mut out, false),
        Written::Declined
    ));
    assert!(matches!(
        codec.write(&Ok(5), &mut out, false),
        Written::Value
    ));
    assert_eq!(codec.read(&out, false).unwrap().ok(), Some(5));
}

#[test]
fn numbers_are_stored_as_they_lie_in_memory() {
    macro_rules! check {
        ($($number:ident)*) => {$({
            let numbers = vec![$number::MIN, $number::from(true), $number::MAX];
            let codec = Returned::<Vec<$number>>::NEW.__handler_cache_codec();
            let mut out = Vec::new();
            assert!(matches!(codec.write(&numbers, &mut out, false), Written::Value));
            let memory: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
            assert_eq!(out, memory);
            assert_eq!(codec.read(&out, false).unwrap(), numbers);
            assert!(codec.read(&[], false).unwrap().is_empty());
            // Wherever the bytes may lie.
            out.insert(0, 0);
            assert_eq!(codec.read(&out[1..], false).unwrap(), numbers);
            assert_eq!(codec.read(&out, false).is_err(), size_of::<$number>() > 1);
        })*};
    }
    check!(u8 u16 u32 u64 i8 i16 i32 i64 f32 f64);
}

#[test]
fn optional_numbers_are_stored_as_they_lie_in_memory() {
    let codec = Returned::<Option<Vec<u16>>>::NEW.__handler_cache_codec();
    for value in [None, Some(vec![]), Some(vec![1, 2])] {
        let mut out = Vec::new();
        assert!(matches!(
            codec.write(&value, &mut out, false),
            Written::Value
        ));
        assert_eq!(
            out.len(),
            value.as_ref().map_or(0, |list| 1 + 2 * list.len())
        );
        assert_eq!(codec.read(&out, false).unwrap(), value);
    }
    assert!(codec.read(&[2], false).is_err());
    assert!(codec.read(&[1, 0], false).is_err());

    let codec = Returned::<Option<Option<Vec<u8>>>>::NEW.__handler_cache_codec();
    assert!(!codec.schema().ambiguous);
    let mut out = Vec::new();
    codec.write(&Some(None), &mut out, false);
    assert_eq!(codec.read(&out, false).unwrap(), Some(None));
}

#[test]
fn numbers_in_a_result_are_stored_as_they_lie_in_memory() {
    struct NotSerializable;
    type Answer<T> = Result<T, NotSerializable>;
    let codec = Returned::<Answer<Vec<f32>>>::NEW.__handler_cache_codec();
    let mut out = Vec::new();
    assert!(matches!(
        codec.write(&Err(NotSerializable), &mut out, false),
        Written::Declined
    ));
    assert!(matches!(
        codec.write(&Ok(vec![0.5]), &mut out, false),
        Written::Value
    ));
    assert_eq!(out, 0.5f32.to_le_bytes());
    assert_eq!(codec.read(&out, false).unwrap().ok(), Some(vec![0.5]));
}

#[test]
fn layouts_of_one_type_have_two_schemas() {
    /// Where `T` is not known to be a number.
    fn through_serde<T: Cacheable>() -> Codec<Vec<T>> {
        Returned::<Vec<T>>::NEW.__handler_cache_codec()
    }
    let (memory, serde) = (
        Returned::<Vec<f32>>::NEW.__handler_cache_codec(),
        through_serde::<f32>(),
    );
    assert_ne!(memory.schema().digest, serde.schema().digest);
    let result = Returned::<Result<Vec<f32>, ()>>::NEW.__handler_cache_codec();
    assert_eq!(memory.schema().digest, result.schema().digest);
    let wide = Returned::<Vec<f64>>::NEW.__handler_cache_codec();
    assert_ne!(memory.schema().digest, wide.schema().digest);
}
