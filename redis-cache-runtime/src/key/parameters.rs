//! The parts that a handler feeds into its keys, to check the arguments of `invalidate` against.

use std::sync::OnceLock;

use crate::outcome::{Error, ErrorKind};

/// The parameters of one instantiation, known once it has been called.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    known: OnceLock<Shape>,
}

impl Parameters {
    pub(super) fn is_unknown(&self) -> bool {
        self.known.get().is_none()
    }

    pub(super) fn learn(&self, shape: Shape) {
        _ = self.known.set(shape);
    }

    pub(super) fn known(&self) -> Option<&Shape> {
        self.known.get()
    }
}

/// The parts of a key.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    has_identity: bool,
    has_version: bool,
    /// The types of the arguments.
    kinds: Vec<Option<&'static str>>,
}

impl Shape {
    /// Adds an argument of type `T`.
    pub(super) fn add<T: ?Sized>(&mut self) {
        self.kinds.push(primitive::<T>());
    }

    pub(super) const fn add_identity(&mut self) {
        self.has_identity = true;
    }

    pub(super) const fn add_version(&mut self) {
        self.has_version = true;
    }

    /// Checks that a call of the handler may have parts like `given`.
    ///
    /// # Errors
    ///
    /// The first part that no call has.
    pub(super) fn check(&self, given: &Self) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::new(ErrorKind::InvalidArguments, message));
        let (takes, has) = (self.kinds.len(), given.kinds.len());
        if takes != has {
            let plural = if takes == 1 { "" } else { "s" };
            return wrong(format!(
                "the handler has {takes} argument{plural} in its key, not {has}"
            ));
        }
        let parts = [
            (
                self.has_identity,
                given.has_identity,
                "an identity",
                "identity",
            ),
            (self.has_version, given.has_version, "a version", "version"),
        ];
        for (takes, has, part, method) in parts {
            match (takes, has) {
                (true, false) => {
                    return wrong(format!(
                        "the handler has {part} in its key: add it with `Arguments::{method}`"
                    ));
                }
                (false, true) => return wrong(format!("the handler has no {method} in its key")),
                (true, true) | (false, false) => {}
            }
        }
        let pairs = self.kinds.iter().zip(&given.kinds).enumerate();
        for (place, pair) in pairs {
            if let (Some(takes), Some(has)) = pair
                && takes != has
            {
                let place = place + 1;
                return wrong(format!("argument {place} is a `{takes}`, not a `{has}`"));
            }
        }
        Ok(())
    }
}

/// The name of a type that serde writes in one way only, which no other such type shares.
fn primitive<T: ?Sized>() -> Option<&'static str> {
    macro_rules! among {
        ($($type:ty),*) => {
            [$(
                (typeid::of::<$type>(), stringify!($type)),
                (typeid::of::<&$type>(), stringify!($type)),
            )*]
        };
    }
    let id = typeid::of::<T>();
    let texts = [
        typeid::of::<str>(),
        typeid::of::<&str>(),
        typeid::of::<&&str>(),
        typeid::of::<String>(),
        typeid::of::<&String>(),
    ];
    if texts.contains(&id) {
        return Some("str");
    }
    among!(
        bool, char, f32, f64, u8, u16, u32, u64, u128, i8, i16, i32, i64, i128
    )
    .into_iter()
    .find(|(known, _)| *known == id)
    .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_told_from_types_is_and_nothing_else() {
        let shape = |add: &[fn(&mut Shape)]| {
            let mut shape = Shape::default();
            for add in add {
                add(&mut shape);
            }
            shape
        };
        let handler = shape(&[Shape::add::<u32>, Shape::add::<String>]);
        let check = |given: &Shape| handler.check(given).map_err(|error| error.to_string());
        assert!(check(&shape(&[Shape::add::<&u32>, Shape::add::<&str>])).is_ok());
        // A type of the user's may be written like a number or a text.
        assert!(check(&shape(&[Shape::add::<Box<u32>>, Shape::add::<char>])).is_err());
        assert!(check(&shape(&[Shape::add::<Box<u32>>, Shape::add::<Box<str>>])).is_ok());
        assert_eq!(
            check(&shape(&[Shape::add::<i32>, Shape::add::<str>])).unwrap_err(),
            "argument 1 is a `u32`, not a `i32`"
        );
        assert_eq!(
            check(&shape(&[Shape::add::<u32>])).unwrap_err(),
            "the handler has 2 arguments in its key, not 1"
        );
    }

    #[test]
    fn identity_and_version_are_asked_for() {
        let plain = Shape::default();
        let mut identified = Shape::default();
        identified.add_identity();
        let mut versioned = identified.clone();
        versioned.add_version();
        let check = |shape: &Shape, given| shape.check(given).map_err(|error| error.to_string());
        for shape in [&plain, &identified, &versioned] {
            assert_eq!(check(shape, shape), Ok(()));
        }
        assert_eq!(
            check(&identified, &plain).unwrap_err(),
            "the handler has an identity in its key: add it with `Arguments::identity`"
        );
        assert_eq!(
            check(&versioned, &identified).unwrap_err(),
            "the handler has a version in its key: add it with `Arguments::version`"
        );
        assert_eq!(
            check(&identified, &versioned).unwrap_err(),
            "the handler has no version in its key"
        );
    }
}
