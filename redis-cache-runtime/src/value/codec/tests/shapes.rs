//! What one build has written, another reads as the same value or not at all: over types that are made up by chance.

mod types;

use std::cell::RefCell;

use cache_fuzz::fuzz;
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeSeed as _};

use self::types::{Type, Value, some_type};
use super::*;
use crate::key;

thread_local! {
    /// What a build takes for its return type.
    static TYPE: RefCell<Type> = const { RefCell::new(Type::Unit) };
}

/// The return type of a build.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Returns(Value);

impl<'de> Deserialize<'de> for Returns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let of = TYPE.with_borrow(Type::clone);
        of.deserialize(deserializer).map(Self)
    }
}

fn exact(value: &Returns) -> Vec<u8> {
    let mut out = Vec::new();
    key::encode_strictly(value, key::MapOrder::Told, &mut out).unwrap();
    out
}

#[test]
fn no_build_reads_anothers_value_as_something_else() {
    let codec = codec!(Returns);
    let (mut stored, mut kept_apart, mut same) = (0, 0, 0);
    fuzz(5_000, |u| {
        let of = some_type(0, u)?;
        let value = Returns(of.value(u)?);
        TYPE.set(of.clone());
        let mut payload = Vec::new();
        let Written::Value = codec.write(&value, &mut payload) else {
            panic!("{value:?} is not written")
        };
        let Ok(shape) = proved(&codec, &value, &payload) else {
            // Read back as something else: never stored.
            return Ok(());
        };
        stored += 1;
        let (read, again) = codec.read(&payload, LIMITS).unwrap();
        assert_eq!((&read, again), (&value, shape), "{of:?}");
        for _ in 0..4 {
            let other = of.changed(u)?;
            TYPE.set(other.clone());
            match codec.read(&payload, LIMITS) {
                Ok((read, its)) if its == shape => {
                    same += 1;
                    // What is written as text and parsed may be taken for text.
                    assert_eq!(exact(&read), exact(&value), "{of:?} and {other:?}");
                }
                _ => kept_apart += 1,
            }
        }
        Ok(())
    });
    println!("{stored} values, {kept_apart} times kept apart, {same} times the same");
    assert!(stored > 1_200 && kept_apart > 3_000 && same > 100);
}

/// What serde is told of a type leaves its parameters out.
#[test]
fn a_type_with_other_parameters_is_another() {
    #[derive(Debug, PartialEq)]
    struct Celsius;
    #[derive(Debug, PartialEq)]
    struct Fahrenheit;
    #[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
    struct Degrees<U>(f64, #[serde(skip)] std::marker::PhantomData<U>);

    fn shape<U: std::fmt::Debug + PartialEq>(payload: &[u8]) -> Shape {
        codec!((u8, Degrees<U>)).read(payload, LIMITS).unwrap().1
    }

    let mut payload = Vec::new();
    let value = (1, Degrees::<Celsius>(20.0, std::marker::PhantomData));
    let written = codec!((u8, Degrees<Celsius>)).write(&value, &mut payload);
    assert!(matches!(written, Written::Value));
    assert_eq!(shape::<Celsius>(&payload), shape::<Celsius>(&payload));
    assert_ne!(shape::<Celsius>(&payload), shape::<Fahrenheit>(&payload));
}
