//! The types of the parts in a handler's keys. The arguments that a caller gives to `invalidate` are checked against them.

use std::{any::type_name, sync::OnceLock};

use super::kind::Kind;
use crate::{
    key::type_name::short_name,
    outcome::{Error, ErrorKind},
};

/// The parts of one instantiation's keys, recorded by its first call that makes a key.
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

/// The type of one part.
#[derive(Clone, Debug)]
struct Part {
    kind: Kind,
    name: &'static str,
}

impl Part {
    fn of<T: ?Sized>() -> Self {
        Self {
            kind: Kind::of::<T>(),
            name: type_name::<T>(),
        }
    }

    fn check(&self, given: &Self, what: impl FnOnce() -> String) -> Result<(), Error> {
        if self.kind.may_be(&given.kind) {
            return Ok(());
        }
        let [takes, has] = [self, given].map(|part| short_name(part.name));
        Err(wrong(format!(
            "{} is of type `{takes}`, not `{has}`",
            what()
        )))
    }
}

/// The types of a key's parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    has_identity: bool,
    version: Option<Part>,
    arguments: Vec<Part>,
}

impl Shape {
    /// Adds an argument of the type `T`.
    pub(super) fn add<T: ?Sized>(&mut self) {
        self.arguments.push(Part::of::<T>());
    }

    pub(super) const fn add_identity(&mut self) {
        self.has_identity = true;
    }

    pub(super) fn add_version<T: ?Sized>(&mut self) {
        self.version = Some(Part::of::<T>());
    }

    /// Checks that a call of the handler may have parts like `given`.
    ///
    /// # Errors
    ///
    /// Where no call can have them; the message names the first part that differs.
    pub(super) fn check(&self, given: &Self) -> Result<(), Error> {
        let (takes, has) = (self.arguments.len(), given.arguments.len());
        if takes != has {
            let plural = if takes == 1 { "" } else { "s" };
            return Err(wrong(format!(
                "the handler has {takes} argument{plural} in its key, not {has}"
            )));
        }
        let has_both = |handler, given, part, method| match (handler, given) {
            (true, false) => Err(wrong(format!(
                "the handler has {part} in its key: add it with `Arguments::{method}`"
            ))),
            (false, true) => Err(wrong(format!("the handler has no {method} in its key"))),
            (true, true) | (false, false) => Ok(()),
        };
        has_both(
            self.has_identity,
            given.has_identity,
            "an identity",
            "identity",
        )?;
        let versions = (self.version.is_some(), given.version.is_some());
        has_both(versions.0, versions.1, "a version", "version")?;
        if let (Some(takes), Some(has)) = (&self.version, &given.version) {
            takes.check(has, || "the version".to_owned())?;
        }
        for (place, takes) in self.arguments.iter().enumerate() {
            takes.check(&given.arguments[place], || {
                format!("argument {}", place + 1)
            })?;
        }
        Ok(())
    }
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::InvalidArguments, message)
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
        // A `Box` counts as the type inside it; a `char` is not text.
        assert!(check(&shape(&[Shape::add::<Box<u32>>, Shape::add::<char>])).is_err());
        assert!(check(&shape(&[Shape::add::<Box<u32>>, Shape::add::<Box<str>>])).is_ok());
        assert_eq!(
            check(&shape(&[Shape::add::<i32>, Shape::add::<str>])).unwrap_err(),
            "argument 1 is of type `u32`, not `i32`"
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
        versioned.add_version::<i32>();
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
        let mut other = identified.clone();
        other.add_version::<&str>();
        assert_eq!(
            check(&versioned, &other).unwrap_err(),
            "the version is of type `i32`, not `&str`"
        );
    }
}
